//! Whether the loops that do the work are alive: each beats, and whoever asks sees which have not for too long.
//!
//! One judgement for the watchdog of systemd, `/health/live` and `/health/ready`. Nothing beats by a timer of its own.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::time::timeout;

/// Half of `WatchdogSec=30`, which the unit has.
const DEFAULT_LIMIT: Duration = Duration::from_secs(15);

/// The beats of named loops. Clones share them.
#[derive(Debug, Clone)]
pub struct Pulse {
    limit: Duration,
    beats: Arc<Mutex<BTreeMap<&'static str, Instant>>>,
}

impl Default for Pulse {
    fn default() -> Self {
        Self::new(DEFAULT_LIMIT)
    }
}

impl Pulse {
    /// No loop beats yet. One that has not for longer than `limit` counts as stalled.
    pub fn new(limit: Duration) -> Self {
        Self { limit, beats: Arc::default() }
    }

    /// The loop is at work, or waits on purpose. From its first beat on it is watched.
    pub fn beat(&self, name: &'static str) {
        self.beats().insert(name, Instant::now());
    }

    /// Beats as often as it must until `awaited` is there: the loop waits on purpose, for work or for the store. It is
    /// the loop's own task that beats, so one that hangs inside does not.
    pub async fn wait<T>(&self, name: &'static str, awaited: impl Future<Output = T>) -> T {
        tokio::pin!(awaited);
        loop {
            self.beat(name);
            if let Ok(done) = timeout(self.pace(), &mut awaited).await {
                return done;
            }
        }
    }

    /// How often a loop that waits should beat.
    pub fn pace(&self) -> Duration {
        self.limit / 4
    }

    /// The loop has nothing to do, or ended as it should: it is watched no more until it beats again.
    pub fn end(&self, name: &'static str) {
        self.beats().remove(name);
    }

    /// The loops whose last beat is longer ago than the limit, by name.
    pub fn stalled(&self, now: Instant) -> Vec<&'static str> {
        let is_late = |beat: &Instant| now.saturating_duration_since(*beat) > self.limit;
        self.beats().iter().filter(|(_, beat)| is_late(beat)).map(|(name, _)| *name).collect()
    }

    fn beats(&self) -> MutexGuard<'_, BTreeMap<&'static str, Instant>> {
        self.beats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_waits_on_purpose_beats_and_who_blocks_does_not() {
        let pulse = Pulse::new(Duration::from_millis(200));
        let waiting = pulse.wait("polling", tokio::time::sleep(Duration::from_millis(500)));
        let looked = async {
            tokio::time::sleep(Duration::from_millis(400)).await;
            pulse.stalled(Instant::now())
        };
        assert!(tokio::join!(waiting, looked).1.is_empty());
        // A loop that holds up its thread.
        pulse.wait("polling", async { std::thread::sleep(Duration::from_millis(300)) }).await;
        assert_eq!(pulse.stalled(Instant::now()), ["polling"]);
    }

    #[test]
    fn a_loop_that_does_not_beat_is_named_until_it_beats_again_or_ends() {
        let pulse = Pulse::new(Duration::from_secs(15));
        let later = Instant::now() + Duration::from_mins(1);
        assert!(pulse.stalled(later).is_empty(), "nobody is watched before the first beat");
        pulse.beat("polling");
        pulse.clone().beat("delivery");
        assert!(pulse.stalled(Instant::now()).is_empty());
        assert_eq!(pulse.stalled(later), ["delivery", "polling"]);
        pulse.end("delivery");
        assert_eq!(pulse.stalled(later), ["polling"]);
    }
}
