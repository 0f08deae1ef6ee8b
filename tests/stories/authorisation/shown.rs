//! What one may read shows nothing of what one may not.

use super::grid;
use super::matrix::Matrix;
use super::people::Who;
use super::rest;
use super::stage::{Setting, Sight, Stage};
use crate::harness::World;

/// Everything that somebody may read is read: by the table, and CONNECTED.
#[test]
fn what_is_read_shows_nothing_that_is_hidden() {
    let world = World::start();
    let matrix = Matrix::of(&world);
    let people = &matrix.people;
    let stage = Stage::set(people, Setting { sight: Sight::Owner, ..Setting::default() });
    let dm = people.get(Who::Peer).opens_dm(people.get(Who::Equal));
    people.get(Who::Peer).says(&dm, "hello");
    let hidden: Vec<_> = stage.messages.values().chain([&stage.channel, &dm]).collect();
    let check = |what: &str, who: Who, text: &str| {
        let shown = hidden.iter().find(|id| text.contains(id.as_str()));
        assert!(shown.is_none(), "{what} shows {shown:?} to the {who:?}: {text}");
        // An invite may be shown to anybody who has it.
        let knows = who.is_member() || what.contains("/invites/");
        assert!(knows || !text.contains(&stage.server), "{what} shows the server to the {who:?}: {text}");
    };
    let rows = grid::parse(rest::TABLE);
    let readable = rows.iter().filter(|row| row.words[0] == "GET");
    for (row, (column, cell)) in readable.flat_map(|row| row.cells.iter().map(move |cell| (row, cell))) {
        let who = Who::named(column);
        if *cell == "200" && who != Who::Owner {
            check(&row.name(), who, &matrix.request(row, who, &stage).send(people, who).text);
        }
    }
    for (column, _) in &rows[0].cells {
        let who = Who::named(column);
        if who.is_signed_in() && who != Who::Owner {
            check("CONNECTED", who, &people.get(who).connects().connected.to_string());
        }
    }
}
