//! Searching.

use super::call::Call;
use super::query::{Kind, Parameter, Query};
use super::reply::Reply;
use crate::chat::search;
use crate::model::search::{Has, Search, Where};
use crate::model::words;
use crate::model::{ChannelId, Error, Ids, Result, ServerId, Timestamp, UserId, limits};

/// `q`.
pub const Q: Parameter = Parameter {
    name: "q",
    meaning: "Words that must all occur, the last one as the beginning of a word; a phrase in double quotes. Required.",
    kind: Kind::Text(limits::SEARCH_QUERY),
};
/// `server_id`.
pub const SERVER: Parameter = Parameter { name: "server_id", meaning: "Only in this server.", kind: Kind::Id };
/// `channel_id`.
pub const CHANNEL: Parameter = Parameter { name: "channel_id", meaning: "Only in this channel.", kind: Kind::Id };
/// `author_id`.
pub const AUTHOR: Parameter = Parameter { name: "author_id", meaning: "Only by this person.", kind: Kind::Id };
/// `mentions`.
pub const MENTIONS: Parameter =
    Parameter { name: "mentions", meaning: "Only what mentions this person by name.", kind: Kind::Id };
/// `has`.
pub const HAS: Parameter =
    Parameter { name: "has", meaning: "Only what holds one of these.", kind: Kind::OneOf(Has::NAMES) };
/// `before`.
pub const BEFORE: Parameter =
    Parameter { name: "before", meaning: "Only what is older than this message or time.", kind: Kind::Point };
/// `after`.
pub const AFTER: Parameter =
    Parameter { name: "after", meaning: "Only what is newer than this message or time.", kind: Kind::Point };
/// `limit`.
pub const LIMIT: Parameter =
    Parameter { name: "limit", meaning: "How many, at most.", kind: Kind::Limit(limits::SEARCH_DEFAULT) };

/// `GET /search`.
pub fn find(call: &mut Call<'_>) -> Result<Reply> {
    let (place, wanted, query) = match call.query() {
        Ok(query) => (place(&query), search(&query), query),
        Err(error) => (Err(error), search(&Query::default()), Query::default()),
    };
    // Before the snapshot begins.
    let tail = call.rest.chat.tail();
    let page = call.read(|cx, me| search::find(cx, me, place, wanted, &tail))?;
    let reply = Reply::ok(&page.items)?;
    Ok(match page.next {
        Some(last) => reply.with("Link", &call.next(&query.with_instead(&[BEFORE], BEFORE.name, last.0))),
        None => reply,
    })
}

fn place(query: &Query) -> Result<Where> {
    Ok(Where { server_id: query.id(SERVER)?.map(ServerId), channel_id: query.id(CHANNEL)?.map(ChannelId) })
}

fn search(query: &Query) -> Result<Search> {
    let q = query.get(Q).unwrap_or_default();
    if !(1..=limits::SEARCH_QUERY).contains(&q.chars().count()) {
        return Err(Error::field(Q.name, format_args!("must be 1 to {} characters", limits::SEARCH_QUERY)));
    }
    let has = query.get(HAS).map(|name| {
        Has::parse(name).ok_or_else(|| Error::field(HAS.name, format_args!("must be one of {}", Has::NAMES.join(", "))))
    });
    let point = |parameter, of_time: fn(Timestamp) -> i64| point(query, parameter, of_time);
    Ok(Search {
        query: words::Query::parse(q).ok_or_else(|| Error::field(Q.name, "must have a word in it"))?,
        author: query.id(AUTHOR)?.map(UserId),
        mentions: query.id(MENTIONS)?.map(UserId),
        has: has.transpose()?,
        before: point(BEFORE, Ids::at)?.unwrap_or(i64::MAX),
        // Behind the whole millisecond.
        after: point(AFTER, |time| Ids::at(Timestamp(time.0.saturating_add(1))).saturating_sub(1))?.unwrap_or(-1),
        limit: query.limit(limits::SEARCH_DEFAULT)?,
    })
}

/// An ID, or that which `of_time` makes of a time.
fn point(query: &Query, parameter: Parameter, of_time: fn(Timestamp) -> i64) -> Result<Option<i64>> {
    let Some(text) = query.get(parameter) else { return Ok(None) };
    let point = UserId::parse(text).map(|id| id.0).or_else(|| Timestamp::parse(text).map(of_time));
    point.map(Some).ok_or_else(|| Error::field(parameter.name, "must be an ID or an RFC 3339 time"))
}
