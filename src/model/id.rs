//! Identifiers: time-ordered 63-bit integers, printed in decimal, opaque to clients.

#[cfg(test)]
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::Timestamp;

/// Bits below the millisecond in an identifier: a million identifiers a millisecond.
const SEQUENCE_BITS: u32 = 20;

/// 2025-01-01T00:00:00Z in Unix milliseconds: 43 bits of milliseconds from here last until 2303.
const EPOCH_MS: i64 = 1_735_689_600_000;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub i64);

        impl $name {
            /// Reads the decimal form; `None` unless it is the canonical form of a number in 0 ..= 2^63-1.
            pub fn parse(text: &str) -> Option<Self> {
                parse(text).map(Self)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                parse(&text).map(Self).ok_or_else(|| de::Error::custom("must be an ID: a decimal number in a string"))
            }
        }

        #[cfg(test)]
        impl JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                "Id".into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({"type": "string", "pattern": "^(0|[1-9][0-9]{0,18})$",
                    "description": "Opaque, time-ordered: a 63-bit integer in decimal.",
                    "examples": ["61884102352502784"]})
            }
        }
    )*};
}

ids! {
    /// An account.
    UserId;
    /// A server: a community with channels and members. Also the ID of its `everyone` role.
    ServerId;
    /// A text channel, category, DM or group DM.
    ChannelId;
    /// A message; within a channel, its order is the order of commit.
    MessageId;
    /// A role of a server.
    RoleId;
    /// An entry of a server's audit log.
    EntryId;
    /// A file that was uploaded.
    AttachmentId;
    /// A sign-in session (the JWT's `sid`), not a gateway connection.
    SessionId;
    /// Where a browser is told of messages by push.
    SubscriptionId;
}

impl From<ServerId> for RoleId {
    fn from(server: ServerId) -> Self {
        Self(server.0)
    }
}

fn parse(text: &str) -> Option<i64> {
    let canonical = !text.is_empty()
        && text.len() <= 19
        && text.bytes().all(|b| b.is_ascii_digit())
        && (text == "0" || !text.starts_with('0'));
    if canonical { text.parse().ok() } else { None }
}

/// The source of identifiers: strictly increasing whatever the clock does.
///
/// A Pi has no clock of its own, so the wall clock may jump back at a boot. The highest identifier that may have
/// been handed out is therefore kept in the database as a reserve (see [`Ids::reserve_needed`]), written seldom and
/// always ahead; the next start goes on above it.
#[derive(Debug)]
pub struct Ids {
    last: i64,
    reserve: i64,
}

impl Ids {
    /// How far ahead the stored reserve is put: one minute's worth.
    const RESERVE_AHEAD: i64 = 60_000 << SEQUENCE_BITS;

    /// Goes on above `reserve`, the number stored by the last process (0 at the very first start).
    pub fn above(reserve: i64) -> Self {
        Self { last: reserve, reserve }
    }

    /// The next identifier; greater than all before it, near `now` where the clock allows.
    pub fn next(&mut self, now: Timestamp) -> i64 {
        self.last = Self::at(now).max(self.last.saturating_add(1));
        self.last
    }

    /// The reserve that must be stored in the transaction under way because identifiers passed the stored one.
    pub fn reserve_needed(&self) -> Option<i64> {
        (self.last > self.reserve).then(|| self.last.saturating_add(Self::RESERVE_AHEAD))
    }

    /// Records that `reserve` is on disk.
    pub fn reserved(&mut self, reserve: i64) {
        self.reserve = reserve;
    }

    /// The lowest identifier that can have been made `ms` milliseconds before `id`, by the clock of the identifiers.
    pub fn before(id: i64, ms: i64) -> i64 {
        (id.saturating_sub(ms.saturating_mul(1 << SEQUENCE_BITS))).max(0)
    }

    /// The lowest identifier that can have been made at this point in time.
    pub fn at(time: Timestamp) -> i64 {
        time.0.saturating_sub(EPOCH_MS).clamp(0, (1 << 43) - 1) << SEQUENCE_BITS
    }

    /// The Unix milliseconds from which `id` was made: monotonic even when the wall clock is not.
    pub fn milliseconds(id: i64) -> i64 {
        (id >> SEQUENCE_BITS) + EPOCH_MS
    }
}

#[cfg(test)]
mod tests {
    use super::{Ids, Timestamp, UserId};

    #[test]
    fn increase_when_the_clock_jumps_back() {
        let mut ids = Ids::above(0);
        let first = ids.next(Timestamp(1_900_000_000_000));
        let second = ids.next(Timestamp(1_700_000_000_000));
        let third = ids.next(Timestamp(1_900_000_000_000));
        assert!(first < second && second < third);
        assert_eq!(Ids::milliseconds(first), 1_900_000_000_000);
    }

    #[test]
    fn go_on_above_the_stored_reserve() {
        let mut ids = Ids::above(0);
        let last = ids.next(Timestamp(1_800_000_000_000));
        let reserve = ids.reserve_needed().unwrap();
        assert!(reserve > last);
        ids.reserved(reserve);
        assert_eq!(ids.reserve_needed(), None);
        assert!(Ids::above(reserve).next(Timestamp(0)) > reserve);
    }

    #[test]
    fn only_the_canonical_decimal_form_is_read() {
        assert_eq!(UserId::parse("42"), Some(UserId(42)));
        assert_eq!(UserId::parse("9223372036854775807"), Some(UserId(i64::MAX)));
        for bad in ["", "042", "-1", "+1", " 1", "9223372036854775808", "1e3", "٣", "@me"] {
            assert_eq!(UserId::parse(bad), None, "{bad}");
        }
    }
}
