//! How a notifier is doing, as the store keeps it and all instances share it (specs/delivery.md §6).

use serde::{Deserialize, Serialize};

use super::{Timestamp, words::words};

words! {
    /// The states of a notifier.
    NotifierState {
        /// It sends.
        Active = "active",
        /// Transient failures in a row: one probe at a time.
        Open = "open",
        /// The receiver asked for patience.
        Paused = "paused",
        /// The receiver takes nothing until somebody changes something; probed now and then.
        Held = "held",
        /// The receiver says that it is gone for good.
        Gone = "gone",
        /// Switched off by the operator.
        Disabled = "disabled",
    }
}

/// The health of a notifier: one row, changed by the transaction that records an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotifierHealth {
    /// The state.
    pub state: NotifierState,
    /// Since when it is in this state; `None`: it never left the first one.
    pub since: Option<Timestamp>,
    /// Nothing is sent before: the end of a pause, or the next probe.
    pub until: Option<Timestamp>,
    /// Why it is not active, one sentence for people.
    pub reason: Option<String>,
    /// Transient failures in a row, of any delivery.
    pub failures: u32,
    /// Failed probes since it left `active`.
    pub probes: u32,
    /// One probe is allowed now, whatever the state.
    pub is_granted: bool,
    /// Whether somebody was told of this state.
    pub is_told: bool,
    /// Whether others were told of this state, beside the log: by `notifier.failing`.
    pub is_reported: bool,
    /// When somebody was last told of a delivery that was given up.
    pub told_dead: Option<Timestamp>,
}

impl NotifierHealth {
    /// In this state since then, with nothing else known.
    pub fn new(state: NotifierState, since: Option<Timestamp>) -> Self {
        Self {
            state,
            since,
            until: None,
            reason: None,
            failures: 0,
            probes: 0,
            is_granted: false,
            is_told: false,
            is_reported: false,
            told_dead: None,
        }
    }
}

impl Default for NotifierHealth {
    fn default() -> Self {
        Self::new(NotifierState::Active, None)
    }
}
