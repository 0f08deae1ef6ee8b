//! A cell of the matrix: it is asked, and what comes back is judged.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use super::document::{Operation, operations};
use super::grid::Row;
use super::people::{People, Who};
use super::refusals;
use super::requests::{Request, Scene, Words};
use super::stage::{Elsewhere, Setting, Sight, Stage};
use crate::harness::{Answer, World};
use crate::tally::tally;

/// What a cell expects.
#[derive(Clone, Copy, Debug)]
pub struct Expected {
    status: u16,
    code: Option<&'static str>,
    /// Whether another body may lead to another answer.
    by_body: bool,
}

impl Expected {
    /// Reads a cell.
    #[track_caller]
    pub fn parse(cell: &'static str) -> Self {
        let word = cell.strip_suffix('+').unwrap_or(cell);
        let (status, code) = match word {
            "401" => (401, Some("unauthenticated")),
            "403" => (403, Some("forbidden")),
            "404" => (404, Some("not_found")),
            "409" => (409, Some("owner_cannot_leave")),
            "banned" | "blocked" => (403, Some(word)),
            "wrong" => (403, Some("wrong_password")),
            _ => (word.parse().unwrap_or_else(|_| panic!("what is {cell}?")), None),
        };
        assert!(code.is_some() || status < 300, "no code is known for {cell}");
        Self { status, code, by_body: cell.ends_with('+') }
    }

    /// # Errors
    /// What is wrong with an answer.
    fn judge(self, operation: &Operation, answer: &Answer) -> Result<(), String> {
        let must = |holds: bool, fault: &str| {
            if holds { Ok(()) } else { Err(format!("{fault}, but {} {}", answer.status, answer.text)) }
        };
        let is_it = answer.status == self.status && self.code.is_none_or(|code| answer.json["code"] == code);
        must(is_it, &format!("{} {} was to come", self.status, self.code.unwrap_or_default()))?;
        must(operation.statuses.contains(&answer.status.to_string()), "it must be documented")?;
        must(answer.status != 401 || answer.header("www-authenticate") == Some("Bearer"), "it must ask for a token")?;
        let is_problem = answer.header("content-type") == Some("application/problem+json");
        must(is_problem == (answer.status >= 400), "refusals and they alone must be problem documents")
    }
}

/// Everything that is needed to ask a cell, and what has been found wrong.
pub struct Matrix<'a> {
    pub people: People<'a>,
    pub operations: Vec<Operation>,
    stages: BTreeMap<Setting, Stage>,
    elsewhere: Elsewhere,
    /// How a route was refused to those who do not see the things. To them it looks alike whatever a row names, so it
    /// is enough to ask in all ways once.
    refused: RefCell<BTreeMap<(String, Who), String>>,
    faults: RefCell<Vec<String>>,
    asked: Cell<usize>,
}

impl<'a> Matrix<'a> {
    pub fn of(world: &'a World) -> Self {
        let people = People::of(world);
        let elsewhere = Elsewhere::set(&people);
        Self {
            people,
            operations: operations(world),
            stages: BTreeMap::new(),
            elsewhere,
            refused: RefCell::default(),
            faults: RefCell::default(),
            asked: Cell::default(),
        }
    }

    /// Asks every cell of a row.
    pub fn ask(&mut self, row: &Row) {
        for (column, cell) in &row.cells {
            self.ask_with(row, Sight::Everyone, Who::named(column), cell);
        }
    }

    /// Asks those cells of a row that may differ where only some members see the channel: to whom it is hidden it does
    /// not exist.
    pub fn ask_members(&mut self, row: &Row, sight: Sight) {
        for (column, cell) in &row.cells {
            let who = Who::named(column);
            if who.is_member() {
                self.ask_with(row, sight, who, if sight.reaches(who) { cell } else { "404" });
            }
        }
    }

    fn ask_with(&mut self, row: &Row, sight: Sight, who: Who, cell: &'static str) {
        let setting = Setting { sight, ..Words::of(row).setting() };
        self.stages.entry(setting).or_insert_with(|| Stage::set(&self.people, setting));
        let label = format!("{}, {who:?}, seen by {sight:?}", row.name());
        if self.ask_one(&label, row, (who, sight.reaches(who)), &self.stages[&setting], cell) {
            self.tidy(row, who, setting);
        }
    }

    #[track_caller]
    fn operation(&self, row: &Row) -> &Operation {
        let name = row.words[..2].join(" ");
        let operation = self.operations.iter().find(|operation| operation.name() == name);
        operation.unwrap_or_else(|| panic!("there is no route {name}"))
    }

    /// What a row asks for, with the things of a stage.
    pub fn request(&self, row: &Row, who: Who, stage: &Stage) -> Request {
        let scene = Scene { people: &self.people, stage, elsewhere: &self.elsewhere, who };
        scene.request(self.operation(row), &Words::of(row))
    }

    /// Asks a cell with the things of a stage, for somebody who sees them or does not; whether something was done.
    pub fn ask_one(&self, label: &str, row: &Row, (who, sees): (Who, bool), stage: &Stage, cell: &'static str) -> bool {
        self.asked.set(self.asked.get() + 1);
        let operation = self.operation(row);
        let request = self.request(row, who, stage);
        let answer = request.send(&self.people, who);
        let expected = Expected::parse(cell);
        let judged = expected.judge(operation, &answer).and_then(|()| match (answer.status, expected.by_body) {
            (404, true) => refusals::check_named(&self.people, who, &request, &answer),
            (401 | 403 | 404, false) => match self.refused.borrow().get(&(operation.name(), who)).filter(|_| !sees) {
                Some(text) if *text == answer.text => Ok(()),
                Some(text) => Err(format!("{} tells more than {text}", answer.text)),
                None => refusals::check(&self.people, who, &request, &answer),
            },
            _ => Ok(()),
        });
        if matches!(answer.status, 401 | 404) && !sees && !expected.by_body {
            self.refused.borrow_mut().entry((operation.name(), who)).or_insert(answer.text);
        }
        if let Err(fault) = judged {
            self.faults.borrow_mut().push(format!("{label}: {fault}"));
        }
        answer.status < 300 && operation.method != "GET"
    }

    /// Something was done: what the next cell relies on is made anew.
    fn tidy(&mut self, row: &Row, who: Who, setting: Setting) {
        let path = row.words[1];
        if path.starts_with("/admin/users") {
            // They may have been signed out.
            self.people.renew(Who::Peer);
        } else if path.starts_with("/auth/") {
            if who.is_signed_in() {
                self.people.renew(who);
            }
        } else if path.starts_with("/users/") {
            let peer = self.people.get(Who::Peer).id.clone();
            self.people.get(who).delete(&format!("/users/@me/blocks/{peer}")).expect(204);
        } else if leaves_traces(row)
            && let Some(stage) = self.stages.remove(&setting)
        {
            stage.strike(&self.people);
        }
    }

    /// Fails with all that was found wrong.
    #[track_caller]
    pub fn conclude(self) {
        let faults = self.faults.into_inner();
        assert!(faults.is_empty(), "{} cells are wrong:\n{}", faults.len(), faults.join("\n"));
        tally("requests of those who may and those who may not", self.asked.get());
    }
}

/// Whether what a row does changes what others name, or what somebody may. New things and names do not, but for roles:
/// a new one moves the others.
fn leaves_traces(row: &Row) -> bool {
    match (row.words[0], row.words[1]) {
        ("POST", path) => path.ends_with("/roles") || path == "/invites/{code}",
        ("PATCH", _) => ["roles", "granting", "raising", "handover"].iter().any(|word| row.words.contains(word)),
        ("PUT", path) => !path.ends_with("/read"),
        _ => true,
    }
}
