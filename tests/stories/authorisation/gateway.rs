//! Who may send what on the gateway.
//!
//! A cell is what comes of an op: the close code; the answer (`acked`, `connected`, `resumed`, or `invalid` for
//! INVALID_SESSION); `heard` if others are told; or `-` if nobody is and the connection stays. `401` is the status of a
//! handshake: without a good token one comes no further. Ops that carry a token are tried with the bad one too, and
//! come with the member's where the connection is anonymous. Everybody else has been connected since before they
//! joined, were kicked, or banned.
//!
//! RESUME is asked for a session of one's `own`, or the anonymous ask with the outsider's token for the member's:
//! `another's`. Typing, or the focus, is in a channel that `all` see, or the `moderators`, or the `owner` alone; where everyone may
//! only look (`muted`); in a DM of the peer's and the equal's (`theirs`); in `none` that exists.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::grid::{self, Row};
use super::people::{People, Who};
use super::refusals::MISSING;
use super::stage::{Setting, Sight, Stage};
use crate::harness::{Gateway, World};

const TABLE: &str = "
                            anonymous    outsider     member       admin
                               bad-token    kicked       moderator
                                  signed-out   banned       owner

HEARTBEAT                   acked  401  401  acked acked acked acked acked acked acked
IDENTIFY                    connected  4004 4004  4005 4005 4005 4005 4005 4005 4005
RESUME           own        resumed  4004 4004  4005 4005 4005 4005 4005 4005 4005
RESUME           another's  invalid  4004 4004  4005 4005 4005 4005 4005 4005 4005
PRESENCE_UPDATE             4003 401 401   -     -     -   heard heard heard   -
TYPING_START     all        4003 401 401   -     -     -   heard heard heard   -
TYPING_START     moderators 4003 401 401   -     -     -     -   heard heard   -
TYPING_START     owner      4003 401 401   -     -     -     -     -     -     -
TYPING_START     muted      4003 401 401   -     -     -     -     -   heard   -
TYPING_START     theirs     4003 401 401   -     -     -     -     -     -     -
TYPING_START     none       4003 401 401   -     -     -     -     -     -     -
FOCUS            all        4003 401 401   -     -     -     -     -     -     -
FOCUS            owner      4003 401 401   -     -     -     -     -     -     -
FOCUS            theirs     4003 401 401   -     -     -     -     -     -     -
FOCUS            none       4003 401 401   -     -     -     -     -     -     -
";

/// An op, as the server's reference has it.
struct Op {
    number: u8,
    name: String,
    from: String,
}

fn ops(world: &World) -> Vec<Op> {
    let page = world.send("GET", "/help/gateway", None, &[], None).text;
    let rows = page.split("<tr><td>").map(|row| row.split("<td>").collect::<Vec<_>>());
    // Close codes have two columns only.
    rows.filter(|row| row.len() == 5)
        .map(|row| Op { number: row[0].parse().unwrap(), name: row[1].to_owned(), from: row[2].to_owned() })
        .collect()
}

/// Those who have been connected all the time, those who listen, and the channels where somebody may type.
struct Floor<'a> {
    people: &'a People<'a>,
    connected: BTreeMap<Who, Gateway>,
    listeners: Vec<(Who, Gateway)>,
    channels: BTreeMap<&'static str, String>,
}

impl<'a> Floor<'a> {
    fn of(people: &'a People<'a>) -> Self {
        let connect = |who: Who| (who, people.get(who).connects());
        let nine = [Who::Outsider, Who::Kicked, Who::Banned, Who::Member, Who::Moderator, Who::Owner, Who::Admin];
        let (connected, listeners) =
            (nine.map(connect).into(), [Who::Peer, Who::Equal, Who::Owner].map(connect).into());
        let seen_by = |sight| Setting { sight, ..Setting::default() };
        let settings = [
            ("all", Setting::default()),
            ("moderators", seen_by(Sight::Moderators)),
            ("owner", seen_by(Sight::Owner)),
            ("muted", Setting { muted: true, ..Setting::default() }),
        ];
        let mut channels: BTreeMap<_, _> =
            settings.map(|(name, setting)| (name, Stage::set(people, setting).channel)).into();
        let theirs = people.get(Who::Peer).opens_dm(people.get(Who::Equal));
        people.get(Who::Peer).says(&theirs, "hello");
        channels.extend([("theirs", theirs), ("none", MISSING[0].to_owned())]);
        Self { people, connected, listeners, channels }
    }

    /// What comes of an op.
    fn outcome(&mut self, op: &Op, row: &Row, column: &'static str) -> String {
        let bad = ["bad-token", "signed-out"].contains(&column);
        let token = match column {
            "bad-token" => self.forged_token(),
            "anonymous" if row.words.contains(&"another's") => self.people.get(Who::Outsider).token.clone(),
            "signed-out" => self.people.person(Who::SignedOut).unwrap().token.clone(),
            _ => self.people.get(Who::Member).token.clone(),
        };
        let carries_token = ["IDENTIFY", "RESUME"].contains(&op.name.as_str());
        if bad {
            let refused = Gateway::handshake(self.people.world, Some(&token), &[]).err();
            if refused != Some(401) || !carries_token {
                return refused.map_or("connected".to_owned(), |status| status.to_string());
            }
        }
        let d = self.payload(&op.name, row, &token);
        if bad || column == "anonymous" {
            let mut gateway = Gateway::open(self.people.world, None);
            gateway.frame(0);
            return answer(&mut gateway, op, d).unwrap_or("-".to_owned());
        }
        let who = Who::named(column);
        let closes = carries_token.then(|| self.people.get(who).connects());
        let gateway = closes.or_else(|| self.connected.remove(&who));
        let mut gateway = gateway.unwrap_or_else(|| self.people.get(who).connects());
        if let Some(answer) = answer(&mut gateway, op, d) {
            return answer;
        }
        self.connected.insert(who, gateway);
        if self.is_heard(op, who) { "heard".to_owned() } else { "-".to_owned() }
    }

    /// The owner's token with the signature of another.
    fn forged_token(&self) -> String {
        let part = |who, at: usize| self.people.get(who).token.split('.').nth(at).unwrap().to_owned();
        [part(Who::Owner, 0), part(Who::Owner, 1), part(Who::Peer, 2)].join(".")
    }

    fn payload(&self, op: &str, row: &Row, token: &str) -> Value {
        match op {
            "HEARTBEAT" => Value::Null,
            "IDENTIFY" => json!({"token": token}),
            "RESUME" => {
                let lost = self.people.get(Who::Member).connects();
                let session = lost.connected["d"]["session_id"].clone();
                json!({"token": token, "session_id": session, "s": lost.last_s})
            }
            "PRESENCE_UPDATE" => json!({"status": "dnd"}),
            "TYPING_START" | "FOCUS" => json!({"channel_id": self.channels[row.words[1]]}),
            _ => panic!("it is not known what {op} carries"),
        }
    }

    /// Whether anybody else hears of what somebody has just sent: before a message that all listeners get after it.
    fn is_heard(&mut self, op: &Op, who: Who) -> bool {
        let sender = &self.people.get(who).id;
        let end = self.people.get(Who::Owner).says(&self.channels["all"], "the end");
        let mut heard = false;
        for (listener, gateway) in &mut self.listeners {
            loop {
                let frame = gateway.next();
                let d = &frame["d"];
                if frame["op"] == 11 && d["message_id"] == json!(end) {
                    break;
                }
                // They came online as well, of which is nothing to be told here.
                let is_it = frame["op"] == op.number && d["user_id"] == json!(sender) && d["status"] != "online";
                heard |= is_it && *listener != who;
            }
        }
        heard
    }
}

/// What is answered to an op, if anything: a heartbeat behind it shows that nothing is.
fn answer(gateway: &mut Gateway, op: &Op, d: Value) -> Option<String> {
    gateway.send(op.number, d);
    if op.name != "HEARTBEAT" {
        gateway.send(1, Value::Null);
    }
    loop {
        let answer = match gateway.next_or_code().map(|frame| frame["op"].as_u64()) {
            Err(code) => code.to_string(),
            Ok(Some(2)) if op.name != "HEARTBEAT" => return None,
            Ok(Some(2)) => "acked".to_owned(),
            Ok(Some(5)) => "resumed".to_owned(),
            Ok(Some(6)) => "invalid".to_owned(),
            Ok(Some(10)) => "connected".to_owned(),
            Ok(_) => continue,
        };
        return Some(answer);
    }
}

#[test]
fn what_everybody_may_send() {
    let world = World::start();
    let people = People::of(&world);
    let ops = ops(&world);
    let rows = grid::parse(TABLE);
    let mut floor = Floor::of(&people);
    let mut faults = Vec::new();
    for row in &rows {
        let op = ops.iter().find(|op| op.name == row.words[0]);
        let op = op.unwrap_or_else(|| panic!("there is no op {}", row.name()));
        for (column, cell) in &row.cells {
            let outcome = floor.outcome(op, row, column);
            if outcome != *cell {
                faults.push(format!("{}, {column}: {cell} was to come, but {outcome}", row.name()));
            }
        }
    }
    assert!(faults.is_empty(), "{} cells are wrong:\n{}", faults.len(), faults.join("\n"));
    let missing = ops.iter().filter(|op| op.from != "server" && rows.iter().all(|row| row.words[0] != op.name));
    let missing: Vec<_> = missing.map(|op| &op.name).collect();
    assert!(missing.is_empty(), "no row for {missing:?}");
}

#[test]
fn nobody_may_send_what_only_the_server_sends() {
    let world = World::start();
    let people = People::of(&world);
    let mut numbers: Vec<_> = ops(&world).into_iter().filter(|op| op.from == "server").map(|op| op.number).collect();
    assert!(numbers.len() > 10, "the reference is not understood: {numbers:?}");
    numbers.extend([7, 99, 255]);
    for number in numbers {
        for token in [None, Some(&people.get(Who::Outsider).token), Some(&people.get(Who::Owner).token)] {
            let mut gateway = Gateway::open(&world, token.map(String::as_str));
            gateway.send(number, json!({}));
            assert_eq!(gateway.closed(), 4001, "op {number}");
        }
    }
}
