//! What only the embedded store has: a file, a lock on it, and other programs that open it.

use std::{fs, path::Path, thread};

use feedwatch::{
    model::NotifierName,
    store::{AttemptResult, DocumentRecord, RedeliverQuery, Store, StoreError, sqlite::SqliteStore},
};
use rusqlite::Connection;

use super::rig::*;
use crate::clock::TestClock;

type Store1 = SqliteStore<TestClock>;

fn open(database: &Path) -> Result<Store1, StoreError> {
    SqliteStore::open(database, &settings(database.to_owned()), TestClock::new())
}

async fn fresh() -> Rig<Sqlite> {
    Rig::new().await.expect("SQLite is everywhere")
}

fn beside(rig: &Rig<Sqlite>) -> Store1 {
    let database = rig.engine.path();
    SqliteStore::open_beside(&database, &settings(database.clone()), rig.clock.clone()).unwrap()
}

fn reader(rig: &Rig<Sqlite>) -> Store1 {
    SqliteStore::open_reader(&rig.engine.path(), rig.clock.clone()).unwrap()
}

#[track_caller]
fn unusable<T>(result: Result<T, StoreError>, sentence: &str) {
    match result.err() {
        Some(StoreError::Unusable(text)) => assert!(text.contains(sentence), "{text}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_second_daemon_is_refused_and_the_first_unharmed() {
    let rig = fresh().await;
    let sentence = format!("is in use by feedwatch, pid {}", std::process::id());
    unusable(open(&rig.engine.path()), &sentence);
    rig.with_alerts(vec![rig.alert("x", &["S-400"], b"{}")]).await;
    let rig = rig.restart().await;
    assert_eq!(rig.alerts().await.len(), 1);
}

#[tokio::test]
async fn what_is_not_ours_is_left_untouched() {
    let folder = tempfile::tempdir().unwrap();
    let foreign = folder.path().join("theirs.db");
    Connection::open(&foreign).unwrap().execute_batch("CREATE TABLE theirs (x)").unwrap();
    let before = fs::read(&foreign).unwrap();
    unusable(open(&foreign), "is not a feedwatch database");
    assert_eq!(fs::read(&foreign).unwrap(), before);
}

#[tokio::test]
async fn a_newer_database_is_left_untouched() {
    let rig = fresh().await;
    let database = rig.engine.path();
    rig.store.close().await.unwrap();
    Connection::open(&database).unwrap().execute_batch("PRAGMA user_version = 99").unwrap();
    let before = fs::read(&database).unwrap();
    let sentence = "was made by a newer feedwatch (schema 99, this one knows ";
    unusable(open_once_free(&database, &rig.clock).await, sentence);
    unusable(SqliteStore::open_reader(&database, TestClock::new()), sentence);
    assert_eq!(fs::read(&database).unwrap(), before);
}

#[tokio::test]
async fn a_damaged_database_is_found_after_a_crash_and_left_as_it_is() {
    let rig = fresh().await;
    rig.configure(&[entry("feed", "host")]).await;
    let names: Vec<String> = (0..500).map(|n| n.to_string()).collect();
    rig.poll(document(&names.iter().map(String::as_str).collect::<Vec<_>>())).await;
    let Rig { engine, store, .. } = rig;
    drop(store);
    // One page far from all that a start reads: only a check of the whole file finds it.
    let mut bytes = fs::read(engine.path()).unwrap();
    bytes.chunks_mut(4096).last().expect("the file has pages").fill(0xee);
    fs::write(engine.path(), &bytes).unwrap();
    unusable(open_once_free(&engine.path(), &TestClock::new()).await, "is damaged");
    assert!(fs::read(engine.path()).unwrap() == bytes, "a person may want to repair it");
}

#[tokio::test]
async fn pruning_leaves_no_orphans() {
    let rig = fresh().await;
    rig.configure(&[entry("feed", "host")]).await;
    let alerts = vec![rig.alert("x", &["S-400"], b"{}")];
    rig.poll(DocumentRecord { alerts, ..document(&["x", "y"]) }).await;
    let claim = rig.delivery().await;
    rig.finish(&claim, AttemptResult::Delivered).await.unwrap();
    rig.configure(&[]).await;
    let database = Connection::open(rig.engine.path()).unwrap();
    let tables =
        ["host", "feed", "seen", "article", "article_text", "alert", "delivery", "delivery_body", "attempt"];
    let rows = |table: &&str| -> i64 {
        database.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
    };
    assert!(tables.iter().all(|table| rows(table) > 0));
    rig.clock.pass(100 * DAY);
    rig.prune().await;
    let left: Vec<_> = tables.iter().filter(|table| rows(table) > 0).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
async fn a_place_that_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    unusable(open(&folder.path().join("file/f.db")), "cannot make the directory");
    fs::create_dir(folder.path().join("dir.db")).unwrap();
    unusable(open(&folder.path().join("dir.db")), "cannot write");
}

#[tokio::test]
async fn a_reader_makes_no_database() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("f.db");
    unusable(SqliteStore::open_reader(&database, TestClock::new()), "there is no database");
    let settings = settings(database.clone());
    unusable(SqliteStore::open_beside(&database, &settings, TestClock::new()), "there is no database");
    assert!(!database.exists());
}

#[tokio::test]
async fn a_reader_reads_beside_the_daemon_and_without_it_and_never_writes() {
    let rig = fresh().await;
    let early = reader(&rig);
    rig.with_alerts(vec![rig.alert("x", &["S-400"], b"{}")]).await;
    assert_eq!(early.alerts(&all_alerts()).await.unwrap().len(), 1);
    unusable(early.claim_hosts(&rig.me, 1).await, "for reading only");
    early.close().await.unwrap();
    rig.store.close().await.unwrap();
    let late = reader(&rig);
    assert_eq!(late.feed_states().await.unwrap().len(), 1);
    assert_eq!(late.queues().await.unwrap()[0].pending, 1);
}

#[tokio::test]
async fn redeliver_works_beside_a_running_daemon_and_without_one() {
    let rig = fresh().await;
    rig.with_alerts(vec![rig.alert("x", &["S-400"], b"{}")]).await;
    let all = RedeliverQuery { alert: None, notifier: None };
    for _ in 0..2 {
        let claim = rig.delivery().await;
        rig.finish(&claim, dead()).await.unwrap();
        let guest = beside(&rig);
        assert_eq!(guest.redeliver(all.clone()).await.unwrap(), Some(1));
        guest.close().await.unwrap();
    }
    // A guest leaves the claims of the daemon alone.
    let claim = rig.delivery().await;
    drop(beside(&rig));
    rig.finish(&claim, dead()).await.unwrap();
    rig.store.close().await.unwrap();
    assert_eq!(beside(&rig).redeliver(all).await.unwrap(), Some(1));
}

#[tokio::test]
async fn what_was_answered_survives_a_kill_at_any_instant() {
    let rig = fresh().await;
    rig.configure(&[entry("feed", "host")]).await;
    for round in 1..=5_usize {
        let name = format!("article {round}");
        let alerts = vec![rig.alert(&name, &["S-400"], name.as_bytes())];
        rig.poll(DocumentRecord { alerts, ..document(&[&name]) }).await;
        rig.clock.pass(HOUR);
        // What a kill leaves: the files as they are now, the log not yet in the database.
        let left = Sqlite::make().await.expect("SQLite is everywhere");
        for suffix in ["", "-wal"] {
            let [from, to] =
                [&rig.engine, &left].map(|engine| format!("{}{suffix}", engine.path().display()));
            fs::copy(from, to).unwrap();
        }
        let store = left.open(&rig.clock).await;
        assert_eq!(store.alerts(&all_alerts()).await.unwrap().len(), round);
        let claimed = store.claim_deliveries(&NotifierName::from("desk"), &rig.me, 99, MINUTE).await.unwrap();
        assert_eq!(claimed.deliveries.len(), round);
        assert_eq!(store.feed_states().await.unwrap()[0].polls, round as u64);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_writes_at_once_all_count() {
    let rig = fresh().await;
    let entries: Vec<_> = (0..300).map(|n| entry(&n.to_string(), &n.to_string())).collect();
    rig.configure(&entries).await;
    let hosts = rig.store.claim_hosts(&rig.me, 300).await.unwrap().hosts;
    let polls: Vec<_> = hosts
        .into_iter()
        .map(|host| {
            let store = rig.store.clone();
            let record = rig.readable(&host.feeds[0], document(&["x"]));
            // Every third one has lost its lease: it fails alone, whatever group it is in.
            let mut lease = host.lease;
            lease.epoch += i64::from(lease.host.as_str().parse::<i32>().unwrap() % 3 == 0);
            let lost = lease.host.as_str().parse::<i32>().unwrap() % 3 == 0;
            (lost, async move { store.record_poll(&lease, record.into(), 0).await })
        })
        .collect();
    let mut running = tokio::task::JoinSet::new();
    for (lost, poll) in polls {
        running.spawn(async move { (lost, poll.await) });
    }
    for (lost, done) in running.join_all().await {
        assert_eq!(matches!(done, Err(StoreError::LeaseLost(_))), lost, "{done:?}");
    }
    let states = rig.store.feed_states().await.unwrap();
    assert_eq!(states.iter().map(|state| state.polls).sum::<u64>(), 200);
}

#[tokio::test]
async fn somebody_elses_transaction_delays_a_write_and_loses_nothing() {
    let rig = fresh().await;
    let other = Connection::open(rig.engine.path()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let blocker = thread::spawn(move || {
        thread::sleep(10 * (SECOND / 40));
        other.execute_batch("COMMIT").unwrap();
    });
    rig.configure(&[entry("feed", "host")]).await;
    assert!(blocker.is_finished(), "it was written after the other was done");
    assert_eq!(rig.claim().await.len(), 1);
}

#[tokio::test]
async fn a_closed_store_says_so() {
    let rig = fresh().await;
    rig.store.close().await.unwrap();
    rig.store.close().await.unwrap();
    unusable(rig.store.claim_hosts(&rig.me, 1).await, "closed");
    unusable(rig.store.feed_states().await, "closed");
}
