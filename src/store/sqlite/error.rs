//! What SQLite's errors mean for the store.

use std::path::Path;

use rusqlite::ErrorCode;

use crate::store::StoreError;

/// What stops a job.
#[derive(Debug)]
pub enum Fault {
    /// The store's own answer: this job is undone, the others go on.
    Refused(StoreError),
    /// SQLite failed.
    Sql(rusqlite::Error),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Refused(error)
    }
}

/// What a SQLite error calls for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// Somebody else holds the database: wait, then the same again.
    Wait,
    /// No room: nothing was written; the same call may succeed when there is room.
    MakeRoom,
    /// The handle cannot be trusted any more: close it, open anew, then the same again.
    Reopen,
    /// The file is damaged: stop, a person must act.
    Stop,
    /// Only this job is wrong.
    FailJob,
}

impl Remedy {
    /// Reads it from SQLite's result code.
    pub fn of(error: &rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(
                ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::FileLockingProtocolFailed,
            ) => Self::Wait,
            Some(ErrorCode::DiskFull) => Self::MakeRoom,
            Some(
                ErrorCode::SystemIoFailure
                | ErrorCode::CannotOpen
                | ErrorCode::ReadOnly
                | ErrorCode::OutOfMemory
                | ErrorCode::OperationInterrupted,
            ) => Self::Reopen,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Stop,
            _ => Self::FailJob,
        }
    }
}

/// The error for a caller of the store.
pub fn store_error(database: &Path, error: &rusqlite::Error) -> StoreError {
    let name = database.display();
    match Remedy::of(error) {
        Remedy::Wait => StoreError::Unavailable(format!("{name} is locked by another program")),
        Remedy::MakeRoom => StoreError::Unavailable(format!("no room on the disk of {name}: {error}")),
        Remedy::Reopen => StoreError::Unavailable(format!("cannot read or write {name}: {error}")),
        Remedy::Stop => StoreError::Unusable(format!(
            "{name} is damaged ({error}); it was left as it is: restore a copy, or repair it with sqlite3's .recover"
        )),
        Remedy::FailJob => StoreError::Unavailable(format!("unexpected answer of {name}: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::{Error, ffi};

    use super::*;

    #[track_caller]
    fn check(code: i32, expected: Remedy) {
        let error = Error::SqliteFailure(ffi::Error::new(code), None);
        assert_eq!(Remedy::of(&error), expected, "{error}");
        let unusable = matches!(store_error(Path::new("x.db"), &error), StoreError::Unusable(_));
        assert_eq!(unusable, expected == Remedy::Stop, "{error}");
    }

    #[test]
    fn every_kind_of_trouble_has_its_remedy() {
        check(ffi::SQLITE_BUSY, Remedy::Wait);
        check(ffi::SQLITE_BUSY_SNAPSHOT, Remedy::Wait);
        check(ffi::SQLITE_FULL, Remedy::MakeRoom);
        check(ffi::SQLITE_IOERR_FSYNC, Remedy::Reopen);
        check(ffi::SQLITE_CANTOPEN, Remedy::Reopen);
        check(ffi::SQLITE_CORRUPT, Remedy::Stop);
        check(ffi::SQLITE_NOTADB, Remedy::Stop);
        check(ffi::SQLITE_CONSTRAINT_UNIQUE, Remedy::FailJob);
    }
}
