//! How long a feed waits while all is well: its own wait. Pure: settings in, a wait and its reason out.
//!
//! [`own_wait`] is the one function that the adaptive scheduler replaces; `due` beside it has the rest of the formula.

mod bucket;
mod controller;
mod forecast;
mod kept;
pub mod priors;
mod profile;
mod rhythm;
mod stamps;

use std::time::Duration;

pub use bucket::Bucket;
pub use controller::{Controller, Flock};
pub use forecast::{Forecast, spread};
pub use kept::KEPT_BYTES;
pub use rhythm::{Lesson, Rhythm};

use super::{Settings, hosts::HostKind};
use crate::model::Reason;

/// A public host is asked at most this often, whatever is configured (specs/polling.md §1).
pub const PUBLIC_FLOOR: Duration = Duration::from_mins(15);
/// The same while each answer is a whole document, unless the operator says so.
pub const FULL_FLOOR: Duration = Duration::from_hours(1);
/// How often a local file is looked at, unless its feed has an `interval`.
pub const FILE_INTERVAL: Duration = Duration::from_secs(5);
const DAY: Duration = Duration::from_hours(24);

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

#[cfg(test)]
mod tests {
    use super::*;

    const MIN: u64 = 60;
    const HOUR: u64 = 60 * MIN;

    #[track_caller]
    fn check(interval: Option<u64>, host: HostKind, expected_secs: u64, expected: Reason) {
        let (wait, reason) = own_wait(interval.map(Duration::from_secs), host, &Settings::default());
        assert_eq!((wait.as_secs(), reason), (expected_secs, expected));
    }

    #[test]
    fn a_healthy_feed_is_polled_at_its_interval() {
        check(None, HostKind::Public, HOUR, Reason::Interval);
        check(Some(30 * MIN), HostKind::Public, 30 * MIN, Reason::Interval);
        check(None, HostKind::File, 5, Reason::Interval);
    }

    #[test]
    fn a_public_host_keeps_its_floor_and_a_local_one_does_not() {
        check(Some(1), HostKind::Public, 15 * MIN, Reason::Floor);
        check(Some(1), HostKind::Local, 1, Reason::Interval);
    }
}
