//! One judgement of health, shown in several places: `status`, the page, metrics and readiness agree (O7).

use std::time::Duration;

use chrono::TimeDelta;
use serde::Serialize;

use super::{FeedState, Queue};
use crate::model::{NotifierHealth, NotifierState, PollMemory, Reason, Timestamp};

/// A delivery that waits longer than this needs a person.
const WAITS_TOO_LONG: Duration = Duration::from_mins(10);

/// The same for one whose notifier asked for patience: one that asks again and again gets nothing either.
const PAUSES_TOO_LONG: Duration = Duration::from_hours(1);

/// The limit of `read` that hides articles, by its key.
const MAX_ENTRIES: &str = "read.max_entries";

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
    /// Its polls are good, and it is quieter than it ever was.
    Silent,
    /// The server said twice that it is gone; no more polls.
    Gone,
    /// Switched off by the operator.
    Disabled,
}

impl FeedCondition {
    /// Every value.
    pub const ALL: &[Self] = &[Self::New, Self::Ok, Self::Failing, Self::Silent, Self::Gone, Self::Disabled];

    /// The word used in JSON, on the page and in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Ok => "ok",
            Self::Failing => "failing",
            Self::Silent => "silent",
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

/// Documents in a row with unreadable entries that need a person.
const UNREADABLE_POLLS: u32 = 3;

/// What is wrong with a feed whose documents can be read (specs/reading.md §8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadingTrouble {
    /// It shows no article, though it had some.
    Empty,
    /// At least half of its entries cannot be read.
    HalfUnreadable,
    /// Some of its entries cannot be read, document after document.
    Unreadable,
    /// It has more entries than may be read.
    TooManyEntries,
    /// No date in it can be read.
    Undated,
}

impl ReadingTrouble {
    /// What it is, for people.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Empty => "shows no article, though it had some",
            Self::HalfUnreadable => "at least half of its entries cannot be read",
            Self::Unreadable => "some of its entries cannot be read, three documents in a row",
            Self::TooManyEntries => "has more entries than read.max_entries",
            Self::Undated => "none of its dates can be read",
        }
    }
}

impl PollMemory {
    /// What is wrong with the documents of the feed.
    pub fn reading_troubles(&self) -> Vec<ReadingTrouble> {
        let (reading, shown) = (&self.reading, self.shown.unwrap_or(0));
        // One alone may be the last entry of a document that was cut short on its way.
        let is_half_unreadable = reading.unreadable > 1 && reading.unreadable >= shown;
        let troubles = [
            (self.empty_since.is_some(), ReadingTrouble::Empty),
            (is_half_unreadable, ReadingTrouble::HalfUnreadable),
            (reading.unreadable_polls >= UNREADABLE_POLLS, ReadingTrouble::Unreadable),
            (reading.limits.contains_key(MAX_ENTRIES), ReadingTrouble::TooManyEntries),
            (shown > 0 && reading.undated >= shown, ReadingTrouble::Undated),
        ];
        troubles.into_iter().filter(|(is_there, _)| *is_there).map(|(_, trouble)| trouble).collect()
    }
}

impl FeedState {
    /// Judges the feed. It needs a person once it is gone, after `failing_after` failures in a row, if it failed and
    /// never worked (a new feed with a wrong address should be noticed at once), or if its documents come but something
    /// is wrong with them. That it is silent may be as it should: it is shown, and told to those who ask for it.
    pub fn health(&self, failing_after: u32) -> FeedHealth {
        let condition = match self {
            Self { enabled: false, .. } => FeedCondition::Disabled,
            Self { last_outcome: None, .. } => FeedCondition::New,
            Self { next_poll: None, .. } => FeedCondition::Gone,
            Self { consecutive_failures: 1.., .. } => FeedCondition::Failing,
            _ if self.memory.episodes.silent.is_some() => FeedCondition::Silent,
            _ => FeedCondition::Ok,
        };
        let needs_person = match condition {
            FeedCondition::New | FeedCondition::Disabled => false,
            FeedCondition::Ok | FeedCondition::Silent => !self.memory.reading_troubles().is_empty(),
            FeedCondition::Gone => true,
            FeedCondition::Failing => {
                self.last_success.is_none() || self.consecutive_failures >= failing_after
            }
        };
        FeedHealth { condition, needs_person }
    }

    /// The next poll as it will be, and the rule that decided it: a closed gate holds a feed that is due.
    pub fn next(&self, now: Timestamp) -> (Option<Timestamp>, Reason) {
        let gate = self.gate.as_ref().filter(|gate| gate.until > now);
        match (self.next_poll, gate) {
            (Some(at), Some(gate)) if gate.until > at => (Some(gate.until), Reason::Host),
            (at, _) => (at, self.reason),
        }
    }
}

/// An open breaker needs a person after this.
const LONG_OPEN: TimeDelta = TimeDelta::minutes(10);

impl NotifierHealth {
    /// Whether its receiver takes nothing, for whatever reason.
    pub const fn is_trouble(&self) -> bool {
        matches!(self.state, NotifierState::Open | NotifierState::Held | NotifierState::Gone)
    }

    /// Whether it will not mend itself, or did not for too long.
    pub fn needs_person(&self, now: Timestamp) -> bool {
        match self.state {
            NotifierState::Held | NotifierState::Gone => true,
            NotifierState::Open => self.since.is_some_and(|since| now - since >= LONG_OPEN),
            NotifierState::Active | NotifierState::Paused | NotifierState::Disabled => false,
        }
    }
}

/// How many deliveries wait, if they are so many that nothing is polled (specs/delivery.md §9). What waits for a notifier
/// that is switched off does not count: it gets no more, and nothing but its operator could end the pause.
pub fn congestion(queues: &[Queue], max_pending: usize) -> Option<u64> {
    let takes_part = |queue: &&Queue| queue.health.state != NotifierState::Disabled;
    let waiting: u64 = queues.iter().filter(takes_part).map(|queue| queue.pending).sum();
    (waiting >= max_pending as u64).then_some(waiting)
}

impl Queue {
    /// Whether somebody has to do something: the notifier will not mend itself, deliveries were given up or held back,
    /// or wait too long.
    pub fn needs_person(&self) -> bool {
        let patience = match self.health.state {
            NotifierState::Disabled => Duration::MAX,
            NotifierState::Paused => PAUSES_TOO_LONG,
            _ => WAITS_TOO_LONG,
        };
        let is_slow = self.oldest_pending_seconds.is_some_and(|age| age > patience.as_secs());
        let is_told = self.health.is_told && self.health.state != NotifierState::Disabled;
        is_told || self.dead > 0 || self.held_back > 0 || is_slow
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::NotifierName;

    /// Five wait for a notifier in this state.
    fn queue(state: NotifierState, waits: Duration) -> Queue {
        Queue {
            notifier: NotifierName::from("desk"),
            health: NotifierHealth::new(state, None),
            pending: 5,
            dead: 0,
            held_back: 0,
            oldest_pending_seconds: Some(waits.as_secs()),
            next_attempt: None,
            reason: None,
            last_delivered: None,
        }
    }

    #[track_caller]
    fn check(state: NotifierState, waits: Duration, needs_person: bool) {
        assert_eq!(queue(state, waits).needs_person(), needs_person, "{state:?} {waits:?}");
    }

    #[test]
    fn what_waits_for_a_notifier_that_is_switched_off_keeps_no_feed_from_being_polled() {
        let of = |state| queue(state, Duration::ZERO);
        assert_eq!(congestion(&[of(NotifierState::Gone)], 5), Some(5));
        assert_eq!(congestion(&[of(NotifierState::Disabled), of(NotifierState::Disabled)], 5), None);
    }

    #[test]
    fn what_waits_too_long_needs_a_person_even_if_its_receiver_asks_for_patience() {
        for (state, waits, needs_person) in [
            (NotifierState::Active, 10, false),
            (NotifierState::Active, 11, true),
            (NotifierState::Paused, 60, false),
            (NotifierState::Paused, 61, true),
            (NotifierState::Disabled, 6000, false),
        ] {
            check(state, Duration::from_mins(waits), needs_person);
        }
    }
}
