//! How many requests are under way at the same time, over all hosts. One that only waits stands aside: hosts that hang
//! never keep the others waiting.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use tokio::sync::{Semaphore, SemaphorePermit};

/// A request that takes longer than this stands aside ...
const PATIENCE: Duration = Duration::from_secs(3);
/// ... or than this, if as many already do as may be under way.
const LESS_PATIENCE: Duration = Duration::from_millis(500);
/// Standing aside at the same time. It bounds sockets and memory; beyond it, what hangs keeps its slot.
const MAX_ASIDE: usize = 512;

/// The slots.
#[derive(Debug)]
pub struct Slots {
    free: Semaphore,
    all: usize,
    aside: AtomicUsize,
}

/// A place among those under way, until it is dropped.
#[derive(Debug)]
pub struct Slot<'a>(Option<SemaphorePermit<'a>>);

/// Standing aside, until it is dropped.
#[derive(Debug)]
pub struct Aside<'a>(&'a AtomicUsize);

impl Slots {
    /// So many requests at the same time.
    pub fn new(all: usize) -> Self {
        Self { free: Semaphore::new(all), all, aside: AtomicUsize::new(0) }
    }

    /// Waits for a free slot.
    pub async fn take(&self) -> Slot<'_> {
        // Never closed, so an error cannot be.
        Slot(self.free.acquire().await.ok())
    }

    /// Does the work; if it takes long, without the slot from then on.
    pub async fn during<T>(&self, slot: &mut Slot<'_>, work: impl Future<Output = T>) -> T {
        tokio::pin!(work);
        let patience = if self.aside() < self.all { PATIENCE } else { LESS_PATIENCE };
        if let Ok(done) = tokio::time::timeout(patience, &mut work).await {
            return done;
        }
        let aside = self.step_aside();
        if aside.is_some() {
            slot.0 = None;
        }
        work.await
    }

    /// Waits without a slot; `None` if too many do.
    pub fn step_aside(&self) -> Option<Aside<'_>> {
        let step = |aside| (aside < MAX_ASIDE).then_some(aside + 1);
        self.aside.fetch_update(Ordering::Relaxed, Ordering::Relaxed, step).ok()?;
        Some(Aside(&self.aside))
    }

    /// How many stand aside.
    pub fn aside(&self) -> usize {
        self.aside.load(Ordering::Relaxed)
    }

    /// How many more hosts can be worked on, if so many are: those that stand aside do not count.
    pub fn room(&self, hosts: usize) -> usize {
        let busy = hosts.saturating_sub(self.aside());
        self.all.saturating_sub(busy).min(self.free.available_permits())
    }
}

impl Drop for Aside<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::{future::pending, sync::Arc};

    use tokio::time::Instant;
    use tokio_util::task::TaskTracker;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_hangs_stands_aside_and_what_is_quick_never_exceeds_the_slots() {
        let slots = Arc::new(Slots::new(4));
        let (tasks, begun) = (TaskTracker::new(), Instant::now());
        for _ in 0..300 {
            let slots = slots.clone();
            tasks.spawn(async move {
                let mut slot = slots.take().await;
                slots.during(&mut slot, pending::<()>()).await;
            });
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!((slots.aside(), slots.room(4)), (0, 0), "within their patience they count");
        // All of them hang, and still the last in the queue gets its turn soon.
        let slot = slots.take().await;
        assert!(begun.elapsed() < Duration::from_secs(45), "{:?}", begun.elapsed());
        drop(slot);
        assert_eq!(slots.aside(), 300);
        assert_eq!(slots.room(300), 4);
    }

    #[tokio::test(start_paused = true)]
    async fn beyond_the_bound_what_hangs_keeps_its_slot() {
        let slots = Slots::new(1);
        let aside: Vec<_> = (0..MAX_ASIDE).map(|_| slots.step_aside().expect("there is room")).collect();
        assert!(slots.step_aside().is_none());
        let mut slot = slots.take().await;
        let work = tokio::time::sleep(Duration::from_mins(1));
        tokio::select! {
            () = slots.during(&mut slot, work) => {}
            _ = slots.take() => panic!("the slot is taken"),
        }
        drop((slot, aside));
        assert_eq!(slots.aside(), 0);
    }
}
