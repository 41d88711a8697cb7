//! What passes through the store around a delivery: claims, and what became of an attempt.

use std::time::Duration;

use crate::model::{AlertId, NotifierHealth, NotifierName, OwnerId, Timestamp};

/// A delivery to attempt now.
#[derive(Debug, Clone)]
pub struct ClaimedDelivery {
    /// The alert, or the operational event.
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
    /// The stored bytes to send: the plain form, if there is one and the receiver refused the other.
    pub body: Vec<u8>,
    /// Whether `body` is the plain form, which is sent once.
    pub is_plain: bool,
    /// How often the receiver refused what it was sent.
    pub refusals: u32,
    /// Whether it is a probe: its notifier was not active.
    pub is_probe: bool,
    /// Grows when the notifier's configuration changes.
    pub notifier_epoch: i64,
}

/// Deliveries to attempt now.
#[derive(Debug, Clone, Default)]
pub struct ClaimedDeliveries {
    /// Oldest first.
    pub deliveries: Vec<ClaimedDelivery>,
    /// How long until the next one of this notifier may be claimed; `None` if none waits, or none may be.
    pub next_due: Option<Duration>,
    /// How the notifier was doing.
    pub health: NotifierHealth,
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
    /// The receiver refused the body; try again after this long, in the plain form if there is one.
    Refused {
        /// How long to wait.
        after: Duration,
        /// For people.
        reason: String,
    },
    /// It was not the turn of this delivery: due again after this long, and the attempt does not count.
    Postponed {
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

/// What one notifier is owed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryRecord {
    /// The notifier.
    pub notifier: NotifierName,
    /// The bytes to send.
    pub body: Vec<u8>,
    /// A plainer form, for the one retry after the receiver refused these bytes.
    pub plain: Option<Vec<u8>>,
}

impl DeliveryRecord {
    /// A delivery without a plain form.
    pub fn new(notifier: NotifierName, body: Vec<u8>) -> Self {
        Self { notifier, body, plain: None }
    }
}
