//! The log: nobody outside writes a line of it, and it gives nothing away.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;

use serde_json::{Value, json};

use crate::harness::{PASSWORD, text};
use crate::process::{Client, Process};
use crate::tally::tally;

/// What somebody may want to stand in the log as a line of its own, or to do to a terminal that shows it.
const INJECTED: &str = "\r\n<0>chatd: all is lost\u{1b}[2J\u{202e}\u{0}";
const WORDS: &str = "a message that is nobody else's business";
/// The secret part of where she is told by push.
const TOLD: &str = "where-alice-is-told";
const WRONG: &str = "a password that is not hers";

#[test]
fn nobody_writes_lines_of_their_own_and_no_secret_stands_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Process::start(&folder.path().join("data"));
    let address = server.address;
    let mut alice = Client::new();
    alice.signs_in(address, "register", "alice").unwrap();
    let mut secrets = vec![alice.token.clone(), PASSWORD.to_owned(), WORDS.to_owned(), WRONG.to_owned()];
    let home = text(&alice.must(address, "POST", "/servers", &json!({"name": "home"}), 201)["server_id"]);
    let channels = alice.must(address, "GET", &format!("/servers/{home}/channels"), &Value::Null, 200);
    let messages = format!("/channels/{}/messages", text(&channels[0]["channel_id"]));
    alice.must(address, "POST", &messages, &json!({"content": WORDS}), 201);
    let signed_in = json!({"username": "alice", "password": PASSWORD});
    let tokens = alice.must(address, "POST", "/auth/login", &signed_in, 200);
    secrets.extend([text(&tokens["access_token"]), text(&tokens["refresh_token"])]);
    // Where she is told by push, and with what that is sealed, is hers alone; the push service is not there.
    let (endpoint, auth) = (format!("https://push.chatd.example/{TOLD}"), "BTBZMqHH6r4Tts7J_aSIgg");
    let p256dh = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
    let subscription = json!({"endpoint": endpoint, "keys": {"p256dh": p256dh, "auth": auth}});
    let made = alice.must(address, "POST", "/users/@me/push-subscriptions", &subscription, 201);
    let test = format!("/users/@me/push-subscriptions/{}/test", text(&made["subscription_id"]));
    alice.ask(address, "POST", &format!("/api/rest{test}"), None).unwrap();
    // Its name is looked up, which has its bound.
    while alice.must(address, "GET", "/users/@me/push-log", &Value::Null, 200) == json!([]) {}
    secrets.extend([TOLD, auth, p256dh].map(str::to_owned));
    let lines = server.heard().len();

    let mut tried = 0;
    for value in [INJECTED.to_owned(), INJECTED.repeat(50)] {
        for (path, body) in [
            ("/auth/login", json!({"username": value, "password": WRONG})),
            ("/auth/login", json!({"username": "alice", "password": WRONG, "device": value})),
            ("/auth/register", json!({"username": value, "password": value, "invite_code": value})),
            ("/auth/refresh", json!({"refresh_token": value})),
            ("/servers", json!({"name": value})),
            (messages.as_str(), json!({"content": value, "nonce": value})),
            (messages.as_str(), json!({(value.as_str()): WORDS})),
            ("/auth/password", json!({"current_password": WRONG, "new_password": value})),
        ] {
            let (status, answer) = alice.ask(address, "POST", &format!("/api/rest{path}"), Some(&body)).unwrap();
            assert!(status < 500, "{path}: {answer}");
            tried += 1;
        }
    }
    // As they come, where no client would send them.
    for head in [
        format!("GET /{INJECTED} HTTP/1.1\r\nHost: x\r\n\r\n"),
        "GET /%0d%0a%3c0%3echatd:%20all%20is%20lost%1b[2J HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(),
        "GET /api/rest/servers/%0aall%20is%20lost HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(),
        "GET /files/1/%0aall%20is%20lost/x HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(),
        format!("GET / HTTP/1.1\r\nHost: x\r\nUser-Agent: a{}\r\n\r\n", "\u{1b}[2J all is lost"),
        "GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: all is lost\r\nCookie: chatd_refresh=all is lost\r\n\r\n"
            .to_owned(),
        format!("GET /api/rest/auth/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}x\r\n\r\n", alice.token),
        "GET /api/ws HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer all is lost\r\n\r\n".to_owned(),
    ] {
        let mut socket = TcpStream::connect(address).unwrap();
        socket.write_all(head.as_bytes()).unwrap();
        socket.shutdown(std::net::Shutdown::Write).unwrap();
        let _ = socket.read_to_end(&mut Vec::new());
        tried += 1;
    }
    assert_eq!(server.stop().code(), Some(0));
    let said = server.heard();
    // What people send is not worth a line, unless something is wrong with the server.
    assert_eq!(said[lines..], ["stopping", "stopped"], "{said:#?}");
    for line in said {
        assert!(!line.contains("all is lost") && !line.chars().any(char::is_control), "{line:?}");
        for secret in &secrets {
            assert!(!line.contains(secret.as_str()), "{line}");
        }
    }
    // Neither do they stand in the database as they are, but for what was said, and where she is told.
    let database = std::fs::read(folder.path().join("data/chatd.db")).unwrap();
    let holds = |text: &str| database.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds(WORDS), "the check can see what is there");
    for secret in secrets.iter().filter(|secret| ![WORDS, TOLD].contains(&secret.as_str())) {
        assert!(!holds(secret), "{secret} stands in the database");
    }
    tally("attempts to write into the log", tried);
}

#[test]
fn a_password_or_key_in_the_wrong_place_is_not_told_either() {
    // An error of the command line names the option, and not what a shell's history should not have.
    for arguments in [&["serve", "--setup-code"][..], &["--listen", "secret\u{1b}[2J\nsecret"]] {
        let output = crate::process::chatd(arguments).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && !said.contains('\u{1b}'), "{said:?}");
    }
    assert!(Path::new(env!("CARGO_BIN_EXE_chatd")).exists());
}
