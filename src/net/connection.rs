//! THE loop of a connection: head, body, answer, and again. One thread, from the first byte to the last.

use std::io::{self, ErrorKind};
use std::net::Shutdown;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

use tiny_http::{Method, Response, ResponseBox, StatusCode};

use super::body::{Body, Inbound};
use super::connections::Ticket;
use super::head::{self, Framing, Head};
use super::message::{Answer, Request, Service, Upgraded};
use super::print::{Print, print};
use super::proxy::{self, Trusted};
use super::redirect::Https;
use super::stream::Stream;
use super::tls::Tls;
use crate::model::{Code, Error, limits};

/// What every connection knows.
pub(super) struct Context {
    pub(super) service: Arc<dyn Service>,
    pub(super) trusted: Trusted,
    /// With TLS, plain HTTP is served no more than an answer that says where https is.
    pub(super) secure: Option<Secure>,
}

/// What a server with TLS knows.
pub(super) struct Secure {
    pub(super) tls: Arc<Tls>,
    pub(super) https: Https,
}

/// Why a connection ended; only told to the log, and there only for debugging.
type End = &'static str;

/// What goes on with a connection after its upgrade.
pub(super) type Upgrade = Box<dyn FnOnce() + Send>;

/// How a request leaves its connection.
enum After {
    /// The next request follows; this has come of it.
    Next(Inbound),
    Upgraded(Upgrade),
}

/// Serves a connection until it ends, or is upgraded.
pub(super) fn serve(context: &Context, stream: &Arc<Stream>, ticket: &Ticket) -> Option<Upgrade> {
    if let Some(Secure { tls, .. }) = &context.secure
        && let Err(error) = stream.secure(tls.config(), Instant::now() + limits::HEAD_TIME)
    {
        log::trace!("connection from {}: no TLS: {error}", stream.peer());
        return None;
    }
    let mut inbound = Inbound::new(Arc::clone(stream));
    let end = loop {
        ticket.set_busy(false);
        // Only after that: whoever stops the server looks at the two in the other order.
        if ticket.is_stopping() {
            break "the server stops";
        }
        let head = match read_head(&mut inbound) {
            Ok(head) => head,
            Err(Unread::Gone) => break "the client went",
            Err(Unread::Wrong(error)) => break refuse(context, stream, &error),
        };
        ticket.set_busy(true);
        match exchange(context, stream, ticket, head, inbound) {
            Ok(After::Next(rest)) => inbound = rest,
            Ok(After::Upgraded(upgrade)) => return Some(upgrade),
            Err(end) => break end,
        }
    };
    log::trace!("connection from {} ended: {end}", stream.peer());
    None
}

enum Unread {
    /// Closed, cut, or idle for too long: there is nobody to tell.
    Gone,
    Wrong(Error),
}

/// Waits for a head: a while for its first byte, then [`limits::HEAD_TIME`] for all of it.
fn read_head(inbound: &mut Inbound) -> Result<Head, Unread> {
    let mut checked = 0;
    let mut deadline = (!inbound.buffer().is_empty()).then(|| Instant::now() + limits::HEAD_TIME);
    loop {
        if let Some(end) = head::end(inbound.buffer(), checked).map_err(Unread::Wrong)? {
            let head = head::parse(inbound.buffer().get(..end).unwrap_or_default()).map_err(Unread::Wrong)?;
            inbound.consume(end);
            return Ok(head);
        }
        checked = inbound.buffer().len();
        match inbound.fill(deadline.unwrap_or_else(|| Instant::now() + limits::KEEP_ALIVE)) {
            Ok(0) => return Err(Unread::Gone),
            Ok(_) => deadline = deadline.or_else(|| Some(Instant::now() + limits::HEAD_TIME)),
            Err(error) if error.kind() == ErrorKind::TimedOut && checked > 0 => {
                return Err(Unread::Wrong(Error::new(Code::RequestTimeout)));
            }
            Err(_) => return Err(Unread::Gone),
        }
    }
}

/// Answers what was not understood, and closes: where the next request would begin is not known.
fn refuse(context: &Context, stream: &Stream, error: &Error) -> End {
    let response = context.service.problem(error);
    match print(response, stream, Print { close: true, ..Print::default() }) {
        Ok(()) => close_gently(stream),
        Err(_) => "the client did not read its refusal",
    }
}

/// Closing over unread bytes would reset the connection, and the answer with it (RFC 9112 §9.6).
fn close_gently(stream: &Stream) -> End {
    if stream.shutdown(Shutdown::Write).is_ok() {
        stream.linger(Instant::now() + limits::CLOSE_TIME);
    }
    "closed by us"
}

/// One request and its answer.
fn exchange(
    context: &Context,
    stream: &Arc<Stream>,
    ticket: &Ticket,
    head: Head,
    inbound: Inbound,
) -> Result<After, End> {
    let peer = stream.peer().ip().to_canonical();
    let client = context.trusted.client(peer, &head.headers);
    let without_body = head.method == Method::Head;
    if let Some(Secure { https, .. }) = context.secure.as_ref().filter(|_| !stream.is_secure()) {
        let came_to = stream.port().map_err(|_| "the client went")?;
        let answer = https.answer(&head, came_to).unwrap_or_else(|error| context.service.problem(&error));
        return Err(match print(answer, stream, Print { without_body, close: true, upgrade: false }) {
            Ok(()) => close_gently(stream),
            Err(_) => "the client did not read where https is",
        });
    }
    let mut front = context.trusted.front(peer, &head.headers);
    front.secure |= stream.is_secure();
    front.https = front.secure;
    let mut request = Request {
        method: head.method,
        path: head.path,
        query: head.query,
        client,
        front,
        local: peer.is_loopback() && !proxy::is_forwarded(&head.headers),
        headers: head.headers,
        content_length: match head.framing {
            Framing::Length(length) => Some(length),
            Framing::Chunked => None,
        },
        body: Body::new(inbound, head.framing, head.expects_continue),
    };
    let answer = catch_unwind(AssertUnwindSafe(|| context.service.call(&mut request)));
    let panicked = answer.is_err();
    let response = match answer {
        // Its head had come just before a stop ended reading: that the body broke off is not the client's doing.
        Ok(_) if request.body.is_broken() && ticket.is_stopping() => context.service.problem(&stopping()),
        Ok(Answer::Response(response)) => response,
        Ok(Answer::Upgrade { headers, then }) if head.may_upgrade && request.body.is_done() => {
            let early = request.body.into_rest();
            let response = headers.into_iter().fold(Response::empty(101), Response::with_header).boxed();
            let how = Print { upgrade: true, ..Print::default() };
            print(response, stream, how).map_err(|_| "the client did not read its handshake")?;
            let upgraded = Upgraded { stream: Arc::clone(stream), early, client };
            return Ok(After::Upgraded(Box::new(move || then(upgraded))));
        }
        Ok(Answer::Upgrade { .. }) => {
            let error = Error::with_detail(Code::BadRequest, "an upgrade needs HTTP/1.1 and no body");
            context.service.problem(&error)
        }
        // The panic hook has logged it; the lock or row that it held is its room's business.
        Err(_) => context.service.problem(&Error::new(Code::Internal)),
    };
    let goes_on = head.keep_alive && !panicked && !ticket.is_stopping() && request.body.is_drainable();
    let how = Print { without_body, close: !goes_on, upgrade: false };
    let printed = print(response, stream, how);
    printed.map_err(|_| "the client did not read its answer")?;
    if goes_on {
        request.body.drain().map_err(|_| "the rest of a body did not come")?;
        return Ok(After::Next(request.body.into_inbound()));
    }
    if request.body.is_done() {
        // TLS tells the end; without it the peer would have to think of somebody who cut it short.
        let _ = stream.shutdown(Shutdown::Write);
        return Err("the last answer was given");
    }
    Err(close_gently(stream))
}

fn stopping() -> Error {
    Error { retry_after_s: Some(1), ..Error::with_detail(Code::Unavailable, "the server is shutting down") }
}

/// Tells a connection that is not served why, if it listens right now.
pub(super) fn turn_away(service: &dyn Service, stream: &Stream, error: &Error) -> io::Result<()> {
    let response: ResponseBox = service.problem(error);
    debug_assert!(response.status_code() >= StatusCode(400));
    print(response, stream, Print { close: true, ..Print::default() })
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};

    use super::*;
    use crate::net::connections::Connections;

    /// Reads a body, in the midst of which a stop begins.
    struct Stops(Arc<Connections>);

    impl Service for Stops {
        fn call(&self, request: &mut Request) -> Answer {
            self.0.begin_stop();
            Answer::Response(match request.read_body(100) {
                Ok(body) => Response::from_data(body).boxed(),
                Err(error) => self.problem(&error),
            })
        }

        fn problem(&self, error: &Error) -> ResponseBox {
            Response::from_string(error.code.as_str()).with_status_code(error.code.status()).boxed()
        }
    }

    /// What is answered to `sent`, after which the client ends.
    fn answer(sent: &[u8]) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        client.write_all(sent).unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        let stream = Arc::new(Stream::new(listener.accept().unwrap().0).unwrap());
        let connections = Connections::new(1, 1);
        let ticket = connections.admit(&stream, stream.peer().ip(), true).ok().unwrap();
        let context = Context { service: Arc::new(Stops(connections)), trusted: Trusted::default(), secure: None };
        assert!(serve(&context, &stream, &ticket).is_none());
        drop((ticket, stream));
        let mut answer = String::new();
        client.read_to_string(&mut answer).unwrap();
        answer
    }

    #[test]
    fn a_body_that_a_stop_cuts_off_is_no_mistake_of_the_client() {
        let whole = answer(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello");
        assert!(whole.starts_with("HTTP/1.1 200 ") && whole.ends_with("hello"), "{whole}");
        let cut = answer(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhel");
        assert!(cut.starts_with("HTTP/1.1 503 ") && cut.ends_with("unavailable"), "{cut}");
    }
}
