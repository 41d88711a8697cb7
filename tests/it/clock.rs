//! A clock that tests set.

use std::{
    fs,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use feedwatch::{clock::Clock, model::Timestamp};

/// Stands still until it is told otherwise. Clones share the hand.
#[derive(Debug, Clone)]
pub struct TestClock(Arc<Mutex<Hand>>);

#[derive(Debug)]
struct Hand {
    now: Timestamp,
    /// A file that shows it, in milliseconds: for a database server, which has a clock of its own.
    shown_in: Option<PathBuf>,
}

impl TestClock {
    /// A clock that shows 2026-11-23T18:00:00Z.
    pub fn new() -> Self {
        let now = "2026-11-23T18:00:00Z".parse().expect("a valid time");
        Self(Arc::new(Mutex::new(Hand { now, shown_in: None })))
    }

    /// Lets time pass.
    pub fn pass(&self, time: Duration) {
        let mut hand = self.hand();
        hand.now += time;
        hand.show();
    }

    /// Sets the clock back, as a broken one is set right.
    pub fn jump_back(&self, time: Duration) {
        let mut hand = self.hand();
        hand.now -= time;
        hand.show();
    }

    /// From now on this file shows it, too.
    pub fn show_in(&self, file: PathBuf) {
        let mut hand = self.hand();
        hand.shown_in = Some(file);
        hand.show();
    }

    fn hand(&self) -> MutexGuard<'_, Hand> {
        self.0.lock().expect("no test panics while it holds the clock")
    }
}

impl Hand {
    /// In one step: whoever reads it meanwhile sees the old time or the new one.
    fn show(&self) {
        if let Some(file) = &self.shown_in {
            let new = file.with_extension("new");
            fs::write(&new, self.now.timestamp_millis().to_string()).expect("the file can be written");
            fs::rename(&new, file).expect("the file can be replaced");
        }
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        self.hand().now
    }
}
