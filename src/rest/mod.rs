//! The REST API: one route table, one order of checks, one file of handlers per resource.
//!
//! A request meets, in this order: its path (404), its method (405), its access token (401), its rate (429), a full
//! disk or writes that are late (503); then the handler, which takes body and query apart without yet complaining, and runs one rule of `chat`
//! in one transaction: the session (401), what the path names (404, 403), the body (415, 413, 400), conflicts (409).
//!
//! To add an endpoint: a row in [`routes`], a handler in the resource's file, a rule in `chat`.
//!
//! What the contract leaves open was settled so:
//!
//! - One may give oneself, or lay down, roles below one's highest, as that is no act on an equal. Nobody changes an
//!   override's bit that they lack, be it to take a denial back. An override without permissions is one. A permission
//!   twice in a list is 400, as are another name or place for `everyone`. A ban may name any account, as who left
//!   must be bannable; only who may ban learns so that it exists. Banning the banned changes nothing. A blocked pair
//!   cannot edit either. `X-Audit-Log-Reason` (percent-encoded) says why. Gaining sight sends no READ_UPDATE: what
//!   CHANNEL_CREATE brings is read. Overrides of categories are not inherited.
//! - Members found by `query` come best first and therefore without a `Link`. Deleting a category sends
//!   CHANNEL_UPDATE for each channel that moves out of it. Signing out is never rate limited. CORS is off unless
//!   origins are configured, and then without credentials. USER_UPDATE names its audience itself, as whoever changes
//!   a profile over REST need not be connected. A body on a route that takes none is ignored. Others' DM lists and
//!   blocks are 404.

mod accounts;
mod administration;
mod audit;
mod bans;
mod blocks;
mod body;
mod call;
mod channels;
mod cors;
mod dms;
mod files;
mod instance;
mod invites;
mod limit;
mod members;
mod messages;
mod metrics;
pub mod openapi;
mod path;
mod pins;
mod problem;
mod query;
mod range;
mod reactions;
mod refresh_cookie;
mod reply;
mod roles;
pub mod route;
pub mod routes;
mod search;
mod servers;
mod settings;
mod users;

use std::sync::{Arc, Mutex};
use std::time::Instant;

pub use metrics::Gauge;

use self::call::Call;
use self::metrics::Metrics;
use self::path::Found;
use self::reply::Reply;
use self::route::{Access, Route, Verb};
use crate::auth::{Passwords, Throttles};
use crate::chat::Chat;
use crate::media::Media;
use crate::model::{Code, Error, Result, Work, limits, percent};
use crate::net::{Method, Request, ResponseBox};

/// The REST API and all it works with.
pub struct Rest {
    chat: Arc<Chat>,
    media: Arc<Media>,
    passwords: Passwords,
    throttles: Throttles,
    metrics: Metrics,
    /// Made when somebody first asks, for passwords of so many characters, and again when an administrator changes that.
    openapi: Mutex<Option<(usize, Vec<u8>)>>,
}

impl Rest {
    /// The API over a chat and its files.
    pub fn new(chat: Arc<Chat>, media: Arc<Media>, passwords: Passwords, throttles: Throttles) -> Self {
        Self { chat, media, passwords, throttles, metrics: Metrics::default(), openapi: Mutex::default() }
    }

    /// Shows the numbers of other rooms in `/metrics` too.
    pub fn with_gauges(mut self, others: impl Fn() -> Vec<Gauge> + Send + Sync + 'static) -> Self {
        self.metrics.others = Some(Box::new(others));
        self
    }

    /// Answers a request whose path, without the base, belongs here: all under `/api`, and the few paths of the table
    /// at the root. The gateway's `/api/ws` must be looked for before.
    pub fn answer(&self, request: &mut Request) -> Option<ResponseBox> {
        let in_api = request.path == "/api" || request.path.starts_with("/api/");
        let reply = match path::find(&request.path) {
            Some(found) => self.reply(found, request),
            None if in_api => problem::reply(&Error::not_found()),
            None => return None,
        };
        let reply = cors::tell(reply, request, &self.chat.config().allowed_origins);
        self.metrics.count(reply.status());
        Some(reply.into_response())
    }

    /// Renders an error that arose outside of any route.
    pub fn problem(&self, error: &Error) -> ResponseBox {
        let reply = problem::reply(error);
        self.metrics.count(reply.status());
        reply.into_response()
    }

    fn reply(&self, found: Found, request: &mut Request) -> Reply {
        if request.method == Method::Options {
            return Reply::no_content().with("Allow", &found.allow());
        }
        let Some(route) = Verb::of(&request.method).and_then(|verb| found.by_verb(verb)) else {
            let allow = Some(found.allow());
            return problem::reply(&Error { allow, ..Error::new(Code::MethodNotAllowed) });
        };
        let mut call = Call { rest: self, request, route, values: found.values, claims: None, allowance: None };
        let reply = run(route, &mut call).unwrap_or_else(|error| problem::reply(&error));
        limit::tell(reply, call.allowance)
    }
}

/// The checks that the table asks for, then the handler.
fn run(route: &Route, call: &mut Call<'_>) -> Result<Reply> {
    if route.access == Access::SignedIn {
        call.claims = Some(call.bearer()?);
    }
    call.count(route.rate)?;
    if !route.when_full && !call.rest.chat.has_room() {
        return Err(full());
    }
    if let Some(work) = route.work
        && call.rest.chat.pressure().gives_up(work, Instant::now())
    {
        return Err(late(work));
    }
    (route.handler)(call)
}

/// 503, before anything is tried: what room there is, is for what frees some.
fn full() -> Error {
    let detail = "the server's disk is full: deleting works, all that needs room waits until there is some";
    Error { retry_after_s: Some(60), ..Error::with_detail(Code::Unavailable, detail) }
}

/// 503, before anything is tried: what is under way comes first.
fn late(work: Work) -> Error {
    let detail = match work {
        Work::Messages => "the server is far behind with writing: nothing is taken until it has caught up",
        _ => "the server is behind with writing: until it has caught up only messages are taken",
    };
    Error { retry_after_s: Some(limits::LATE_RETRY_S), ..Error::with_detail(Code::Unavailable, detail) }
}

#[cfg(test)]
mod tests;
