//! What became of an attempt is written down, however long the store takes (specs/delivery.md §10).

use std::{
    collections::HashSet,
    sync::{Mutex, MutexGuard},
    time::Duration,
};

use tokio::time::sleep;
use tracing::{debug, warn};

use super::judge::Judge;
use crate::{
    model::{AlertId, Attempt},
    store::{ClaimedDelivery, Finished, Store, StoreError},
};

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// What one notifier remembers in this life, beside the store: alerts that are delivered although the store does not
/// know it yet. While the store takes no writes nothing is claimed, so these are never more than the sends under way
/// when it failed.
#[derive(Default)]
pub struct Memory {
    unrecorded: Mutex<HashSet<AlertId>>,
}

impl Memory {
    /// Whether the receiver has this alert already, although the store may not know.
    pub fn is_delivered(&self, alert: &AlertId) -> bool {
        self.lock().contains(alert)
    }

    /// Writes what the judge decides, again and again until the store takes it; `None` if the lease was over. A
    /// delivered alert is remembered meanwhile, so that it is not sent again in this life.
    pub async fn record(
        &self,
        store: &impl Store,
        claim: &ClaimedDelivery,
        attempt: Attempt,
        judge: Judge,
    ) -> Option<Finished> {
        let alert = &claim.alert;
        if judge.is_delivered() {
            self.lock().insert(alert.clone());
        }
        let mut pause = FIRST_PAUSE;
        let finished = loop {
            let judge = judge.clone();
            match store.finish_delivery(claim, attempt.clone(), move |standing| judge.decide(standing)).await
            {
                Ok(finished) => break finished,
                // Somebody else has the delivery now; if that is us, the memory keeps us from sending it again.
                Err(StoreError::LeaseLost(_) | StoreError::NotHandedOut(_)) => {
                    warn!(notifier = %claim.notifier, alert.id = %alert, "result came too late, the lease was over");
                    return None;
                }
                Err(error @ (StoreError::Unavailable(_) | StoreError::Unusable(_))) => {
                    debug!(notifier = %claim.notifier, alert.id = %alert, %error, "result not recorded yet");
                }
            }
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        };
        self.lock().remove(alert);
        Some(finished)
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<AlertId>> {
        self.unrecorded.lock().expect("nothing panics while holding it")
    }
}
