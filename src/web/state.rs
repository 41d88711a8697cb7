//! What the answers are made from.

use std::sync::{Arc, OnceLock};

use tokio::sync::watch;

use super::{Settings, readiness::Readiness, snapshot::Snapshots};
use crate::{
    clock::Clock,
    metrics::Metrics,
    model::{Feed, Notifier, Timestamp, TopicName},
    pulse::Pulse,
};

/// What is configured. A reload puts a new one in its place.
#[derive(Debug, Clone)]
pub struct Watched {
    /// The feeds.
    pub feeds: Vec<Feed>,
    /// The notifiers.
    pub notifiers: Vec<Notifier>,
    /// The topics.
    pub topics: Vec<TopicName>,
    /// Which store it is.
    pub store: &'static str,
    /// Failed polls in a row after which a feed needs a person.
    pub failing_after: u32,
    /// Deliveries that may wait before polling pauses.
    pub max_pending: usize,
}

/// Everything an answer may need. It is there before the store is: until then nothing is ready, but alive. Clones share it.
pub struct State<S, C>(Arc<Inner<S, C>>);

struct Inner<S, C> {
    settings: Settings,
    watched: watch::Receiver<Arc<Watched>>,
    store: OnceLock<S>,
    clock: C,
    pulse: Pulse,
    metrics: Metrics,
    readiness: Readiness,
    snapshots: Snapshots,
    started: Timestamp,
}

impl<S, C> Clone for State<S, C> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S: Clone, C: Clock> State<S, C> {
    /// A state without a store.
    pub fn new(
        settings: Settings,
        watched: watch::Receiver<Arc<Watched>>,
        clock: C,
        pulse: Pulse,
        metrics: Metrics,
    ) -> Self {
        let started = clock.now();
        let (store, readiness, snapshots) = (OnceLock::new(), Readiness::default(), Snapshots::default());
        let inner = Inner { settings, watched, store, clock, pulse, metrics, readiness, snapshots, started };
        Self(Arc::new(inner))
    }

    /// The store is open. Only the first one counts.
    pub fn opened(&self, store: S) {
        if self.0.store.set(store).is_ok() {
            self.0.readiness.opened();
        }
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.0.settings
    }

    pub(super) fn watched(&self) -> Arc<Watched> {
        self.0.watched.borrow().clone()
    }

    pub(super) fn store(&self) -> Option<&S> {
        self.0.store.get()
    }

    pub(super) fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    pub(super) fn pulse(&self) -> &Pulse {
        &self.0.pulse
    }

    pub(super) fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    pub(super) fn readiness(&self) -> &Readiness {
        &self.0.readiness
    }

    pub(super) fn snapshots(&self) -> &Snapshots {
        &self.0.snapshots
    }

    /// When the process began to work.
    pub(super) fn started(&self) -> Timestamp {
        self.0.started
    }
}
