//! How many messages a receiver may be sent now: a token bucket (specs/delivery.md §9). Pure.

use tokio::time::Instant;

use crate::model::Rate;

/// The pace of one notifier.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    rate: Option<Rate>,
    /// When the bucket is full again.
    full_at: Instant,
}

impl Pace {
    /// With a full bucket; without a rate everything may go at once.
    pub fn new(rate: Option<Rate>, now: Instant) -> Self {
        Self { rate, full_at: now }
    }

    /// Another rate; what is owed for messages that are out already stays owed.
    pub fn change(&mut self, rate: Option<Rate>) {
        self.rate = rate;
    }

    /// How many messages may go now.
    pub fn room(&self, now: Instant) -> usize {
        let Some(Rate { burst, every }) = self.rate else { return usize::MAX };
        let owed = self.full_at.saturating_duration_since(now);
        let owed = if every.is_zero() { 0 } else { owed.as_nanos().div_ceil(every.as_nanos()) };
        usize::try_from(u128::from(burst).saturating_sub(owed)).unwrap_or(usize::MAX)
    }

    /// When at least one may go.
    pub fn ready_at(&self, now: Instant) -> Instant {
        let Some(Rate { burst, every }) = self.rate else { return now };
        let spare = every.saturating_mul(burst.saturating_sub(1));
        self.full_at.checked_sub(spare).map_or(now, |ready| ready.max(now))
    }

    /// So many go now.
    pub fn spend(&mut self, messages: usize, now: Instant) {
        let Some(Rate { every, .. }) = self.rate else { return };
        let messages = u32::try_from(messages).unwrap_or(u32::MAX);
        self.full_at = self.full_at.max(now) + every.saturating_mul(messages);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test]
    async fn after_a_burst_one_message_goes_each_time() {
        let now = Instant::now();
        let mut pace = Pace::new(Some(Rate { burst: 3, every: 5 * SECOND }), now);
        assert_eq!((pace.room(now), pace.ready_at(now)), (3, now));
        pace.spend(2, now);
        assert_eq!((pace.room(now), pace.ready_at(now)), (1, now));
        pace.spend(1, now);
        assert_eq!((pace.room(now), pace.ready_at(now)), (0, now + 5 * SECOND));
        assert_eq!((pace.room(now + 4 * SECOND), pace.room(now + 5 * SECOND)), (0, 1));
        assert_eq!((pace.room(now + 15 * SECOND), pace.room(now + 900 * SECOND)), (3, 3));
        pace.change(None);
        assert_eq!((pace.room(now), pace.ready_at(now)), (usize::MAX, now));
    }

    #[tokio::test]
    async fn in_the_long_run_the_rate_is_kept() {
        let mut now = Instant::now();
        let begun = now;
        let mut pace = Pace::new(Some(Rate::new(20, 60 * SECOND)), now);
        for _ in 0..100 {
            now = pace.ready_at(now);
            assert!(pace.room(now) > 0);
            pace.spend(1, now);
        }
        assert_eq!(now - begun, 80 * 3 * SECOND, "20 at once, then 20 a minute");
    }
}
