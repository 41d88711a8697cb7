//! When to ask, how to ask, and what to do with the answer (specs/polling.md).

mod addresses;
mod backoff;
mod budget;
mod catch_up;
mod conclude;
mod congestion;
mod due;
mod episodes;
mod fetch;
mod gaps;
mod gates;
mod hints;
mod host_task;
pub mod hosts;
mod leases;
mod moves;
mod overdue;
mod passage;
mod poll_feed;
mod poller;
mod quiet;
mod reading;
mod report;
pub mod schedule;
mod skip;
mod slots;
mod spread;
mod store_time;
mod validators;

use std::time::Duration;

pub use conclude::{Ending, conclude};
pub use due::{Wait, chance};
pub use fetch::{Answer, Closed, Fetched, Fetcher, Head};
pub use gates::NoGates;
pub use hints::Said;
pub use moves::Route;
pub use poller::{Live, PollDone, Poller};
pub use slots::Slots;
pub use validators::work as validators_work;

use crate::model::{Feed, HostKey};

/// When feeds are polled (`[poll]`, `[[feed]]`, `[[host]]`).
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The feeds.
    pub feeds: Vec<Feed>,
    /// Manners towards single hosts, where the default does not fit.
    pub hosts: Vec<HostManners>,
    /// Polls per feed and day, on average.
    pub budget: f64,
    /// The shortest wait; below 15 minutes only loopback and private hosts are asked so often.
    pub min_interval: Duration,
    /// The longest wait that feedwatch chooses by itself.
    pub max_interval: Duration,
    /// At the first sight of a feed, older articles are recorded, not alerted.
    pub first_alerts: Duration,
    /// Failed polls in a row after which a feed counts as failing.
    pub failing_after: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            feeds: Vec::new(),
            hosts: Vec::new(),
            budget: 24.0,
            min_interval: Duration::from_mins(15),
            max_interval: Duration::from_hours(3),
            first_alerts: Duration::from_hours(24),
            failing_after: 3,
        }
    }
}

/// Manners towards one host (`[[host]]`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostManners {
    /// The registrable domain, or host and port of a loopback or private one.
    pub name: HostKey,
    /// From the end of one request to the start of the next; `None`: the default of its kind of host.
    pub gap: Option<Duration>,
    /// Requests under way at the same time; `None`: the default of its kind of host.
    pub in_flight: Option<usize>,
}
