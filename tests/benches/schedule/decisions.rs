//! What a decision costs in time, and a feed in memory.

use std::{hint::black_box, mem::size_of, time::Instant};

use feedwatch::poll::schedule::{KEPT_BYTES, Rhythm};

use super::arguments::Arguments;

/// So many feeds are kept in memory, as learned in the replay.
const FEEDS: usize = 100_000;
/// A price that makes all kinds of waits: feeds at the floor, at the ceiling and between.
const PRICE: f64 = 300.0;

/// Prints the last line.
pub fn print(learned: &[Rhythm], arguments: &Arguments) {
    let rhythms: Vec<Rhythm> = learned.iter().copied().cycle().take(FEEDS).collect();
    let (lo, hi) =
        (arguments.settings.min_interval.as_secs_f64(), arguments.settings.max_interval.as_secs_f64());
    let started = Instant::now();
    let mut waits = 0.0;
    for (n, rhythm) in rhythms.iter().enumerate() {
        // All over the day, and read from what the store keeps, as the daemon does.
        let now = arguments.to as f64 + n as f64;
        let rhythm = Rhythm::from_bytes(&black_box(rhythm).to_bytes()).expect("just written");
        waits += rhythm.forecast(now, 0.0).wait(now, PRICE, lo, hi);
    }
    let nanos = started.elapsed().as_nanos() / FEEDS as u128;
    println!(
        "decision_ns={nanos} feeds={} bytes_per_feed={} kept_bytes_per_feed={KEPT_BYTES} mean_wait_min={:.1}",
        rhythms.len(),
        size_of::<Rhythm>(),
        waits / FEEDS as f64 / 60.0
    );
}
