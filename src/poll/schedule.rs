//! When to ask again. Pure: facts in, a time and the reason that won out (specs/polling.md §1, §3, §8).
//!
//! [`own_wait`] is the one function that the adaptive scheduler replaces.

use std::time::Duration;

use super::{Settings, hosts::HostKind};
use crate::model::{Outcome, Reason, Timestamp};

/// A public host is asked at most this often, whatever is configured (specs/polling.md §1).
pub const PUBLIC_FLOOR: Duration = Duration::from_mins(15);
/// How often a local file is looked at, unless its feed has an `interval`.
pub const FILE_INTERVAL: Duration = Duration::from_secs(5);
/// Back-off starts here, or at the feed's own wait if that is longer.
const BACKOFF_START: Duration = Duration::from_mins(30);
/// Back-off ends here during the first [`EPISODE`] of a row of failures: it bounds the delay after an outage.
const BACKOFF_CAP: Duration = Duration::from_hours(6);
/// From then on a failing feed is asked once in [`DAY`].
const EPISODE: Duration = Duration::from_hours(7 * 24);
const DAY: Duration = Duration::from_hours(24);
/// A refusal (401, 402, 403, 406, 451) is asked again after this, doubling.
const BLOCKED_START: Duration = Duration::from_hours(4);
/// 429 without Retry-After waits at least this.
const LIMITED_START: Duration = Duration::from_hours(1);
/// Retry-After is obeyed up to this.
pub const RETRY_AFTER_CAP: Duration = Duration::from_hours(7 * 24);

/// What is known about a feed when its next poll is planned.
#[derive(Debug, Clone)]
pub struct Facts {
    /// When the poll ended.
    pub now: Timestamp,
    /// The feed's configured `interval`.
    pub interval: Option<Duration>,
    /// What it lives on.
    pub host: HostKind,
    /// How the poll ended.
    pub outcome: Outcome,
    /// How the one before ended.
    pub previous: Option<Outcome>,
    /// Failed polls in a row, this one included.
    pub consecutive_failures: u32,
    /// Since when they fail.
    pub failing_since: Option<Timestamp>,
    /// `Retry-After` of the answer.
    pub retry_after: Option<Timestamp>,
}

/// The next poll, and which rule decided it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// When; `None`: never again.
    pub at: Option<Timestamp>,
    /// Why then.
    pub reason: Reason,
}

/// Plans the next poll: the longest of the feed's own wait or its back-off, and Retry-After; then jitter, which is
/// never negative. `jitter` is a uniform number from 0 to 1.
pub fn next_poll(facts: &Facts, settings: &Settings, jitter: f64) -> Plan {
    if facts.outcome == Outcome::Gone && facts.previous == Some(Outcome::Gone) {
        return Plan { at: None, reason: Reason::Gone };
    }
    // 429 with Retry-After says itself how long to wait (specs/polling.md R3).
    let is_answered = facts.outcome == Outcome::Limited && facts.retry_after.is_some();
    let (mut wait, mut reason, spread) = if facts.outcome.is_success() || is_answered {
        let (wait, reason) = own_wait(facts.interval, facts.host, settings);
        (wait, reason, wait.mul_f64(0.10).min(Duration::from_mins(10)))
    } else {
        let (wait, reason) = backoff(facts, settings);
        (wait, reason, wait.mul_f64(0.25))
    };
    wait += spread.mul_f64(jitter.clamp(0.0, 1.0));
    if let Some(until) = facts.retry_after {
        let asked = (until - facts.now).to_std().unwrap_or_default();
        let asked = asked.min(RETRY_AFTER_CAP);
        let asked_with_jitter = asked + asked.mul_f64(0.10).min(Duration::from_mins(10)).mul_f64(jitter);
        if asked_with_jitter > wait {
            (wait, reason) = (asked_with_jitter, Reason::RetryAfter);
        }
    }
    Plan { at: Some(facts.now + wait), reason }
}

/// The feed's own wait while all is well: its `interval`, else the budget spread evenly over the day.
pub fn own_wait(interval: Option<Duration>, host: HostKind, settings: &Settings) -> (Duration, Reason) {
    let chosen = match (interval, host) {
        (Some(interval), _) => interval,
        (None, HostKind::File) => FILE_INTERVAL,
        (None, _) => even_wait(settings),
    };
    let floor = match host {
        HostKind::Public => PUBLIC_FLOOR,
        HostKind::Local | HostKind::File => Duration::ZERO,
    };
    if chosen < floor { (floor, Reason::Floor) } else { (chosen, Reason::Interval) }
}

/// `budget` polls a day at even distances, within `min_interval` and `max_interval`.
fn even_wait(settings: &Settings) -> Duration {
    let even = DAY.as_secs_f64() / settings.budget.max(f64::MIN_POSITIVE);
    let (min, max) = (settings.min_interval, settings.max_interval.max(settings.min_interval));
    Duration::try_from_secs_f64(even).unwrap_or(max).clamp(min, max)
}

/// The wait after a failure: it doubles with each failure in a row, up to a cap of its class.
fn backoff(facts: &Facts, settings: &Settings) -> (Duration, Reason) {
    let own = own_wait(facts.interval, facts.host, settings).0;
    let (start, cap) = match facts.outcome {
        Outcome::Gone => (DAY, DAY),
        Outcome::Blocked => (own.max(BLOCKED_START), DAY),
        Outcome::Limited => ((own * 2).max(LIMITED_START), DAY),
        _ => (own.max(BACKOFF_START), if is_long_episode(facts) { DAY } else { BACKOFF_CAP }),
    };
    let doublings = facts.consecutive_failures.saturating_sub(1).min(16);
    let wait = start.saturating_mul(1 << doublings).min(cap.max(own));
    (wait, if facts.outcome == Outcome::Gone { Reason::Gone } else { Reason::Backoff })
}

fn is_long_episode(facts: &Facts) -> bool {
    facts.failing_since.is_some_and(|since| (facts.now - since).to_std().is_ok_and(|age| age > EPISODE))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIN: u64 = 60;
    const HOUR: u64 = 60 * MIN;

    fn facts() -> Facts {
        Facts {
            now: Timestamp::from_timestamp(1_800_000_000, 0).expect("a valid time"),
            interval: None,
            host: HostKind::Public,
            outcome: Outcome::Unchanged,
            previous: None,
            consecutive_failures: 0,
            failing_since: None,
            retry_after: None,
        }
    }

    fn failed(outcome: Outcome, failures: u32) -> Facts {
        Facts { outcome, consecutive_failures: failures, ..facts() }
    }

    #[track_caller]
    fn check(facts: &Facts, expected_secs: u64, expected_reason: Reason) {
        let plan = next_poll(facts, &Settings::default(), 0.0);
        assert_eq!(plan.reason, expected_reason);
        assert_eq!(plan.at, Some(facts.now + Duration::from_secs(expected_secs)));
    }

    #[test]
    fn a_healthy_feed_is_polled_at_its_interval() {
        check(&facts(), HOUR, Reason::Interval);
        check(&Facts { interval: Some(Duration::from_mins(30)), ..facts() }, 30 * MIN, Reason::Interval);
        check(&Facts { host: HostKind::File, ..facts() }, 5, Reason::Interval);
    }

    #[test]
    fn a_public_host_keeps_its_floor_and_a_local_one_does_not() {
        let short = Facts { interval: Some(Duration::from_secs(1)), ..facts() };
        check(&short, 15 * MIN, Reason::Floor);
        check(&Facts { host: HostKind::Local, ..short }, 1, Reason::Interval);
    }

    #[test]
    fn failures_back_off_by_their_class() {
        check(&failed(Outcome::HttpError, 1), HOUR, Reason::Backoff);
        check(&failed(Outcome::Timeout, 2), 2 * HOUR, Reason::Backoff);
        check(&failed(Outcome::Unreadable, 9), 6 * HOUR, Reason::Backoff);
        check(&failed(Outcome::Blocked, 1), 4 * HOUR, Reason::Backoff);
        check(&failed(Outcome::Blocked, 9), 24 * HOUR, Reason::Backoff);
        check(&failed(Outcome::Limited, 1), 2 * HOUR, Reason::Backoff);
        let local = Facts {
            host: HostKind::Local,
            interval: Some(Duration::from_secs(1)),
            ..failed(Outcome::HttpError, 1)
        };
        check(&local, 30 * MIN, Reason::Backoff);
    }

    #[test]
    fn after_a_week_of_failures_a_feed_is_asked_once_a_day() {
        let long = Facts {
            failing_since: Some(facts().now - chrono::TimeDelta::days(8)),
            ..failed(Outcome::HttpError, 40)
        };
        check(&long, 24 * HOUR, Reason::Backoff);
    }

    #[test]
    fn gone_is_confirmed_once_and_then_believed() {
        check(&failed(Outcome::Gone, 1), 24 * HOUR, Reason::Gone);
        let confirmed = Facts { previous: Some(Outcome::Gone), ..failed(Outcome::Gone, 2) };
        assert_eq!(next_poll(&confirmed, &Settings::default(), 0.0), Plan { at: None, reason: Reason::Gone });
    }

    #[test]
    fn retry_after_wins_if_it_is_longer_and_is_capped() {
        let until = |secs: i64| Some(facts().now + chrono::TimeDelta::seconds(secs));
        check(
            &Facts { retry_after: until(7200), ..failed(Outcome::HttpError, 1) },
            2 * HOUR,
            Reason::RetryAfter,
        );
        check(&Facts { retry_after: until(60), ..failed(Outcome::HttpError, 1) }, HOUR, Reason::Backoff);
        check(&Facts { retry_after: until(-5), ..facts() }, HOUR, Reason::Interval);
        let soon = Facts {
            host: HostKind::Local,
            interval: Some(Duration::from_secs(1)),
            ..failed(Outcome::Limited, 3)
        };
        check(&Facts { retry_after: until(60), ..soon }, 60, Reason::RetryAfter);
        let far = Facts { retry_after: until(40_000_000), ..failed(Outcome::Limited, 1) };
        check(&far, 7 * 24 * HOUR, Reason::RetryAfter);
    }

    #[test]
    fn jitter_is_only_ever_later() {
        for outcome in [Outcome::Unchanged, Outcome::HttpError, Outcome::Limited] {
            let facts = failed(outcome, 1);
            let soonest = next_poll(&facts, &Settings::default(), 0.0).at;
            let latest = next_poll(&facts, &Settings::default(), 1.0).at;
            assert!(latest > soonest);
        }
    }
}
