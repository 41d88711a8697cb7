//! One transaction over many jobs, each in a savepoint of its own.

use rusqlite::Connection;
use tracing::error;

use super::{
    error::{Fault, Remedy},
    recover,
    sql::Sql,
};
use crate::store::StoreError;

/// What a job works with: the transaction, and the time at which it is made.
pub struct Tx<'a> {
    /// The connection, in a transaction.
    pub db: &'a Connection,
    /// The store's time.
    pub now: i64,
    /// How long a host is held without renewal.
    pub lease: i64,
}

impl Tx<'_> {
    /// Changes a row: whether it can be committed tells whether the disk takes anything.
    pub fn prove(&self) -> rusqlite::Result<()> {
        let sql = "INSERT INTO meta (name, value) VALUES ('proved', ?1) \
                   ON CONFLICT (name) DO UPDATE SET value = excluded.value";
        self.db.run(sql, [self.now.to_string()])?;
        Ok(())
    }
}

/// One job: done again, from the start, if its group could not be committed.
pub trait Job: Send {
    /// Does the work, and keeps the result until it is on disk.
    fn run(&mut self, tx: &Tx<'_>) -> Result<(), Fault>;
    /// Notes that this job alone failed.
    fn refuse(&mut self, error: StoreError);
    /// Tells the caller, who may have gone: what came out, or that the group was not committed.
    fn answer(self: Box<Self>, committed: Result<(), StoreError>);
    /// About how much it writes, in bytes.
    fn weight(&self) -> usize;
}

/// Runs all jobs and commits them together. After an error the transaction may be open still.
pub fn commit_together(tx: &Tx<'_>, jobs: &mut [Box<dyn Job>], jumped: bool) -> rusqlite::Result<()> {
    tx.db.run("BEGIN IMMEDIATE", [])?;
    if jumped {
        recover::after_jump(tx.db, tx.now)?;
    }
    let keep = match jobs {
        [only] if !jumped => run_only(tx, only.as_mut())?,
        jobs => jobs.iter_mut().try_for_each(|job| run_beside_others(tx, job.as_mut())).map(|()| true)?,
    };
    tx.db.run(if keep { "COMMIT" } else { "ROLLBACK" }, [])?;
    Ok(())
}

/// Runs the only job of a transaction; answers whether to commit it. It needs no savepoint, which for a large job (a
/// hundred thousand feeds at the first start) keeps a copy of every page.
fn run_only(tx: &Tx<'_>, job: &mut dyn Job) -> rusqlite::Result<bool> {
    let Some(error) = run(tx, job)? else { return Ok(true) };
    job.refuse(error);
    Ok(false)
}

/// Runs a job so that its failure undoes only itself.
fn run_beside_others(tx: &Tx<'_>, job: &mut dyn Job) -> rusqlite::Result<()> {
    tx.db.run("SAVEPOINT job", [])?;
    if let Some(error) = run(tx, job)? {
        tx.db.run("ROLLBACK TO job", [])?;
        job.refuse(error);
    }
    tx.db.run("RELEASE job", [])?;
    Ok(())
}

/// Runs a job; what comes back is its own failure. An error from here is the whole group's.
fn run(tx: &Tx<'_>, job: &mut dyn Job) -> rusqlite::Result<Option<StoreError>> {
    match job.run(tx) {
        Ok(()) => Ok(None),
        Err(Fault::Refused(error)) => Ok(Some(error)),
        Err(Fault::Sql(error)) if Remedy::of(&error) == Remedy::FailJob && !tx.db.is_autocommit() => {
            error!(%error, "a store job failed");
            Ok(Some(StoreError::Unavailable(format!("unexpected answer of the database: {error}"))))
        }
        Err(Fault::Sql(error)) => Err(error),
    }
}

/// Ends a transaction that failed. Not possible: the connection is of no use any more.
pub fn roll_back(db: &Connection) -> bool {
    db.run("ROLLBACK", []).is_ok()
}
