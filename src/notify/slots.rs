//! Places for sends under way, shared by all notifiers so that those in trouble cannot take them all.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The places: so many for all, a quarter of them open to notifiers whose last send failed (specs/delivery.md §6).
#[derive(Clone)]
pub struct Slots {
    all: Arc<Semaphore>,
    failing: Arc<Semaphore>,
}

/// One place; free again when dropped.
pub struct Slot {
    _one_of_all: OwnedSemaphorePermit,
    _one_of_failing: Option<OwnedSemaphorePermit>,
}

impl Slots {
    /// So many places, at least one.
    pub fn new(max_in_flight: usize) -> Self {
        let of = |places: usize| Arc::new(Semaphore::new(places.clamp(1, Semaphore::MAX_PERMITS)));
        Self { all: of(max_in_flight), failing: of(max_in_flight / 4) }
    }

    /// Waits for a place and takes up to `wanted` that are free then. First come, first served. Dropped, it has
    /// taken nothing.
    pub async fn take(&self, wanted: usize, is_failing: bool) -> Vec<Slot> {
        let mut taken = vec![self.take_one(is_failing).await];
        while taken.len() < wanted {
            let Some(slot) = self.try_take_one(is_failing) else { break };
            taken.push(slot);
        }
        taken
    }

    async fn take_one(&self, is_failing: bool) -> Slot {
        let open = "these semaphores are never closed";
        let failing = if is_failing {
            Some(Arc::clone(&self.failing).acquire_owned().await.expect(open))
        } else {
            None
        };
        Slot {
            _one_of_failing: failing,
            _one_of_all: Arc::clone(&self.all).acquire_owned().await.expect(open),
        }
    }

    fn try_take_one(&self, is_failing: bool) -> Option<Slot> {
        let failing =
            if is_failing { Some(Arc::clone(&self.failing).try_acquire_owned().ok()?) } else { None };
        Some(Slot { _one_of_failing: failing, _one_of_all: Arc::clone(&self.all).try_acquire_owned().ok()? })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn failing_notifiers_get_a_quarter_and_the_others_the_rest() {
        let slots = Slots::new(8);
        let failing = slots.take(100, true).await;
        assert_eq!(failing.len(), 2);
        assert!(timeout(Duration::from_secs(9), slots.take(1, true)).await.is_err());
        let healthy = slots.take(100, false).await;
        assert_eq!(healthy.len(), 6);
        assert!(timeout(Duration::from_secs(9), slots.take(1, false)).await.is_err());
        drop(failing);
        assert_eq!(slots.take(1, true).await.len(), 1);
    }

    #[tokio::test]
    async fn there_is_always_a_place() {
        assert_eq!(Slots::new(0).take(5, true).await.len(), 1);
    }
}
