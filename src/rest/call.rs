//! One request on its way through a handler.

use std::time::Instant;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::query::{Parameter, Query};
use super::reply::Reply;
use super::route::{REASON, Rate, Route};
use super::{Rest, body, limit, percent};
use crate::auth::{Allowance, Claims};
use crate::chat::{self, Caller, Reading, Slice, Writing};
use crate::model::name::Reason;
use crate::model::{
    AddressKey, ChannelId, Code, Error, MessageId, Result, RoleId, ServerId, SessionId, SubscriptionId, Timestamp,
    UserId, limits,
};
use crate::net::Request;

/// The decoded parts of a path that stand for parameters.
#[derive(Clone, Debug, Default)]
pub struct Values(Vec<(&'static str, String)>);

impl Values {
    /// Adds one.
    pub fn push(&mut self, name: &'static str, value: String) {
        self.0.push((name, value));
    }

    /// The value; empty, which is no ID and no code, if the path has no such parameter.
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
    }
}

/// A person in a path: an ID, or `@me`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Person {
    /// The caller.
    Me,
    /// Somebody.
    Is(UserId),
}

impl Person {
    /// Who that is.
    pub fn id(self, caller: &Caller) -> UserId {
        match self {
            Self::Me => caller.user_id,
            Self::Is(user) => user,
        }
    }
}

/// A request, its route, and whoever has been found to ask.
///
/// What the path names comes as a `Result`: handlers open it inside the transaction, behind the check of the session,
/// so that 401 comes before 404. What the body or query asks for goes on to `chat` as a `Result` for the same reason.
pub struct Call<'a> {
    /// The room and all it works with.
    pub rest: &'a Rest,
    /// The request.
    pub request: &'a mut Request,
    /// Its route.
    pub route: &'static Route,
    /// The parts of its path.
    pub values: Values,
    /// What the access token says; there if the route is for those signed in. Whether the session still lives is
    /// asked in the transaction.
    pub claims: Option<Claims>,
    /// What the rate limit left, for the fields of the answer.
    pub allowance: Option<Allowance>,
}

impl Call<'_> {
    /// Runs a rule that only reads, for the caller, whose session is checked in the same snapshot.
    ///
    /// # Errors
    /// 401 if the session has ended; what the rule returns.
    pub fn read<T>(&self, rule: impl FnOnce(&Reading<'_>, &Caller) -> Result<T>) -> Result<T> {
        let claims = self.claims.ok_or_else(|| Error::new(Code::Unauthenticated))?;
        self.rest.chat.read(|cx| rule(cx, &chat::caller(cx, &claims)?))
    }

    /// Runs a rule that writes, for the caller, whose session is checked in the same transaction.
    ///
    /// # Errors
    /// 401 if the session has ended; what the rule returns; 503.
    pub fn write<T: Send + 'static>(
        &self,
        rule: impl FnOnce(&mut Writing<'_, '_>, &Caller) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let claims = self.claims.ok_or_else(|| Error::new(Code::Unauthenticated))?;
        let reason = if self.route.audited { self.reason() } else { Ok(None) };
        self.rest.chat.write(move |cx| {
            let caller = chat::caller(cx, &claims)?;
            let (reason, refused) = match reason {
                Ok(reason) => (reason, None),
                Err(error) => (None, Some(error)),
            };
            cx.because(reason);
            let done = rule(cx, &caller)?;
            // Behind all that the rule refuses; what it did is undone.
            refused.map_or(Ok(done), Err)
        })
    }

    /// Why the caller does it, for the audit log.
    fn reason(&self) -> Result<Option<Reason>> {
        let Some(given) = self.request.header(REASON) else { return Ok(None) };
        let decoded = percent::decode(given).ok_or_else(|| Error::field(REASON, "is not well-formed"))?;
        Reason::parse(&decoded).map(Some).map_err(|rule| Error::field(REASON, rule))
    }

    /// Answers a page of a list: `parse` reads what is asked for, `list` has the items, and the next page goes on
    /// behind the last one's `id`.
    ///
    /// # Errors
    /// What `list` returns.
    pub fn page<Q, T: Serialize>(
        &self,
        cursor: Parameter,
        parse: impl FnOnce(&Query) -> Result<Q>,
        list: impl FnOnce(&Reading<'_>, &Caller, Result<Q>) -> Result<Slice<T>>,
        id: impl FnOnce(&T) -> i64,
    ) -> Result<Reply> {
        let (wanted, query) = match self.query() {
            Ok(query) => (parse(&query), Some(query)),
            Err(error) => (Err(error), None),
        };
        let slice = self.read(|cx, me| list(cx, me, wanted))?;
        let reply = Reply::ok(&slice.items)?;
        Ok(match (slice.items.last().filter(|_| slice.more), query) {
            (Some(last), Some(query)) => reply.with("Link", &self.next_page(&query, cursor.name, id(last))),
            _ => reply,
        })
    }

    /// The body.
    ///
    /// # Errors
    /// 415, 413, 400.
    pub fn body<T: DeserializeOwned>(&mut self) -> Result<T> {
        let limit = self.body_limit::<T>();
        body::read(self.request, limit)
    }

    /// The body, which may be left out.
    ///
    /// # Errors
    /// 415, 413, 400.
    pub fn optional_body<T: DeserializeOwned>(&mut self) -> Result<Option<T>> {
        let limit = self.body_limit::<T>();
        body::read_optional(self.request, limit)
    }

    fn body_limit<T>(&self) -> usize {
        let declared = self.route.body.map(|body| (body.type_name)());
        debug_assert_eq!(declared, Some(std::any::type_name::<T>()), "the table says otherwise");
        self.route.body.map_or(limits::BODY_BYTES, |body| body.limit)
    }

    /// The query.
    ///
    /// # Errors
    /// 400.
    pub fn query(&self) -> Result<Query> {
        Query::parse(self.request.query.as_deref())
    }

    /// `{server_id}`.
    ///
    /// # Errors
    /// 404.
    pub fn server_id(&self) -> Result<ServerId> {
        ServerId::parse(self.values.get("server_id")).ok_or_else(Error::not_found)
    }

    /// `{channel_id}`.
    ///
    /// # Errors
    /// 404.
    pub fn channel_id(&self) -> Result<ChannelId> {
        ChannelId::parse(self.values.get("channel_id")).ok_or_else(Error::not_found)
    }

    /// `{role_id}`.
    ///
    /// # Errors
    /// 404.
    pub fn role_id(&self) -> Result<RoleId> {
        RoleId::parse(self.values.get("role_id")).ok_or_else(Error::not_found)
    }

    /// `{message_id}`.
    ///
    /// # Errors
    /// 404.
    pub fn message_id(&self) -> Result<MessageId> {
        MessageId::parse(self.values.get("message_id")).ok_or_else(Error::not_found)
    }

    /// `{session_id}`.
    ///
    /// # Errors
    /// 404.
    pub fn session_id(&self) -> Result<SessionId> {
        SessionId::parse(self.values.get("session_id")).ok_or_else(Error::not_found)
    }

    /// `{subscription_id}`.
    ///
    /// # Errors
    /// 404.
    pub fn subscription_id(&self) -> Result<SubscriptionId> {
        SubscriptionId::parse(self.values.get("subscription_id")).ok_or_else(Error::not_found)
    }

    /// `{user_id}`.
    ///
    /// # Errors
    /// 404.
    pub fn person(&self) -> Result<Person> {
        match self.values.get("user_id") {
            "@me" => Ok(Person::Me),
            text => UserId::parse(text).map(Person::Is).ok_or_else(Error::not_found),
        }
    }

    /// `{code}`.
    pub fn code(&self) -> String {
        self.values.get("code").to_owned()
    }

    /// What the access token in `Authorization` says, if it is one of ours and in time.
    ///
    /// # Errors
    /// 401.
    pub fn bearer(&self) -> Result<Claims> {
        let missing = || Error::new(Code::Unauthenticated);
        let field = self.request.header("Authorization").ok_or_else(missing)?;
        let (scheme, token) = field.split_once(' ').ok_or_else(missing)?;
        if !scheme.eq_ignore_ascii_case("Bearer") {
            return Err(missing());
        }
        self.rest.chat.shared().keys.verify_access(token.trim(), Timestamp::now())
    }

    /// Counts the call as `rate` and keeps what is left for the answer.
    ///
    /// # Errors
    /// 429.
    pub fn count(&mut self, rate: Rate) -> Result<()> {
        let allowance = limit::take(&self.rest.throttles, rate, self, Instant::now());
        self.allowance = allowance;
        allowance.map_or(Ok(()), |allowance| allowance.into_result().map(|_| ()))
    }

    /// Counts a guess of a code, beside what the route counts: the answer tells of it only if it was one too many.
    ///
    /// # Errors
    /// 429.
    pub fn count_guess(&mut self) -> Result<()> {
        let of_the_route = self.allowance;
        self.count(Rate::InviteGuess)?;
        self.allowance = of_the_route;
        Ok(())
    }

    /// The code was right, so it was no guess: only so a hundred guesses at once are a hundred.
    pub fn guessed_right(&self) {
        self.rest.throttles.invite_guess.give_back(&AddressKey::from(self.request.client));
    }

    /// The next page of this list, for `Link`.
    pub fn next_page(&self, query: &Query, cursor: &str, id: i64) -> String {
        self.next(&query.with_cursor(cursor, id))
    }

    /// This path with the query of the next page, for `Link`.
    pub fn next(&self, query: &str) -> String {
        let base = self.rest.chat.config().base_path();
        format!("<{base}{}?{query}>; rel=\"next\"", self.request.path)
    }
}
