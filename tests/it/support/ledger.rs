//! What was under way whenever a daemon was killed, so that no repeat goes unexplained.

use std::{collections::BTreeMap, fs};

use rusqlite::{Connection, OpenFlags, Result};
use tempfile::TempDir;

use super::{Home, receiver::Attempt};

const UNDER_WAY: &str = "SELECT name, id FROM delivery JOIN alert USING (alert) JOIN notifier USING (notifier) \
    WHERE delivery.state = 'sending'";

/// For each notifier and alert: how often it was claimed when the daemon died.
#[derive(Debug, Default)]
pub struct Ledger(BTreeMap<(String, String), usize>);

impl Ledger {
    /// Notes what the database of a daemon that was just killed says to be under way. It looks at a copy: the next life
    /// finds everything as the last one left it.
    pub fn note(&mut self, home: &Home) {
        let copy = TempDir::new().expect("a temporary directory can be made");
        for file in ["feedwatch.db", "feedwatch.db-wal"] {
            // Before the first commit one of them may be missing.
            let _ = fs::copy(home.path().join(file), copy.path().join(file));
        }
        let database = copy.path().join("feedwatch.db");
        // A database of which not even the schema is there owes nobody anything.
        for one in under_way(&database).unwrap_or_default() {
            *self.0.entry(one).or_default() += 1;
        }
    }

    /// Holds what a receiver got against it: each article under one id, each id with the same bytes, and no request more
    /// than once and once for each time that it was under way. Gives how many were repeats.
    #[track_caller]
    pub fn check(&self, notifier: &str, attempts: &[Attempt]) -> usize {
        let (mut ids, mut requests) = (BTreeMap::new(), BTreeMap::<&str, Vec<&Attempt>>::new());
        for attempt in attempts {
            let id = *ids.entry(attempt.article_url()).or_insert(attempt.id());
            assert_eq!(id, attempt.id(), "an article came under a second id");
            requests.entry(id).or_default().push(attempt);
        }
        for (id, requests) in &requests {
            let body = &requests[0].request.body;
            assert!(requests.iter().all(|one| one.request.body == *body), "{id} came with a second body");
            let was_under_way = self.0.get(&(notifier.to_owned(), (*id).to_owned())).copied().unwrap_or(0);
            let times = requests.len();
            assert!(
                times <= 1 + was_under_way,
                "{id} came {times} times, but was under way at {was_under_way} kills"
            );
        }
        attempts.len() - requests.len()
    }
}

fn under_way(database: &std::path::Path) -> Result<Vec<(String, String)>> {
    let db = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let mut statement = db.prepare(UNDER_WAY)?;
    statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}
