//! Reading beside the writer: connections that cannot write, on threads that may block.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::{error::store_error, open};
use crate::store::StoreError;

/// Reads at the same time.
const READERS: usize = 4;

/// The connections for reading.
pub struct Readers {
    database: PathBuf,
    idle: Mutex<Vec<Connection>>,
    slots: Arc<Semaphore>,
}

impl Readers {
    /// Connections are opened when they are first needed.
    pub fn new(database: PathBuf) -> Arc<Self> {
        Arc::new(Self { database, idle: Mutex::default(), slots: Arc::new(Semaphore::new(READERS)) })
    }

    /// The file that is read.
    pub fn database(&self) -> &Path {
        &self.database
    }

    /// Reads in one transaction: all of it sees the same state. Waits while as many reads as allowed are under way.
    pub async fn read<T, F>(self: &Arc<Self>, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let closed = || StoreError::Unusable("the store is closed".to_owned());
        let slot = Arc::clone(&self.slots).acquire_owned().await.map_err(|_| closed())?;
        let readers = Arc::clone(self);
        let done = tokio::task::spawn_blocking(move || {
            let outcome = readers.read_now(work);
            drop(slot);
            outcome
        });
        done.await.unwrap_or_else(|_| Err(StoreError::Unavailable("a read broke off".to_owned())))
    }

    /// Refuses further reads and closes the idle connections.
    pub fn close(&self) {
        self.slots.close();
        self.idle().clear();
    }

    fn read_now<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        let failed = |error: rusqlite::Error| store_error(&self.database, &error);
        let idle = self.idle().pop();
        let connection = idle.map_or_else(|| open::read_only(&self.database), Ok).map_err(failed)?;
        let snapshot = connection.unchecked_transaction().map_err(failed)?;
        // After an error the connection is not kept: it may be the handle that is broken.
        let value = work(&snapshot).map_err(failed)?;
        snapshot.finish().map_err(failed)?;
        if !self.slots.is_closed() {
            self.idle().push(connection);
        }
        Ok(value)
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
