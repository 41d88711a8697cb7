//! What passes through the store around a delivery: claims, and what became of an attempt.

use std::time::Duration;

use crate::model::{AlertId, NotifierName, OwnerId, Timestamp};

/// A delivery to attempt now.
#[derive(Debug, Clone)]
pub struct ClaimedDelivery {
    /// The alert.
    pub alert: AlertId,
    /// The notifier.
    pub notifier: NotifierName,
    /// Who holds it.
    pub owner: OwnerId,
    /// Grows with each claim.
    pub epoch: i64,
    /// The number of this attempt, from 1.
    pub attempt: u32,
    /// From when its age counts: creation, or the last `redeliver`.
    pub age_from: Timestamp,
    /// The store's time at the claim.
    pub now: Timestamp,
    /// The stored bytes to send.
    pub body: Vec<u8>,
}

/// Deliveries to attempt now.
#[derive(Debug, Clone, Default)]
pub struct ClaimedDeliveries {
    /// Oldest first.
    pub deliveries: Vec<ClaimedDelivery>,
    /// How long until the next one of this notifier is due; `None` if none waits.
    pub next_due: Option<Duration>,
}

/// What became of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttemptResult {
    /// The receiver has it.
    Delivered,
    /// Try again after this long; the sentence says why.
    Retry {
        /// How long to wait.
        after: Duration,
        /// For people.
        reason: String,
    },
    /// Given up.
    Dead {
        /// For people.
        reason: String,
    },
}

/// Which deliveries to put back in the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedeliverQuery {
    /// Those of this alert; `None`: every dead or held-back one.
    pub alert: Option<AlertId>,
    /// Only those of this notifier.
    pub notifier: Option<NotifierName>,
}
