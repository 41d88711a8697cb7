//! What is remembered of a feed from one poll to the next, besides its articles. Written and read by `poll`; the
//! store keeps it as it is, `status` shows it. A changed request (URL, credentials, headers) forgets all of it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Episodes, Quiet, Reading, Reason, Timestamp};

/// The memory. Fields that are missing in a stored one have their defaults, unknown ones are ignored.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PollMemory {
    /// What the server and the document said about when to ask again, in force until they say something else.
    #[serde(skip_serializing_if = "Hints::is_empty")]
    pub hints: Hints,
    /// How well conditional requests work.
    pub validators: TrackRecord,
    /// Where permanent redirects lead.
    #[serde(skip_serializing_if = "Moves::is_empty")]
    pub moves: Moves,
    /// The wait that a 429 without Retry-After enforced; shrinks with each good poll (specs/polling.md R3).
    #[serde(with = "seconds", skip_serializing_if = "Option::is_none")]
    pub patience: Option<Duration>,
    /// Articles in the last readable document; `None` before the first one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shown: Option<u32>,
    /// Since when the feed shows no article, though it had some.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub empty_since: Option<Timestamp>,
    /// Older documents that were read already and never change, by a hash of their URL; the last ones only.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub archives: Vec<String>,
    /// The last time that articles may have scrolled by unseen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gap: Option<Gap>,
    /// How the last readable document was read.
    #[serde(skip_serializing_if = "Reading::is_empty")]
    pub reading: Reading,
    /// What is told of the feed at the moment.
    #[serde(skip_serializing_if = "Episodes::is_empty")]
    pub episodes: Episodes,
    /// How long it is usually quiet.
    #[serde(skip_serializing_if = "Quiet::is_empty")]
    pub quiet: Quiet,
    /// Whether the last document said that no other one will come (JSON Feed `expired`).
    #[serde(skip_serializing_if = "is_false")]
    pub expired: bool,
}

/// What was said about when to ask again (specs/polling.md §4). Each wait is cut to its cap already.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Hints {
    /// `Cache-Control: max-age` or `Expires` of the last 200 or 304 that had one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache: Option<Hint>,
    /// RSS `ttl`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ttl: Option<Hint>,
    /// `sy:updatePeriod`, if the feed keeps what it announces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sy: Option<Hint>,
    /// `skipHours`: bit 0 is the hour from 00:00 GMT.
    #[serde(skip_serializing_if = "is_zero")]
    pub skip_hours: u32,
    /// `skipDays`: bit 0 is Monday, GMT.
    #[serde(skip_serializing_if = "is_zero")]
    pub skip_days: u32,
}

/// One hint: whose it is, and how long it asks to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hint {
    /// Which rule.
    pub reason: Reason,
    /// How long, within the cap.
    #[serde(with = "whole_seconds")]
    pub wait: Duration,
    /// Whether it asked for more than the cap.
    #[serde(default, skip_serializing_if = "is_false")]
    pub capped: bool,
}

/// How conditional requests went (specs/polling.md V7, V8, §1).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct TrackRecord {
    /// Conditional requests in a row that were answered 200 without a new or edited article.
    pub in_vain: u32,
    /// When a whole document came last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_full: Option<Timestamp>,
    /// When the validators were last left out on purpose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left_out: Option<Timestamp>,
    /// The last 304 spoke of a document that was never seen: ask for the whole next time.
    #[serde(skip_serializing_if = "is_false")]
    pub doubtful: bool,
}

/// Permanent redirects (specs/polling.md §6).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Moves {
    /// Asked instead of the configured URL: the move is proven.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moved_to: Option<String>,
    /// A move under observation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed: Option<ObservedMove>,
    /// Since when the stored target answers 404, 410 or no feed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lost_since: Option<Timestamp>,
}

/// A permanent redirect that is not believed yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObservedMove {
    /// Where it leads.
    pub to: String,
    /// Good polls in a row that it led to.
    pub polls: u32,
    /// The first of them.
    pub since: Timestamp,
}

/// A span in which articles may have appeared and gone unseen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// The last poll that saw everything.
    pub from: Timestamp,
    /// The oldest article that was seen afterwards, or the poll that saw it.
    pub to: Timestamp,
}

impl Hints {
    /// Whether nothing was said.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The waits that are asked for.
    pub fn waits(&self) -> impl Iterator<Item = Hint> {
        [self.cache, self.ttl, self.sy].into_iter().flatten()
    }
}

impl Moves {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_false(value: &bool) -> bool {
    !value
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_zero(value: &u32) -> bool {
    *value == 0
}

/// A span as whole seconds.
mod whole_seconds {
    use super::{Deserialize, Duration};
    use serde::{Deserializer, Serializer};

    pub fn serialize<S: Serializer>(span: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(span.as_secs())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_secs)
    }
}

/// A span that may be missing, as whole seconds.
mod seconds {
    use super::{Deserialize, Duration};
    use serde::{Deserializer, Serialize, Serializer};

    #[expect(clippy::ref_option, reason = "serde asks so")]
    pub fn serialize<S: Serializer>(span: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
        span.map(|span| span.as_secs()).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
        Ok(Option::<u64>::deserialize(deserializer)?.map(Duration::from_secs))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_memory_survives_the_way_into_the_database_and_back() {
        let at: Timestamp = "2026-11-23T18:00:00Z".parse().expect("time");
        let hint = Hint { reason: Reason::MaxAge, wait: Duration::from_hours(24), capped: true };
        let memory = PollMemory {
            hints: Hints { cache: Some(hint), skip_hours: 0b101, ..Hints::default() },
            moves: Moves {
                observed: Some(ObservedMove { to: "https://example.org/".to_owned(), polls: 2, since: at }),
                ..Moves::default()
            },
            patience: Some(Duration::from_hours(2)),
            gap: Some(Gap { from: at, to: at }),
            ..PollMemory::default()
        };
        let text = serde_json::to_string(&memory).expect("JSON");
        assert_eq!(serde_json::from_str::<PollMemory>(&text).expect("memory"), memory);
    }

    #[test]
    fn an_empty_or_a_newer_memory_can_be_read() {
        for text in ["{}", r#"{"validators":{},"of_a_later_version":[1]}"#] {
            assert_eq!(serde_json::from_str::<PollMemory>(text).expect("memory"), PollMemory::default());
        }
    }
}
