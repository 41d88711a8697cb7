//! What others do with the same number of Polls: a fixed interval, and miniflux' `entry_frequency`.

use fastrand::Rng;

use super::{
    arguments::Arguments,
    figures::{Figures, Watched},
    trace::{DAY, Trace},
};

const WEEK: i64 = 7 * DAY;
/// The bounds of `entry_frequency`, in seconds.
const SHORTEST: f64 = 300.0;
const LONGEST: f64 = 86_400.0;

/// Every 24 h / budget, within a minute, from a random phase.
pub fn fixed(trace: &Trace, arguments: &Arguments) -> Figures {
    let interval = 86_400.0 / arguments.settings.budget;
    let mut watched = Watched::all(trace, arguments);
    for feed in &mut watched {
        let mut rng = Rng::with_seed(feed.feed.id);
        let mut at = feed.start as f64 + rng.f64() * interval;
        while at < arguments.to as f64 {
            feed.poll((at * 1000.0) as i64);
            at += interval + (2.0 * rng.f64() - 1.0) * 60.0;
        }
    }
    Figures::of(&watched, arguments)
}

/// As often as a feed published in the last week, times a factor that spends the budget.
pub fn entry_frequency(trace: &Trace, arguments: &Arguments) -> Figures {
    let (mut low, mut high) = (1e-3_f64, 1e3_f64);
    loop {
        let factor = (low * high).sqrt();
        let figures = by_frequency(trace, arguments, factor);
        let spent = figures.polls_per_feed_day / arguments.settings.budget;
        if (spent - 1.0).abs() <= 0.005 || high / low < 1.0001 {
            return figures;
        }
        if spent < 1.0 { low = factor } else { high = factor }
    }
}

fn by_frequency(trace: &Trace, arguments: &Arguments, factor: f64) -> Figures {
    let mut watched = Watched::all(trace, arguments);
    for feed in &mut watched {
        let mut known: Vec<i64> = Vec::new();
        let mut at = feed.start as f64;
        while at < arguments.to as f64 {
            known.extend(feed.poll((at * 1000.0) as i64));
            let recent = known.partition_point(|stamp| *stamp as f64 <= at - WEEK as f64);
            known.drain(..recent);
            at += frequency_wait(&known, factor);
        }
    }
    Figures::of(&watched, arguments)
}

fn frequency_wait(recent: &[i64], factor: f64) -> f64 {
    let (Some(first), Some(last)) = (recent.first(), recent.last()) else { return LONGEST };
    let gap = (last - first) as f64 / (recent.len() as f64 - 1.0);
    if recent.len() < 2 || gap <= 0.0 {
        return LONGEST;
    }
    let per_week = (WEEK as f64 / gap).ceil();
    (WEEK as f64 / (per_week * factor)).clamp(SHORTEST, LONGEST)
}
