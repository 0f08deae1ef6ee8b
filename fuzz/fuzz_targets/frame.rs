//! What a client of the gateway sends: as the bytes of a WebSocket, or, behind a first byte that is odd, as the text of
//! one frame.
#![no_main]

use std::io::{self, Cursor, Read, Write};

use chatd::gateway::Asked;
use chatd::model::limits;
use chatd::net::websocket::{Fault, TEXT, frame, over};
use libfuzzer_sys::fuzz_target;
use tungstenite::Message;
use tungstenite::protocol::{Role, WebSocket};

/// A connection on which all has come; counts what is answered.
struct Wire {
    inbound: Cursor<Vec<u8>>,
    answered: usize,
}

impl Read for Wire {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.inbound.read(bytes)
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.answered += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn ask(text: &[u8]) {
    if let Ok(asked) = Asked::read(text) {
        asked.is_good();
    }
}

fuzz_target!(|bytes: &[u8]| {
    let Some((first, bytes)) = bytes.split_first() else { return };
    if first % 2 == 1 {
        ask(bytes);
        // What we send is understood as it was meant.
        let sent = Cursor::new(frame(TEXT + 1, bytes).into_vec());
        let heard = WebSocket::from_raw_socket(sent, Role::Client, None).read().unwrap();
        assert_eq!(heard, Message::binary(bytes.to_vec()));
        return;
    }
    let wire = Wire { inbound: Cursor::new(bytes.to_vec()), answered: 0 };
    let mut socket = over(wire, Vec::new(), limits::GATEWAY_MESSAGE_BYTES);
    loop {
        match socket.read().map_err(Fault::from) {
            Ok(Message::Text(text)) => {
                assert!(text.len() <= limits::GATEWAY_MESSAGE_BYTES);
                ask(text.as_bytes());
            }
            Ok(message) => assert!(message.len() <= limits::GATEWAY_MESSAGE_BYTES),
            Err(_) => break,
        }
    }
    // A pong is no longer than its ping; the answer to a close, which comes once, may say what was wrong.
    assert!(socket.get_ref().answered <= bytes.len() + 127);
});
