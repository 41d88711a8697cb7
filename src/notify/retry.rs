//! When next? The table of waits between attempts (specs/delivery.md §5). Pure.

use std::time::Duration;

/// The longest `Retry-After` that is believed.
pub const LONGEST_RETRY_AFTER: Duration = Duration::from_hours(24);
/// How often a payload that the receiver refuses is sent.
const PAYLOAD_ATTEMPTS: u32 = 3;
/// After a timeout the wait is at least this entry of the table: an overloaded receiver needs air.
const AIR: usize = 2;
/// Stored times are whole milliseconds: the last attempt must not fall just before the end.
const ROUNDING: Duration = Duration::from_millis(1);

/// The operator's part of the decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules<'a> {
    /// Waits between attempts; the last one repeats.
    pub table: &'a [Duration],
    /// A delivery that fails this long is dead.
    pub max_age: Duration,
}

/// An attempt that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failed {
    /// Its number, from 1.
    pub attempt: u32,
    /// The age of the delivery when it ended.
    pub age: Duration,
    /// Whether it was a timeout, or a proxy's word for one.
    pub was_slow: bool,
    /// How often the receiver refused this payload, this time included.
    pub payload_refusals: u32,
    /// Whether it is of no use to send another form of it.
    pub is_last_form: bool,
    /// What the receiver asked for.
    pub retry_after: Option<Duration>,
}

/// What to do after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Try again after this long.
    Retry(Duration),
    /// It was the last attempt at or after `max_age`.
    Expired,
    /// The receiver refused the payload often enough.
    PayloadRefused,
}

impl Rules<'_> {
    /// What follows a failure. `jitter` is the factor for the wait, from 0.8 to 1.2. The last attempt falls exactly on
    /// `max_age`; `retry_after`, at most a day, is a lower bound whatever else.
    pub fn after(&self, failed: Failed, jitter: f64) -> Next {
        let is_refused = failed.payload_refusals >= PAYLOAD_ATTEMPTS
            || (failed.payload_refusals > 0 && failed.is_last_form);
        if is_refused {
            return Next::PayloadRefused;
        }
        let Some(left) = self.max_age.checked_sub(failed.age).filter(|left| !left.is_zero()) else {
            return Next::Expired;
        };
        let wait = self.entry(failed).mul_f64(jitter).min(left + ROUNDING);
        let asked = failed.retry_after.unwrap_or_default().min(LONGEST_RETRY_AFTER);
        Next::Retry(wait.max(asked))
    }

    fn entry(&self, failed: Failed) -> Duration {
        let index = usize::try_from(failed.attempt.saturating_sub(1)).unwrap_or(usize::MAX);
        let index = if failed.was_slow { index.max(AIR) } else { index };
        let last = self.table.len().saturating_sub(1);
        self.table.get(index.min(last)).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::Settings;

    const SECOND: Duration = Duration::from_secs(1);
    const HOUR: Duration = Duration::from_hours(1);
    const FIRST: Failed = Failed {
        attempt: 1,
        age: Duration::ZERO,
        was_slow: false,
        payload_refusals: 0,
        is_last_form: false,
        retry_after: None,
    };

    #[track_caller]
    fn check(failed: Failed, expected: Next) {
        let settings = Settings::default();
        assert_eq!(settings.rules().after(failed, 1.0), expected, "{failed:?}");
    }

    #[test]
    fn the_default_table_is_walked_and_its_last_entry_repeats() {
        let seconds = [5, 30, 120, 600, 1800, 3600, 7200, 14_400, 21_600, 28_800, 36_000, 43_200, 43_200];
        for (attempt, wait) in (1..).zip(seconds) {
            check(Failed { attempt, ..FIRST }, Next::Retry(Duration::from_secs(wait)));
        }
        check(Failed { attempt: u32::MAX, ..FIRST }, Next::Retry(12 * HOUR));
    }

    #[test]
    fn the_last_attempt_falls_exactly_on_max_age() {
        check(Failed { attempt: 14, age: 71 * HOUR, ..FIRST }, Next::Retry(HOUR + ROUNDING));
        check(Failed { attempt: 15, age: 72 * HOUR, ..FIRST }, Next::Expired);
        check(Failed { attempt: 15, age: 90 * HOUR, ..FIRST }, Next::Expired);
        check(Failed { attempt: 2, age: 60 * HOUR, ..FIRST }, Next::Retry(30 * SECOND));
    }

    #[test]
    fn after_a_timeout_the_third_entry_is_the_shortest() {
        check(Failed { was_slow: true, ..FIRST }, Next::Retry(120 * SECOND));
        check(Failed { attempt: 3, was_slow: true, ..FIRST }, Next::Retry(120 * SECOND));
        check(Failed { attempt: 5, was_slow: true, ..FIRST }, Next::Retry(1800 * SECOND));
        let rules = Rules { table: &[SECOND], max_age: HOUR };
        assert_eq!(rules.after(Failed { was_slow: true, ..FIRST }, 1.0), Next::Retry(SECOND));
    }

    #[test]
    fn retry_after_is_a_lower_bound_of_at_most_a_day() {
        check(Failed { retry_after: Some(SECOND), ..FIRST }, Next::Retry(5 * SECOND));
        check(Failed { retry_after: Some(90 * SECOND), ..FIRST }, Next::Retry(90 * SECOND));
        check(Failed { retry_after: Some(100 * HOUR), ..FIRST }, Next::Retry(24 * HOUR));
        check(Failed { age: 71 * HOUR, retry_after: Some(2 * HOUR), ..FIRST }, Next::Retry(2 * HOUR));
    }

    #[test]
    fn a_refused_payload_is_sent_three_times() {
        check(Failed { payload_refusals: 1, ..FIRST }, Next::Retry(5 * SECOND));
        check(Failed { attempt: 2, payload_refusals: 2, ..FIRST }, Next::Retry(30 * SECOND));
        check(Failed { attempt: 3, payload_refusals: 3, ..FIRST }, Next::PayloadRefused);
        check(Failed { attempt: 9, payload_refusals: 1, ..FIRST }, Next::Retry(21_600 * SECOND));
    }

    #[test]
    fn a_plain_form_that_is_refused_is_not_sent_again() {
        check(Failed { is_last_form: true, ..FIRST }, Next::Retry(5 * SECOND));
        check(Failed { is_last_form: true, payload_refusals: 1, ..FIRST }, Next::PayloadRefused);
    }

    proptest::proptest! {
        #[test]
        fn every_wait_keeps_its_bounds(
            attempt in 1_u32..100, age_s in 0_u64..300_000, was_slow: bool, asked in 0_u64..200_000, jitter in 0.8..1.2,
        ) {
            let (age, retry_after) = (Duration::from_secs(age_s), Some(Duration::from_secs(asked)));
            let failed = Failed { attempt, age, was_slow, retry_after, ..FIRST };
            match Settings::default().rules().after(failed, jitter) {
                Next::Retry(wait) => {
                    proptest::prop_assert!(wait >= Duration::from_secs(asked).min(LONGEST_RETRY_AFTER));
                    proptest::prop_assert!(wait <= LONGEST_RETRY_AFTER);
                    let late = age + wait > 72 * HOUR + ROUNDING;
                    proptest::prop_assert!(!late || wait == Duration::from_secs(asked).min(LONGEST_RETRY_AFTER));
                }
                Next::Expired => proptest::prop_assert!(age >= 72 * HOUR),
                Next::PayloadRefused => proptest::prop_assert!(false, "no payload was refused"),
            }
        }
    }
}
