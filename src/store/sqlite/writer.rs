//! The one writer: jobs go in by a bounded queue, answers come back once they are on disk.

use std::{
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::{
    error::Fault,
    group::{Database, Grouping, Thread},
    transaction::{Job, Tx},
};
use crate::{clock::Clock, metrics::Metrics, pulse::Pulse, store::StoreError};

/// Jobs that may wait; beyond it callers wait to put theirs in.
const QUEUE: usize = 1024;

/// Tells who closes that it is done.
pub type CloseReply = oneshot::Sender<Result<(), StoreError>>;

/// What goes through the queue.
pub enum Message {
    /// Work.
    Job(Box<dyn Job>),
    /// Finish what came before, close cleanly, and say so.
    Close(CloseReply),
}

/// What the thread tells those outside.
#[derive(Debug, Default)]
pub struct Status {
    /// Why nothing can be written at the moment.
    pub trouble: Mutex<Option<String>>,
    /// Whether the store is being given up: waiting for other programs ends.
    pub leaving: AtomicBool,
    /// Where commits are counted, once somebody wants to know.
    pub metrics: OnceLock<Metrics>,
    /// Where the thread beats while it works, once somebody listens.
    pub pulse: OnceLock<Pulse>,
}

/// The name of the thread, where it beats.
const LOOP: &str = "store";

impl Status {
    /// The thread is at work.
    pub fn beat(&self) {
        self.pulse.get().inspect(|pulse| pulse.beat(LOOP));
    }

    /// The thread waits on purpose: for work, or for another program that holds the database.
    pub fn rest(&self) {
        self.pulse.get().inspect(|pulse| pulse.end(LOOP));
    }

    /// Replaces the trouble; returns what was there.
    pub fn set_trouble(&self, trouble: Option<String>) -> Option<String> {
        let mut held = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut held, trouble)
    }
}

/// The front of the writer. Dropping it finishes what is queued and ends the thread, as a crash after the last
/// commit would: nothing is marked as clean.
pub struct Writer {
    queue: Option<mpsc::Sender<Message>>,
    thread: Option<thread::JoinHandle<()>>,
    status: Arc<Status>,
}

impl Writer {
    /// Starts the thread on a connection.
    pub fn start<C: Clock>(
        database: Database,
        connection: Connection,
        grouping: Grouping,
        clock: C,
    ) -> Result<Self, StoreError> {
        let (queue, jobs) = mpsc::channel(QUEUE);
        let status = Arc::new(Status::default());
        let worker = Thread::new(database, connection, grouping, clock, Arc::clone(&status));
        let thread = thread::Builder::new()
            .name("store".to_owned())
            .spawn(move || worker.run(jobs))
            .map_err(|error| StoreError::Unusable(format!("cannot start the store's thread: {error}")))?;
        Ok(Self { queue: Some(queue), thread: Some(thread), status })
    }

    /// Does the work in a transaction and answers once it is committed. `weight` is about how many bytes it
    /// writes. Cancelled: the work may still be done.
    pub async fn write<T, F>(&self, weight: usize, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&Tx<'_>) -> Result<T, Fault> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job = Task { work, outcome: None, reply, weight };
        self.send(Message::Job(Box::new(job))).await?;
        answer.await.unwrap_or_else(|_| Err(self.stopped()))
    }

    /// Finishes what is queued and closes cleanly. Later calls fail.
    pub async fn close(&self) -> Result<(), StoreError> {
        self.status.leaving.store(true, Ordering::Relaxed);
        let (reply, answer) = oneshot::channel();
        match self.send(Message::Close(reply)).await {
            Ok(()) => answer.await.unwrap_or(Ok(())),
            // It was closed before.
            Err(_) => Ok(()),
        }
    }

    /// Counts commits there from now on; the first call counts.
    pub fn measure(&self, metrics: &Metrics) {
        let _ = self.status.metrics.set(metrics.clone());
    }

    /// Beats there from now on; the first call counts.
    pub fn beat_on(&self, pulse: &Pulse) {
        let _ = self.status.pulse.set(pulse.clone());
    }

    /// Why nothing can be written at the moment.
    pub fn trouble(&self) -> Option<String> {
        self.status.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn send(&self, message: Message) -> Result<(), StoreError> {
        let queue = self.queue.as_ref().expect("the queue is there until the writer is dropped");
        queue.send(message).await.map_err(|_| self.stopped())
    }

    fn stopped(&self) -> StoreError {
        let closed = self.status.leaving.load(Ordering::Relaxed);
        let why = if closed { "the store is closed" } else { "the store's thread broke off" };
        StoreError::Unusable(why.to_owned())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.status.leaving.store(true, Ordering::Relaxed);
        self.queue.take();
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was reported when it happened.
            let _ = thread.join();
        }
    }
}

struct Task<T, F> {
    work: F,
    outcome: Option<Result<T, StoreError>>,
    reply: oneshot::Sender<Result<T, StoreError>>,
    weight: usize,
}

impl<T, F> Job for Task<T, F>
where
    T: Send,
    F: FnMut(&Tx<'_>) -> Result<T, Fault> + Send,
{
    fn run(&mut self, tx: &Tx<'_>) -> Result<(), Fault> {
        self.outcome = Some(Ok((self.work)(tx)?));
        Ok(())
    }

    fn refuse(&mut self, error: StoreError) {
        self.outcome = Some(Err(error));
    }

    fn answer(self: Box<Self>, committed: Result<(), StoreError>) {
        let Self { outcome, reply, .. } = *self;
        // If nobody waits any more, the work stands all the same.
        let _ = reply.send(committed.and_then(|()| outcome.expect("a committed job has run")));
    }

    fn weight(&self) -> usize {
        self.weight
    }
}
