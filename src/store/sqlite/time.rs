//! Times and spans as the database has them: milliseconds in an `i64`.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::model::Timestamp;

/// One minute.
pub const MINUTE: i64 = 60_000;
/// One hour.
pub const HOUR: i64 = 60 * MINUTE;
/// One day.
pub const DAY: i64 = 24 * HOUR;
/// The longest span that is told apart from "for ever": a thousand years, so that sums stay far from overflow.
const LONGEST: i64 = 365_250 * DAY;

/// Milliseconds since 1970.
pub fn millis(at: Timestamp) -> i64 {
    at.timestamp_millis()
}

/// The moment of so many milliseconds since 1970; beyond the calendar: its end.
pub fn timestamp(millis: i64) -> Timestamp {
    let edge = if millis < 0 { DateTime::<Utc>::MIN_UTC } else { DateTime::<Utc>::MAX_UTC };
    DateTime::from_timestamp_millis(millis).unwrap_or(edge)
}

/// A span in milliseconds.
pub fn span(length: Duration) -> i64 {
    i64::try_from(length.as_millis()).unwrap_or(LONGEST).min(LONGEST)
}

/// How long from `now` until `then`; nothing if it is past.
pub fn until(now: i64, then: i64) -> Duration {
    Duration::from_millis(u64::try_from(then.saturating_sub(now)).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_survive_the_way_into_the_database_and_back() {
        let at = timestamp(1_795_000_000_123);
        assert_eq!(timestamp(millis(at)), at);
        assert_eq!(timestamp(i64::MAX), DateTime::<Utc>::MAX_UTC);
        assert_eq!(timestamp(i64::MIN), DateTime::<Utc>::MIN_UTC);
    }

    #[test]
    fn spans_never_overflow_and_never_go_back() {
        assert_eq!(span(Duration::MAX), LONGEST);
        assert!(span(Duration::MAX).checked_add(millis(timestamp(4_000_000_000_000))).is_some());
        assert_eq!(until(5, 2), Duration::ZERO);
        assert_eq!(until(2, 5), Duration::from_millis(3));
    }
}
