//! Says everything back that it hears over WebSocket, through the server's own edge: its listener, heads, handshake's
//! upgrade, WebSocket settings, frames and farewells. Outside suites try it; it is of no other use.
//!
//! `cargo run --example echo` prints `ADDRESS` and serves until its standard input ends. Messages may have 16 MiB, as
//! the suites send such; all else is as in chatd.

use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chatd::model::{Code, Error, limits};
use chatd::net::websocket::{BINARY, Fault, TEXT, WebSocket, close_frame, frame};
use chatd::net::{Answer, Config, Header, Request, Response, ResponseBox, Server, Service, Stream, Upgraded};
use tungstenite::Message;
use tungstenite::handshake::derive_accept_key;

/// The longest message in bytes.
const MESSAGE_BYTES: usize = 16 << 20;
/// How long it waits for the next message.
const IDLE: Duration = Duration::from_secs(60);

struct Echo;

impl Service for Echo {
    fn call(&self, request: &mut Request) -> Answer {
        let key = request.header("Sec-WebSocket-Key").map(|key| derive_accept_key(key.as_bytes()));
        match key.and_then(|accept| Header::from_bytes("Sec-WebSocket-Accept", accept).ok()) {
            Some(accept) => Answer::Upgrade { headers: vec![accept], then: Box::new(|upgraded| drop(echo(upgraded))) },
            None => Answer::Response(self.problem(&Error::new(Code::UpgradeRequired))),
        }
    }

    fn problem(&self, error: &Error) -> ResponseBox {
        Response::from_string(error.to_string()).with_status_code(error.code.status()).boxed()
    }
}

/// Writes to the connection, waiting for it.
struct Out(Arc<Stream>);

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write_all(bytes, Instant::now() + limits::WRITE_TIME).map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn echo(upgraded: Upgraded) -> io::Result<()> {
    let mut out = Out(Arc::clone(&upgraded.stream));
    let mut socket = WebSocket::new(upgraded, MESSAGE_BYTES, Out(Arc::clone(&out.0)));
    let last = loop {
        match socket.read(Instant::now() + IDLE) {
            Ok(Message::Text(text)) => out.write_all(&frame(TEXT, text.as_bytes()))?,
            Ok(Message::Binary(bytes)) => out.write_all(&frame(BINARY, &bytes))?,
            Ok(Message::Close(_)) => {
                socket.flush();
                break Box::default();
            }
            Ok(_) => {}
            Err(Fault::TooBig) => break close_frame(1009, ""),
            Err(Fault::NotUtf8) => break close_frame(1007, ""),
            Err(Fault::Protocol) => break close_frame(1002, ""),
            Err(Fault::Late | Fault::Gone) => break Box::default(),
        }
    };
    out.0.part(&last, limits::CLOSE_TIME);
    Ok(())
}

fn main() -> ExitCode {
    let config = Config {
        listen: ([127, 0, 0, 1], 0).into(),
        trusted_proxies: Vec::new(),
        connections: limits::CONNECTIONS,
        connections_per_address: limits::CONNECTIONS_PER_ADDRESS,
        tls: None,
        https_origin: String::new(),
        http_listen: None,
    };
    match Server::start(config, Arc::new(Echo)) {
        Ok(server) => {
            println!("{}", server.address());
            // Whoever started it holds the other end.
            let _ = io::copy(&mut io::stdin(), &mut io::sink());
            server.stop(Duration::from_secs(1));
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("echo: {}: {}", error.0, error.1);
            ExitCode::FAILURE
        }
    }
}
