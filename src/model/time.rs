//! Points in time as the API writes them.

#[cfg(test)]
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

/// Milliseconds since the Unix epoch, written as RFC 3339 UTC with milliseconds and `Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// The wall clock's present. A clock before 1970 reads as 0.
    pub fn now() -> Self {
        let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        Self(since_epoch.map_or(0, |d| i64::try_from(d.as_millis()).unwrap_or(i64::MAX)))
    }

    /// Reads RFC 3339; what is below the millisecond is cut off.
    pub fn parse(text: &str) -> Option<Self> {
        let point: jiff::Timestamp = text.parse().ok()?;
        // Towards the past, also before 1970.
        i64::try_from(point.as_nanosecond().div_euclid(1_000_000)).ok().map(Self)
    }

    /// This point plus `seconds`, saturating.
    pub fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1000)))
    }
}

impl std::fmt::Display for Timestamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Out of the calendar's range only if the stored number was: show the epoch rather than fail.
        let point = jiff::Timestamp::from_millisecond(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        write!(f, "{point:.3}")
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
impl JsonSchema for Timestamp {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Timestamp".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "format": "date-time", "examples": ["2025-05-11T12:34:56.789Z"]})
    }
}

#[cfg(test)]
mod tests {
    use super::Timestamp;

    #[test]
    fn is_written_with_milliseconds_and_z() {
        assert_eq!(Timestamp(1_746_966_896_789).to_string(), "2025-05-11T12:34:56.789Z");
        assert_eq!(Timestamp(1_746_966_896_000).to_string(), "2025-05-11T12:34:56.000Z");
        assert_eq!(Timestamp::parse("2025-05-11T14:34:56.7896+02:00"), Some(Timestamp(1_746_966_896_789)));
        assert_eq!(Timestamp::parse("1969-12-31T23:59:59.9999Z"), Some(Timestamp(-1)));
        for bad in ["", "2025", "2025-05-11", "2025-05-11T12:34:56", "2025-13-11T12:34:56Z", "yesterday"] {
            assert_eq!(Timestamp::parse(bad), None, "{bad}");
        }
        assert_eq!(Timestamp(i64::MAX).to_string(), "1970-01-01T00:00:00.000Z");
    }
}
