//! The store's time between two of its answers.

use chrono::TimeDelta;
use tokio::time::Instant;

use crate::model::Timestamp;

/// The time that the store told, carried on by the monotonic clock: a wall clock that jumps meanwhile shortens no wait.
#[derive(Debug, Clone, Copy)]
pub struct StoreTime {
    told: Timestamp,
    since: Instant,
}

impl StoreTime {
    /// The store tells the time just now.
    pub fn told(now: Timestamp) -> Self {
        Self { told: now, since: Instant::now() }
    }

    /// What it would tell now.
    pub fn now(&self) -> Timestamp {
        self.told + TimeDelta::from_std(self.since.elapsed()).unwrap_or_default()
    }
}
