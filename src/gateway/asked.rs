//! What a client's frame asks for, before anybody looks at who asks.

use serde::Deserialize;
use serde_json::Value;

use super::ops::{self, Close, Op};
use crate::model::ChannelId;
use crate::model::object::Status;
use crate::net::json as strict;

/// A frame of a client's whose op there is. Its payload is read when the op is due.
#[derive(Debug)]
pub struct Asked {
    pub(super) op: &'static Op,
    d: Value,
}

/// The payload of IDENTIFY.
#[derive(Debug, Deserialize)]
pub(super) struct Identify {
    pub(super) token: String,
    pub(super) status: Option<Status>,
}

/// The payload of RESUME.
#[derive(Debug, Deserialize)]
pub(super) struct Resume {
    pub(super) token: String,
    pub(super) session_id: String,
    pub(super) s: Value,
}

/// The payload of PRESENCE_UPDATE.
#[derive(Debug, Deserialize)]
pub(super) struct Presence {
    pub(super) status: Option<Status>,
    pub(super) away: Option<bool>,
}

/// The payload of TYPING_START.
#[derive(Debug, Deserialize)]
pub(super) struct Typing {
    pub(super) channel_id: ChannelId,
}

/// The payload of FOCUS.
#[derive(Debug, Deserialize)]
pub(super) struct Focus {
    pub(super) channel_id: Option<ChannelId>,
}

impl Asked {
    /// Reads a frame.
    ///
    /// # Errors
    /// How to close: 4002 for what is not `{"op": …, "d": …}`, 4001 for an op that clients do not have.
    pub fn read(text: &[u8]) -> Result<Self, Close> {
        #[derive(Deserialize)]
        struct ClientFrame {
            op: u64,
            #[serde(default)]
            d: Value,
        }
        let frame = strict::check(text).ok().and_then(|()| serde_json::from_slice::<ClientFrame>(text).ok());
        let ClientFrame { op, d } = frame.ok_or(ops::BAD_PAYLOAD)?;
        let op = u8::try_from(op).ok().and_then(|op| ops::OPS.iter().find(|row| row.op == op));
        let op = op.filter(|row| row.from != ops::From::Server).ok_or(ops::UNKNOWN_OP)?;
        Ok(Self { op, d })
    }

    /// Whether the payload is one of the op's.
    pub fn is_good(self) -> bool {
        match self.op.op {
            ops::HEARTBEAT => true,
            ops::IDENTIFY => self.identify().is_ok(),
            ops::RESUME => self.payload::<Resume>().is_ok(),
            ops::PRESENCE_UPDATE => self.presence().is_ok(),
            ops::TYPING_START => self.payload::<Typing>().is_ok(),
            ops::FOCUS => self.payload::<Focus>().is_ok(),
            _ => false,
        }
    }

    /// What HEARTBEAT acknowledges, if it does.
    pub(super) fn s(&self) -> Option<u64> {
        self.d.as_u64()
    }

    pub(super) fn identify(self) -> Result<Identify, Close> {
        self.payload().and_then(|asked: Identify| chosen(asked.status).map(|()| asked))
    }

    pub(super) fn presence(self) -> Result<Presence, Close> {
        self.payload().and_then(|asked: Presence| chosen(asked.status).map(|()| asked))
    }

    pub(super) fn payload<T: for<'de> Deserialize<'de>>(self) -> Result<T, Close> {
        serde_json::from_value(self.d).map_err(|_| ops::BAD_PAYLOAD)
    }
}

/// Nobody chooses to be offline: they are, or say that they are invisible.
fn chosen(status: Option<Status>) -> Result<(), Close> {
    if status == Some(Status::Offline) { Err(ops::BAD_PAYLOAD) } else { Ok(()) }
}
