//! Times, counts and reasons in words. Pure.

use chrono::TimeDelta;

use crate::model::{Reason, Timestamp};

/// `1 feed`, `2 feeds`.
pub fn count(n: u64, word: &str) -> String {
    format!("{n} {word}{}", if n == 1 { "" } else { "s" })
}

/// How far a moment is from now: `12 min ago`, `in 3 h`.
pub fn relative(at: Timestamp, now: Timestamp) -> String {
    let span = if at > now { at - now } else { now - at };
    let Some(length) = length(span) else {
        return if at > now { "in a moment".to_owned() } else { "just now".to_owned() };
    };
    if at > now { format!("in {length}") } else { format!("{length} ago") }
}

/// `12 min`, `3 h`, `5 d`; `None` for less than a minute.
fn length(span: TimeDelta) -> Option<String> {
    let minutes = span.num_minutes();
    // To the nearest: what was 100 minutes ago was two hours ago rather than one.
    let (hours, days) = ((minutes + 30) / 60, (minutes + 12 * 60) / (24 * 60));
    match (minutes, hours) {
        (0, _) => None,
        (1..=89, _) => Some(format!("{minutes} min")),
        (_, 2..=47) => Some(format!("{hours} h")),
        _ => Some(format!("{days} d")),
    }
}

/// `2026-11-24 14:02 UTC`.
pub fn full(at: Timestamp) -> String {
    at.format("%Y-%m-%d %H:%M UTC").to_string()
}

/// `14:02` today, else `23 Nov 14:02`.
pub fn clock(at: Timestamp, now: Timestamp) -> String {
    let is_today = at.date_naive() == now.date_naive();
    at.format(if is_today { "%H:%M" } else { "%-d %b %H:%M" }).to_string()
}

/// Why the next poll is when it is.
pub const fn why(reason: Reason) -> &'static str {
    match reason {
        Reason::First => "first poll",
        Reason::Learned => "learned rhythm",
        Reason::Interval => "fixed interval",
        Reason::Floor => "shortest wait",
        Reason::MaxAge => "Cache-Control asks",
        Reason::Expires => "Expires asks",
        Reason::Ttl => "its ttl asks",
        Reason::Sy => "its update period asks",
        Reason::Skip => "its skip hours",
        Reason::RetryAfter => "Retry-After asks",
        Reason::Backoff => "backing off",
        Reason::Host => "its host asks for patience",
        Reason::Gone => "to see whether it is gone",
        Reason::Interrupted => "was interrupted",
        Reason::Once => "asked for by once",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(seconds: i64, expected: &str) {
        let now = Timestamp::from_timestamp(1_800_000_000, 0).expect("a time");
        assert_eq!(relative(now + TimeDelta::seconds(seconds), now), expected);
    }

    #[test]
    fn a_distance_is_told_in_the_unit_that_one_would_use() {
        check(-5, "just now");
        check(5, "in a moment");
        check(-61, "1 min ago");
        check(-89 * 60, "89 min ago");
        check(90 * 60, "in 2 h");
        check(-149 * 60, "2 h ago");
        check(-150 * 60, "3 h ago");
        check(-47 * 3600, "47 h ago");
        check(48 * 3600, "in 2 d");
        check(72 * 3600, "in 3 d");
    }
}
