//! Answers before they are responses: a status, fields, a body.

use std::io::{Cursor, Read};

use serde::Serialize;

use crate::model::{Error, Result};
use crate::net::{Header, Response, ResponseBox};

/// Room for most answers: a message, with who wrote it, has about 500 bytes.
const JSON_BYTES: usize = 1024;

/// What a handler answers.
pub struct Reply {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
    /// Instead of `body`: what is read while it is sent, and how many bytes that is.
    stream: Option<(Box<dyn Read + Send>, u64)>,
}

impl Reply {
    /// An answer with a body of any type.
    pub fn new(status: u16, content_type: &str, body: Vec<u8>) -> Self {
        Self { status, headers: vec![("Content-Type", content_type.to_owned())], body, stream: None }
    }

    /// An answer whose body of `length` bytes is read while it is sent.
    pub fn stream(status: u16, content_type: &str, body: Box<dyn Read + Send>, length: u64) -> Self {
        Self { stream: Some((body, length)), ..Self::new(status, content_type, Vec::new()) }
    }

    /// 304.
    pub fn not_modified() -> Self {
        Self { status: 304, ..Self::no_content() }
    }

    /// 200 with JSON.
    ///
    /// # Errors
    /// 500 if `value` cannot be written as JSON.
    pub fn ok(value: &impl Serialize) -> Result<Self> {
        Self::json(200, value)
    }

    /// 201 with JSON.
    ///
    /// # Errors
    /// As [`Reply::ok`].
    pub fn created(value: &impl Serialize) -> Result<Self> {
        Self::json(201, value)
    }

    /// 201 if it was created, 200 if it was there.
    ///
    /// # Errors
    /// As [`Reply::ok`].
    pub fn created_or_ok(created: bool, value: &impl Serialize) -> Result<Self> {
        Self::json(if created { 201 } else { 200 }, value)
    }

    fn json(status: u16, value: &impl Serialize) -> Result<Self> {
        let mut body = Vec::with_capacity(JSON_BYTES);
        serde_json::to_writer(&mut body, value).map_err(Error::internal)?;
        Ok(Self::new(status, "application/json", body))
    }

    /// 202, without a body: it is done later.
    pub fn accepted() -> Self {
        Self { status: 202, ..Self::no_content() }
    }

    /// 204.
    pub fn no_content() -> Self {
        Self { status: 204, headers: Vec::new(), body: Vec::new(), stream: None }
    }

    /// Adds a field.
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    /// The status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The body, unless it is a stream.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The value of the first field of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The response for `net`.
    pub fn into_response(self) -> ResponseBox {
        // A value that is not ASCII cannot stand in a field; none of ours is made of what a client sent undecoded.
        let fields = self.headers.into_iter();
        let headers = fields.filter_map(|(name, value)| Header::from_bytes(name, value).ok()).collect();
        let (body, length): (Box<dyn Read + Send>, _) = match self.stream {
            Some((body, length)) => (body, usize::try_from(length).unwrap_or(usize::MAX)),
            None => {
                let length = self.body.len();
                (Box::new(Cursor::new(self.body)), length)
            }
        };
        Response::new(self.status.into(), headers, body, Some(length), None).boxed()
    }
}
