//! What became of an attempt is written down, however long the store takes (specs/delivery.md §10).

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, MutexGuard},
    time::Duration,
};

use tokio::time::sleep;
use tracing::{debug, warn};

use crate::{
    model::{AlertId, Attempt},
    store::{AttemptResult, ClaimedDelivery, Store, StoreError},
};

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// More refused payloads than that are not remembered; a forgotten one is only tried more often.
const MAX_REFUSALS: usize = 10_000;

/// What one notifier remembers in this life, beside the store.
#[derive(Default)]
pub struct Memory {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    /// Delivered, but the store does not know it yet. While the store takes no writes nothing is claimed, so these
    /// are never more than the sends under way when it failed.
    unrecorded: HashSet<AlertId>,
    /// How often a payload was refused.
    refusals: HashMap<AlertId, u32>,
}

impl Memory {
    /// Whether the receiver has this alert already, although the store may not know.
    pub fn is_delivered(&self, alert: &AlertId) -> bool {
        self.lock().unrecorded.contains(alert)
    }

    /// Counts one more refusal of this payload; how often it was refused now.
    pub fn refused(&self, alert: &AlertId) -> u32 {
        let mut inner = self.lock();
        if inner.refusals.len() >= MAX_REFUSALS {
            inner.refusals.clear();
        }
        let count = inner.refusals.entry(alert.clone()).or_default();
        *count += 1;
        *count
    }

    /// Writes the result, again and again until the store takes it. A delivered alert is remembered meanwhile, so
    /// that it is not sent again in this life.
    pub async fn record(
        &self,
        store: &impl Store,
        claim: &ClaimedDelivery,
        attempt: Attempt,
        result: AttemptResult,
    ) {
        let alert = &claim.alert;
        if !matches!(result, AttemptResult::Retry { .. }) {
            self.lock().refusals.remove(alert);
        }
        if result == AttemptResult::Delivered {
            self.lock().unrecorded.insert(alert.clone());
        }
        let mut pause = FIRST_PAUSE;
        loop {
            match store.finish_delivery(claim, attempt.clone(), result.clone()).await {
                Ok(()) => break,
                // Somebody else has the delivery now; if that is us, the memory keeps us from sending it again.
                Err(StoreError::LeaseLost(_) | StoreError::NotHandedOut(_)) => {
                    warn!(notifier = %claim.notifier, alert.id = %alert, "result came too late, the lease was over");
                    return;
                }
                Err(error @ (StoreError::Unavailable(_) | StoreError::Unusable(_))) => {
                    debug!(notifier = %claim.notifier, alert.id = %alert, %error, "result not recorded yet");
                }
            }
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        self.lock().unrecorded.remove(alert);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().expect("nothing panics while holding it")
    }
}
