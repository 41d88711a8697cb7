//! How the last document of a feed was read; for people (specs/reading.md §8).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// How the last document of a feed was read.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Reading {
    /// The encoding. A change between two polls explains a lot.
    pub encoding: String,
    /// What was mended, by kind, and how often.
    pub repairs: BTreeMap<String, u32>,
    /// The limits that bit, by their keys, and how often.
    pub limits: BTreeMap<String, u32>,
    /// The `max_entries` behind which entries were left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cut_after: Option<usize>,
    /// Entries of which nothing could be read.
    pub unreadable: u32,
    /// Entries whose date could not be read.
    pub undated: u32,
    /// Documents in a row with unreadable entries.
    pub unreadable_polls: u32,
}

impl Reading {
    /// Whether nothing was read yet.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
