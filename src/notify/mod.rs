//! From a delivery to somebody who knows (specs/delivery.md).

use std::time::Duration;

use crate::model::Notifier;

/// How deliveries are sent (`[notify]`, `[[notifier]]`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The notifiers; one that logs, if none is configured.
    pub notifiers: Vec<Notifier>,
    /// A delivery that fails this long is dead.
    pub max_age: Duration,
    /// Waits between attempts; the last one repeats.
    pub retry: Vec<Duration>,
    /// What sends under way get at shutdown.
    pub drain: Duration,
    /// One attempt, all of it.
    pub timeout: Duration,
    /// DNS, TCP and TLS of one attempt.
    pub connect_timeout: Duration,
    /// How long a claimed delivery is held; at least twice `timeout`.
    pub lease: Duration,
    /// Sends under way at the same time, over all notifiers.
    pub max_in_flight: usize,
}

impl Default for Settings {
    fn default() -> Self {
        let hours = |n: u64| Duration::from_hours(n);
        Self {
            notifiers: Vec::new(),
            max_age: hours(72),
            retry: [
                Duration::from_secs(5),
                Duration::from_secs(30),
                Duration::from_mins(2),
                Duration::from_mins(10),
                Duration::from_mins(30),
            ]
            .into_iter()
            .chain([1, 2, 4, 6, 8, 10, 12].map(hours))
            .collect(),
            drain: Duration::from_secs(10),
            timeout: Duration::from_secs(20),
            connect_timeout: Duration::from_secs(5),
            lease: Duration::from_mins(1),
            max_in_flight: 64,
        }
    }
}
