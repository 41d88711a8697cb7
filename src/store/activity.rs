//! What went through lately: articles of a feed by day, deliveries of a notifier by hour. And the room it takes.

use crate::model::{Article, FeedId, NotifierName, Timestamp};

/// Days that articles are counted for, today included (UTC).
pub const DAYS: usize = 7;
/// Hours that deliveries are counted for, up to now.
pub const HOURS: usize = 24;

/// The articles of one feed, day by day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedActivity {
    /// The feed.
    pub feed: FeedId,
    /// Oldest day first; the last is today, so far.
    pub articles: [u64; DAYS],
}

/// The deliveries of one notifier that arrived, hour by hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotifierActivity {
    /// The notifier.
    pub notifier: NotifierName,
    /// Oldest hour first; the last ends now.
    pub delivered: [u64; HOURS],
}

/// The room that the store takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Volume {
    /// Bytes of the database.
    pub bytes: u64,
    /// Bytes that are left on its disk; `None`: not known, it is on another machine.
    pub disk_free: Option<u64>,
}

/// The day of a moment, counted from 1970.
pub fn day(at: Timestamp) -> i64 {
    at.timestamp().div_euclid(86_400)
}

/// The day that a new article counts for: the one on which it was seen. At the first sight of a feed everything is
/// seen at once, so there its own stamp decides; `None` if that is missing or long ago.
pub fn day_of(article: &Article, seen: Timestamp, is_first_sight: bool) -> Option<i64> {
    let today = day(seen);
    if !is_first_sight {
        return Some(today);
    }
    let stamped = day(article.stamp()?).min(today);
    let oldest = today - i64::try_from(DAYS).unwrap_or(0) + 1;
    (stamped >= oldest).then_some(stamped)
}
