//! Sends and memory while 200 people sign in at once, wave after wave; and whether a sign-in's time tells who exists.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use chatd::bench::Outcome;
use chatd::bench::client::{Client, Id};
use chatd::bench::people;
use chatd::bench::wire::{self, Piece};
use serde_json::json;

use super::{People, memory_mb, most_memory_mb, of};
use crate::lines::Scene;
use crate::server::Server;
use crate::table::{Budget, Row, number};

const MEMBERS: usize = 100;
const AT_ONCE: usize = 200;
const PER_SECOND: f64 = 200.0;
const LENGTH: usize = 128;
const PATIENCE: Duration = Duration::from_secs(30);
/// 60 MiB.
const MEMORY_MB_MAX: f64 = 62.9;
/// Sign-ins of each kind in a round.
const GUESSES: usize = 40;
const ROUNDS: usize = 3;

/// Sign-ins that were let in, and that were to come again later.
type Wave = (u32, u32);

pub fn measure(scene: &Scene) -> Outcome<Vec<Row>> {
    let data = scene.folder().join("sign-ins");
    let server = Server::start(&data)?;
    let place = people::gather(&mut Client::new(server.address)?, MEMBERS)?;
    server.stop()?;
    let server = Server::start(&data)?;
    let mut people = People::gather(&server, &place, 1, PER_SECOND, LENGTH)?;
    let before = memory_mb(&server)?;
    let (compared, waves) = people.compare(|is_over| {
        let (mut waves, mut client) = (Vec::new(), Client::new(server.address)?);
        while waves.is_empty() || !is_over.load(Ordering::Relaxed) {
            waves.push(wave(&mut client)?);
        }
        Ok(waves)
    })?;
    let most = most_memory_mb(&server)?;
    let waves: Vec<Wave> = waves.into_iter().flatten().collect();
    let (let_in, later) = waves.iter().fold((0, 0), |sum, wave| (sum.0 + wave.0, sum.1 + wave.1));
    let row = scene
        .row(
            format!("p99 of sends during {AT_ONCE} sign-ins at once"),
            compared.troubled_ms.clone(),
            "ms",
            Budget::AtMost(250.0),
        )
        .note(format!("calm {} ms; {MEMBERS} members, {PER_SECOND} messages/s", number(of(&compared.calm_ms))))
        .note(format!("{} waves: {let_in} were let in, {later} were told to come later (429)", waves.len()));
    let sends = people.row(row);
    let memory = scene
        .row("more memory at the most then", vec![most - before], "MB", Budget::AtMost(MEMORY_MB_MAX))
        .note(format!("resident: {} MB before, {} MB at the most", number(before), number(most)));
    drop(people);
    let guesses = guesses(scene, &server)?;
    server.stop()?;
    Ok(vec![sends, memory, guesses])
}

fn sign_in(out: &mut Vec<u8>, username: &str, password: &str) {
    let body = json!({"username": username, "password": password}).to_string();
    wire::request(out, "POST", "/api/rest/auth/login", None, Some(&body));
}

/// All sign in at once, over connections of their own.
fn wave(client: &mut Client) -> Outcome<Wave> {
    let connections = client.open(AT_ONCE)?;
    for id in connections.clone() {
        let person = (id - connections.start) % MEMBERS;
        client.send(id, |out| sign_in(out, &format!("person{person}"), &format!("correct horse {person}")))?;
    }
    let (mut let_in, mut later) = (0, 0);
    while (let_in + later) < AT_ONCE as u32 {
        let any = client.turn(Instant::now() + PATIENCE, |_, piece| {
            match piece {
                Piece::Answer { status: 200, .. } => let_in += 1,
                Piece::Answer { status: 429, .. } => later += 1,
                Piece::Answer { status, body } => wire::expect_success(status, body)?,
                Piece::Text(_) => {}
            }
            Ok(())
        })?;
        if !any {
            return Err(format!("{} of {AT_ONCE} sign-ins were answered", let_in + later));
        }
    }
    client.close(connections);
    Ok((let_in, later))
}

/// Wrong passwords of somebody who exists and of somebody who does not, in turn.
fn guesses(scene: &Scene, server: &Server) -> Outcome<Row> {
    let mut client = Client::new(server.address)?;
    let connection = client.open(1)?.start;
    let (mut ratios, mut medians) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let (mut exists, mut does_not) = (Vec::new(), Vec::new());
        for guess in 0..GUESSES {
            exists.push(refusal_ms(&mut client, connection, "person1", guess)?);
            does_not.push(refusal_ms(&mut client, connection, "nobody1", guess)?);
        }
        let (exists, does_not) = (of(&exists), of(&does_not));
        ratios.push(exists.max(does_not) / exists.min(does_not));
        medians.push(format!("{} and {} ms", number(exists), number(does_not)));
    }
    Ok(scene
        .row("a wrong password of who exists, against who does not", ratios, "times", Budget::AtMost(1.05))
        .note(format!("medians of {GUESSES} each: {}", medians.join("; "))))
}

fn refusal_ms(client: &mut Client, id: Id, username: &str, guess: usize) -> Outcome<f64> {
    let asked = Instant::now();
    client.send(id, |out| sign_in(out, username, &format!("wrong horse {guess}")))?;
    let mut refused = None;
    while refused.is_none() {
        let any = client.turn(Instant::now() + PATIENCE, |_, piece| {
            if let Piece::Answer { status, body } = piece {
                let text = String::from_utf8_lossy(body);
                refused = Some(if status == 401 { Ok(()) } else { Err(format!("answered {status}: {text}")) });
            }
            Ok(())
        })?;
        if !any {
            return Err("a sign-in was not answered".to_owned());
        }
    }
    refused.unwrap_or(Ok(()))?;
    Ok(asked.elapsed().as_secs_f64() * 1e3)
}
