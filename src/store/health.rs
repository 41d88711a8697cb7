//! One judgement of health, shown in several places: `status`, the page, metrics and readiness agree (O7).

use std::time::Duration;

use serde::Serialize;

use super::{FeedState, Queue};

/// A delivery that waits longer than this needs a person.
const WAITS_TOO_LONG: Duration = Duration::from_mins(10);

/// How a feed is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FeedCondition {
    /// Not polled yet.
    New,
    /// The last poll was good.
    Ok,
    /// The last poll failed.
    Failing,
    /// The server said twice that it is gone; no more polls.
    Gone,
    /// Switched off by the operator.
    Disabled,
}

impl FeedCondition {
    /// The word used in JSON, on the page and in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Ok => "ok",
            Self::Failing => "failing",
            Self::Gone => "gone",
            Self::Disabled => "disabled",
        }
    }
}

/// A judgement: how it is, and whether somebody has to do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeedHealth {
    /// How it is.
    pub condition: FeedCondition,
    /// Whether it will not mend itself.
    pub needs_person: bool,
}

impl FeedState {
    /// Judges the feed. It needs a person once it is gone, after `failing_after` failures in a row, or if it failed
    /// and never worked: a new feed with a wrong address should be noticed at once.
    pub fn health(&self, failing_after: u32) -> FeedHealth {
        let condition = match self {
            Self { enabled: false, .. } => FeedCondition::Disabled,
            Self { last_outcome: None, .. } => FeedCondition::New,
            Self { next_poll: None, .. } => FeedCondition::Gone,
            Self { consecutive_failures: 0, .. } => FeedCondition::Ok,
            _ => FeedCondition::Failing,
        };
        let needs_person = match condition {
            FeedCondition::New | FeedCondition::Ok | FeedCondition::Disabled => false,
            FeedCondition::Gone => true,
            FeedCondition::Failing => {
                self.last_success.is_none() || self.consecutive_failures >= failing_after
            }
        };
        FeedHealth { condition, needs_person }
    }
}

impl Queue {
    /// Whether somebody has to do something: deliveries were given up or held back, or wait too long.
    pub fn needs_person(&self) -> bool {
        let waits_too_long = self.oldest_pending_seconds.is_some_and(|age| age > WAITS_TOO_LONG.as_secs());
        self.dead > 0 || self.held_back > 0 || waits_too_long
    }
}
