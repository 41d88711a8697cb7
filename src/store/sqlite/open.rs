//! Opening: connections as we want them, and the checks at start, in order of what they protect.

use std::{path::Path, time::Duration};

use rusqlite::{Connection, OpenFlags, config::DbConfig};

use super::{
    error::store_error,
    file,
    lock::ProcessLock,
    migrate::{self, Identity},
    recover,
    sql::Sql,
};
use crate::store::StoreError;

/// SQLite 3.7.0 to 3.51.2 can corrupt the write-ahead log when two connections write and checkpoint at once.
const OLDEST_SQLITE: i32 = 3_051_003;
/// How long SQLite itself waits for another program's lock.
pub const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Statements kept prepared per connection; more than the store has.
const PREPARED: usize = 128;

/// Opens the database for the daemon: alone, checked, at the current schema, recovered from whatever ended the
/// last process. Makes it if it is missing.
pub fn open_owned(database: &Path, now: i64) -> Result<(Connection, ProcessLock), StoreError> {
    check_library(rusqlite::version_number())?;
    // The lock comes first: nothing is made or looked at beside a living owner.
    file::prepare_folder(database)?;
    let lock = ProcessLock::take(database)?;
    file::prepare(database)?;
    let connection =
        raw(database, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(|e| store_error(database, &e))?;
    let identity = migrate::identify(database, &connection)?;
    let failed = |error: rusqlite::Error| store_error(database, &error);
    if identity == Identity::Empty {
        connection.execute_batch("PRAGMA auto_vacuum = INCREMENTAL").map_err(failed)?;
    }
    use_write_ahead_log(database, &connection)?;
    configure(&connection).map_err(failed)?;
    if identity != Identity::Empty && was_interrupted(&connection).map_err(failed)? {
        check_integrity(database, &connection)?;
    }
    migrate::migrate(database, &connection, identity)?;
    recover::after_start(&connection, now).map_err(failed)?;
    Ok((connection, lock))
}

/// Opens an existing database of the current schema for writing beside a running daemon.
pub fn open_beside(database: &Path) -> Result<Connection, StoreError> {
    check_library(rusqlite::version_number())?;
    file::must_exist(database)?;
    let connection = reopen(database).map_err(|error| store_error(database, &error))?;
    migrate::must_be_current(database, &connection)?;
    Ok(connection)
}

/// A connection for writing to a database that was checked before.
pub fn reopen(database: &Path) -> rusqlite::Result<Connection> {
    let connection = raw(database, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    configure(&connection)?;
    Ok(connection)
}

/// A connection that cannot write.
pub fn read_only(database: &Path) -> rusqlite::Result<Connection> {
    let connection = raw(database, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    connection.execute_batch("PRAGMA query_only = ON; PRAGMA trusted_schema = OFF; PRAGMA mmap_size = 0")?;
    Ok(connection)
}

/// Notes that everything was finished, so that the next start need not look for damage.
pub fn mark_clean(connection: &Connection) -> rusqlite::Result<()> {
    connection.run("DELETE FROM meta WHERE name = 'running'", [])?;
    // Readers may keep the log from being emptied; then it is emptied later.
    let _ = connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)");
    Ok(())
}

fn check_library(version: i32) -> Result<(), StoreError> {
    if version >= OLDEST_SQLITE {
        return Ok(());
    }
    Err(StoreError::Unusable(format!(
        "SQLite {}.{}.{} can corrupt its write-ahead log; feedwatch needs 3.51.3 or newer",
        version / 1_000_000,
        version / 1000 % 1000,
        version % 1000,
    )))
}

fn raw(database: &Path, access: OpenFlags) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(database, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(PREPARED);
    // Without the guarantee, SQLite compiles a statement anew whenever what is bound to an indexed column changes, which
    // is each time: a third of what a poll costs the writer.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(connection)
}

/// Undo copies of savepoints stay in memory: no file of ours is ever outside the database's directory.
fn configure(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;
         PRAGMA mmap_size = 0; PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 67108864;
         PRAGMA cache_size = -8000; PRAGMA temp_store = MEMORY;",
    )
}

fn use_write_ahead_log(database: &Path, connection: &Connection) -> Result<(), StoreError> {
    let mode: String = connection
        .query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))
        .map_err(|error| store_error(database, &error))?;
    if mode == "wal" {
        return Ok(());
    }
    Err(StoreError::Unusable(format!(
        "{} cannot have a write-ahead log here (the journal stays {mode}); network file systems cannot do that: \
         put the database on a local disk",
        database.display()
    )))
}

fn was_interrupted(connection: &Connection) -> rusqlite::Result<bool> {
    let running = connection.first("SELECT 1 FROM meta WHERE name = 'running'", [], |_| Ok(()))?;
    Ok(running.is_some())
}

/// Looks for damage in the whole file.
pub fn check_integrity(database: &Path, connection: &Connection) -> Result<(), StoreError> {
    let finding: String = connection
        .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
        .map_err(|error| store_error(database, &error))?;
    if finding == "ok" {
        return Ok(());
    }
    Err(StoreError::Unusable(format!(
        "{} is damaged ({finding}); it was left as it is: restore a copy, or repair it with sqlite3's .recover",
        database.display()
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_library_is_refused() {
        let error = check_library(3_051_002).unwrap_err().to_string();
        assert!(error.starts_with("SQLite 3.51.2 can corrupt"), "{error}");
        check_library(OLDEST_SQLITE).unwrap();
        check_library(rusqlite::version_number()).unwrap();
    }

    #[test]
    fn a_database_in_memory_has_no_write_ahead_log_and_is_refused() {
        let connection = Connection::open_in_memory().unwrap();
        let error = use_write_ahead_log(Path::new("f.db"), &connection).unwrap_err().to_string();
        assert!(error.contains("put the database on a local disk"), "{error}");
    }

    #[test]
    fn every_connection_has_its_pragmas() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("f.db");
        let (connection, _lock) = open_owned(&database, 0).unwrap();
        let pragma = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).unwrap();
        assert_eq!(pragma("synchronous"), 2);
        assert_eq!(pragma("foreign_keys"), 1);
        assert_eq!(pragma("trusted_schema"), 0);
        assert_eq!(pragma("auto_vacuum"), 2);
        let reader = read_only(&database).unwrap();
        reader.execute_batch("DELETE FROM meta").unwrap_err();
    }
}
