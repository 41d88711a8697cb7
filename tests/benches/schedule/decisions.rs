//! What a decision costs in time, and a feed in memory.

use std::{hint::black_box, mem::size_of, time::Duration};

use feedwatch::poll::schedule::{KEPT_BYTES, Rhythm};
use rustix::time::{ClockId, clock_gettime};

use super::arguments::Arguments;

/// So many feeds are kept in memory, as learned in the replay.
const FEEDS: usize = 100_000;
/// A price that makes all kinds of waits: feeds at the floor, at the ceiling and between.
const PRICE: f64 = 300.0;
/// The quickest pass counts: others may use the machine.
const PASSES: usize = 5;

/// Prints the last line.
pub fn print(learned: &[Rhythm], arguments: &Arguments) {
    let kept: Vec<_> = learned.iter().cycle().take(FEEDS).map(Rhythm::to_bytes).collect();
    let passes = (0..PASSES).map(|_| {
        let started = cpu_time();
        let waits = decide(&kept, arguments);
        (cpu_time().saturating_sub(started), waits)
    });
    let Some((time, waits)) = passes.min() else { return };
    println!(
        "decision_ns={} feeds={} bytes_per_feed={} kept_bytes_per_feed={KEPT_BYTES} mean_wait_min={:.1}",
        time.as_nanos() / FEEDS as u128,
        kept.len(),
        size_of::<Rhythm>(),
        waits.as_secs_f64() / FEEDS as f64 / 60.0
    );
}

/// Decides for every feed, all over the day, from what the store keeps; the sum of the waits.
fn decide(kept: &[[u8; KEPT_BYTES]], arguments: &Arguments) -> Duration {
    let (lo, hi) =
        (arguments.settings.min_interval.as_secs_f64(), arguments.settings.max_interval.as_secs_f64());
    let decide = |(n, kept): (usize, &[u8; KEPT_BYTES])| {
        let now = arguments.to as f64 + n as f64;
        let rhythm = Rhythm::from_bytes(black_box(kept)).expect("just written");
        rhythm.forecast(now, 0.0).wait(now, PRICE, lo, hi)
    };
    Duration::from_secs_f64(kept.iter().enumerate().map(decide).sum())
}

fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or_default())
}
