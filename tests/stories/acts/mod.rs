//! Random people do random things, thousands of them, and every answer and every event must be what a slow and obvious
//! reference says: who may do what, who sees what, who hears of it, and who does not.
//!
//! The reference (`model.rs` and the rules beside each act) is written from the contract, not from the program. After
//! a few acts everything that came over everybody's connection is compared with what had to come, act after act.
//!
//! `CHATD_TEST_ACTS` sets how many acts there are, `CHATD_TEST_SEED` repeats those of another run.

mod act;
mod audit;
mod bans;
mod channels;
mod devices;
mod invites;
mod lines;
mod members;
mod messages;
mod model;
mod objects;
mod overrides;
mod people;
mod pick;
mod roles;
mod run;
mod servers;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use act::Act;
use model::Model;
use run::{NAMES, Run};

use crate::chance::{Chance, number};

const ACTS: u64 = 1500;
/// An access token lives 15 minutes.
const TOKENS_LAST: Duration = Duration::from_secs(10 * 60);

type Kind = (&'static str, u64, fn(&Model, &mut Chance) -> Option<Box<dyn Act>>);

/// What people do, and how often compared with other things.
const KINDS: &[Kind] = &[
    ("create a server", 10, servers::create),
    ("delete a server", 1, servers::delete),
    ("change a server", 10, servers::update),
    ("list servers", 5, servers::list),
    ("get a server", 4, servers::get),
    ("create a channel", 12, channels::create),
    ("change a channel", 20, channels::update),
    ("delete a channel", 8, channels::delete),
    ("list channels", 10, channels::list),
    ("get a channel", 8, channels::get),
    ("set an override", 50, overrides::put),
    ("delete an override", 20, overrides::delete),
    ("create a role", 20, roles::create),
    ("change a role", 50, roles::update),
    ("delete a role", 7, roles::delete),
    ("list roles", 5, roles::list),
    ("change a member", 60, members::update),
    ("leave", 8, members::leave),
    ("kick", 8, members::kick),
    ("get a member", 6, members::get),
    ("list members", 6, members::list),
    ("ban", 12, bans::add),
    ("unban", 14, bans::remove),
    ("list bans", 6, bans::list),
    ("read the audit log", 10, audit::list),
    ("create an invite", 15, invites::create),
    ("join", 45, invites::join),
    ("revoke an invite", 4, invites::revoke),
    ("preview an invite", 4, invites::preview),
    ("list invites", 6, invites::list),
    ("post", 50, messages::post),
    ("edit", 12, messages::edit),
    ("delete a message", 12, messages::delete),
    ("get a message", 5, messages::get),
    ("list messages", 12, messages::list),
    ("type", 25, devices::type_something),
    ("read", 10, devices::read),
    ("choose a status", 5, devices::choose),
    ("open a DM", 10, people::open),
    ("list DMs", 4, people::list_dms),
    ("block", 6, people::block),
    ("unblock", 8, people::unblock),
    ("list blocks", 3, people::list_blocks),
    ("look at a profile", 6, people::look),
    ("rename oneself", 5, people::rename),
];

/// One of them, by weight.
fn kind(chance: &mut Chance) -> &'static Kind {
    let mut left = chance.below(KINDS.iter().map(|(_, weight, _)| weight).sum());
    for kind in KINDS {
        match left.checked_sub(kind.1) {
            Some(rest) => left = rest,
            None => return kind,
        }
    }
    unreachable!()
}

/// What was tried, done and refused.
#[derive(Default)]
struct Tally(BTreeMap<&'static str, BTreeMap<u16, u64>>);

/// Somebody does something: mostly what they may, as by chance alone almost everything would be refused. Whether it
/// was done.
fn one_act(run: &mut Run, chance: &mut Chance, tally: &mut Tally) -> bool {
    let (name, _, random) = kind(chance);
    for _ in 0..20 {
        let who = chance.below(NAMES.len() as u64) as usize;
        let Some(act) = random(&run.model, chance) else { return false };
        let verdict = act.verdict(&run.model, who);
        let taken = match verdict {
            Ok(_) => true,
            // Much is not there, or not for somebody: that is soon said.
            Err((404, _)) => chance.once_in(60),
            Err(_) => chance.once_in(6),
        };
        let reason = reason(verdict.is_ok(), chance);
        if taken && act.certain(&run.model, who) {
            run.act(who, act.as_ref(), reason.as_deref());
            let status = verdict.unwrap_or_else(|(status, _)| status);
            *tally.0.entry(name).or_default().entry(status).or_default() += 1;
            return true;
        }
    }
    false
}

/// Why somebody does something; too long a reason only for what else is fine.
fn reason(fine: bool, chance: &mut Chance) -> Option<String> {
    match chance.below(100) {
        0 if fine => Some("r".repeat(513)),
        1 => Some("é".repeat(512)),
        2..20 => Some("weil's nötig war: 100 %".to_owned()),
        _ => None,
    }
}

#[test]
fn whatever_anybody_does_the_right_people_hear_of_it() {
    let acts = number("CHATD_TEST_ACTS").unwrap_or(ACTS);
    let seed = Chance::seed();
    eprintln!("CHATD_TEST_ACTS={acts} CHATD_TEST_SEED={seed}");
    let mut chance = Chance::new(seed);
    let mut run = Run::new(seed);
    let mut tally = Tally::default();
    let (begun, mut refreshed) = (Instant::now(), Instant::now());
    let mut done = 0;
    while done < acts {
        done += u64::from(one_act(&mut run, &mut chance, &mut tally));
        if chance.once_in(3) {
            run.settle();
        }
        if chance.once_in(25) {
            run.lose_or_resume();
        }
        if chance.once_in(15) {
            run.look_at_first_screen(chance.below(NAMES.len() as u64) as usize, chance.once_in(2));
        }
        if chance.once_in(700) {
            run.restart();
        }
        if refreshed.elapsed() > TOKENS_LAST {
            run.refresh();
            refreshed = Instant::now();
        }
    }
    if run.second_device_is_lost() {
        run.lose_or_resume();
    }
    for who in 0..NAMES.len() {
        run.look_at_first_screen(who, false);
    }
    let took = begun.elapsed();
    eprintln!("{acts} acts in {took:.1?}, {:.0} a second", acts as f64 / took.as_secs_f64());
    for (name, statuses) in &tally.0 {
        eprintln!("{name}: {statuses:?}");
    }
}
