//! From a delivery to somebody who knows (specs/delivery.md).
//!
//! The [`Dispatcher`] claims what is due and decides when to try again; a [`Notify`] sends once and says what came of
//! it; what an answer means and when the next attempt is are pure functions.

mod agenda;
mod answer;
mod attempt;
mod breaker;
mod dispatcher;
mod health;
mod judge;
mod log;
mod overdue;
mod pace;
mod record;
mod redact;
mod retry;
mod sender;
mod sign;
mod slots;
mod tell;
mod test_alert;
#[cfg(test)]
mod tests;
mod vendor;
mod webhook;
mod worker;

use std::time::Duration;

pub use answer::{Sent, Verdict};
pub use dispatcher::Dispatcher;
pub use sender::{Sender, send_test};
pub use sign::signature;
pub use test_alert::test_alert;

use crate::{
    model::{Notifier, Timestamp},
    store::ClaimedDelivery,
};

/// Tells somebody.
pub trait Notify {
    /// Sends one delivery once and says whether another try may help. It never waits for a better moment and never
    /// tries again. `now` is the time of the attempt, for signatures.
    fn send(&self, delivery: &ClaimedDelivery, now: Timestamp) -> impl Future<Output = Sent> + Send;
}

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
    /// So many deliveries may wait before polling pauses.
    pub max_pending: usize,
    /// How often a held notifier is tried.
    pub probe: Duration,
    /// The longest pause of an open breaker.
    pub breaker: Duration,
}

impl Settings {
    /// The rules of trying again.
    pub(crate) fn rules(&self) -> retry::Rules<'_> {
        retry::Rules { table: &self.retry, max_age: self.max_age }
    }

    /// The rules of states.
    pub(crate) fn breaker_rules(&self) -> breaker::Rules {
        breaker::Rules { probe: self.probe, breaker: self.breaker }
    }
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
            max_pending: 100_000,
            probe: Duration::from_mins(15),
            breaker: Duration::from_mins(5),
        }
    }
}
