//! Server CPU for one delivery: members are connected by gateway and get messages of 128 characters. A message is in
//! flight from its POST until it is answered and all have it; only then its sender posts the next one. The figure is
//! all CPU time of the server, storing and answering included, divided by the deliveries. Beside it, what is handed on
//! without being stored: chatd's typing, and the same text through the peers of `benches/peers`.

mod bare_send;
mod contest;
mod peers;
mod typing;

use chatd::bench::{Outcome, effort};

use super::Scene;
use crate::grid::Grid;
use crate::table::{Budget, Row, median, number};
use contest::{Contest, Round};

const MEMBERS: [usize; 2] = [32, 500];
const IN_FLIGHT: [usize; 3] = [1, 4, 32];
const LENGTH: usize = 128;
/// What chatd is measured with, and what becomes of it.
const OURS: [(&str, &str); 2] = [("messages", "stored first"), ("typing", "stored nowhere")];
const ROUNDS: usize = 5;
/// Members, messages in flight, and the budget in µs.
const BUDGETS: [(usize, usize, f64); 2] = [(500, 1, 2.9), (500, 32, 0.3)];

pub fn measure(scene: &Scene) -> Outcome<Vec<Row>> {
    let mut rows = Vec::new();
    let mut contests = Vec::new();
    for members in MEMBERS {
        let mut bare = Vec::new();
        contests.push(contest::hold(scene, members, |case| {
            let is_one_at_a_time = IN_FLIGHT[case] == 1;
            if is_one_at_a_time {
                bare.push(bare_send::cost_us(members)?);
            }
            Ok(())
        })?);
        let [Ok(ours), Ok(typing), ..] = &contests[contests.len() - 1][..] else {
            return Err("chatd is not at hand".to_owned());
        };
        for (case, in_flight) in IN_FLIGHT.into_iter().enumerate() {
            let budget = BUDGETS.iter().find(|(m, f, _)| (*m, *f) == (members, in_flight));
            let budget = budget.map_or(Budget::None, |(.., budget)| Budget::AtMost(*budget));
            let what = format!("CPU per delivery, {members} members, {in_flight} in flight");
            let mut row = row(scene.row(what, ours.cells()[case].clone(), "µs", budget), &ours.rounds[case]);
            row.wrong = row.wrong.or_else(|| typing.faults().wrong().map(|wrong| format!("typing: {wrong}")));
            if in_flight == 1 {
                let bare = number(median(&bare).unwrap_or(0.0));
                row = row.note(format!("a bare loop of one send to each of {members} costs {bare} µs here and now"));
            }
            rows.push(row);
        }
    }
    Ok(with_grid(rows, &contests))
}

fn row(row: Row, rounds: &[Round]) -> Row {
    let of = |value: fn(&Round) -> f64| median(&rounds.iter().map(value).collect::<Vec<_>>()).unwrap_or(0.0);
    let mut faults = chatd::bench::deliveries::Faults::default();
    rounds.iter().for_each(|round| faults.add(round.flown.faults));
    let efforts: Vec<_> = rounds.iter().map(|round| round.flown.effort).collect();
    let mut row = row
        .note(faults.text())
        .note(format!(
            "{} messages/s, {} deliveries/s; the server took {:.2} cores",
            number(of(|round| round.flown.messages as f64 / round.flown.took.as_secs_f64())),
            number(of(|round| round.flown.delivered as f64 / round.flown.took.as_secs_f64())),
            of(|round| round.cpu.as_secs_f64() / round.flown.took.as_secs_f64()),
        ))
        .note(effort::note(&efforts));
    row.wrong = faults.wrong();
    row
}

/// Puts the grid under the last row: everybody's cost, and what chatd's is as a multiple of each peer's.
fn with_grid(mut rows: Vec<Row>, contests: &[Vec<Outcome<Contest>>]) -> Vec<Row> {
    let columns = MEMBERS.iter().flat_map(|members| IN_FLIGHT.iter().map(move |f| format!("{members}/{f}")));
    let mut grid = Grid {
        title: "fanout: server CPU per delivery in µs, by members/messages in flight".to_owned(),
        columns: columns.collect(),
        rows: Vec::new(),
    };
    let not_measured = || vec![Vec::new(); IN_FLIGHT.len()];
    for (place, contest) in contests[0].iter().enumerate() {
        let name = match contest {
            Ok(contest) => contest.name.clone(),
            Err(_) => format!("{}: peer not at hand", peers::NAMES[place - OURS.len()]),
        };
        let cells = contests.iter().flat_map(|by| by[place].as_ref().map_or_else(|_| not_measured(), Contest::cells));
        grid.rows.push((name, cells.collect()));
    }
    for (peer, name) in peers::NAMES.iter().enumerate() {
        for (ours, (what, _)) in OURS.iter().enumerate() {
            let ratios = |by: &Vec<Outcome<Contest>>| match (&by[ours], &by[OURS.len() + peer]) {
                (Ok(ours), Ok(peer)) => ours.ratios(peer),
                _ => not_measured(),
            };
            let cells = contests.iter().flat_map(ratios).collect();
            grid.rows.push((format!("chatd's {what} as a multiple of {name}'s"), cells));
        }
    }
    let mut notes = vec![
        "the peers store nothing, check nobody, and send a frame of 180 bytes where chatd's has 550; typing has 130"
            .to_owned(),
    ];
    for (by, members) in contests.iter().zip(MEMBERS) {
        for (contest, name) in by.iter().skip(OURS.len()).zip(peers::NAMES) {
            notes.push(match contest {
                Ok(contest) => format!(
                    "{}, {members} members: {}; {}",
                    contest.name,
                    contest.faults().text(),
                    effort::note(&contest.efforts())
                ),
                Err(error) => format!("{name}: peer not at hand ({error})"),
            });
        }
    }
    if let Some(last) = rows.pop() {
        rows.push(notes.into_iter().fold(last, Row::note).grid(grid));
    }
    rows
}
