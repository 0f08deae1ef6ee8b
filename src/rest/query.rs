//! Query parameters, as strict as bodies: one value a name, well-formed, within its rule. Unknown ones are ignored.

use std::borrow::Cow;

use crate::model::request::{Cursor, MemberQuery, Page};
use crate::model::{Code, Error, FileName, Result, UserId, limits, percent};

/// What a query parameter looks like, for the route table and the OpenAPI document.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// What it does.
    pub meaning: &'static str,
    /// What it may be.
    pub kind: Kind,
}

/// The values that a query parameter may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// How many items: 1 to 100; so many unless said.
    Limit(usize),
    /// An ID.
    Id,
    /// IDs with commas between.
    Ids,
    /// An ID, or a point in time.
    Point,
    /// At most so many characters.
    Text(usize),
    /// One of these.
    OneOf(&'static [&'static str]),
    /// `true` or `false`.
    Flag,
    /// The name of a file, which must be there.
    FileName,
}

/// `limit`.
pub const LIMIT: Parameter =
    Parameter { name: "limit", meaning: "How many, at most.", kind: Kind::Limit(limits::PAGE_DEFAULT) };
/// `before`.
pub const BEFORE: Parameter =
    Parameter { name: "before", meaning: "Only what is older than this ID. At most one cursor.", kind: Kind::Id };
/// `after`.
pub const AFTER: Parameter =
    Parameter { name: "after", meaning: "Only what comes after this ID. At most one cursor.", kind: Kind::Id };
/// `around`.
pub const AROUND: Parameter =
    Parameter { name: "around", meaning: "What lies around this ID. At most one cursor.", kind: Kind::Id };
/// `query`.
pub const PREFIX: Parameter = Parameter {
    name: "query",
    meaning: "Only those whose nickname, display name or username begins with this.",
    kind: Kind::Text(limits::NAME),
};
/// `user_ids`.
pub const USER_IDS: Parameter =
    Parameter { name: "user_ids", meaning: "Only these people, up to 100.", kind: Kind::Ids };
/// `online`.
pub const ONLINE: Parameter =
    Parameter { name: "online", meaning: "Only those who are there, if `true`.", kind: Kind::Flag };

/// `filename`.
pub const FILENAME: Parameter =
    Parameter { name: "filename", meaning: "What the file is called; path parts are cut.", kind: Kind::FileName };

/// The decoded parameters of a request, in order.
#[derive(Debug, Default)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Decodes what stands behind the `?`.
    ///
    /// # Errors
    /// 400 for a broken percent-encoding, text that is not UTF-8, U+0000, or a name that stands twice.
    pub fn parse(raw: Option<&str>) -> Result<Self> {
        let mut pairs: Vec<(String, String)> = Vec::new();
        for part in raw.unwrap_or_default().split('&').filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let name = decode(name).ok_or_else(|| {
                Error::with_detail(Code::InvalidField, "the name of a query parameter is not well-formed")
            })?;
            let value = decode(value).ok_or_else(|| Error::field(&name, "is not well-formed"))?;
            if pairs.iter().any(|(known, _)| *known == name) {
                return Err(Error::field(&name, "must not be given twice"));
            }
            pairs.push((name, value));
        }
        Ok(Self(pairs))
    }

    pub(super) fn get(&self, parameter: Parameter) -> Option<&str> {
        self.0.iter().find(|(name, _)| name == parameter.name).map(|(_, value)| value.as_str())
    }

    pub(super) fn id(&self, parameter: Parameter) -> Result<Option<i64>> {
        let parsed = self.get(parameter).map(|text| {
            UserId::parse(text).map(|id| id.0).ok_or_else(|| Error::field(parameter.name, "must be an ID"))
        });
        parsed.transpose()
    }

    pub(super) fn limit(&self, default: usize) -> Result<usize> {
        let Some(text) = self.get(LIMIT) else { return Ok(default) };
        let plain = text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse()
            .ok()
            .filter(|limit| plain && (1..=limits::PAGE).contains(limit))
            .ok_or_else(|| Error::field(LIMIT.name, format_args!("must be a number from 1 to {}", limits::PAGE)))
    }

    /// The page asked for by [`LIMIT`] and one of `cursors`.
    ///
    /// # Errors
    /// 400.
    pub fn page(&self, cursors: &[Parameter]) -> Result<Page> {
        let limit = self.limit(limits::PAGE_DEFAULT)?;
        let mut page = Page { cursor: Cursor::Start, limit };
        for &parameter in cursors {
            let Some(id) = self.id(parameter)? else { continue };
            if page.cursor != Cursor::Start {
                return Err(Error::field(parameter.name, "must not be given beside another cursor"));
            }
            page.cursor = match parameter.name {
                "before" => Cursor::Before(id),
                "after" => Cursor::After(id),
                _ => Cursor::Around(id),
            };
        }
        Ok(page)
    }

    /// What names are to begin with.
    ///
    /// # Errors
    /// 400.
    pub fn prefix(&self) -> Result<Option<&str>> {
        let prefix = self.get(PREFIX).filter(|prefix| !prefix.is_empty());
        if prefix.is_some_and(|prefix| prefix.chars().count() > limits::NAME) {
            return Err(Error::field(PREFIX.name, format_args!("must be at most {} characters", limits::NAME)));
        }
        Ok(prefix)
    }

    /// Which members of a server are asked for.
    ///
    /// # Errors
    /// 400.
    pub fn members(&self) -> Result<MemberQuery> {
        let page = self.page(&[AFTER])?;
        let prefix = self.prefix()?;
        let online = match self.get(ONLINE) {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => return Err(Error::field(ONLINE.name, "must be true or false")),
        };
        let user_ids = self.get(USER_IDS).map(user_ids).transpose()?;
        Ok(MemberQuery { page, prefix: prefix.map(str::to_owned), user_ids, online })
    }

    /// What an upload is called.
    ///
    /// # Errors
    /// 400.
    pub fn filename(&self) -> Result<FileName> {
        let name = self.get(FILENAME).ok_or_else(|| Error::field(FILENAME.name, "is missing"))?;
        FileName::parse(name).map_err(|rule| Error::field(FILENAME.name, rule))
    }

    /// The query of the next page: the same, but with this cursor alone.
    pub fn with_cursor(&self, cursor: &str, id: i64) -> String {
        self.with_instead(&[BEFORE, AFTER, AROUND], cursor, id)
    }

    /// The same query, but with this cursor instead of `others`.
    pub fn with_instead(&self, others: &[Parameter], cursor: &str, id: i64) -> String {
        let mut next = String::new();
        for (name, value) in &self.0 {
            if !others.iter().any(|other| name == other.name) {
                next.push_str(&format!("{}={}&", percent::encode(name), percent::encode(value)));
            }
        }
        next.push_str(&format!("{cursor}={id}"));
        next
    }
}

fn user_ids(list: &str) -> Result<Vec<UserId>> {
    let ids: Option<Vec<_>> = list.split(',').map(UserId::parse).collect();
    let ids = ids.ok_or_else(|| Error::field(USER_IDS.name, "must be IDs with commas between"))?;
    if ids.len() > limits::PAGE {
        return Err(Error::field(USER_IDS.name, format_args!("must be at most {}", limits::PAGE)));
    }
    Ok(ids)
}

/// Forms and `URLSearchParams` write a space as `+`.
fn decode(text: &str) -> Option<String> {
    let text = if text.contains('+') { Cow::Owned(text.replace('+', " ")) } else { Cow::Borrowed(text) };
    percent::decode(&text).filter(|decoded| !decoded.contains('\0')).map(Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::{AFTER, AROUND, BEFORE, Query};
    use crate::model::UserId;
    use crate::model::request::{Cursor, Page};

    fn page(raw: &str) -> Option<Page> {
        Query::parse(Some(raw)).and_then(|query| query.page(&[BEFORE, AFTER, AROUND])).ok()
    }

    #[test]
    fn pages() {
        assert_eq!(page(""), Some(Page { cursor: Cursor::Start, limit: 50 }));
        assert_eq!(page("limit=1&before=7"), Some(Page { cursor: Cursor::Before(7), limit: 1 }));
        assert_eq!(page("%6Cimit=100&after=%37&&x=y"), Some(Page { cursor: Cursor::After(7), limit: 100 }));
        assert_eq!(page("around=0"), Some(Page { cursor: Cursor::Around(0), limit: 50 }));
        for bad in [
            "limit=0",
            "limit=101",
            "limit=",
            "limit",
            "limit=+5",
            "limit=-1",
            "limit=1.0",
            "limit=99999999999999999999",
            "limit=5&limit=5",
            "limit=5&%6cimit=6",
            "before=x",
            "before=",
            "before=-1",
            "before=01",
            "before=9223372036854775808",
            "before=1&after=1",
            "after=1&around=1",
            "before=1&before=1",
            "x=%",
            "x=%4",
            "x=%zz",
            "%ff=1",
            "x=%c0%80",
            "x=%00",
            "%00=x",
            "x=1&x=2",
        ] {
            assert_eq!(page(bad), None, "{bad}");
        }
    }

    #[test]
    fn members() {
        let parse = |raw: &str| Query::parse(Some(raw)).and_then(|query| query.members());
        let all = parse("query=al+ice%2B&user_ids=1,2&online=true&before=x&limit=3").unwrap();
        assert_eq!(all.prefix.as_deref(), Some("al ice+"));
        assert_eq!(all.user_ids, Some(vec![UserId(1), UserId(2)]));
        assert!(all.online && all.page.limit == 3);
        assert!(parse("query=").unwrap().prefix.is_none());
        let many = vec!["1"; 101].join(",");
        for bad in [
            "online=1",
            "user_ids=",
            "user_ids=1,",
            "user_ids=1;2",
            &format!("user_ids={many}"),
            &format!("query={}", "x".repeat(101)),
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_next_page_keeps_all_but_the_cursor() {
        let query = Query::parse(Some("limit=2&before=9&query=a%26b+c")).unwrap();
        assert_eq!(query.with_cursor("before", 4), "limit=2&query=a%26b%20c&before=4");
    }
}
