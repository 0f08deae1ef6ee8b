//! TLS in the program: people write and hear through it, its certificate is changed under them, and whoever speaks
//! something else is sent to https or away.

use std::io::{BufReader, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Signal, kill_process};
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::{Value, json};
use tungstenite::client::IntoClientRequest;
use tungstenite::{Message, WebSocket};

use super::{Raw, Response, post};
use crate::harness::{PASSWORD, text};
use crate::process::{Process, chatd, run};

type Socket = StreamOwned<ClientConnection, TcpStream>;

/// A connection of somebody who believes this certificate alone.
fn connect(address: SocketAddr, certificate: &Path) -> Result<Socket, std::io::Error> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(certificate).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let config = config.with_safe_default_protocol_versions().unwrap();
    let config = config.with_root_certificates(roots).with_no_client_auth();
    let protocol = ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap()).unwrap();
    let mut socket = StreamOwned::new(protocol, TcpStream::connect(address)?);
    socket.sock.set_read_timeout(Some(Duration::from_secs(30)))?;
    socket.conn.complete_io(&mut socket.sock)?;
    Ok(socket)
}

fn raw(server: &Process, certificate: &Path) -> Raw<Socket> {
    Raw(BufReader::new(connect(server.address, certificate).unwrap()))
}

impl Raw<Socket> {
    #[track_caller]
    fn ask(&mut self, method: &str, path: &str, token: &str, body: &str) -> Response {
        let kind = if path.starts_with("/api/rest/uploads") { "text/plain" } else { "application/json" };
        let length = body.len();
        self.send(format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nContent-Type: {kind}\r\n\
             Content-Length: {length}\r\n\r\n{body}"
        ));
        self.answer()
    }

    #[track_caller]
    fn must(&mut self, method: &str, path: &str, token: &str, body: &Value) -> Value {
        let answer = self.ask(method, &format!("/api/rest{path}"), token, &body.to_string());
        assert!(matches!(answer.status, 200 | 201), "{method} {path}: {answer:?}");
        serde_json::from_str(&answer.body).unwrap()
    }
}

/// A server that has made its certificate itself, and where that is.
fn self_signed(folder: &Path) -> (Process, PathBuf) {
    let data = folder.join("data");
    let server = Process::with(&data, |command| _ = command.args(["--tls", "self-signed"]));
    (server, data.join("tls/certificate.pem"))
}

/// Somebody's token, and a channel.
fn alice(https: &mut Raw<Socket>) -> (String, String) {
    let account = json!({"username": "alice", "password": PASSWORD});
    let token = text(&https.must("POST", "/auth/register", "", &account)["access_token"]);
    let home = text(&https.must("POST", "/servers", &token, &json!({"name": "home"}))["server_id"]);
    let channels = https.must("GET", &format!("/servers/{home}/channels"), &token, &Value::Null);
    (token, text(&channels[0]["channel_id"]))
}

fn gateway(server: &Process, certificate: &Path, token: &str) -> WebSocket<Socket> {
    let mut request = format!("wss://localhost:{}/api/ws", server.address.port()).into_client_request().unwrap();
    request.headers_mut().insert("Authorization", format!("Bearer {token}").parse().unwrap());
    tungstenite::client(request, connect(server.address, certificate).unwrap()).unwrap().0
}

fn next(gateway: &mut WebSocket<Socket>) -> Value {
    loop {
        if let Message::Text(frame) = gateway.read().unwrap() {
            return serde_json::from_str(&frame).unwrap();
        }
    }
}

#[test]
fn people_write_and_hear_over_tls_however_late_they_read() {
    let folder = tempfile::tempdir().unwrap();
    let (server, certificate) = self_signed(folder.path());
    let mut https = raw(&server, &certificate);
    let (token, channel) = alice(&mut https);
    let mut gateway = gateway(&server, &certificate, &token);
    assert_eq!((&next(&mut gateway)["op"], &next(&mut gateway)["op"]), (&json!(0), &json!(10)));
    // With a buffer so small, what nobody reads stays in the server.
    rustix::net::sockopt::set_socket_recv_buffer_size(&gateway.get_ref().sock, 4096).unwrap();
    let texts: Vec<_> = (0..100).map(|number| format!("{number} {}", "é".repeat(1900))).collect();
    for text in &texts {
        https.must("POST", &format!("/channels/{channel}/messages"), &token, &json!({"content": text}));
    }
    for text in &texts {
        let message = std::iter::repeat_with(|| next(&mut gateway)).find(|frame| frame["d"]["content"].is_string());
        assert_eq!(message.unwrap()["d"]["content"], *text);
    }
    gateway.send(Message::text(json!({"op": 1, "d": null}).to_string())).unwrap();
    assert_eq!(std::iter::repeat_with(|| next(&mut gateway)).find(|frame| frame["op"] == 2).unwrap()["op"], 2);
    gateway.close(None).unwrap();
    let end = std::iter::repeat_with(|| gateway.read()).find_map(Result::err).unwrap();
    assert!(matches!(end, tungstenite::Error::ConnectionClosed), "{end}");
}

#[test]
fn large_files_come_whole_over_tls_and_the_end_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let (server, certificate) = self_signed(folder.path());
    let mut https = raw(&server, &certificate);
    let (token, _) = alice(&mut https);
    let large: String = (0..1_000_000).map(|number| format!("{number} ")).collect();
    let file = https.ask("POST", "/api/rest/uploads?filename=large.txt", &token, &large);
    let file: Value = serde_json::from_str(&file.body).unwrap();
    let got = https.ask("GET", file["url"].as_str().unwrap(), &token, "");
    assert!(got.status == 200 && got.body == large, "{} of {}", got.body.len(), large.len());
    https.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    assert_eq!(https.answer().status, 200);
    // An end that TLS does not tell would be an error here: somebody may have cut it short.
    https.is_closed();
}

#[test]
fn what_comes_in_records_of_any_size_comes_whole() {
    let folder = tempfile::tempdir().unwrap();
    let (server, certificate) = self_signed(folder.path());
    let mut https = raw(&server, &certificate);
    let (token, _) = alice(&mut https);
    // A full record, and small ones behind it that the same read brings: more than is opened at once.
    let sizes = [16_384, 500, 3_000, 1, 16_384, 16_384, 2_000, 2_000].repeat(8);
    let text: String = (0..1_000_000).map(|number| format!("{number} ")).collect();
    let text = &text[..sizes.iter().sum()];
    let length = text.len();
    https.send(format!(
        "POST /api/rest/uploads?filename=records.txt HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: text/plain\r\nContent-Length: {length}\r\n\r\n"
    ));
    let mut records = text;
    for (number, size) in sizes.iter().enumerate() {
        let (record, rest) = records.split_at(*size);
        let StreamOwned { conn, sock } = https.0.get_mut();
        assert_eq!(conn.writer().write(record.as_bytes()).unwrap(), *size);
        records = rest;
        // All that is sealed goes at once, so that reads find it together.
        if number % 8 == 7 {
            conn.complete_io(sock).unwrap();
        }
    }
    let file = https.answer();
    assert_eq!(file.status, 201, "{file:?}");
    let file: Value = serde_json::from_str(&file.body).unwrap();
    let got = https.ask("GET", file["url"].as_str().unwrap(), &token, "");
    assert!(got.status == 200 && got.body == text, "{} of {length}", got.body.len());
}

#[test]
fn whoever_says_more_behind_their_own_end_is_let_go() {
    let folder = tempfile::tempdir().unwrap();
    let (server, certificate) = self_signed(folder.path());
    let StreamOwned { mut conn, mut sock } = connect(server.address, &certificate).unwrap();
    let mut sealed = Vec::new();
    assert_eq!(conn.writer().write(&[b'a'; 16_384]).unwrap(), 16_384);
    conn.send_close_notify();
    while conn.wants_write() {
        conn.write_tls(&mut sealed).unwrap();
    }
    sealed.extend([0x17; 4_000]);
    sock.write_all(&sealed).unwrap();
    let end = sock.read_to_end(&mut Vec::new());
    assert!(end.as_ref().is_ok() || end.as_ref().unwrap_err().kind() == ErrorKind::ConnectionReset, "{end:?}");
    assert_eq!(raw(&server, &certificate).ask("GET", "/healthz", "", "").status, 200);
}

#[test]
fn over_tls_cookies_are_for_https_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (server, certificate) = self_signed(folder.path());
    let account = json!({"username": "alice", "password": PASSWORD, "cookie": true}).to_string();
    let answer = raw(&server, &certificate).ask("POST", "/api/rest/auth/register", "", &account);
    let cookie = answer.head.lines().find(|line| line.starts_with("Set-Cookie: ")).unwrap();
    assert!(cookie.ends_with("; Secure"), "{cookie}");
}

#[test]
fn a_page_that_came_without_tls_is_none_of_ours() {
    let folder = tempfile::tempdir().unwrap();
    let (server, certificate) = self_signed(folder.path());
    let host = format!("localhost:{}", server.address.port());
    let handshake = |origin: &str| {
        let request = format!(
            "GET /api/ws HTTP/1.1\r\nHost: {host}\r\nOrigin: {origin}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        raw(&server, &certificate).send(request).answer().status
    };
    assert_eq!(handshake(&format!("https://{host}")), 101);
    // Whoever stands on the way could have made it.
    assert_eq!(handshake(&format!("http://{host}")), 403);
}

#[test]
fn browsers_are_not_told_to_stay_with_https_that_an_owner_may_turn_off() {
    let folder = tempfile::tempdir().unwrap();
    let (server, certificate) = self_signed(folder.path());
    for path in ["/", "/help/gateway", "/nothing"] {
        let page = raw(&server, &certificate).ask("GET", path, "", "");
        assert!(!page.head.contains("Strict-Transport-Security"), "{path}: {page:?}");
    }
    let url = ["--tls", "self-signed", "--public-url", "https://localhost"];
    let server = Process::with(&folder.path().join("public"), |command| _ = command.args(url));
    let page = raw(&server, &folder.path().join("public/tls/certificate.pem")).ask("GET", "/", "", "");
    assert!(page.head.contains("Strict-Transport-Security: "), "{page:?}");
}

/// Puts a certificate and its key there.
fn put_certificate(folder: &Path) -> [PathBuf; 2] {
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
    let [pem, key_pem] = ["certificate.pem", "key.pem"].map(|name| folder.join(name));
    std::fs::write(&pem, certificate.pem()).unwrap();
    std::fs::write(&key_pem, key.serialize_pem()).unwrap();
    [pem, key_pem]
}

#[test]
fn a_certificate_is_read_anew_at_sighup_and_nobody_is_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let [pem, key] = put_certificate(folder.path());
    let mut server = Process::with(&folder.path().join("data"), |command| {
        command.arg("--tls-cert").arg(&pem).arg("--tls-key").arg(&key);
    });
    let first = folder.path().join("first");
    std::fs::copy(&pem, &first).unwrap();
    let mut https = raw(&server, &first);
    let (token, channel) = alice(&mut https);
    let mut gateway = gateway(&server, &first, &token);

    put_certificate(folder.path());
    kill_process(server.pid(), Signal::HUP).unwrap();
    server.hear("the certificate is read anew").unwrap();
    assert!(connect(server.address, &first).is_err());
    let second = folder.path().join("second");
    std::fs::copy(&pem, &second).unwrap();
    connect(server.address, &second).unwrap();

    std::fs::write(&key, "half a k").unwrap();
    kill_process(server.pid(), Signal::HUP).unwrap();
    let line = server.hear("the certificate stays as it was").unwrap();
    assert!(line.contains("key.pem"), "{line}");
    connect(server.address, &second).unwrap();

    https.must("POST", &format!("/channels/{channel}/messages"), &token, &json!({"content": "still here"}));
    let message = std::iter::repeat_with(|| next(&mut gateway)).find(|frame| frame["d"]["content"].is_string());
    assert_eq!(message.unwrap()["d"]["content"], "still here");
    assert!(server.stop().success());
}

#[test]
fn sighup_without_tls_ends_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Process::start(&folder.path().join("data"));
    kill_process(server.pid(), Signal::HUP).unwrap();
    server.hear("no certificate").unwrap();
    let mut http = Raw::at(server.address);
    http.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_eq!(http.answer().status, 200);
}

#[test]
fn plain_http_is_sent_to_https() {
    let folder = tempfile::tempdir().unwrap();
    // A port that was free just now.
    let plain = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let server = Process::with(&folder.path().join("data"), |command| {
        command.args(["--tls", "self-signed", "--http-listen", &plain.to_string()]);
    });
    let port = server.address.port();
    for address in [plain, server.address] {
        let mut http = Raw::at(address);
        http.send(format!("GET /channels/1?a=b HTTP/1.1\r\nHost: localhost:{}\r\n\r\n", address.port()));
        let answer = http.answer();
        let location = format!("Location: https://localhost:{port}/channels/1?a=b\r\n");
        assert!(answer.status == 307 && answer.head.contains(&location), "{answer:?}");
        http.is_closed();
        let mut http = Raw::at(address);
        let answer = http.send(post("/api/rest/auth/login", "Content-Length: 2\r\n", "{}")).answer();
        assert!(answer.status == 400 && answer.body.contains("https://"), "{answer:?}");
    }
}

#[test]
#[ignore = "needs openssl, which tests/run brings"]
fn openssl_agrees_on_tls_1_3_and_finds_the_fingerprint_that_the_log_has() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut server = Process::with(&data, |command| _ = command.args(["--tls", "self-signed"]));
    let line = server.hear("fingerprint").unwrap();
    let address = server.address.to_string();
    let certificate = data.join("tls/certificate.pem");
    let shake_hands = |version: &str| {
        let mut command = Command::new("openssl");
        command.args(["s_client", "-connect", &address, "-servername", "localhost", version, "-verify_return_error"]);
        let output = command.arg("-CAfile").arg(&certificate).stdin(Stdio::null()).output().unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (agreed, said) = shake_hands("-tls1_3");
    assert!(agreed && said.contains("TLSv1.3") && said.contains("Verify return code: 0 (ok)"), "{said}");
    assert!(!shake_hands("-tls1_2").0);
    let mut command = Command::new("openssl");
    let shown = command.args(["x509", "-noout", "-fingerprint", "-sha256", "-in"]).arg(&certificate);
    let shown = String::from_utf8(shown.output().unwrap().stdout).unwrap();
    let fingerprint = shown.trim().rsplit('=').next().unwrap();
    assert!(fingerprint.len() == 95 && line.ends_with(fingerprint), "{line} {shown}");
}

#[test]
fn what_is_no_tls_is_cut_and_others_are_served() {
    let folder = tempfile::tempdir().unwrap();
    let (server, certificate) = self_signed(folder.path());
    let begin = |bytes: &[u8]| {
        let mut socket = TcpStream::connect(server.address).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        socket.write_all(bytes).unwrap();
        socket
    };
    // A handshake that never goes on, one byte of it, nothing at all, and one that is none.
    let mut cut = [&[0x16, 3, 1, 2, 0][..], &[0x16], &[], &[0x16; 600]].map(begin);
    assert_eq!(raw(&server, &certificate).ask("GET", "/healthz", "", "").status, 200);
    for socket in &mut cut {
        let end = socket.read_to_end(&mut Vec::new());
        assert!(end.as_ref().is_ok_and(|count| *count < 100) || end.unwrap_err().kind() == ErrorKind::ConnectionReset);
    }
}

#[test]
fn a_certificate_that_cannot_be_used_is_told_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let [pem, key] = put_certificate(folder.path());
    let start = |pem: &Path, key: &Path| {
        let mut command = chatd(&["--listen", "127.0.0.1:0"]);
        run(command.arg("--data").arg(&data).arg("--tls-cert").arg(pem).arg("--tls-key").arg(key)).refused(78)
    };
    let none = folder.path().join("none.pem");
    let line = start(&none, &key);
    assert!(line.contains("none.pem") && line.contains("--tls-cert"), "{line}");
    std::fs::write(&none, "").unwrap();
    assert!(start(&none, &key).contains("there is no certificate in it"));
    let other = tempfile::tempdir().unwrap();
    let [_, other_key] = put_certificate(other.path());
    let line = start(&pem, &other_key);
    assert!(line.contains("certificate.pem"), "{line}");
}
