//! How long to wait after a failure: longer with each in a row, up to a cap of its class (specs/polling.md §3, R3).
//! Pure.

use std::time::Duration;

use super::due::Wait;
use crate::model::{Outcome, Reason, Timestamp};

/// Back-off starts here, or at the feed's own wait if that is longer.
const START: Duration = Duration::from_mins(30);
/// Back-off ends here during the first [`EPISODE`] of a row of failures: it bounds the delay after an outage.
const CAP: Duration = Duration::from_hours(6);
/// From then on a failing feed is asked once in [`DAY`].
const EPISODE: Duration = Duration::from_hours(7 * 24);
const DAY: Duration = Duration::from_hours(24);
/// A refusal (401, 402, 403, 406, 451) is asked again after this, doubling.
const BLOCKED_START: Duration = Duration::from_hours(4);
/// 429 without Retry-After waits at least this.
const LIMITED_START: Duration = Duration::from_hours(1);

/// A row of failures.
#[derive(Debug, Clone, Copy)]
pub struct Failures {
    /// How the last poll ended.
    pub outcome: Outcome,
    /// How many in a row, the last one included.
    pub in_a_row: u32,
    /// How long the row lasts.
    pub lasting: Duration,
}

impl Failures {
    /// A row that began at `since`, if it did not begin now.
    pub fn new(outcome: Outcome, in_a_row: u32, since: Option<Timestamp>, now: Timestamp) -> Self {
        let lasting = since.and_then(|since| (now - since).to_std().ok()).unwrap_or_default();
        Self { outcome, in_a_row, lasting }
    }
}

/// The wait after a failure; `own` is the feed's own wait while all is well.
pub fn after_failure(failures: Failures, own: Duration) -> Wait {
    let (start, cap) = match failures.outcome {
        // One poll to confirm it.
        Outcome::Gone => return Wait::new(DAY, Reason::Gone),
        Outcome::Blocked => (own.max(BLOCKED_START), DAY),
        _ => (own.max(START), if failures.lasting > EPISODE { DAY } else { CAP }),
    };
    let doublings = failures.in_a_row.saturating_sub(1).min(16);
    let length = start.saturating_mul(1 << doublings).min(cap.max(own));
    Wait { length, reason: Reason::Backoff, spread: length / 4 }
}

/// The wait after a 429 that does not say how long: twice the current one.
pub fn after_limit(current: Duration) -> Duration {
    current.saturating_mul(2).max(LIMITED_START).min(DAY.max(current))
}

/// What is left of that wait after a good poll: it goes as slowly as it is safe. `None` once it meets the feed's own.
pub fn recovered(patience: Duration, own: Duration) -> Option<Duration> {
    Some(patience.mul_f64(0.9)).filter(|left| *left > own)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: u64 = 60;
    const HOUR: u64 = 60 * MINUTE;

    #[track_caller]
    fn check(outcome: Outcome, in_a_row: u32, own: u64, expected: u64) {
        check_lasting(outcome, in_a_row, own, 0, expected);
    }

    #[track_caller]
    fn check_lasting(outcome: Outcome, in_a_row: u32, own: u64, days: u64, expected: u64) {
        let failures = Failures { outcome, in_a_row, lasting: Duration::from_hours(24 * days) };
        let wait = after_failure(failures, Duration::from_secs(own));
        assert_eq!(wait.length.as_secs(), expected, "{outcome:?} {in_a_row}");
        assert!(wait.spread <= wait.length / 4);
    }

    #[test]
    fn failures_back_off_from_half_an_hour_to_six_hours() {
        check(Outcome::HttpError, 1, HOUR, HOUR);
        check(Outcome::HttpError, 1, MINUTE, 30 * MINUTE);
        check(Outcome::Timeout, 2, HOUR, 2 * HOUR);
        check(Outcome::Unreadable, 4, HOUR, 6 * HOUR);
        check(Outcome::NetworkError, 1000, HOUR, 6 * HOUR);
        check(Outcome::NetworkError, 3, 10 * HOUR, 10 * HOUR);
    }

    #[test]
    fn after_a_week_a_feed_is_asked_once_a_day() {
        check_lasting(Outcome::HttpError, 40, HOUR, 7, 6 * HOUR);
        check_lasting(Outcome::HttpError, 40, HOUR, 8, 24 * HOUR);
    }

    #[test]
    fn a_refusal_backs_off_longer_and_gone_is_confirmed_after_a_day() {
        check(Outcome::Blocked, 1, HOUR, 4 * HOUR);
        check(Outcome::Blocked, 2, HOUR, 8 * HOUR);
        check(Outcome::Blocked, 9, HOUR, 24 * HOUR);
        check(Outcome::Gone, 1, HOUR, 24 * HOUR);
    }

    #[test]
    fn a_limit_doubles_and_recovers_by_a_tenth_a_poll() {
        let after = |secs: u64| after_limit(Duration::from_secs(secs)).as_secs();
        assert_eq!(
            [after(900), after(HOUR), after(20 * HOUR), after(48 * HOUR)],
            [HOUR, 2 * HOUR, 24 * HOUR, 48 * HOUR]
        );
        let own = Duration::from_secs(HOUR);
        let mut patience = Some(after_limit(own));
        let mut polls = 0;
        while let Some(left) = patience {
            patience = recovered(left, own);
            assert!(patience.is_none_or(|next| next >= left.mul_f64(0.899)));
            polls += 1;
        }
        assert_eq!(polls, 7);
    }
}
