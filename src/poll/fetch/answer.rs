//! What a request brought, in words that say what to do next.

use std::time::Duration;

use super::super::{hints::Said, moves::Route};
use crate::{
    model::{HostKey, Outcome, Timestamp, Validators},
    pipeline::Body,
};

/// What a poll brought: the facts about it, and what it means.
#[derive(Debug)]
pub struct Answer {
    /// The facts.
    pub head: Head,
    /// What they mean.
    pub fetched: Fetched,
}

/// The facts about an answer, or about its absence.
#[derive(Debug, Clone)]
pub struct Head {
    /// When the first request went out.
    pub asked: Timestamp,
    /// When the last answer began, or it was clear that none comes.
    pub received: Timestamp,
    /// The way that was taken; `None` for a file.
    pub route: Option<Route>,
    /// The HTTP status of the last hop, if there was an answer.
    pub status: Option<u16>,
    /// Whether the last request had validators.
    pub conditional: bool,
    /// Whether there were validators, and they were left out on purpose (specs/polling.md V7, V8).
    pub left_out: bool,
    /// How long the answer asks to wait (`Retry-After`, or what stands in for it), where that means patience. Not cut.
    pub patience: Option<Duration>,
    /// What it says about freshness.
    pub said: Said,
    /// Bytes of the body, as sent.
    pub bytes: u64,
    /// How long the requests took together; `None` if none went out.
    pub took: Option<Duration>,
}

impl Head {
    /// Nothing was asked yet.
    pub fn new(now: Timestamp) -> Self {
        Self {
            asked: now,
            received: now,
            route: None,
            status: None,
            conditional: false,
            left_out: false,
            patience: None,
            said: Said::default(),
            bytes: 0,
            took: None,
        }
    }
}

/// What an answer means (specs/polling.md §3). Failures carry one sentence for people.
#[derive(Debug)]
pub enum Fetched {
    /// A complete body.
    Modified(Box<Body>),
    /// Nothing changed since the validators that were sent; these came with the 304.
    NotModified(Validators),
    /// The server asks for patience.
    Limited(String),
    /// The server says that the feed is gone.
    Gone(String),
    /// The server or the address guard refuses.
    Blocked(String),
    /// A gate on the way is closed: ask again then.
    Held(Closed),
    /// Everything else, by its class.
    Failed(Outcome, String),
}

/// A gate that does not open in time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    /// The host.
    pub host: HostKey,
    /// When it may be tried again.
    pub until: Timestamp,
}
