//! The authorisation matrix: what every kind of person may ask of every route and every op.
//!
//! `rest.rs`, `dms.rs`, `gateway.rs` and `events.rs` hold the tables, and each cell is asked of a running server. The
//! routes come from the server's OpenAPI document and the ops from its reference, both of which are made from the
//! tables that the server itself goes by: a route or op without a row fails, and so does a row without a route or op.
//!
//! To cover a new route: rows for it in `rest.rs`, more in `dms.rs` if its path begins with a channel, and its body in
//! `requests.rs`. A new op: rows in `gateway.rs`, and what it carries.

mod dms;
mod document;
mod events;
mod gateway;
mod grid;
mod matrix;
mod people;
mod refusals;
mod requests;
mod rest;
mod shown;
mod stage;

use std::collections::BTreeSet;

use self::matrix::Matrix;
use self::people::{People, Who};
use self::refusals::MISSING;
use self::stage::Sight;
use crate::harness::World;

#[test]
fn every_route_has_a_row_and_every_row_a_route() {
    let world = World::start();
    let routes: BTreeSet<_> = document::operations(&world).iter().map(|operation| operation.name()).collect();
    let rows: BTreeSet<_> = grid::parse(rest::TABLE).iter().map(|row| row.words[..2].join(" ")).collect();
    assert_eq!(routes.difference(&rows).collect::<Vec<_>>(), [""; 0], "these have no row");
    assert_eq!(rows.difference(&routes).collect::<Vec<_>>(), [""; 0], "these have no route");
}

#[test]
fn the_administrator_is_an_outsider() {
    for row in grid::parse(rest::TABLE) {
        let of = |who| row.cells.iter().find(|(column, _)| *column == who).unwrap().1;
        let is_theirs = ["/metrics", "/admin/"].iter().any(|path| row.words[1].starts_with(path));
        assert!(is_theirs || of("admin") == of("outsider"), "{}", row.name());
    }
}

#[test]
fn without_a_token_everything_that_is_not_public_is_401() {
    let world = World::start();
    let people = People::of(&world);
    let rows = grid::parse(rest::TABLE);
    let peer = people.get(Who::Peer);
    let tokens = ["", "Bearer", "Bearer ", "Bearer nonsense", "Basic cGVlcjpwZWVy"].map(str::to_owned);
    let tokens = tokens.into_iter().chain([format!("Bearer {}", peer.refresh_token), peer.token.clone()]);
    let tokens: Vec<_> = tokens.collect();
    for operation in document::operations(&world).iter().filter(|operation| !operation.is_public) {
        let name = operation.name();
        let mut cells = rows.iter().filter(|row| row.words[..2].join(" ") == name).map(|row| row.cells[0]);
        assert!(cells.all(|cell| cell == ("anonymous", "401")), "{name} is not public");
        let nothing = |path: String, name: &str| path.replace(&format!("{{{name}}}"), MISSING[0]);
        let path = operation.parameters().fold(operation.full_path.clone(), nothing);
        for token in &tokens {
            let header = [("Authorization", token.as_str())];
            let headers = if token.is_empty() { &[] } else { &header[..] };
            let body = (operation.method.starts_with('P')).then_some("{");
            let answer = world.send(&operation.method, &path, None, headers, body);
            assert_eq!(answer.header("www-authenticate"), Some("Bearer"), "{name} with {token:?}");
            answer.refused(401, "unauthenticated");
        }
    }
}

/// Asks the rows of some paths.
#[track_caller]
fn ask(is_wanted: impl Fn(&str) -> bool) {
    let world = World::start();
    let mut matrix = Matrix::of(&world);
    let rows = grid::parse(rest::TABLE);
    rows.iter().filter(|row| is_wanted(row.words[1])).for_each(|row| matrix.ask(row));
    matrix.conclude();
}

#[test]
fn what_everybody_may_in_servers() {
    ask(|path| path.starts_with("/servers"));
}

#[test]
fn what_everybody_may_in_channels() {
    ask(|path| path.starts_with("/channels"));
}

#[test]
fn what_everybody_may_elsewhere() {
    ask(|path| !path.starts_with("/servers") && !path.starts_with("/channels"));
}

#[test]
fn a_channel_that_one_may_not_see_does_not_exist() {
    let world = World::start();
    let mut matrix = Matrix::of(&world);
    for row in grid::parse(rest::TABLE).iter().filter(|row| row.words[1].starts_with("/channels")) {
        matrix.ask_members(row, Sight::Moderators);
        matrix.ask_members(row, Sight::Owner);
    }
    matrix.conclude();
}
