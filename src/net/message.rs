//! What `net` hands to the rooms above it: a request, and what they give back.

use std::io::{ErrorKind, Read};
use std::net::IpAddr;
use std::sync::Arc;

use tiny_http::{Header, Method, ResponseBox};

use super::body::Body;
use super::proxy::Front;
use super::stream::Stream;
use crate::model::{Code, Error, Result};

/// What a declared length alone makes room for.
const RESERVED_BYTES: usize = 4 * 1024;

/// A request whose head has been read and checked.
pub struct Request {
    /// GET, POST, …
    pub method: Method,
    /// The target up to `?`, still percent-encoded; begins with `/`.
    pub path: String,
    /// The target after `?`, still percent-encoded.
    pub query: Option<String>,
    /// All fields in order; values are visible ASCII, obs-text, space and tab.
    pub headers: Vec<Header>,
    /// Whose request it is: the peer, or what a trusted proxy says (`X-Forwarded-For`).
    pub client: IpAddr,
    /// Whether the peer is on loopback and no proxy stands between.
    pub local: bool,
    /// What a trusted proxy says of whom it asks for.
    pub front: Front,
    /// The body's declared length; `None` if it comes in chunks.
    pub content_length: Option<u64>,
    /// The body: limited to the declared length, with deadlines; an error here ends the connection.
    pub body: Body,
}

impl Request {
    /// The value of the first field of this name, if it is UTF-8.
    pub fn header(&self, name: &'static str) -> Option<&str> {
        self.headers.iter().find(|h| h.field.equiv(name)).map(|h| h.value.as_str())
    }

    /// The host that the browser asked for.
    pub fn host(&self) -> Option<&str> {
        self.front.host.as_deref().or_else(|| self.header("Host"))
    }

    /// Reads the whole body; 413 if it is longer than `limit`, 400 if it breaks off. Allocates little
    /// more than what has come, whatever length is declared.
    pub fn read_body(&mut self, limit: usize) -> Result<Vec<u8>> {
        let too_large = || Error::with_detail(Code::TooLarge, format!("the body is larger than {limit} bytes"));
        if self.content_length.is_some_and(|length| length > limit as u64) {
            return Err(too_large());
        }
        let declared = self.content_length.map_or(0, |length| usize::try_from(length).unwrap_or(limit));
        let mut bytes = Vec::with_capacity(declared.min(RESERVED_BYTES));
        let read = (&mut self.body).take(limit as u64 + 1).read_to_end(&mut bytes);
        match read {
            Ok(_) if bytes.len() > limit => Err(too_large()),
            Ok(_) => Ok(bytes),
            Err(error) if error.kind() == ErrorKind::TimedOut => Err(Error::new(Code::RequestTimeout)),
            Err(error) => Err(Error::with_detail(Code::BadRequest, format!("the body cannot be read: {error}"))),
        }
    }
}

/// What becomes of a request.
pub enum Answer {
    /// An ordinary response.
    Response(ResponseBox),
    /// 101 with these fields, then the connection belongs to `then`, on a thread of its own, until it returns.
    Upgrade {
        /// Fields beside those that `net` writes itself (`Connection: Upgrade` and `Upgrade: websocket`).
        headers: Vec<Header>,
        /// What to do with the connection.
        then: Box<dyn FnOnce(Upgraded) + Send>,
    },
}

/// A connection after its upgrade.
pub struct Upgraded {
    /// The socket; reading blocks, writing does not.
    pub stream: Arc<Stream>,
    /// Bytes that came behind the head.
    pub early: Vec<u8>,
    /// Whose it is.
    pub client: IpAddr,
}

/// Whoever answers requests. Called on the connection's own thread; a panic costs that connection only.
pub trait Service: Send + Sync + 'static {
    /// Answers one request.
    fn call(&self, request: &mut Request) -> Answer;

    /// Renders an error that arose in `net` itself (a bad head, a panic in [`Service::call`]).
    fn problem(&self, error: &Error) -> ResponseBox;
}
