//! A request's head, read strictly (RFC 9112): what two readers could understand differently is refused.
//!
//! httparse takes the fields apart; this file adds what it leaves open and what request smuggling lives on.

use tiny_http::{Header, Method};

use crate::model::{Code, Error, Result, limits};

/// How the body's end is known (RFC 9112 §6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// So many bytes; 0 without a body.
    Length(u64),
    /// Chunks, the last of them empty.
    Chunked,
}

/// A head that was understood.
#[derive(Debug)]
pub struct Head {
    /// GET, POST, …
    pub method: Method,
    /// The target up to `?`, still percent-encoded; begins with `/`.
    pub path: String,
    /// The target after `?`, still percent-encoded.
    pub query: Option<String>,
    /// All fields in order.
    pub headers: Vec<Header>,
    /// How the body's end is known.
    pub framing: Framing,
    /// HTTP/1.1 and no `Connection: close`.
    pub keep_alive: bool,
    /// The client waits for `100 Continue` before it sends the body.
    pub expects_continue: bool,
    /// HTTP/1.1: `Upgrade` counts.
    pub may_upgrade: bool,
}

/// Where the head in `buffer` ends, if all of it is there; refuses early what cannot become a good one.
/// `checked` bytes have been looked at by an earlier call, which found nothing.
///
/// # Errors
/// 400, 414, 431; the connection must be closed after each of them.
pub fn end(buffer: &[u8], checked: usize) -> Result<Option<usize>> {
    match buffer.first() {
        Some(b'\n' | b'\0') => return Err(bad("the request line is missing")),
        // A TLS handshake record: somebody wrote https:// where http:// is spoken.
        Some(0x16) => return Err(bad("this port speaks plain HTTP")),
        _ => {}
    }
    // The last bytes looked at may be the first part of the end.
    for (at, pair) in buffer.windows(2).enumerate().skip(checked.saturating_sub(4)) {
        match pair {
            [b'\r', b'\n'] if buffer.get(at + 2..at + 4) == Some(b"\r\n") && at > 0 => {
                return if at + 4 > limits::HEAD_BYTES { Err(too_large(buffer)) } else { Ok(Some(at + 4)) };
            }
            [b'\r', b'\n'] => {}
            [b'\r', _] | [b'\0', _] | [_, b'\0'] => return Err(bad("the head holds a bare CR or NUL")),
            [_, b'\n'] => return Err(bad("lines of the head must end in CR LF")),
            _ => {}
        }
    }
    if buffer.len() > limits::HEAD_BYTES {
        return Err(too_large(buffer));
    }
    if !has_line(buffer) && buffer.len() > limits::TARGET_BYTES + 64 {
        return Err(Error::new(Code::TargetTooLong));
    }
    Ok(None)
}

fn has_line(buffer: &[u8]) -> bool {
    buffer.contains(&b'\n')
}

fn too_large(buffer: &[u8]) -> Error {
    Error::new(if has_line(buffer) { Code::HeadTooLarge } else { Code::TargetTooLong })
}

fn bad(what: impl Into<String>) -> Error {
    Error::with_detail(Code::BadRequest, what)
}

/// Takes a whole head apart.
///
/// # Errors
/// 400, 414, 431, 501, 505; the connection must be closed after each of them.
pub fn parse(bytes: &[u8]) -> Result<Head> {
    let mut fields = [httparse::EMPTY_HEADER; limits::HEAD_FIELDS];
    let mut request = httparse::Request::new(&mut fields);
    match request.parse(bytes) {
        Ok(httparse::Status::Complete(_)) => {}
        Ok(httparse::Status::Partial) => return Err(bad("the head breaks off")),
        Err(httparse::Error::TooManyHeaders) => return Err(Error::new(Code::HeadTooLarge)),
        Err(httparse::Error::Version) => return Err(version_error(bytes)),
        Err(error) => return Err(bad(format!("the head is malformed: {error}"))),
    }
    let (Some(method), Some(target), Some(minor)) = (request.method, request.path, request.version) else {
        return Err(bad("the request line is incomplete"));
    };
    if target.len() > limits::TARGET_BYTES {
        return Err(Error::new(Code::TargetTooLong));
    }
    let fields = Fields(request.headers);
    let is_1_1 = minor == 1;
    let host = fields.host(is_1_1)?;
    let framing = fields.framing(is_1_1)?;
    let (path, query) = split_target(target, host)?;
    let headers = request.headers.iter().map(header).collect::<Result<Vec<_>>>()?;
    Ok(Head {
        method: method.parse().map_err(|()| bad("the method is not ASCII"))?,
        path,
        query,
        headers,
        framing,
        keep_alive: is_1_1 && !fields.lists("Connection", "close"),
        expects_continue: is_1_1 && fields.lists("Expect", "100-continue"),
        may_upgrade: is_1_1,
    })
}

/// Another version of HTTP is 505, anything else in its place is just wrong.
fn version_error(bytes: &[u8]) -> Error {
    let line = bytes.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let mut words = line.split(|byte| *byte == b' ').skip(2);
    let (Some(version), None) = (words.next(), words.next()) else { return bad("the request line is malformed") };
    match version {
        [b'H', b'T', b'T', b'P', b'/', major, rest @ ..]
            if major.is_ascii_digit() && matches!(rest, [] | [b'.', b'0'..=b'9']) =>
        {
            Error::new(Code::VersionNotSupported)
        }
        _ => bad("the request line is malformed"),
    }
}

/// Path and query of a target in origin form, or in absolute form if it names the host that `Host` names (RFC 9112
/// §3.2.2); the other forms are for proxies.
fn split_target(target: &str, host: Option<&str>) -> Result<(String, Option<String>)> {
    if !target.is_ascii() || target.contains('#') {
        return Err(bad("the request target holds characters that must be percent-encoded"));
    }
    let origin_form = match target.split_once("://") {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https") => {
            let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
            if !host.is_some_and(|host| host.eq_ignore_ascii_case(authority)) {
                return Err(bad("the request target names another host than Host"));
            }
            if path.is_empty() { "/" } else { path }
        }
        _ => target,
    };
    if !origin_form.starts_with('/') {
        return Err(bad("the request target must be a path"));
    }
    Ok(match origin_form.split_once('?') {
        Some((path, query)) => (path.to_owned(), Some(query.to_owned())),
        None => (origin_form.to_owned(), None),
    })
}

/// tiny_http keeps ASCII alone: other bytes, which a name in `User-Agent` may hold, become `?`.
fn header(field: &httparse::Header<'_>) -> Result<Header> {
    let value: Vec<u8> = field.value.iter().map(|byte| if byte.is_ascii() { *byte } else { b'?' }).collect();
    Header::from_bytes(field.name, value).map_err(|()| bad("a header field is malformed"))
}

struct Fields<'a>(&'a [httparse::Header<'a>]);

impl<'a> Fields<'a> {
    /// The values of a field, each line by itself.
    fn all(&self, name: &'static str) -> impl Iterator<Item = &'a [u8]> {
        self.0.iter().filter(move |field| field.name.eq_ignore_ascii_case(name)).map(|field| field.value)
    }

    /// The one value of a field that must not come twice.
    fn single(&self, name: &'static str) -> Result<Option<&'a [u8]>> {
        let mut values = self.all(name);
        match (values.next(), values.next()) {
            (_, Some(_)) => Err(bad(format!("{name} comes twice"))),
            (value, None) => Ok(value),
        }
    }

    /// Whether a field with a list of tokens has this one.
    fn lists(&self, name: &'static str, token: &str) -> bool {
        self.all(name).any(|value| {
            value.split(|byte| *byte == b',').any(|part| part.trim_ascii().eq_ignore_ascii_case(token.as_bytes()))
        })
    }

    /// `Host`: exactly one in HTTP/1.1, and nothing in it but a name or address and a port (RFC 9112 §3.2).
    fn host(&self, is_required: bool) -> Result<Option<&'a str>> {
        let Some(value) = self.single("Host")? else {
            return if is_required { Err(bad("Host is missing")) } else { Ok(None) };
        };
        let is_good = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~:[]%!$&'()*+;=".contains(byte);
        match std::str::from_utf8(value) {
            Ok(host) if !value.is_empty() && value.iter().all(is_good) => Ok(Some(host)),
            _ => Err(bad("Host is not a host")),
        }
    }

    /// Where the body ends. Both lengths, two lengths, or a coding that is not exactly `chunked` are refused.
    fn framing(&self, is_1_1: bool) -> Result<Framing> {
        let length = self.single("Content-Length")?;
        let coding = self.single("Transfer-Encoding")?;
        match (length, coding) {
            (None, None) => Ok(Framing::Length(0)),
            (Some(value), None) => content_length(value).map(Framing::Length),
            (Some(_), Some(_)) => Err(bad("Content-Length and Transfer-Encoding exclude each other")),
            (None, Some(_)) if !is_1_1 => Err(bad("HTTP/1.0 has no Transfer-Encoding")),
            (None, Some(value)) if value.eq_ignore_ascii_case(b"chunked") => Ok(Framing::Chunked),
            // Only a body whose last coding is `chunked` has an end at all.
            (None, Some(value)) => match value.rsplit(|byte| *byte == b',').next() {
                Some(last) if last.len() < value.len() && last.trim_ascii().eq_ignore_ascii_case(b"chunked") => {
                    Err(Error::new(Code::NotImplemented))
                }
                _ => Err(bad("the Transfer-Encoding is not chunked")),
            },
        }
    }
}

/// Digits alone: `str::parse` would take a `+`.
fn content_length(value: &[u8]) -> Result<u64> {
    let digits = std::str::from_utf8(value).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    digits.and_then(|digits| digits.parse().ok()).ok_or_else(|| bad("Content-Length is not a length"))
}

#[cfg(test)]
mod tests;
