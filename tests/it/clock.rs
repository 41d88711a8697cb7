//! A clock that tests set.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use feedwatch::{clock::Clock, model::Timestamp};

/// Stands still until it is told otherwise. Clones share the hand.
#[derive(Debug, Clone)]
pub struct TestClock(Arc<Mutex<Timestamp>>);

impl TestClock {
    /// A clock that shows 2026-11-23T18:00:00Z.
    pub fn new() -> Self {
        let start = "2026-11-23T18:00:00Z".parse().expect("a valid time");
        Self(Arc::new(Mutex::new(start)))
    }

    /// Lets time pass.
    pub fn pass(&self, time: Duration) {
        *self.0.lock().expect("no test panics while it holds the clock") += time;
    }

    /// Sets the clock back, as a broken one is set right.
    pub fn jump_back(&self, time: Duration) {
        *self.0.lock().expect("no test panics while it holds the clock") -= time;
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().expect("no test panics while it holds the clock")
    }
}
