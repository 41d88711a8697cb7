//! Whether work can be done now: the store takes writes, and every loop beats.

use std::{
    pin::pin,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::{
    sync::Notify,
    time::{sleep, timeout},
};

use super::State;
use crate::{clock::Clock, store::Store};

/// How often a write is tried, and how long it may take before the store counts as not ready.
const PROBE_EVERY: Duration = Duration::from_secs(5);

/// What is known of the store.
#[derive(Debug, Default)]
pub struct Readiness {
    store: Mutex<Part>,
    opened: Notify,
}

#[derive(Debug, Clone, Default)]
enum Part {
    #[default]
    NotOpen,
    Ready,
    Trouble {
        since: Instant,
        why: String,
    },
}

/// One part of the whole, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartReport {
    /// Its name.
    pub name: &'static str,
    /// What is wrong with it.
    pub trouble: Option<String>,
}

impl Readiness {
    /// The store was opened, which took a write.
    pub fn opened(&self) {
        *self.part() = Part::Ready;
        self.opened.notify_one();
    }

    fn worked(&self) {
        *self.part() = Part::Ready;
    }

    fn failed(&self, why: String) {
        let mut part = self.part();
        let since = match &*part {
            Part::Trouble { since, .. } => *since,
            _ => Instant::now(),
        };
        *part = Part::Trouble { since, why };
    }

    fn part(&self) -> MutexGuard<'_, Part> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Every part, ready or not.
pub fn report<S: Store, C: Clock>(state: &State<S, C>) -> Vec<PartReport> {
    let known = state.readiness().part().clone();
    let trouble = match (known, state.store().and_then(Store::trouble)) {
        (Part::NotOpen, _) => Some("not open yet".to_owned()),
        (Part::Trouble { since, why }, now) => {
            Some(format!("{}, since {} s", now.unwrap_or(why), since.elapsed().as_secs()))
        }
        (Part::Ready, now) => now,
    };
    let mut parts = vec![PartReport { name: "store", trouble }];
    let stalled = state.pulse().stalled(Instant::now());
    parts.extend(stalled.into_iter().map(|name| PartReport { name, trouble: Some("stalled".to_owned()) }));
    parts
}

/// Tries a write every few seconds, for ever. One that waits is waited for: no second one is put behind it.
pub async fn probe<S: Store, C: Clock>(state: State<S, C>) {
    let readiness = state.readiness();
    let store = loop {
        match state.store() {
            Some(store) => break store,
            None => readiness.opened.notified().await,
        }
    };
    loop {
        sleep(PROBE_EVERY).await;
        let mut writing = pin!(store.probe());
        let result = loop {
            match timeout(PROBE_EVERY, &mut writing).await {
                Ok(result) => break result,
                Err(_) => readiness.failed("a write does not come to its end".to_owned()),
            }
        };
        match result {
            Ok(()) => readiness.worked(),
            Err(error) => readiness.failed(error.to_string()),
        }
    }
}
