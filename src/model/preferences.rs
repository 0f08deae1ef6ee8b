//! Of which messages a user wants to be told, as it stands in the settings that their clients share.
//!
//! Clients write there what they like: whatever is of another type than it should be counts as not there.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::{ChannelId, ServerId, Timestamp};

/// What stands for all DMs together where others have an ID; no ID is 0.
const DMS: i64 = 0;

/// Of which messages of a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Of all.
    All,
    /// Of those that name the user, one of their roles, or everybody.
    Mentions,
    /// Of none.
    None,
}

/// Hours in which a user is told of nothing, every day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quiet {
    /// Minutes since midnight.
    pub from: u16,
    /// The same; before `from` it is of the next day.
    pub to: u16,
    /// A time zone's IANA name.
    pub zone: Option<String>,
    /// How far the user's clock is before UTC, for where the zone is not known.
    pub offset_minutes: i16,
}

impl Quiet {
    /// Whether this minute of the day is within.
    pub fn has(&self, minute: u16) -> bool {
        if self.from <= self.to {
            (self.from..self.to).contains(&minute)
        } else {
            minute >= self.from || minute < self.to
        }
    }
}

/// What the server reads of a user's settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preferences {
    levels: HashMap<i64, Level>,
    /// Until when, in milliseconds since the epoch.
    muted: HashMap<i64, i64>,
    /// When to be told of nothing.
    pub quiet: Option<Quiet>,
    /// Whether a push says what was written, and by whom.
    pub content: bool,
}

impl Default for Preferences {
    fn default() -> Self {
        Self { levels: HashMap::new(), muted: HashMap::new(), quiet: None, content: true }
    }
}

impl Preferences {
    /// Reads them.
    pub fn read(settings: &Map<String, Value>) -> Self {
        let group = |name: &str| settings.get(name).and_then(Value::as_object).into_iter().flatten();
        Self {
            levels: group("levels").filter_map(|(id, set)| Some((place(id)?, level(set)?))).collect(),
            muted: group("muted").filter_map(|(id, end)| Some((place(id)?, end_of(end)?))).collect(),
            quiet: settings.get("quiet").and_then(quiet),
            content: settings.get("push").and_then(|push| push.get("content")).and_then(Value::as_bool).unwrap_or(true),
        }
    }

    /// Whether they want to hear of a message there, one that `names` them or not.
    pub fn wants(&self, server: Option<ServerId>, channel: ChannelId, names: bool, now: Timestamp) -> bool {
        let around = server.map_or(DMS, |server| server.0);
        let is_muted = |id: i64| self.muted.get(&id).is_some_and(|end| *end > now.0);
        if is_muted(channel.0) || is_muted(around) {
            return false;
        }
        let usual = if server.is_none() { Level::All } else { Level::Mentions };
        let level = self.levels.get(&channel.0).or_else(|| self.levels.get(&around)).copied().unwrap_or(usual);
        level == Level::All || (level == Level::Mentions && names)
    }

    /// Whether they have muted this channel itself.
    pub fn is_muted(&self, channel: ChannelId, now: Timestamp) -> bool {
        self.muted.get(&channel.0).is_some_and(|end| *end > now.0)
    }

    /// The servers and channels of which they want to hear everything.
    pub fn want_all(&self) -> impl Iterator<Item = i64> {
        self.levels.iter().filter(|(_, level)| **level == Level::All).map(|(id, _)| *id)
    }
}

/// A server's, a channel's or all DMs' key.
fn place(id: &str) -> Option<i64> {
    if id == "@me" { Some(DMS) } else { ChannelId::parse(id).map(|id| id.0).filter(|id| *id != DMS) }
}

fn level(set: &Value) -> Option<Level> {
    match set.as_str()? {
        "all" => Some(Level::All),
        "mentions" => Some(Level::Mentions),
        "none" => Some(Level::None),
        _ => None,
    }
}

/// A number of milliseconds, or `true` where there is no end.
fn end_of(end: &Value) -> Option<i64> {
    match end {
        Value::Bool(true) => Some(i64::MAX),
        // Larger numbers than there are times are as good as no end.
        Value::Number(number) => number.as_f64().map(|ms| ms as i64),
        _ => None,
    }
}

fn quiet(set: &Value) -> Option<Quiet> {
    let minute = |name: &str| {
        let (hours, minutes) = set.get(name)?.as_str()?.split_once(':')?;
        let number = |text: &str, below: u16| {
            let is_number = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse::<u16>().ok().filter(|number| is_number && *number < below)
        };
        Some(number(hours, 24)? * 60 + number(minutes, 60)?)
    };
    let (from, to) = (minute("from")?, minute("to")?);
    let zone = set.get("zone").and_then(Value::as_str).map(str::to_owned);
    let offset = set.get("offset_minutes").and_then(Value::as_i64).filter(|minutes| (-1_080..=1_080).contains(minutes));
    let offset_minutes = offset.and_then(|minutes| i16::try_from(minutes).ok()).unwrap_or(0);
    (from != to).then_some(Quiet { from, to, zone, offset_minutes })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: Timestamp = Timestamp(1_000);
    const SERVER: Option<ServerId> = Some(ServerId(7));
    const CHANNEL: ChannelId = ChannelId(8);

    fn read(settings: Value) -> Preferences {
        Preferences::read(settings.as_object().unwrap())
    }

    /// Whether one hears of a plain message and of one that names them, in the channel and in a DM.
    fn heard(settings: Value) -> [bool; 4] {
        let set = read(settings);
        let in_dm = |names| set.wants(None, ChannelId(9), names, NOW);
        [set.wants(SERVER, CHANNEL, false, NOW), set.wants(SERVER, CHANNEL, true, NOW), in_dm(false), in_dm(true)]
    }

    #[test]
    fn the_channel_goes_before_its_server_and_that_before_what_is_usual() {
        for (settings, expected) in [
            (json!({}), [false, true, true, true]),
            (json!({"levels": {"7": "all"}}), [true, true, true, true]),
            (json!({"levels": {"7": "none"}}), [false, false, true, true]),
            (json!({"levels": {"7": "none", "8": "mentions"}}), [false, true, true, true]),
            (json!({"levels": {"7": "all", "8": "none"}}), [false, false, true, true]),
            (json!({"levels": {"8": "all"}}), [true, true, true, true]),
            (json!({"levels": {"@me": "none"}}), [false, true, false, false]),
            (json!({"levels": {"@me": "none", "9": "mentions"}}), [false, true, false, true]),
        ] {
            assert_eq!(heard(settings.clone()), expected, "{settings}");
        }
    }

    #[test]
    fn what_is_muted_is_silent_until_then() {
        for (settings, expected) in [
            (json!({"muted": {"7": true}}), [false, false, true, true]),
            (json!({"muted": {"8": 1_001}}), [false, false, true, true]),
            (json!({"muted": {"8": 1_000}}), [false, true, true, true]),
            (json!({"muted": {"@me": 1e300}}), [false, true, false, false]),
            (json!({"muted": {"9": true}}), [false, true, false, false]),
            (json!({"muted": {"7": false, "8": null, "9": "long"}}), [false, true, true, true]),
        ] {
            assert_eq!(heard(settings.clone()), expected, "{settings}");
        }
    }

    #[test]
    fn what_is_of_another_type_is_not_there() {
        let usual = read(json!({}));
        for odd in [
            json!({"levels": [], "muted": 1, "quiet": "always", "push": true}),
            json!({"levels": {"7": 1, "x": "all", "0": "all"}, "muted": {"": true, "-1": true, "0": true}}),
            json!({"quiet": {"from": 22, "to": 7}, "push": {"content": "no"}}),
            json!({"quiet": {"from": "24:00", "to": "07:00"}}),
            json!({"quiet": {"from": "9:00", "to": "07:00"}}),
            json!({"quiet": {"from": "+9:00", "to": "07:60"}}),
            json!({"quiet": {"from": "09:00", "to": "09:00"}}),
            json!({"quiet": {"from": "09:00"}}),
            json!({"quiet": null, "push": {"content": true}}),
        ] {
            assert_eq!(read(odd.clone()), usual, "{odd}");
        }
        assert!(!read(json!({"push": {"content": false}})).content);
    }

    #[test]
    fn quiet_hours_may_go_over_midnight() {
        let set = json!({"quiet": {"from": "22:00", "to": "07:30", "zone": "Europe/Berlin", "offset_minutes": 60}});
        let night = read(set).quiet.unwrap();
        assert_eq!((night.zone.as_deref(), night.offset_minutes), (Some("Europe/Berlin"), 60));
        let minutes = [0, 449, 450, 1_319, 1_320, 1_439];
        assert_eq!(minutes.map(|minute| night.has(minute)), [true, true, false, false, true, true]);
        let noon = read(json!({"quiet": {"from": "12:00", "to": "13:00", "offset_minutes": 99_999}})).quiet.unwrap();
        assert_eq!(([719, 720, 779, 780].map(|minute| noon.has(minute))), [false, true, true, false]);
        assert_eq!((noon.zone, noon.offset_minutes), (None, 0));
    }
}
