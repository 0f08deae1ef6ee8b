//! Notifications by push: what a message costs the server while 1,000 members have subscribed and none is connected, on
//! the way of posting and in push's own threads. The push service is this machine: it takes everything.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chatd::bench::client::Client;
use chatd::bench::people::Place;
use chatd::bench::{Outcome, posting};
use chatd::model::push::{PushKeys, PushSubscription};
use chatd::model::{SubscriptionId, Timestamp};
use chatd::store;

use super::Scene;
use super::latency::{histogram, quantile_ms};
use crate::crowd::{Crowd, Plan, open};
use crate::messages::content;
use crate::requests;
use crate::server::Server;
use crate::table::{Budget, Row, median, number};

const MEMBERS: usize = 1_000;
const SENDERS: usize = 10;
const MESSAGES: u64 = 1_000;
const PER_SECOND: f64 = 200.0;
const ROUNDS: usize = 5;
/// Where nobody is told of a message it may cost so many times as much as where nobody has subscribed.
const TIMES: f64 = 1.2;
/// Of which everybody is told.
const TOLD: u64 = 5;
/// Until everybody has been told, at most.
const TOLD_TIME: Duration = Duration::from_secs(60);
/// A browser's public key: RFC 8291's own.
const KEY: &str = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";

pub fn measure(scene: &Scene) -> Outcome<Vec<Row>> {
    let data = scene.folder().join("data");
    Server::start(&data)?.stop()?;
    let crowd = Crowd::gather(&data, Plan { members: MEMBERS, channels: 2, roles: 0 })?;
    let rounds = || (0..ROUNDS).map(|_| plain(&data, &crowd)).collect::<Outcome<Vec<_>>>();
    let nobody = rounds()?;
    subscribe(&data, &crowd, "{}")?;
    let mentions = rounds()?;
    let cpu = |rounds: &[Plain]| rounds.iter().map(|round| round.cpu_us).collect::<Vec<_>>();
    let row = |what: &str, rounds: &[Plain]| {
        let worst = |of: fn(&Plain) -> f64| rounds.iter().map(of).fold(0.0_f64, f64::max);
        scene
            .row(format!("server CPU of a message, {what}"), cpu(rounds), "µs", Budget::None)
            .note(format!("{MESSAGES} messages a round, {PER_SECOND} a second; connections that ended are not in it"))
            .note(format!(
                "at most {:.1} µs in push's own threads beside that; p99 of posting at most {:.2} ms",
                worst(|round| round.push_us),
                worst(|round| round.p99_ms)
            ))
    };
    let mut rows = vec![
        row("nobody subscribed", &nobody),
        row("1,000 subscribed, told of mentions", &mentions),
        scene
            .row(
                "the second against the first",
                median(&cpu(&mentions))
                    .zip(median(&cpu(&nobody)))
                    .map(|(with, without)| with / without)
                    .into_iter()
                    .collect(),
                "times",
                Budget::AtMost(TIMES),
            )
            .note("of medians"),
    ];
    subscribe(&data, &crowd, &format!(r#"{{"levels": {{"{}": "all"}}}}"#, crowd.server))?;
    rows.extend(told(scene, &data, &crowd)?);
    Ok(rows)
}

/// A push service that takes everything; its port.
fn swallow() -> Outcome<u16> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
    let port = listener.local_addr().map_err(|error| error.to_string())?.port();
    std::thread::spawn(move || {
        for socket in listener.incoming().flatten() {
            std::thread::spawn(move || while take(&socket).is_some() {});
        }
    });
    Ok(port)
}

fn take(mut socket: &TcpStream) -> Option<()> {
    let mut reader = BufReader::new(socket);
    loop {
        let mut length = None;
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).ok().filter(|count| *count > 0)?;
            if line == "\r\n" {
                break;
            }
            length = length.or(line.strip_prefix("Content-Length: ").and_then(|text| text.trim().parse().ok()));
        }
        reader.read_exact(&mut vec![0; length?]).ok()?;
        socket.write_all(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n").ok()?;
    }
}

/// Subscribes every member, or once more: then only their settings are new.
fn subscribe(data: &std::path::Path, crowd: &Crowd, settings: &str) -> Outcome<()> {
    let port = swallow()?;
    let p256dh = URL_SAFE_NO_PAD.decode(KEY).ok().and_then(|key| key.try_into().ok()).ok_or("the key has 65 bytes")?;
    let chat = open(data)?;
    let (keys, settings) = (PushKeys { p256dh, auth: [7; 16] }, settings.to_owned());
    let callers: Vec<_> = (0..MEMBERS).map(|number| crowd.caller(number)).collect();
    let written = chat.store().write(move |tx| {
        for (number, caller) in callers.iter().enumerate() {
            let new = PushSubscription {
                subscription_id: SubscriptionId(number as i64 + 1),
                name: None,
                origin: String::new(),
                created_at: Timestamp::now(),
                last_success_at: None,
                last_failure: None,
            };
            store::push::remove(tx.db, new.subscription_id, caller.user_id)?;
            let endpoint = format!("http://127.0.0.1:{port}/{number}");
            store::push::set(tx.db, &new, (caller.user_id, caller.session_id), &endpoint, &keys)?;
            store::settings::set(tx.db, caller.user_id, &settings)?;
        }
        Ok(())
    });
    chat.store().close();
    written.map_err(|error| error.to_string())
}

fn start(data: &std::path::Path) -> Outcome<Server> {
    Server::start_with(data, &[("CHATD_PUSH_LOCAL", OsStr::new("127.0.0.1:*"))])
}

/// CPU time of push's own threads, and of all others.
fn cpu(server: &Server) -> Outcome<(Duration, Duration)> {
    let own = ["push\n", "push-sender\n", "push-names\n"];
    let own = server.cpu_of(|name| own.contains(&name))?;
    Ok((own, server.cpu()?.saturating_sub(own)))
}

/// Posts messages that name nobody; the p99 of posting in ms.
fn post(server: &Server, place: &Place, (count, per_second): (u64, f64)) -> Outcome<f64> {
    let mut client = Client::new(server.address)?;
    let senders = client.open(SENDERS)?;
    let mut times = histogram();
    let write = |out: &mut Vec<u8>, person, nth| posting::post(out, place, person, &content(nth, 128));
    let _ = requests::paced(&mut client, &senders, (count, per_second), write, |time, _| {
        times.saturating_record(time.as_micros() as u64);
        Ok(())
    })?;
    Ok(quantile_ms(&times, 0.99))
}

/// What messages cost of which nobody is told.
struct Plain {
    cpu_us: f64,
    push_us: f64,
    p99_ms: f64,
}

fn plain(data: &std::path::Path, crowd: &Crowd) -> Outcome<Plain> {
    let server = start(data)?;
    let place = crowd.place()?;
    post(&server, &place, (MESSAGES / 10, PER_SECOND))?;
    let before = cpu(&server)?;
    let p99_ms = post(&server, &place, (MESSAGES, PER_SECOND))?;
    let after = cpu(&server)?;
    server.stop()?;
    let each = |time: Duration| time.as_secs_f64() * 1e6 / MESSAGES as f64;
    Ok(Plain { cpu_us: each(after.1 - before.1), push_us: each(after.0 - before.0), p99_ms })
}

/// Messages of which everybody is told.
fn told(scene: &Scene, data: &std::path::Path, crowd: &Crowd) -> Outcome<Vec<Row>> {
    let server = start(data)?;
    let place = crowd.place()?;
    let before = cpu(&server)?;
    let begun = Instant::now();
    let mut p99 = 0.0_f64;
    for message in 1..=TOLD {
        p99 = p99.max(post(&server, &place, (1, 1.0))?);
        // All but its author, who is the same each time.
        let all = message * (MEMBERS as u64 - 1);
        while gauge(&server, "chatd_push_sent_total")? < all {
            if begun.elapsed() > TOLD_TIME * TOLD as u32 {
                return Err(server.explain("not everybody was told"));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
    let took = begun.elapsed();
    let after = cpu(&server)?;
    server.stop()?;
    let pushes = TOLD as f64 * (MEMBERS as f64 - 1.0);
    Ok(vec![
        scene
            .row(
                "CPU of push's own threads for a push that is sent",
                vec![(after.0 - before.0).as_secs_f64() * 1e6 / pushes],
                "µs",
                Budget::None,
            )
            .note(format!(
                "{} pushes in {:.1} s, one after the other, over plain HTTP",
                number(pushes),
                took.as_secs_f64()
            ))
            .note(format!("the longest a post took meanwhile: {p99:.2} ms")),
    ])
}

fn gauge(server: &Server, name: &str) -> Outcome<u64> {
    let page = ureq::get(format!("http://{}/metrics", server.address)).call();
    let page = page.and_then(|mut answer| answer.body_mut().read_to_string()).map_err(|error| error.to_string())?;
    let line = page.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
    line.ok_or_else(|| format!("/metrics does not tell of {name}"))
}
