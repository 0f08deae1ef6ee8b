//! What a route is: everything that is known of an endpoint before a request comes. `routes` has the table.

use serde::de::DeserializeOwned;

use super::call::Call;
use super::openapi::{Described, SchemaOf};
use super::query::Parameter;
use super::reply::Reply;
use crate::model::{Code, Result, Work, limits};
use crate::net::Method;

/// Under this the API lives; the rest of the table stands at the root.
pub const API: &str = "/api/rest";

/// The field in which a caller may say, percent-encoded, why they do what the audit log will tell of.
pub const REASON: &str = "X-Audit-Log-Reason";

/// What every limited route tells: how many fit, how many more, and after how many seconds all fit again.
pub const RATE_FIELDS: [&str; 3] = ["X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset-After"];

/// A method that some route has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the methods of HTTP")]
pub enum Verb {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Verb {
    /// The verb of a request; HEAD is GET, whose body `net` leaves out.
    pub fn of(method: &Method) -> Option<Self> {
        match method {
            Method::Get | Method::Head => Some(Self::Get),
            Method::Post => Some(Self::Post),
            Method::Put => Some(Self::Put),
            Method::Patch => Some(Self::Patch),
            Method::Delete => Some(Self::Delete),
            _ => None,
        }
    }

    /// As it stands in `Allow`; what has GET has HEAD too.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET, HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// Who may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everybody.
    Anyone,
    /// Whoever has an access token of a live session.
    SignedIn,
}

/// What is counted against whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rate {
    /// Nothing.
    Free,
    /// Reads of a user.
    Read,
    /// Writes of a user.
    Write,
    /// Messages of a user in a channel.
    Message,
    /// Sign-ins from an address.
    SignIn,
    /// Registrations from an address; the handler counts, since a valid invite allows more.
    Registration,
    /// Wrong invite codes from an address; the handler gives right ones back.
    InviteGuess,
}

/// A request body.
#[derive(Clone, Copy)]
pub struct Body {
    /// Its schema.
    pub schema: SchemaOf,
    /// Its type, so that a handler that reads another one is found out.
    pub type_name: fn() -> &'static str,
    /// Whether bytes are such a body, or what is wrong with them.
    pub check: fn(&[u8]) -> Result<()>,
    /// Whether it may be left out.
    pub optional: bool,
    /// In bytes, at most.
    pub limit: usize,
    /// Whether it is any bytes of any type, instead of JSON; then `limit` may be configured otherwise.
    pub is_raw: bool,
}

/// A successful answer.
#[derive(Clone, Copy)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// When it is given.
    pub meaning: &'static str,
    /// Its media type and schema; none without a body.
    pub content: Option<(&'static str, Option<SchemaOf>)>,
}

/// What a handler is.
pub type Handler = fn(&mut Call<'_>) -> Result<Reply>;

/// An endpoint.
#[derive(Clone, Copy)]
pub struct Route {
    /// The method.
    pub verb: Verb,
    /// Whether it stands under [`API`].
    pub in_api: bool,
    /// The path, with `{parameters}`.
    pub path: &'static str,
    /// What answers it.
    pub handler: Handler,
    /// The OpenAPI `operationId`.
    pub name: &'static str,
    /// What it does, in a line.
    pub summary: &'static str,
    /// Who may call.
    pub access: Access,
    /// What is counted.
    pub rate: Rate,
    /// Whether it goes on when the disk is full, as it frees room, takes hardly any, or only reads.
    pub when_full: bool,
    /// As what it is refused when writes are late; none if it is not.
    pub work: Option<Work>,
    /// The request body.
    pub body: Option<Body>,
    /// The query parameters.
    pub query: &'static [Parameter],
    /// Whether there may be a next page (`Link`).
    pub paged: bool,
    /// Whether the audit log tells of it, and takes a [`REASON`].
    pub audited: bool,
    /// Whether it may set or clear the refresh cookie.
    pub sets_cookie: bool,
    /// The successful answers.
    pub answers: [Option<Answer>; 3],
    /// The errors beside those that follow from the rest of the row.
    pub errors: &'static [Code],
}

const fn route(verb: Verb, path: &'static str, handler: Handler) -> Route {
    Route {
        verb,
        in_api: true,
        path,
        handler,
        name: "",
        summary: "",
        access: Access::SignedIn,
        rate: match verb {
            Verb::Get => Rate::Read,
            _ => Rate::Write,
        },
        when_full: matches!(verb, Verb::Get | Verb::Delete),
        work: match verb {
            Verb::Get => None,
            _ => Some(Work::OtherWrites),
        },
        body: None,
        query: &[],
        paged: false,
        audited: false,
        sets_cookie: false,
        answers: [None, None, None],
        errors: &[],
    }
}

/// A GET route; signed in and counted as a read unless said otherwise.
pub const fn get(path: &'static str, handler: Handler) -> Route {
    route(Verb::Get, path, handler)
}

/// A POST route; signed in and counted as a write unless said otherwise.
pub const fn post(path: &'static str, handler: Handler) -> Route {
    route(Verb::Post, path, handler)
}

/// A PUT route; as [`post`].
pub const fn put(path: &'static str, handler: Handler) -> Route {
    route(Verb::Put, path, handler)
}

/// A PATCH route; as [`post`].
pub const fn patch(path: &'static str, handler: Handler) -> Route {
    route(Verb::Patch, path, handler)
}

/// A DELETE route; as [`post`].
pub const fn delete(path: &'static str, handler: Handler) -> Route {
    route(Verb::Delete, path, handler)
}

impl Route {
    /// Its name and what it does.
    pub const fn is(self, name: &'static str, summary: &'static str) -> Self {
        Self { name, summary, ..self }
    }

    /// At the root instead of under [`API`].
    pub const fn at_root(self) -> Self {
        Self { in_api: false, ..self }
    }

    /// Everybody may call; nothing is counted unless said.
    pub const fn for_anyone(self) -> Self {
        Self { access: Access::Anyone, rate: Rate::Free, ..self }
    }

    /// What is counted.
    pub const fn rate(self, rate: Rate) -> Self {
        Self { rate, ..self }
    }

    /// The request body.
    pub const fn takes<T: Described + DeserializeOwned>(self) -> Self {
        let body = Body {
            schema: SchemaOf::of::<T>(),
            type_name: std::any::type_name::<T>,
            check: |bytes| super::body::parse::<T>(bytes).map(drop),
            optional: false,
            limit: limits::BODY_BYTES,
            is_raw: false,
        };
        Self { body: Some(body), ..self }
    }

    /// A request body of any type, which the handler reads as it comes.
    pub const fn takes_bytes(self, limit: u64) -> Self {
        let taking = self.takes::<Vec<u8>>();
        match taking.body {
            Some(body) => Self { body: Some(Body { is_raw: true, limit: limit as usize, ..body }), ..taking },
            None => taking,
        }
    }

    /// How large the request body may be, in bytes.
    pub const fn body_limit(self, limit: usize) -> Self {
        match self.body {
            Some(body) => Self { body: Some(Body { limit, ..body }), ..self },
            None => self,
        }
    }

    /// A request body that may be left out.
    pub const fn may_take<T: Described + DeserializeOwned>(self) -> Self {
        let taking = self.takes::<T>();
        match taking.body {
            Some(body) => Self { body: Some(Body { optional: true, ..body }), ..taking },
            None => taking,
        }
    }

    /// It goes on when the disk is full.
    pub const fn when_full(self) -> Self {
        Self { when_full: true, ..self }
    }

    /// When writes are late it is refused last.
    pub const fn last_to_go(self) -> Self {
        Self { work: Some(Work::Messages), ..self }
    }

    /// The query parameters.
    pub const fn query(self, query: &'static [Parameter]) -> Self {
        Self { query, ..self }
    }

    /// There may be a next page.
    pub const fn paged(self) -> Self {
        Self { paged: true, ..self }
    }

    /// The audit log tells of it.
    pub const fn audited(self) -> Self {
        Self { audited: true, ..self }
    }

    /// It may set or clear the refresh cookie.
    pub const fn sets_cookie(self) -> Self {
        Self { sets_cookie: true, ..self }
    }

    /// A successful answer in JSON.
    pub const fn gives<T: Described>(self, status: u16, meaning: &'static str) -> Self {
        self.answer(status, meaning, Some(("application/json", Some(SchemaOf::of::<T>()))))
    }

    /// A successful answer in another media type.
    pub const fn gives_media(self, media_type: &'static str, meaning: &'static str) -> Self {
        self.answer(200, meaning, Some((media_type, None)))
    }

    /// Part of that, for who asks for a range; and nothing, for who has it already.
    pub const fn in_parts(self, media_type: &'static str) -> Self {
        self.answer(206, "The bytes that `Range` asks for.", Some((media_type, None))).answer(
            304,
            "`If-None-Match` names what is there.",
            None,
        )
    }

    /// 204.
    pub const fn gives_nothing(self, meaning: &'static str) -> Self {
        self.answer(204, meaning, None)
    }

    /// 202: it is done later.
    pub const fn accepts(self, meaning: &'static str) -> Self {
        self.answer(202, meaning, None)
    }

    const fn answer(
        self,
        status: u16,
        meaning: &'static str,
        content: Option<(&'static str, Option<SchemaOf>)>,
    ) -> Self {
        let answer = Some(Answer { status, meaning, content });
        let answers = match self.answers {
            [None, ..] => [answer, None, None],
            [first, None, _] => [first, answer, None],
            [first, second, _] => [first, second, answer],
        };
        Self { answers, ..self }
    }

    /// The errors beside those that follow from the rest of the row.
    pub const fn fails(self, errors: &'static [Code]) -> Self {
        Self { errors, ..self }
    }

    /// The whole path below the base.
    pub fn full_path(&self) -> String {
        format!("{}{}", if self.in_api { API } else { "" }, self.path)
    }

    /// The path from the root, part by part.
    pub(super) fn parts(&self) -> impl Iterator<Item = &'static str> {
        let base = if self.in_api { API } else { "" };
        base.split('/').chain(self.path.split('/')).filter(|part| !part.is_empty())
    }

    /// The names in braces.
    pub fn parameters(&self) -> impl Iterator<Item = &'static str> {
        self.path.split('/').filter_map(parameter)
    }
}

/// The name in braces, if the part of a path is one.
pub(super) fn parameter(part: &'static str) -> Option<&'static str> {
    part.strip_prefix('{')?.strip_suffix('}')
}
