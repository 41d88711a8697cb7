//! The wait that is worth a poll: how many articles to expect when, and what their delay and a poll cost (specs/polling.md,
//! Part 2 §3). Pure; times are seconds since 1970 (UTC).
//!
//! Let `t` be the next poll, `N(t)` the articles that wait for it and `D(t)` their delay so far. What follows a poll
//! costs `g(s)` a second: with `T` the likely gap at that time, an article waits half of it, and each gap costs the
//! price of a poll: `g(s) = λ(s)·T/2 + price/T`. A poll at `t` saves that cost up to `t`, so the best `t` minimises
//! `D(t) − ∫ g`. Where `T` is the square-root rule's own, `√(2·price/λ)`, this is the rule `N = λ·T`; where a floor or a
//! floor holds it differs, and that is where most articles are: there `N = λ·T` waits too long, as if each poll saved
//! its price again. Measured, a mean delay of 8.3 instead of 9.0 minutes, 95 % within 19 instead of 23.5.

use super::profile::{Bins, Hours, Minutes};

const HOUR: f64 = 3600.0;
/// Publishers are rarely punctual to the second: a poll that waits for a rush goes a bit after it.
const PUNCTUALITY: f64 = 10.0;
/// Nothing waits shorter, whatever is configured.
const LEAST_WAIT: f64 = 1.0;
/// How far beyond the best moment so far a better one is looked for, at most.
const HORIZON: f64 = 1.5 * HOUR;
/// So many deviations above the expected number the articles must still fit into what a feed shows at a time: one
/// percent if articles came independently, at three times their variance (they come in bursts) likewise.
const ROOM_DEVIATIONS: f64 = 4.0;

/// How much to expect of a feed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rates {
    /// Articles per second.
    pub articles: f64,
    /// The same, as they count when feeds are weighed against each other.
    pub weighed: f64,
    /// Entries that the feed shows at a time. 0: not known.
    pub window: u16,
    /// How long after its stamp an article appears.
    pub lag: f64,
}

/// What to expect over the day and the hour.
#[derive(Debug, Clone, PartialEq)]
pub struct Forecast {
    rate: f64,
    /// The weighed articles that may wait before some could scroll out of the feed.
    room: f64,
    lag: f64,
    hours: [f64; 24],
    minutes: [f64; 16],
}

/// What holds for an hour of the day.
struct Hour {
    /// Weighed articles per second.
    rate: f64,
    /// How long the gap after a poll is likely to be.
    gap: f64,
    /// What a second more of the gap before it saves of the price of polls.
    price: f64,
}

impl Forecast {
    pub(super) fn new(rates: &Rates, hours: &Hours, minutes: &Minutes) -> Self {
        Self {
            rate: rates.weighed,
            room: room(rates.window) * rates.weighed / rates.articles,
            lag: rates.lag,
            hours: hours.weights(),
            minutes: minutes.weights(),
        }
    }

    /// The wait from `now` that costs least, within `lo` and `hi` seconds, if a poll costs `price` article-seconds.
    pub fn wait(&self, now: f64, price: f64, lo: f64, hi: f64) -> f64 {
        let lo = lo.max(LEAST_WAIT);
        let hi = hi.max(lo);
        let (mut cursor, mut end) = (now, now + hi);
        let (mut waiting, mut cost) = (0.0, 0.0);
        let (mut least, mut best) = (f64::INFINITY, now + lo);
        let mut bins = Bins::from(now - self.lag);
        let mut hour = self.hour(bins.hour(), price, lo, hi);
        while cursor < end {
            let rate = hour.rate * self.minutes[bins.bin()];
            let saved = rate * hour.gap / 2.0 + hour.price;
            let bin_end = bins.end() + self.lag;
            if waiting + rate * (bin_end - cursor) > self.room {
                end = end.min(cursor + (self.room - waiting) / rate).max(now + lo);
            }
            let length = (bin_end.min(end) - cursor).max(0.0);
            let cost_at = |d: f64| cost + (waiting - saved) * d + rate * d * d / 2.0;
            let soonest = (now + lo - cursor).max(0.0);
            if soonest <= length {
                let turning = ((saved - waiting) / rate).clamp(soonest, length);
                for d in [soonest, turning, length] {
                    if cost_at(d) < least {
                        (least, best) = (cost_at(d), cursor + d);
                    }
                }
            }
            (cost, waiting, cursor) = (cost_at(length), waiting + rate * length, cursor + length);
            if cost > least && cursor - best > HORIZON.min(hour.gap) {
                break;
            }
            if bins.next() {
                hour = self.hour(bins.hour(), price, lo, hi);
            }
        }
        let found = best - now;
        if found > lo { (found + PUNCTUALITY).min(hi) } else { lo }
    }

    fn hour(&self, hour: usize, price: f64, lo: f64, hi: f64) -> Hour {
        let rate = self.rate * self.hours[hour];
        let gap = (2.0 * price / rate).sqrt().clamp(lo, hi);
        // A poll that the ceiling forces is not charged in full: else the rarest feeds would always wait that long.
        Hour { rate, gap, price: (price / gap).min(rate * gap / 2.0) }
    }
}

/// The largest expected number of articles that surely fit into a window.
fn room(window: u16) -> f64 {
    if window == 0 {
        return f64::INFINITY;
    }
    let half = ROOM_DEVIATIONS / 2.0;
    ((f64::from(window) + half * half).sqrt() - half).powi(2)
}

#[cfg(test)]
#[path = "forecast_tests.rs"]
mod tests;
