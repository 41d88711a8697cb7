//! Waiting for a condition, never for a time.

use std::{panic::Location, time::Duration};

use tokio::time::{Instant, sleep};

/// How long anything may take that should take a moment; generous, for a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(30);
/// How often a condition is looked at.
const EVERY: Duration = Duration::from_millis(20);

/// Asks `probe` until it gives something, and gives that. Fails the test after [`PATIENCE`]: `what` did not happen.
#[track_caller]
pub fn until<T>(what: &str, mut probe: impl AsyncFnMut() -> Option<T>) -> impl Future<Output = T> {
    let place = Location::caller();
    async move {
        let begun = Instant::now();
        loop {
            if let Some(found) = probe().await {
                return found;
            }
            assert!(begun.elapsed() < PATIENCE, "{place}: waited {PATIENCE:?} in vain until {what}");
            sleep(EVERY).await;
        }
    }
}

/// Waits until a condition holds.
#[track_caller]
pub fn holds(what: &str, mut condition: impl FnMut() -> bool) -> impl Future<Output = ()> {
    until(what, async move || condition().then_some(()))
}
