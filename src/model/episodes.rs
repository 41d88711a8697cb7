//! What is remembered of a feed for operational events (specs/delivery.md §12): what is the matter since when, and how long
//! it is usually quiet. Written by `poll`, part of [`PollMemory`](super::PollMemory).

use serde::{Deserialize, Serialize};

use super::Timestamp;

/// What is the matter with a feed, since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Episodes {
    /// It fails, often enough for somebody to hear of it, since its first failed poll.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failing: Option<Timestamp>,
    /// Something is wrong with its documents, though they come.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub troubled: Option<Timestamp>,
    /// For so many good polls.
    pub troubled_polls: u32,
    /// It is quieter than it ever was, since its last new article.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub silent: Option<Timestamp>,
}

/// How long a feed is usually quiet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Quiet {
    /// When its last new article came: by its stamp, else when it was seen. Before the first one: since it is watched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// The longest time between two articles, in seconds; what is long ago counts less.
    pub longest: u64,
    /// Times between articles that are known, as far as they matter.
    pub gaps: u8,
}

impl Episodes {
    /// Whether nothing is the matter.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Quiet {
    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
