//! At which hours of the day and in which minutes of the hour a feed publishes: small counters over a prior that all
//! feeds share (specs/polling.md, Part 2 §2). Pure.

use super::priors;

/// How many articles the shared prior is worth.
const HOUR_PRIOR: f64 = 12.0;
const MINUTE_PRIOR: f64 = 16.0;
/// Even an hour in which nothing was ever published keeps this part of the mean rate.
const LEAST: f64 = 0.02;
/// Where the bins of an hour end, in minutes: round minutes have bins of their own.
const EDGES: [u8; 16] = [1, 5, 10, 15, 16, 20, 25, 30, 31, 35, 40, 45, 46, 50, 55, 60];

/// Articles by hour of the day (UTC).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Hours(pub [u8; 24]);

/// Articles by part of the hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Minutes(pub [u8; 16]);

impl Hours {
    /// Counts an article.
    pub fn count(&mut self, at: f64) {
        bump(&mut self.0, hour_of(at));
    }

    /// For each hour, its rate in parts of the mean rate.
    pub fn weights(&self) -> [f64; 24] {
        let all = total(&self.0) + HOUR_PRIOR;
        std::array::from_fn(|hour| {
            let count = f64::from(self.0[hour]) + HOUR_PRIOR * priors::HOURS[hour];
            (24.0 * count / all).max(LEAST)
        })
    }
}

impl Minutes {
    /// Counts an article.
    pub fn count(&mut self, at: f64) {
        bump(&mut self.0, bin_of(at));
    }

    /// For each bin, its rate in parts of the rate of the hour.
    pub fn weights(&self) -> [f64; 16] {
        let all = total(&self.0) + MINUTE_PRIOR;
        std::array::from_fn(|bin| {
            let count = f64::from(self.0[bin]) + MINUTE_PRIOR * priors::MINUTES[bin];
            60.0 / width(bin) * count / all
        })
    }
}

/// The hour of the day.
pub fn hour_of(at: f64) -> usize {
    index(at.rem_euclid(86_400.0) / 3600.0).min(23)
}

/// The bin of the hour.
pub fn bin_of(at: f64) -> usize {
    let minute = at.rem_euclid(3600.0) / 60.0;
    EDGES.iter().position(|edge| minute < f64::from(*edge)).unwrap_or(EDGES.len() - 1)
}

/// A walk over the bins of time, from the one in which a moment lies.
pub struct Bins {
    /// When the hour began, seconds since 1970.
    hour_start: f64,
    hour: usize,
    bin: usize,
}

impl Bins {
    /// The bin of a moment.
    pub fn from(at: f64) -> Self {
        Self { hour_start: at - at.rem_euclid(3600.0), hour: hour_of(at), bin: bin_of(at) }
    }

    /// The hour of the day.
    pub fn hour(&self) -> usize {
        self.hour
    }

    /// The bin of the hour.
    pub fn bin(&self) -> usize {
        self.bin
    }

    /// When it ends.
    pub fn end(&self) -> f64 {
        self.hour_start + 60.0 * f64::from(EDGES[self.bin])
    }

    /// Goes to the next one; tells whether another hour begins.
    pub fn next(&mut self) -> bool {
        self.bin = (self.bin + 1) % EDGES.len();
        let is_new_hour = self.bin == 0;
        if is_new_hour {
            (self.hour_start, self.hour) = (self.hour_start + 3600.0, (self.hour + 1) % 24);
        }
        is_new_hour
    }
}

fn width(bin: usize) -> f64 {
    let start = if bin == 0 { 0 } else { EDGES[bin - 1] };
    f64::from(EDGES[bin] - start)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small and not negative")]
fn index(number: f64) -> usize {
    number as usize
}

fn total(counters: &[u8]) -> f64 {
    counters.iter().copied().map(f64::from).sum()
}

/// One more; all are halved when one is full, which also forgets old habits.
fn bump(counters: &mut [u8], at: usize) {
    counters[at] += 1;
    if counters[at] == u8::MAX {
        for counter in counters {
            *counter /= 2;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A Monday, 00:00 UTC.
    const MONDAY: f64 = 1_700_438_400.0;

    #[track_caller]
    fn check(clock: (f64, f64), hour: usize, bin: usize) {
        let at = MONDAY + clock.0 * 3600.0 + clock.1 * 60.0;
        assert_eq!((hour_of(at), bin_of(at)), (hour, bin), "{clock:?}");
    }

    #[test]
    fn round_minutes_have_bins_of_their_own() {
        check((0.0, 0.0), 0, 0);
        check((0.0, 0.99), 0, 0);
        check((0.0, 1.0), 0, 1);
        check((9.0, 15.5), 9, 4);
        check((9.0, 30.0), 9, 8);
        check((9.0, 31.0), 9, 9);
        check((23.0, 59.99), 23, 15);
    }

    #[test]
    fn a_walk_goes_through_all_bins_and_over_midnight() {
        let mut bins = Bins::from(MONDAY + 23.0 * 3600.0 + 59.5 * 60.0);
        assert_eq!((bins.hour(), bins.bin(), bins.end()), (23, 15, MONDAY + 86_400.0));
        for hour in 0..24 {
            assert!(bins.next());
            assert_eq!((bins.hour(), bins.bin()), (hour, 0));
            for bin in 1..16 {
                let start = bins.end();
                assert!(!bins.next());
                assert_eq!((hour_of(start), bin_of(start), bins.bin()), (hour, bin, bin));
            }
        }
        assert!((bins.end() - MONDAY - 2.0 * 86_400.0).abs() < 1e-3);
    }

    #[test]
    fn an_unknown_feed_has_the_shared_profile_and_the_mean_weighs_one() {
        let hours = Hours::default().weights();
        assert!((hours.iter().sum::<f64>() / 24.0 - 1.0).abs() < 1e-3);
        assert!(hours[14] > 3.0 * hours[3]);
        let minutes = Minutes::default().weights();
        let mean: f64 = (0..16).map(|bin| minutes[bin] * width(bin) / 60.0).sum();
        assert!((mean - 1.0).abs() < 1e-3);
        assert!(minutes[0] > 5.0);
    }

    #[test]
    fn habits_are_learned_and_old_ones_fade() {
        let mut hours = Hours::default();
        for _ in 0..300 {
            hours.count(MONDAY + 3.5 * 3600.0);
        }
        assert!(hours.weights()[3] > 20.0);
        for _ in 0..300 {
            hours.count(MONDAY + 20.5 * 3600.0);
        }
        assert!(hours.weights()[20] > 1.5 * hours.weights()[3]);
    }
}
