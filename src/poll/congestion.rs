//! Too many deliveries wait: polling pauses, and feeds keep their articles until there is room (specs/delivery.md §9).

use std::sync::{Mutex, PoisonError};

use tokio::time::{Duration, Instant};
use tracing::{error, info};

use crate::store::{Store, StoreError};

/// How often it is counted; seldom while there is much room.
const EVERY: Duration = Duration::from_secs(1);
const SELDOM: Duration = Duration::from_secs(5);

/// What was counted last.
#[derive(Debug, Default)]
pub(super) struct Congestion {
    state: Mutex<State>,
}

#[derive(Debug, Clone, Copy, Default)]
struct State {
    /// When it is to be counted next; `None`: it was never.
    due: Option<Instant>,
    is_full: bool,
}

impl Congestion {
    /// Whether polling is to pause, as far as is known.
    pub fn is_full(&self) -> bool {
        self.state().is_full
    }

    /// Counts, unless it was counted a moment ago, and tells of changes. Once it was full, a tenth must be free again.
    ///
    /// # Errors
    /// If the store cannot be asked.
    pub async fn look(&self, store: &impl Store, max_pending: usize) -> Result<bool, StoreError> {
        let now = Instant::now();
        let before = *self.state();
        if before.due.is_some_and(|due| now < due) {
            return Ok(before.is_full);
        }
        let limit = if before.is_full { max_pending - max_pending / 10 } else { max_pending };
        let pending = store.pending_deliveries(limit).await?;
        let is_full = pending >= limit;
        let pause = if pending < limit / 2 { SELDOM } else { EVERY };
        *self.state() = State { due: Some(now + pause), is_full };
        if is_full && !before.is_full {
            error!(
                notify.max_pending = max_pending,
                "too many deliveries wait, polling pauses: mend their receivers, or raise max_pending"
            );
        }
        if before.is_full && !is_full {
            info!("enough deliveries are out, polling goes on");
        }
        Ok(is_full)
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
