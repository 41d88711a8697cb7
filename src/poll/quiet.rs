//! How long a feed is usually quiet, and whether it is quieter than it ever was (specs/delivery.md §12, `feed.silent`).
//! Pure.

use std::time::Duration;

use crate::model::{Quiet, Timestamp};

/// No feed is called silent sooner, unless the operator says so.
const SHORTEST: Duration = Duration::from_hours(48);
/// So many times its usual longest gap.
const TIMES: u64 = 5;
/// So many gaps must be known to speak of a habit.
const HABIT: u8 = 2;
/// In so many seconds a gap of long ago counts half.
const HALF_LIFE: f64 = 60.0 * 86_400.0;

/// What is known after a good poll that brought articles with these stamps. At the first sight the stamps tell how the
/// feed was before it was watched; from then on silence counts.
pub fn after(before: &Quiet, news: &[Option<Timestamp>], now: Timestamp) -> Quiet {
    let mut quiet = *before;
    let mut stamps: Vec<Timestamp> = match before.since {
        None => news.iter().flatten().copied().filter(|stamp| *stamp <= now).collect(),
        // What comes late, with an old stamp or none, came now.
        Some(since) => news
            .iter()
            .map(|stamp| stamp.filter(|stamp| *stamp > since && *stamp <= now).unwrap_or(now))
            .collect(),
    };
    stamps.sort_unstable();
    for stamp in stamps {
        if let Some(since) = quiet.since.replace(stamp) {
            learn(&mut quiet, (stamp - since).to_std().unwrap_or_default());
        }
    }
    if before.since.is_none() {
        quiet.since = Some(now);
    }
    quiet
}

/// For how long the feed is silent, if that is longer than it should be. `silent_after` is the operator's own measure.
pub fn silent_for(quiet: &Quiet, silent_after: Option<Duration>, now: Timestamp) -> Option<Duration> {
    let quiet_for = (now - quiet.since?).to_std().ok()?;
    let limit = match silent_after {
        Some(limit) => limit,
        None if quiet.gaps < HABIT => return None,
        None => limit(quiet),
    };
    (quiet_for >= limit).then_some(quiet_for)
}

/// A span in words that are as coarse as it deserves: `3 days`, `5 hours`.
pub fn in_words(span: Duration) -> String {
    let (number, word) = match span.as_secs() {
        seconds @ 172_800.. => (seconds / 86_400, "day"),
        seconds @ 5400.. => ((seconds + 1800) / 3600, "hour"),
        seconds @ 120.. => ((seconds + 30) / 60, "minute"),
        seconds => (seconds, "second"),
    };
    format!("{number} {word}{}", if number == 1 { "" } else { "s" })
}

fn limit(quiet: &Quiet) -> Duration {
    Duration::from_secs(quiet.longest.saturating_mul(TIMES)).max(SHORTEST)
}

/// One more gap. One that was called silence does not become a habit at once.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "seconds of a few years"
)]
fn learn(quiet: &mut Quiet, gap: Duration) {
    let gap = if quiet.gaps < HABIT { gap } else { gap.min(limit(quiet)) };
    let faded = quiet.longest as f64 * 0.5_f64.powf(gap.as_secs_f64() / HALF_LIFE);
    quiet.longest = gap.as_secs().max(faded.round() as u64);
    quiet.gaps = quiet.gaps.saturating_add(1);
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3600;
    const DAY: i64 = 24 * HOUR;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_timestamp(1_800_000_000 + seconds, 0).expect("time")
    }

    /// A feed that published at these times before it was seen at 0.
    fn seen(stamps: &[i64]) -> Quiet {
        let stamps: Vec<_> = stamps.iter().map(|&stamp| Some(at(stamp))).collect();
        after(&Quiet::default(), &stamps, at(0))
    }

    fn silent(quiet: &Quiet, seconds: i64) -> bool {
        silent_for(quiet, None, at(seconds)).is_some()
    }

    #[test]
    fn a_busy_feed_is_silent_after_two_days_and_a_weekly_one_after_five_weeks() {
        let busy = seen(&[-HOUR, -3 * HOUR, -4 * HOUR, -9 * HOUR]);
        assert!(busy.longest.abs_diff(5 * 3600) < 60 && busy.gaps == 3, "{busy:?}");
        assert!(!silent(&busy, 2 * DAY - 1) && silent(&busy, 2 * DAY));
        let weekly = seen(&[-DAY, -8 * DAY, -15 * DAY, -22 * DAY]);
        assert!(!silent(&weekly, 34 * DAY) && silent(&weekly, 35 * DAY));
    }

    #[test]
    fn silence_counts_from_when_the_feed_is_watched() {
        let stale = seen(&[-900 * DAY, -901 * DAY, -902 * DAY]);
        assert!(!silent(&stale, 0));
        assert!(silent(&stale, 5 * DAY));
    }

    #[test]
    fn without_a_habit_only_the_operator_can_say() {
        let unknown = seen(&[-HOUR]);
        assert!(!silent(&unknown, 900 * DAY));
        let own = |seconds| silent_for(&unknown, Some(Duration::from_hours(1)), at(seconds));
        assert_eq!((own(HOUR - 1), own(HOUR)), (None, Some(Duration::from_hours(1))));
    }

    #[test]
    fn weekends_and_holidays_are_learned_and_fade() {
        let mut quiet = seen(&[-HOUR, -2 * HOUR, -3 * HOUR]);
        for day in 1..5 {
            quiet = after(&quiet, &[Some(at(day * DAY))], at(day * DAY + 60));
        }
        assert!((86_000..=DAY.unsigned_abs()).contains(&quiet.longest), "{quiet:?}");
        let weekend = after(&quiet, &[Some(at(7 * DAY))], at(7 * DAY));
        assert_eq!(weekend.longest, (3 * DAY).unsigned_abs());
        let mut later = weekend;
        for hour in 0..(60 * 24) {
            later = after(&later, &[None], at(7 * DAY + hour * HOUR));
        }
        let half = (3 * DAY / 2).unsigned_abs();
        assert!(later.longest.abs_diff(half) < half / 20, "{later:?}");
    }

    #[test]
    fn a_silence_that_was_told_does_not_become_a_habit_at_once() {
        let quiet = seen(&[-HOUR, -2 * HOUR, -3 * HOUR]);
        let back = after(&quiet, &[Some(at(100 * DAY))], at(100 * DAY));
        assert_eq!(back.longest, (2 * DAY).unsigned_abs());
        assert!(silent(&back, 110 * DAY) && !silent(&back, 109 * DAY));
    }

    #[test]
    fn stamps_of_the_future_and_of_the_past_count_as_now() {
        let quiet = seen(&[DAY, -HOUR, -2 * HOUR]);
        assert_eq!((quiet.gaps, quiet.since), (1, Some(at(0))));
        let odd = after(&quiet, &[Some(at(-9 * DAY)), Some(at(90 * DAY)), None], at(HOUR));
        assert_eq!((odd.since, odd.longest), (Some(at(HOUR)), 3600));
    }

    #[test]
    fn a_span_is_told_coarsely() {
        for (seconds, words) in [
            (30, "30 seconds"),
            (5399, "90 minutes"),
            (5400, "2 hours"),
            (172_799, "48 hours"),
            (260_000, "3 days"),
        ] {
            assert_eq!(in_words(Duration::from_secs(seconds)), words);
        }
    }
}
