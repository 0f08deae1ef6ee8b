//! A run: the people, the program and the reference, act after act.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::act::{Act, INVALID, Outcome, Request, Seen, id, time};
use super::lines::Line;
use super::model::{Human, Id, Model, Who};
use super::objects::{differences, in_order, text};
use super::{messages, servers};
use crate::harness::{Answer, Person, World, text as string};

/// Alice is the administrator, which gives her nothing here.
pub const NAMES: [&str; 7] = ["alice", "bob", "carol", "dave", "erin", "frank", "grace"];
/// Who has a second device, whose connection is lost now and then.
const TWO_DEVICES: Who = 1;
/// How long a first screen may take to show what is noted behind the scenes.
const PATIENCE: Duration = Duration::from_secs(10);
/// How many acts a failure shows.
const SHOWN: usize = 2500;

/// What the program gave somebody.
struct Account {
    token: String,
    refresh_token: String,
    /// The channel of the den, and two messages there between which the read position jumps.
    den: Id,
    messages: [Id; 2],
    marks: usize,
}

pub struct Run {
    seed: u64,
    pub world: World,
    accounts: Vec<Account>,
    pub model: Model,
    lines: Vec<Line>,
    /// All that was done.
    log: Vec<String>,
}

impl Drop for Run {
    /// What led to a failure, whichever way it failed.
    fn drop(&mut self) {
        if std::thread::panicking() {
            let last = &self.log[self.log.len().saturating_sub(SHOWN)..];
            eprintln!("CHATD_TEST_SEED={} failed; the last acts were:\n  {}", self.seed, last.join("\n  "));
        }
    }
}

impl Run {
    /// Everybody has an account, a den and a connection.
    pub fn new(seed: u64) -> Self {
        let (world, model) = (World::start(), Model::default());
        let mut run = Self { seed, world, accounts: Vec::new(), model, lines: Vec::new(), log: Vec::new() };
        for (who, name) in NAMES.into_iter().enumerate() {
            run.registers(who, name);
        }
        run.connect_all();
        run
    }

    fn registers(&mut self, who: Who, name: &str) {
        let person = self.world.person(name);
        let user = person.get("/auth/me").expect(200);
        self.accounts.push(Account {
            token: person.token,
            refresh_token: person.refresh_token,
            den: 0,
            messages: [0; 2],
            marks: 0,
        });
        self.model.people.push(Human {
            id: id(&user["user_id"]),
            name: name.to_owned(),
            display_name: None,
            created_at: time(&user["created_at"]),
            is_admin: who == 0,
            status: "online",
            servers: Vec::new(),
            blocks: Vec::new(),
        });
        self.act(who, &servers::Create::den(), None);
        let den = self.model.servers[&self.model.people[who].servers[0]].channels[0].id;
        self.accounts[who].den = den;
        for n in 0..2 {
            self.act(who, &messages::Post::new(den, "mark"), None);
            self.accounts[who].messages[n] = self.model.last[&den];
        }
    }

    fn connect_all(&mut self) {
        for (who, name) in NAMES.into_iter().enumerate() {
            self.lines.push(Line::new(who, format!("{name}'s connection"), self.person(who).connects()));
        }
        let second = format!("{}'s second connection", NAMES[TWO_DEVICES]);
        self.lines.push(Line::new(TWO_DEVICES, second, self.person(TWO_DEVICES).connects()));
        self.mark_and(Line::pass_over_presences);
    }

    pub fn person(&self, who: Who) -> Person<'_> {
        let (id, token) = (text(self.model.people[who].id), self.accounts[who].token.clone());
        Person { world: &self.world, id, token, refresh_token: String::new() }
    }

    /// New access tokens for everybody, before the old ones expire.
    pub fn refresh(&mut self) {
        for account in &mut self.accounts {
            let body = json!({"refresh_token": account.refresh_token});
            let tokens = self.world.request("POST", "/auth/refresh", Some(&body)).expect(200);
            (account.token, account.refresh_token) =
                (string(&tokens["access_token"]), string(&tokens["refresh_token"]));
        }
    }

    /// Somebody acts: the answer must be what the reference says, and whoever must hear of it is noted.
    pub fn act(&mut self, who: Who, act: &dyn Act, reason: Option<&str>) {
        let (request, mut verdict) = (act.request(), act.verdict(&self.model, who));
        if act.audited() && reason.is_some_and(|reason| reason.chars().count() > 512) {
            verdict = verdict.and(Err(INVALID));
        }
        let why = reason.map(|reason| format!(" because {reason:.40?}")).unwrap_or_default();
        let said = format!("act {}: {} {request}{why}", self.log.len() + 1, NAMES[who]);
        self.log.push(said.clone());
        let (answer, more) = match &request {
            Request::Typing(channel) => {
                self.lines.iter_mut().find(|line| line.who == who).unwrap().type_in(*channel);
                (Value::Null, false)
            }
            Request::Rest { method, path, body } => {
                let answer = self.ask(who, method, path, body.as_ref(), reason);
                let code = answer.json["code"].as_str();
                match verdict {
                    Ok(status) => assert_eq!(answer.status, status, "{said}: {}", answer.text),
                    Err(refusal) => {
                        assert_eq!((answer.status, code), (refusal.0, Some(refusal.1)), "{said}: {}", answer.text)
                    }
                }
                let more = answer.header("link").is_some();
                (answer.json, more)
            }
        };
        if verdict.is_err() {
            return;
        }
        let mut model = std::mem::take(&mut self.model);
        let look = |path: &str| self.ask(who, "GET", path, None, None).expect(200);
        let reason = reason.filter(|_| act.audited()).map(str::to_owned);
        let outcome = act.apply(&mut model, who, &Seen { answer: &answer, more, reason, look: &look });
        self.model = model;
        self.compare(&said, &outcome, &answer);
        for line in &mut self.lines {
            line.expect(&said, &outcome.stages);
        }
        if outcome.stages.iter().any(|stage| stage.swept) {
            self.lines.iter_mut().for_each(Line::wait_for_swept);
            self.settle();
        }
    }

    /// The reason goes percent-encoded into its header.
    fn ask(&self, who: Who, method: &str, path: &str, body: Option<&Value>, reason: Option<&str>) -> Answer {
        let reason: Option<String> = reason.map(|reason| reason.bytes().map(|byte| format!("%{byte:02X}")).collect());
        let headers: Vec<(&str, &str)> = reason.iter().map(|reason| ("X-Audit-Log-Reason", reason.as_str())).collect();
        let body = body.map(Value::to_string);
        self.world.send(method, path, Some(&self.accounts[who].token), &headers, body.as_deref())
    }

    fn compare(&self, said: &str, outcome: &Outcome, answer: &Value) {
        let mut found = Vec::new();
        differences("answer", &in_order(&outcome.answer), &in_order(answer), &mut found);
        assert!(found.is_empty(), "{said}: {}", found.join("\n  "));
    }

    /// Everybody has heard of all that happened; compares it.
    pub fn settle(&mut self) {
        self.mark_and(Line::settle);
    }

    fn mark_and(&mut self, listen: impl Fn(&mut Line, Id, Id)) {
        for who in 0..self.accounts.len() {
            let account = &mut self.accounts[who];
            account.marks += 1;
            // The second message was read when it was written.
            let (den, message) = (account.den, account.messages[(account.marks + 1) % 2]);
            self.model.read.insert((who, den), message);
            self.person(who)
                .put(&format!("/channels/{}/read", text(den)), json!({"message_id": text(message)}))
                .expect(204);
            for line in self.lines.iter_mut().filter(|line| line.who == who) {
                line.expect_mark(den, message);
            }
        }
        for line in self.lines.iter_mut().filter(|line| !line.is_lost()) {
            let account = &self.accounts[line.who];
            listen(line, account.den, account.messages[(account.marks + 1) % 2]);
        }
    }

    /// Cuts the second device off; or lets it come back, if it is cut off.
    pub fn lose_or_resume(&mut self) {
        self.settle();
        let token = self.accounts[TWO_DEVICES].token.clone();
        let line = self.lines.last_mut().unwrap();
        self.log.push(format!("{} {}", line.name, if line.is_lost() { "comes back" } else { "is lost" }));
        if line.is_lost() { line.resume(&self.world, &token) } else { line.lose() }
    }

    pub fn second_device_is_lost(&self) -> bool {
        self.lines.last().is_some_and(Line::is_lost)
    }

    /// What somebody's first screen shows must be what the reference knows. The new connection may take the place of
    /// the old one, as it knows what it knows from another source: from the database, not from events.
    pub fn look_at_first_screen(&mut self, who: Who, stay: bool) {
        self.settle();
        self.log.push(format!("{} connects anew", NAMES[who]));
        let begun = Instant::now();
        loop {
            let gateway = self.person(who).connects();
            let found = self.faults_of_first_screen(who, &gateway.connected["d"]);
            if !found.is_empty() {
                // That somebody has read what they have just come to see is noted behind the scenes.
                let read = found.iter().all(|fault| fault.starts_with("CONNECTED.read_states"));
                assert!(read && begun.elapsed() < PATIENCE, "{}: {}", NAMES[who], found.join("\n  "));
                gateway.close(1000);
                continue;
            }
            return if stay { self.lines[who].replace(gateway) } else { gateway.close(1000) };
        }
    }

    fn faults_of_first_screen(&self, who: Who, d: &Value) -> Vec<String> {
        let mut expected = self.model.connected_object(who);
        expected["session_id"] = d["session_id"].clone();
        let mut found = Vec::new();
        differences("CONNECTED", &in_order(&expected), &in_order(d), &mut found);
        found
    }

    /// Stops the server and starts it again: everybody connects anew.
    pub fn restart(&mut self) {
        if self.second_device_is_lost() {
            self.lose_or_resume();
        }
        self.settle();
        self.log.push("the server is started anew".into());
        self.lines.clear();
        self.world.restart();
        self.model.typed.clear();
        self.connect_all();
    }
}
