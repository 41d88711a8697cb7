//! How long a feed waits while all is well: its own wait (specs/polling.md, Part 2). Pure: what is known in, a wait out.
//!
//! A feed has a fixed wait, or one that is chosen: [`Rhythm`] is what was learned of it, [`Market`] tells what a poll is
//! worth at the moment over all feeds, [`Forecast::wait`] weighs the one against the other. [`Bucket`] is the hard cap
//! behind it. The poller adds what servers ask for.

mod bucket;
mod controller;
mod forecast;
mod kept;
mod market;
pub mod priors;
mod profile;
mod rhythm;
mod stamps;

use std::time::Duration;

pub use bucket::Bucket;
pub use controller::Controller;
pub use forecast::Forecast;
pub use kept::KEPT_BYTES;
pub use market::Market;
pub use rhythm::{Lesson, Rhythm};

use super::{Settings, hosts::HostKind};
use crate::model::{Feed, Timestamp};

/// A public host is asked at most this often, whatever is configured (specs/polling.md §1).
pub const PUBLIC_FLOOR: Duration = Duration::from_mins(15);
/// The same while each answer is a whole document, unless the operator says so.
pub const FULL_FLOOR: Duration = Duration::from_hours(1);
/// How often a local file is looked at, unless its feed has an `interval`.
pub const FILE_INTERVAL: Duration = Duration::from_secs(5);
const DAY: Duration = Duration::from_hours(24);

/// The wait of a feed that is not polled adaptively: its `interval`, or that of files.
pub fn fixed_wait(interval: Option<Duration>, host: HostKind) -> Option<Duration> {
    interval.or((host == HostKind::File).then_some(FILE_INTERVAL))
}

/// Whether the waits of a feed are chosen.
pub fn is_adaptive(feed: &Feed) -> bool {
    fixed_wait(feed.interval, super::hosts::kind(&feed.location)).is_none()
}

/// The chosen wait from `now` on: what is learned, weighed against the price of a poll, within `floor` or
/// `min_interval` and `max_interval`. The floor wins.
pub fn chosen_wait(
    rhythm: &Rhythm,
    market: &Market,
    now: Timestamp,
    floor: Duration,
    settings: &Settings,
) -> Duration {
    let (now, lo) = (seconds(now), settings.min_interval.max(floor));
    let hi = settings.max_interval.max(lo);
    let forecast = rhythm.forecast(now, market.flock.flagged_share());
    let wait = forecast.wait(now, market.price(settings.budget), lo.as_secs_f64(), hi.as_secs_f64());
    Duration::try_from_secs_f64(wait).map_or(hi, |wait| wait.clamp(lo, hi))
}

/// How long to stay away from a feed while nothing is known of its last attempt: its fixed wait, else the budget spread
/// evenly over the day.
pub fn guard(interval: Option<Duration>, host: HostKind, settings: &Settings) -> Duration {
    let wait = fixed_wait(interval, host).unwrap_or_else(|| even_wait(settings));
    if host == HostKind::Public { wait.max(PUBLIC_FLOOR) } else { wait }
}

/// `budget` polls a day at even distances, within `min_interval` and `max_interval`.
fn even_wait(settings: &Settings) -> Duration {
    let even = DAY.as_secs_f64() / settings.budget.max(f64::MIN_POSITIVE);
    let (min, max) = (settings.min_interval, settings.max_interval.max(settings.min_interval));
    Duration::try_from_secs_f64(even).unwrap_or(max).clamp(min, max)
}

/// A time as this room reckons: seconds since 1970.
#[expect(clippy::cast_precision_loss, reason = "exact to a microsecond for thousands of years")]
pub fn seconds(time: Timestamp) -> f64 {
    time.timestamp_millis() as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Flock;

    const MIN: Duration = Duration::from_mins(1);
    const HOUR: Duration = Duration::from_hours(1);

    #[track_caller]
    fn check(interval: Option<Duration>, host: HostKind, expected: Duration) {
        assert_eq!(guard(interval, host, &Settings::default()), expected);
    }

    #[test]
    fn a_feed_is_left_alone_for_its_interval_or_an_even_part_of_the_day() {
        check(None, HostKind::Public, HOUR);
        check(Some(30 * MIN), HostKind::Public, 30 * MIN);
        check(Some(MIN), HostKind::Public, 15 * MIN);
        check(Some(MIN), HostKind::Local, MIN);
        check(None, HostKind::File, Duration::from_secs(5));
    }

    #[test]
    fn a_chosen_wait_keeps_floor_and_ceiling_and_follows_the_price() {
        let now: Timestamp = "2026-11-23T18:00:00Z".parse().expect("time");
        let mut busy = Rhythm::default();
        let stamps: Vec<Option<f64>> = (1..400).map(|n| Some(seconds(now) - 300.0 * f64::from(n))).collect();
        busy.learn(seconds(now), &Lesson { stamps: &stamps, window: 400, flagged: 0 });
        let mut rare = Rhythm::default();
        rare.learn(seconds(now), &Lesson { stamps: &[Some(seconds(now) - 1e7)], window: 1000, flagged: 0 });
        let shares = busy.share(seconds(now), 0.0) + rare.share(seconds(now), 0.0);
        let market = Market::new(seconds(now), Flock { feeds: 2, shares, ..Flock::default() });
        let settings = Settings { budget: 90.0, ..Settings::default() };
        let wait = |rhythm, floor| chosen_wait(rhythm, &market, now, floor, &settings);
        assert!((15 * MIN..18 * MIN).contains(&wait(&busy, Duration::ZERO)));
        assert!((HOUR..HOUR + 3 * MIN).contains(&wait(&busy, HOUR)));
        assert_eq!(wait(&busy, 5 * HOUR), 5 * HOUR, "the floor wins over the ceiling");
        assert!(wait(&rare, Duration::ZERO) > HOUR);
        let dear = Settings { budget: 8.0, ..Settings::default() };
        assert!(chosen_wait(&busy, &market, now, Duration::ZERO, &dear) > 20 * MIN);
    }
}
