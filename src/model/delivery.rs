//! What is owed to a notifier, and how often it was tried.

use serde::{Deserialize, Serialize};

use super::Timestamp;

/// Where a delivery stands (specs/delivery.md §3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// Waits for its next attempt.
    Pending,
    /// Claimed: an attempt is under way.
    Sending,
    /// The receiver has it.
    Delivered,
    /// Given up, visibly; `redeliver` puts it back.
    Dead,
    /// Not sent because of a flood; `redeliver` sends it.
    HeldBack,
}

impl DeliveryState {
    /// The word used in the database and in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Sending => "sending",
            Self::Delivered => "delivered",
            Self::Dead => "dead",
            Self::HeldBack => "held_back",
        }
    }

    /// Reads the word back.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Pending, Self::Sending, Self::Delivered, Self::Dead, Self::HeldBack]
            .into_iter()
            .find(|state| state.as_str() == word)
    }
}

/// One attempt to deliver, kept as evidence. The last 20 of a delivery are stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// When it began, by the store's time.
    pub at: Timestamp,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// The HTTP status, if the receiver answered with one.
    pub status: Option<u16>,
    /// One sentence for people: what happened. Cleaned, at most 512 bytes, without secrets.
    pub answer: String,
}
