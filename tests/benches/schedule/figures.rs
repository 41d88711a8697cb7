//! What a policy achieved: each feed's Polls are made one by one, and what they see is counted here.

use std::fmt;

use super::{
    arguments::Arguments,
    trace::{Feed, Trace},
};

/// A Poll, in milliseconds since 1970.
#[derive(Debug, Clone, Copy)]
pub struct Poll {
    pub feed: u64,
    pub at: i64,
}

/// A feed while it is watched.
#[derive(Debug)]
pub struct Watched<'a> {
    pub feed: &'a Feed,
    /// When it was added, seconds since 1970.
    pub start: i64,
    pub polls: u64,
    pub missed: u64,
    /// Seconds from the stamp to the Poll, of each article that was seen.
    pub delays: Vec<f64>,
    /// Articles that appeared before the last Poll.
    known: usize,
}

impl<'a> Watched<'a> {
    /// Every feed that is added before the end.
    pub fn all(trace: &'a Trace, arguments: &Arguments) -> Vec<Self> {
        let watch = |feed: &'a Feed| {
            let start = feed.start(arguments)?;
            Some(Self { feed, start, polls: 0, missed: 0, delays: Vec::new(), known: 0 })
        };
        trace.feeds.iter().filter_map(watch).collect()
    }

    /// Polls at a time in milliseconds; gives the stamps of the articles that are seen for the first time. The feed
    /// shows no more than its window: what scrolled out of it since the last Poll is missed.
    pub fn poll(&mut self, at: i64) -> &'a [i64] {
        self.polls += 1;
        let appeared = self.feed.appeared(at);
        let shown = appeared.saturating_sub(self.feed.window).max(self.known);
        let counts = |stamp: &&i64| **stamp >= self.start;
        self.missed += self.feed.stamps[self.known..shown].iter().filter(counts).count() as u64;
        let seen = &self.feed.stamps[shown..appeared];
        self.known = appeared;
        self.delays.extend(seen.iter().filter(counts).map(|stamp| (at - stamp * 1000) as f64 / 1000.0));
        seen
    }
}

/// The figures of a policy.
#[derive(Debug)]
pub struct Figures {
    pub polls_per_feed_day: f64,
    mean_min: f64,
    p50_min: f64,
    p95_min: f64,
    per_feed_mean_min: f64,
    missed_pct: f64,
}

impl Figures {
    /// Counts.
    pub fn of(watched: &[Watched<'_>], arguments: &Arguments) -> Self {
        let days: f64 = watched.iter().map(|feed| (arguments.to - feed.start) as f64 / 86_400.0).sum();
        let polls: u64 = watched.iter().map(|feed| feed.polls).sum();
        let missed: u64 = watched.iter().map(|feed| feed.missed).sum();
        let mut delays: Vec<f64> = watched.iter().flat_map(|feed| &feed.delays).copied().collect();
        delays.sort_unstable_by(f64::total_cmp);
        let means: Vec<f64> =
            watched.iter().filter(|feed| !feed.delays.is_empty()).map(|feed| mean(&feed.delays)).collect();
        let all = missed as f64 + delays.len() as f64;
        Self {
            polls_per_feed_day: polls as f64 / days,
            mean_min: mean(&delays) / 60.0,
            p50_min: quantile(&delays, 0.50) / 60.0,
            p95_min: quantile(&delays, 0.95) / 60.0,
            per_feed_mean_min: mean(&means) / 60.0,
            missed_pct: if all > 0.0 { 100.0 * missed as f64 / all } else { 0.0 },
        }
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "polls_per_feed_day={:.2} mean_min={:.3} p50_min={:.3} p95_min={:.3} per_feed_mean_min={:.2} missed_pct={:.4}",
            self.polls_per_feed_day,
            self.mean_min,
            self.p50_min,
            self.p95_min,
            self.per_feed_mean_min,
            self.missed_pct
        )
    }
}

fn mean(numbers: &[f64]) -> f64 {
    numbers.iter().sum::<f64>() / numbers.len() as f64
}

fn quantile(sorted: &[f64], part: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    sorted.get((last as f64 * part) as usize).copied().unwrap_or(f64::NAN)
}
