//! `skipHours` and `skipDays` of RSS, always GMT. Pure.

use std::time::Duration;

use chrono::{Datelike, DurationRound, TimeDelta, Timelike};

use crate::model::{Hints, Timestamp};

/// Nobody is silent for longer because a feed asks for it (specs/polling.md §4).
const LONGEST_SILENCE: Duration = Duration::from_hours(48);
const ALL_HOURS: u32 = (1 << 24) - 1;
const ALL_DAYS: u32 = (1 << 7) - 1;

/// The first moment from `at` on that is not skipped. To skip every hour or every day is to skip nothing.
pub fn first_allowed(at: Timestamp, hints: &Hints) -> Timestamp {
    let hours = if hints.skip_hours & ALL_HOURS == ALL_HOURS { 0 } else { hints.skip_hours };
    let days = if hints.skip_days & ALL_DAYS == ALL_DAYS { 0 } else { hints.skip_days };
    let is_skipped =
        |at: Timestamp| hours >> at.hour() & 1 == 1 || days >> at.weekday().num_days_from_monday() & 1 == 1;
    let last = at + LONGEST_SILENCE;
    let mut moment = at;
    while is_skipped(moment) && moment < last {
        moment = next_hour(moment);
    }
    moment.min(last)
}

fn next_hour(at: Timestamp) -> Timestamp {
    let hour = TimeDelta::hours(1);
    at.duration_trunc(hour).unwrap_or(at) + hour
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-23 is a Monday.
    #[track_caller]
    fn check(at: &str, hours: &[u32], days: &[u32], expected: &str) {
        let bits = |numbers: &[u32]| numbers.iter().fold(0, |bits, number| bits | 1 << number);
        let hints = Hints { skip_hours: bits(hours), skip_days: bits(days), ..Hints::default() };
        let at: Timestamp = format!("2026-11-{at}:00Z").parse().expect("time");
        let found = first_allowed(at, &hints).format("%dT%H:%M").to_string();
        assert_eq!(found, expected);
    }

    #[test]
    fn the_first_moment_that_is_not_skipped() {
        check("23T18:10", &[], &[], "23T18:10");
        check("23T18:10", &[17, 19], &[1], "23T18:10");
        check("23T18:10", &[18], &[], "23T19:00");
        check("23T18:10", &[18, 19, 20], &[], "23T21:00");
        check("23T23:59", &[23, 0], &[], "24T01:00");
        check("23T18:10", &[], &[0], "24T00:00");
        check("23T18:10", &[0], &[0], "24T01:00");
    }

    #[test]
    fn silence_is_bounded_and_total_silence_is_ignored() {
        let all: Vec<u32> = (0..24).collect();
        check("23T18:10", &all, &[], "23T18:10");
        check("23T18:10", &[], &[0, 1, 2, 3, 4, 5, 6], "23T18:10");
        check("23T18:10", &all, &[0], "24T00:00");
        check("23T18:10", &[], &[0, 1, 2, 3, 4, 5], "25T18:10");
    }
}
