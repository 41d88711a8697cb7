//! What goes wrong while writing, made to go wrong on purpose.

use std::time::Instant;

use rusqlite::ffi;
use tempfile::TempDir;

use super::*;
use crate::{
    clock::SystemClock,
    store::sqlite::{error::Fault, sql::Sql, writer::Writer},
};

const LIMIT: Duration = Duration::from_secs(20);

struct Rig {
    folder: TempDir,
    writer: Writer,
}

impl Rig {
    /// A writer that finds a locked database locked at once, and looks again soon.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f.db");
        let (connection, lock) = open::open_owned(&path, 0).unwrap();
        connection.busy_timeout(Duration::ZERO).unwrap();
        let database = Database { path, lock: Some(lock) };
        let grouping = Grouping {
            busy_pause: Duration::from_millis(5),
            check_file_every: Duration::ZERO,
            ..Grouping::new(30_000)
        };
        let writer = Writer::start(database, connection, grouping, SystemClock).unwrap();
        Self { folder, writer }
    }

    fn other_program(&self) -> Connection {
        Connection::open(self.folder.path().join("f.db")).unwrap()
    }

    async fn note(&self, name: &'static str) -> Result<(), StoreError> {
        self.writer.write(0, move |tx| note(tx, name)).await
    }

    fn notes(&self) -> Vec<String> {
        let sql = "SELECT name FROM meta WHERE name <> 'running' ORDER BY name";
        self.other_program().all(sql, [], |row| row.get(0)).unwrap()
    }

    /// Keeps the thread busy with a job of its own until `others` have been put into the queue, so that it finds
    /// them together.
    async fn together<T>(&self, others: impl Future<Output = T>) -> T {
        let (started, has_started) = tokio::sync::oneshot::channel();
        let (go, wait) = std::sync::mpsc::channel::<()>();
        let mut started = Some(started);
        let busy = self.writer.write(0, move |_| {
            started.take().map(|started| started.send(()));
            let _ = wait.recv_timeout(LIMIT);
            Ok(())
        });
        let release = async {
            // By now the others have run up to their wait for an answer.
            tokio::task::yield_now().await;
            go.send(()).unwrap();
        };
        let after_start = async {
            has_started.await.unwrap();
            tokio::join!(others, release).0
        };
        let (busy, others) = tokio::join!(busy, after_start);
        busy.unwrap();
        others
    }

    async fn until_trouble(&self) {
        let start = Instant::now();
        while self.writer.trouble().is_none() {
            assert!(start.elapsed() < LIMIT, "no trouble was reported");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

fn note(tx: &Tx<'_>, name: &str) -> Result<(), Fault> {
    tx.db.run("INSERT INTO meta (name, value) VALUES (?1, '')", [name])?;
    Ok(())
}

fn sqlite_error(code: i32) -> Fault {
    Fault::Sql(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None))
}

#[tokio::test]
async fn a_job_that_fails_is_undone_alone() {
    let rig = Rig::new();
    let refused = rig.writer.write(0, |tx| {
        note(tx, "refused")?;
        Err::<(), _>(StoreError::LeaseLost("x".to_owned()).into())
    });
    let twice = rig.writer.write(0, |tx| {
        note(tx, "twice")?;
        note(tx, "twice")
    });
    let all = async { tokio::join!(rig.note("good"), refused, twice, rig.note("last")) };
    let (good, refused, twice, last) = rig.together(all).await;
    good.unwrap();
    last.unwrap();
    assert!(matches!(refused, Err(StoreError::LeaseLost(_))), "{refused:?}");
    assert!(matches!(twice, Err(StoreError::Unavailable(_))), "{twice:?}");
    assert_eq!(rig.notes(), ["good", "last"]);
    assert_eq!(rig.writer.trouble(), None, "a wrong job is no trouble of the store");
}

#[tokio::test]
async fn a_lone_job_that_fails_leaves_nothing() {
    let rig = Rig::new();
    let refused = rig.writer.write(0, |tx| {
        note(tx, "refused")?;
        Err::<(), _>(StoreError::LeaseLost("x".to_owned()).into())
    });
    assert!(matches!(refused.await, Err(StoreError::LeaseLost(_))));
    rig.note("next").await.unwrap();
    assert_eq!(rig.notes(), ["next"]);
}

#[tokio::test]
async fn a_locked_database_is_waited_for_and_no_job_is_dropped() {
    let rig = Rig::new();
    let other = rig.other_program();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let patient = async {
        rig.until_trouble().await;
        assert!(rig.writer.trouble().is_some_and(|text| text.contains("locked by another program")));
        other.execute_batch("COMMIT").unwrap();
    };
    let (first, second, ()) = tokio::join!(rig.note("first"), rig.note("second"), patient);
    first.unwrap();
    second.unwrap();
    assert_eq!(rig.notes(), ["first", "second"]);
    assert_eq!(rig.writer.trouble(), None);
}

#[tokio::test]
async fn closing_does_not_wait_for_a_locked_database() {
    let rig = Rig::new();
    let other = rig.other_program();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let leave = async {
        rig.until_trouble().await;
        rig.writer.close().await
    };
    let (job, closed) = tokio::join!(rig.note("late"), leave);
    assert!(matches!(job, Err(StoreError::Unavailable(_))), "{job:?}");
    closed.unwrap_err();
}

#[tokio::test]
async fn a_full_disk_refuses_whole_groups_and_recovers_without_a_restart() {
    let rig = Rig::new();
    let full = rig.writer.write(0, |tx| {
        let pages: i64 = tx.db.query_row("PRAGMA page_count", [], |row| row.get(0))?;
        tx.db.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))?;
        Ok(())
    });
    full.await.unwrap();
    let large = rig.writer.write(0, |tx| {
        note(tx, "large")?;
        tx.db.run("UPDATE meta SET value = hex(zeroblob(100000)) WHERE name = 'large'", [])?;
        Ok(())
    });
    let (small, large) = rig.together(async { tokio::join!(rig.note("small"), large) }).await;
    let refused = large.unwrap_err().to_string();
    assert!(refused.contains("no room on the disk"), "{refused}");
    assert!(small.is_err(), "what shares its transaction is not stored either, and is told so");
    assert!(rig.notes().is_empty());
    assert!(rig.writer.trouble().is_some());
    rig.writer.write(0, |_| Ok(())).await.unwrap();
    assert!(rig.writer.trouble().is_some(), "writing nothing proves nothing");

    let freed = rig.writer.write(0, |tx| {
        tx.db.query_row("PRAGMA max_page_count = 1000000", [], |_| Ok(()))?;
        note(tx, "again")
    });
    freed.await.unwrap();
    assert_eq!(rig.notes(), ["again"]);
    assert_eq!(rig.writer.trouble(), None);
}

#[tokio::test]
async fn after_an_input_output_error_the_job_is_done_again_on_a_new_handle() {
    let rig = Rig::new();
    let mut runs = 0;
    let value = rig.writer.write(0, move |tx| {
        note(tx, "once")?;
        runs += 1;
        let wait: i64 = tx.db.query_row("PRAGMA busy_timeout", [], |row| row.get(0))?;
        if runs == 1 { Err(sqlite_error(ffi::SQLITE_IOERR_FSYNC)) } else { Ok((runs, wait)) }
    });
    let fresh = i64::try_from(open::BUSY_TIMEOUT.as_millis()).unwrap();
    assert_eq!(value.await.unwrap(), (2, fresh), "the second run has a handle that no test has touched");
    assert_eq!(rig.notes(), ["once"]);
}

#[tokio::test]
async fn a_disk_that_stays_broken_is_reported_and_tried_again_by_the_next_job() {
    let rig = Rig::new();
    let broken = rig.writer.write(0, |tx| {
        note(tx, "never")?;
        Err::<(), _>(sqlite_error(ffi::SQLITE_IOERR_WRITE))
    });
    let error = broken.await.unwrap_err();
    assert!(
        matches!(&error, StoreError::Unavailable(text) if text.contains("cannot read or write")),
        "{error}"
    );
    assert!(rig.writer.trouble().is_some());
    rig.note("later").await.unwrap();
    assert_eq!(rig.notes(), ["later"]);
    assert_eq!(rig.writer.trouble(), None);
}

#[tokio::test]
async fn damage_ends_all_writing() {
    let rig = Rig::new();
    let damaged = rig.writer.write(0, |_| Err::<(), _>(sqlite_error(ffi::SQLITE_CORRUPT)));
    assert!(matches!(damaged.await, Err(StoreError::Unusable(_))));
    let after = rig.note("after").await.unwrap_err();
    assert!(matches!(&after, StoreError::Unusable(text) if text.contains("damaged")), "{after}");
    assert!(rig.notes().is_empty());
}

#[tokio::test]
async fn a_file_that_was_replaced_is_noticed() {
    let rig = Rig::new();
    rig.note("before").await.unwrap();
    let path = rig.folder.path().join("f.db");
    std::fs::rename(&path, rig.folder.path().join("moved.db")).unwrap();
    std::fs::write(&path, "").unwrap();
    let error = rig.note("after").await.unwrap_err();
    assert!(matches!(&error, StoreError::Unusable(text) if text.contains("deleted or replaced")), "{error}");
}

#[tokio::test]
async fn a_clean_stop_leaves_no_log_and_no_mark() {
    let rig = Rig::new();
    rig.note("kept").await.unwrap();
    rig.writer.close().await.unwrap();
    assert!(!rig.folder.path().join("f.db-wal").exists());
    let running = rig.other_program().first("SELECT 1 FROM meta WHERE name = 'running'", [], |_| Ok(()));
    assert_eq!(running.unwrap(), None);
    let (_, _lock) = open::open_owned(&rig.folder.path().join("f.db"), 0).unwrap();
}

#[test]
fn a_group_is_bounded_in_jobs_and_in_bytes() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let group_sizes = |weights: Vec<usize>| {
        runtime.block_on(async {
            let (queue, mut jobs) = mpsc::channel(1000);
            for weight in weights {
                queue.send(Message::Job(Box::new(Weight(weight)))).await.unwrap();
            }
            drop(queue);
            let mut sizes = Vec::new();
            while let Some(first) = jobs.recv().await {
                sizes.push(take_waiting(first, &mut jobs).0.len());
            }
            sizes
        })
    };
    assert_eq!(group_sizes(vec![1; 600]), [256, 256, 88]);
    assert_eq!(group_sizes(vec![3 << 20; 7]), [3, 3, 1]);
    assert_eq!(group_sizes(vec![100 << 20; 2]), [1, 1]);
}

struct Weight(usize);

impl Job for Weight {
    fn run(&mut self, _: &Tx<'_>) -> Result<(), Fault> {
        Ok(())
    }
    fn refuse(&mut self, _: StoreError) {}
    fn answer(self: Box<Self>, _: Result<(), StoreError>) {}
    fn weight(&self) -> usize {
        self.0
    }
}
