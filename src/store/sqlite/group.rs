//! The writer's thread: takes what waits, commits it as one transaction, answers. An empty queue means that a lone
//! job is committed at once; a full one means that many share one fsync. No timer is needed for either.

use std::{
    path::PathBuf,
    sync::{Arc, atomic::Ordering},
    thread,
    time::{Duration, Instant},
};

use rusqlite::Connection;
use tokio::sync::mpsc;
use tracing::{error, info};

use super::{
    error::{Remedy, store_error},
    file::FileId,
    lock::ProcessLock,
    open,
    time::{self, MINUTE},
    transaction::{Job, Tx, commit_together, roll_back},
    writer::{CloseReply, Message, Status},
};
use crate::{clock::Clock, store::StoreError};

/// Jobs in one transaction.
const GROUP_JOBS: usize = 256;
/// About how many bytes one transaction writes.
const GROUP_BYTES: usize = 8 << 20;

/// The database that the thread writes to.
pub struct Database {
    /// Where it is.
    pub path: PathBuf,
    /// Held until the thread ends; a writer beside the daemon has none.
    pub lock: Option<ProcessLock>,
}

/// How the thread waits.
#[derive(Debug, Clone, Copy)]
pub struct Grouping {
    /// How long a host is held without renewal, in milliseconds.
    pub lease: i64,
    /// The wait before a database that somebody else holds is tried again.
    pub busy_pause: Duration,
    /// How often it is tried while somebody else holds it; `None`: as long as the store is used.
    pub busy_tries: Option<u32>,
    /// How often it is checked that the file is still the one that was opened.
    pub check_file_every: Duration,
}

impl Grouping {
    /// As specs/storage.md §3 has it.
    pub const fn new(lease: i64) -> Self {
        Self {
            lease,
            busy_pause: Duration::from_secs(1),
            busy_tries: None,
            check_file_every: Duration::from_secs(5),
        }
    }
}

/// The thread's state.
pub struct Thread<C> {
    database: Database,
    connection: Option<Connection>,
    grouping: Grouping,
    clock: C,
    status: Arc<Status>,
    file: Option<FileId>,
    file_checked: Instant,
    /// The latest time seen: an earlier one means that the clock went back.
    latest: i64,
    /// Whether the disk failed, and nothing was written since: a transaction that writes nothing proves nothing.
    is_doubtful: bool,
    /// Why nothing will ever be written again.
    finished: Option<String>,
}

impl<C: Clock> Thread<C> {
    /// A thread that writes by this connection.
    pub fn new(
        database: Database,
        connection: Connection,
        grouping: Grouping,
        clock: C,
        status: Arc<Status>,
    ) -> Self {
        let file = FileId::of(&database.path);
        let latest = time::millis(clock.now());
        Self {
            database,
            connection: Some(connection),
            grouping,
            clock,
            status,
            file,
            file_checked: Instant::now(),
            latest,
            is_doubtful: false,
            finished: None,
        }
    }

    /// Works until the queue is closed.
    pub fn run(mut self, mut queue: mpsc::Receiver<Message>) {
        while let Some(message) = queue.blocking_recv() {
            let (jobs, close) = take_waiting(message, &mut queue);
            self.status.beat();
            if !jobs.is_empty() {
                self.commit(jobs);
            }
            self.status.rest();
            if let Some(reply) = close {
                let _ = reply.send(self.close());
                return;
            }
        }
    }

    /// Commits the group, whatever it takes short of a person, and answers every job.
    fn commit(&mut self, mut jobs: Vec<Box<dyn Job>>) {
        let committed = self.try_until_done(&mut jobs);
        if committed.is_err() || !self.is_doubtful {
            self.report(committed.as_ref().err());
        }
        for job in jobs {
            job.answer(match &committed {
                Ok(()) => Ok(()),
                Err(StoreError::Unusable(text)) => Err(StoreError::Unusable(text.clone())),
                Err(error) => Err(StoreError::Unavailable(reason(error))),
            });
        }
    }

    fn try_until_done(&mut self, jobs: &mut [Box<dyn Job>]) -> Result<(), StoreError> {
        self.check_file()?;
        let mut reopened = false;
        let mut waits = 0;
        loop {
            let Err(error) = self.attempt(jobs) else { return Ok(()) };
            let failure = store_error(&self.database.path, &error);
            match Remedy::of(&error) {
                Remedy::Wait if self.may_wait(waits) => {
                    waits += 1;
                    self.report(Some(&failure));
                    self.status.rest();
                    thread::sleep(self.grouping.busy_pause);
                    self.status.beat();
                }
                // The old handle is never asked to commit again: whatever it holds may not be what is on disk.
                Remedy::Reopen if !reopened => reopened = true,
                Remedy::Stop => {
                    self.finished = Some(reason(&failure));
                    return Err(failure);
                }
                _ => return Err(failure),
            }
        }
    }

    fn may_wait(&self, waits: u32) -> bool {
        let patient = self.grouping.busy_tries.is_none_or(|tries| waits + 1 < tries);
        patient && !self.status.leaving.load(Ordering::Relaxed)
    }

    /// One transaction over all jobs. After an error nothing of it is kept, and a handle that failed is closed.
    fn attempt(&mut self, jobs: &mut [Box<dyn Job>]) -> rusqlite::Result<()> {
        let db = match self.connection.take() {
            Some(connection) => connection,
            None => open::reopen(&self.database.path)?,
        };
        let (begun, changes) = (Instant::now(), db.total_changes());
        let now = time::millis(self.clock.now());
        let jumped = now + MINUTE < self.latest;
        let tx = Tx { db: &db, now, lease: self.grouping.lease };
        let done = commit_together(&tx, jobs, jumped);
        let keep = match &done {
            Ok(()) => true,
            Err(error) => Remedy::of(error) != Remedy::Reopen && (db.is_autocommit() || roll_back(&db)),
        };
        let is_written = done.is_ok() && db.total_changes() > changes;
        self.count(begun, done.is_ok(), done.is_err() || is_written);
        self.is_doubtful = match &done {
            Ok(()) => self.is_doubtful && !is_written,
            Err(error) => self.is_doubtful || matches!(Remedy::of(error), Remedy::MakeRoom | Remedy::Reopen),
        };
        if done.is_ok() {
            self.latest = if jumped { now } else { self.latest.max(now) };
        }
        self.connection = keep.then_some(db);
        done
    }

    /// Counts a transaction, if it changed something or failed: looking for work is no work.
    fn count(&self, begun: Instant, is_ok: bool, is_worth_it: bool) {
        if is_worth_it && let Some(metrics) = self.status.metrics.get() {
            metrics.committed(is_ok, begun.elapsed());
        }
    }

    /// One line when trouble starts, one when it is over.
    fn report(&self, failure: Option<&StoreError>) {
        let text = failure.map(reason);
        let before = self.status.set_trouble(text.clone());
        match (before, text) {
            (None, Some(trouble)) => {
                error!(%trouble, "nothing can be stored: no polls, no sends until it is over");
            }
            (Some(_), None) => info!("the store works again"),
            _ => {}
        }
    }

    /// A file that was deleted or replaced under us takes all that is written with it.
    fn check_file(&mut self) -> Result<(), StoreError> {
        if self.finished.is_none() && self.file_checked.elapsed() >= self.grouping.check_file_every {
            self.file_checked = Instant::now();
            if FileId::of(&self.database.path) != self.file {
                let name = self.database.path.display();
                self.finished = Some(format!("{name} was deleted or replaced while feedwatch was using it"));
            }
        }
        self.finished.clone().map_or(Ok(()), |why| Err(StoreError::Unusable(why)))
    }

    fn close(&mut self) -> Result<(), StoreError> {
        let Some(connection) = self.connection.take() else { return Ok(()) };
        if self.database.lock.is_some() && self.finished.is_none() {
            open::mark_clean(&connection).map_err(|error| store_error(&self.database.path, &error))?;
        }
        connection.close().map_err(|(_, error)| store_error(&self.database.path, &error))?;
        // Given back before the caller hears of it: he may open the database again at once.
        self.database.lock = None;
        Ok(())
    }
}

fn take_waiting(
    first: Message,
    queue: &mut mpsc::Receiver<Message>,
) -> (Vec<Box<dyn Job>>, Option<CloseReply>) {
    let mut jobs = Vec::new();
    let mut weight = 0;
    let mut next = Some(first);
    while let Some(message) = next {
        match message {
            Message::Job(job) => {
                weight += job.weight();
                jobs.push(job);
            }
            Message::Close(reply) => return (jobs, Some(reply)),
        }
        let room = jobs.len() < GROUP_JOBS && weight < GROUP_BYTES;
        next = if room { queue.try_recv().ok() } else { None };
    }
    (jobs, None)
}

/// The text of an error without the words in front, so that they are not repeated.
fn reason(error: &StoreError) -> String {
    match error {
        StoreError::Unavailable(text)
        | StoreError::Unusable(text)
        | StoreError::LeaseLost(text)
        | StoreError::NotHandedOut(text) => text.clone(),
    }
}

#[cfg(test)]
mod tests;
