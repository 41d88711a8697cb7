//! The one place that reads the time. Everything else is given a [`Timestamp`], so tests can set it.
//!
//! Waiting is not done here: waits use tokio's monotonic timers, stored times are wall-clock times.

use crate::model::Timestamp;

/// Where the time comes from.
pub trait Clock: Clone + Send + Sync + 'static {
    /// The current wall-clock time, in UTC.
    fn now(&self) -> Timestamp;
}

/// The clock of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the system clock")]
    fn now(&self) -> Timestamp {
        chrono::Utc::now()
    }
}
