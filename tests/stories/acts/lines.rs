//! The gateway connections of the people, and the comparison of what came with what had to come.
//!
//! What came before a mark of somebody's own, read positions that jump between two messages in their den, is all that
//! was committed before it: the feed has one order. So nothing waits for time to pass to prove an absence.

use std::collections::VecDeque;

use serde_json::{Value, json};

use super::act::{Stage, time};
use super::model::{Id, Who};
use super::objects::{differences, in_order, text};
use crate::harness::{Gateway, World, text as string};

/// Events that one act brings to one connection, in whatever order.
struct Due {
    act: String,
    events: Vec<(u64, Value)>,
    swept: bool,
}

/// One connection of somebody.
pub struct Line {
    pub who: Who,
    pub name: String,
    /// None while it is lost.
    gateway: Option<Gateway>,
    session: String,
    last_s: u64,
    due: Vec<Due>,
    /// What came and was not looked at yet.
    came: VecDeque<(u64, Value)>,
}

impl Line {
    pub fn new(who: Who, name: String, gateway: Gateway) -> Self {
        let mut line = Self {
            who,
            name,
            gateway: None,
            session: String::new(),
            last_s: 0,
            due: Vec::new(),
            came: VecDeque::new(),
        };
        line.replace(gateway);
        line
    }

    /// Goes on with another connection, which has just been made; the old one says goodbye.
    pub fn replace(&mut self, gateway: Gateway) {
        assert!(self.due.is_empty() && self.came.is_empty());
        self.session = string(&gateway.connected["d"]["session_id"]);
        self.last_s = gateway.last_s;
        if let Some(old) = self.gateway.replace(gateway) {
            old.close(1000);
        }
    }

    pub fn is_lost(&self) -> bool {
        self.gateway.is_none()
    }

    /// An act happened.
    pub fn expect(&mut self, act: &str, stages: &[Stage]) {
        for stage in stages {
            let mine = stage.told.iter().filter(|told| told.to.contains(&self.who));
            let events: Vec<(u64, Value)> = mine.map(|told| (told.op, in_order(&told.d))).collect();
            if !events.is_empty() {
                self.due.push(Due { act: act.to_owned(), events, swept: stage.swept });
            }
        }
    }

    /// The read position in the den is now here.
    pub fn expect_mark(&mut self, den: Id, message: Id) {
        self.due.push(Due { act: "the mark".into(), events: vec![(60, mark(den, message))], swept: false });
    }

    /// Says that its owner types, and waits until the program has understood.
    pub fn type_in(&mut self, channel: Id) {
        let gateway = self.gateway.as_mut().unwrap();
        gateway.send(50, json!({"channel_id": text(channel)}));
        gateway.send(1, Value::Null);
        while self.frame() != 2 {}
    }

    /// Waits for what is swept: it comes in its own time.
    pub fn wait_for_swept(&mut self) {
        if !self.is_lost() && self.due.iter().any(|due| due.swept) {
            let events: usize = self.due.iter().map(|due| due.events.len()).sum();
            while self.came.len() < events {
                self.frame();
            }
        }
    }

    /// Reads to the mark and compares.
    pub fn settle(&mut self, den: Id, message: Id) {
        let mark = (60, mark(den, message));
        while self.came.back() != Some(&mark) {
            self.frame();
        }
        self.compare();
    }

    /// Reads a frame; its op.
    fn frame(&mut self) -> u64 {
        let frame = self.gateway.as_mut().unwrap().try_next();
        let frame = frame
            .unwrap_or_else(|why| panic!("{}: {why}; {} came, due: {}", self.name, show(&self.came), self.all_due()));
        let op = frame["op"].as_u64().unwrap();
        if op >= 10 {
            let s = frame["s"].as_u64().unwrap();
            assert!(s > self.last_s, "{}: {s} came after {}: {frame}", self.name, self.last_s);
            self.last_s = s;
            let mut d = in_order(&frame["d"]);
            if op == 50 {
                time(&d["timestamp"]);
                d.as_object_mut().unwrap().remove("timestamp");
            }
            self.came.push_back((op, d));
        }
        op
    }

    fn all_due(&self) -> String {
        self.due.iter().map(|due| format!("\n  {}: {}", due.act, show(&due.events))).collect()
    }

    /// Whether exactly that came which had to come, act after act.
    fn compare(&mut self) {
        for due in std::mem::take(&mut self.due) {
            let mut missing = due.events.clone();
            let mut others = Vec::new();
            for _ in 0..due.events.len() {
                let Some(event) = self.came.pop_front() else { break };
                match missing.iter().position(|one| *one == event) {
                    Some(n) => _ = missing.remove(n),
                    None => others.push(event),
                }
            }
            if !missing.is_empty() {
                let mut found = Vec::new();
                if let (Some((op, one)), Some((other_op, other))) = (missing.first(), others.first())
                    && op == other_op
                {
                    differences("d", one, other, &mut found);
                }
                panic!(
                    "{}\n  {}\n  expected: {}\n  of it did not come: {}\n  instead: {}\n  differs in: {}\n  then came: {}",
                    due.act,
                    self.name,
                    show(&due.events),
                    show(&missing),
                    show(&others),
                    found.join("; "),
                    show(&self.came)
                );
            }
        }
        assert!(self.came.is_empty(), "{}: what came though nothing was due: {}", self.name, show(&self.came));
    }

    /// The connection is cut.
    pub fn lose(&mut self) {
        assert!(self.due.is_empty());
        self.gateway.take().unwrap().vanish();
    }

    /// Comes back; all that was missed must be replayed, nothing else.
    pub fn resume(&mut self, world: &World, token: &str) {
        let mut gateway = Gateway::open(world, None);
        gateway.frame(0);
        gateway.send(4, json!({"token": token, "session_id": self.session, "s": self.last_s}));
        self.gateway = Some(gateway);
        let mut replayed = 0;
        loop {
            match self.frame() {
                5 => break,
                6 => panic!("{}: the session is lost", self.name),
                _ => replayed += 1,
            }
        }
        assert!(replayed > 0, "{}: at least the marks are replayed", self.name);
        self.compare();
    }

    /// Passes over who came online, up to the mark.
    pub fn pass_over_presences(&mut self, den: Id, message: Id) {
        let mark = (60, mark(den, message));
        while self.came.back() != Some(&mark) {
            self.frame();
        }
        self.came.retain(|(op, _)| *op != 40);
        self.compare();
    }
}

fn mark(den: Id, message: Id) -> Value {
    json!({"channel_id": text(den), "message_id": text(message), "mentions": 0})
}

fn show<'a>(events: impl IntoIterator<Item = &'a (u64, Value)>) -> String {
    let all: Vec<String> = events.into_iter().map(|(op, d)| format!("{op} {d}")).collect();
    if all.is_empty() { "nothing".into() } else { all.join("\n    ") }
}
