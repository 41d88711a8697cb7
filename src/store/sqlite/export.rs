//! The rows of a file, for another store. It takes the process lock: nobody works on the file meanwhile.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, types::ValueRef};
use tokio::sync::mpsc;

use super::{error::store_error, lock::ProcessLock, open, sql::Sql, time::millis};
use crate::{
    model::{Flock, Timestamp},
    store::{
        StoreError,
        transfer::{Cell, Table},
    },
};

/// Rows in one batch.
const BATCH: usize = 500;

/// A file that is read to be moved: alone, checked, at the current schema.
pub struct Export {
    database: PathBuf,
    connection: Connection,
    _lock: ProcessLock,
}

/// What the scheduler knows about all feeds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Shared {
    /// The sums.
    pub flock: Flock,
    /// What it keeps.
    pub controller: Option<String>,
}

impl Export {
    /// Opens the file as the daemon would.
    pub fn open(database: &Path, now: Timestamp) -> Result<Self, StoreError> {
        super::file::must_exist(database)?;
        let (connection, lock) = open::open_owned(database, millis(now))?;
        Ok(Self { database: database.to_owned(), connection, _lock: lock })
    }

    /// The error for a caller.
    pub fn explain(&self, error: &rusqlite::Error) -> StoreError {
        store_error(&self.database, error)
    }

    /// How many rows a table has.
    pub fn count(&self, table: &Table) -> rusqlite::Result<u64> {
        let sql = format!("SELECT count(*) FROM {}", table.source);
        self.connection.query_row(&sql, [], |row| super::rows::count(row, 0))
    }

    /// Hands out every row of a table, batch by batch; ends early if nobody takes them any more.
    pub fn rows(&self, table: &Table, to: &mpsc::Sender<Vec<Vec<Cell>>>) -> rusqlite::Result<()> {
        let columns: Vec<&str> = table.columns.iter().map(|(name, _)| *name).collect();
        let sql = format!("SELECT {} FROM {}", columns.join(", "), table.source);
        let mut statement = self.connection.prepare(&sql)?;
        let mut rows = statement.query([])?;
        let mut batch = Vec::with_capacity(BATCH);
        while let Some(row) = rows.next()? {
            let cells = (0..columns.len()).map(|column| Ok(cell(row.get_ref(column)?)));
            batch.push(cells.collect::<rusqlite::Result<Vec<Cell>>>()?);
            if batch.len() == BATCH && to.blocking_send(std::mem::take(&mut batch)).is_err() {
                return Ok(());
            }
        }
        // Nobody takes them: somebody says why.
        let _ = to.blocking_send(batch);
        Ok(())
    }

    /// What the scheduler knows about all feeds.
    pub fn shared(&self) -> rusqlite::Result<Shared> {
        let sql = "SELECT feeds, shares, polls, articles, flagged, controller FROM flock";
        let shared = self.connection.first(sql, [], |row| {
            let count = |column: usize| super::rows::count(row, column);
            let flock = Flock {
                feeds: count(0)?,
                shares: row.get(1)?,
                polls: count(2)?,
                articles: count(3)?,
                flagged: count(4)?,
            };
            Ok(Shared { flock, controller: row.get(5)? })
        })?;
        Ok(shared.unwrap_or_default())
    }

    /// Notes that the file was left in order.
    pub fn close(self) -> Result<(), StoreError> {
        open::mark_clean(&self.connection).map_err(|error| self.explain(&error))
    }
}

fn cell(value: ValueRef<'_>) -> Cell {
    match value {
        ValueRef::Null => Cell::Null,
        ValueRef::Integer(number) => Cell::Integer(number),
        ValueRef::Real(number) => Cell::Real(number),
        ValueRef::Text(text) => Cell::Text(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(bytes) => Cell::Bytes(bytes.to_vec()),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::store::transfer::TABLES;

    /// Tables that one store has for itself.
    const OWN: [&str; 2] = ["meta", "flock"];

    #[test]
    fn every_column_of_the_file_is_taken_over() {
        let folder = tempfile::tempdir().unwrap();
        let (db, _lock) = open::open_owned(&folder.path().join("f.db"), 0).unwrap();
        let names =
            db.all("SELECT name FROM sqlite_schema WHERE type = 'table'", [], |row| row.get(0)).unwrap();
        let names: BTreeSet<String> = names.into_iter().collect();
        let sources =
            |table: &Table| table.source.split(' ').filter(|word| names.contains(*word)).collect::<Vec<_>>();
        let taken = TABLES.iter().flat_map(sources).chain(OWN);
        assert_eq!(names, taken.map(str::to_owned).collect());
        for table in TABLES {
            let columns = |name: &str| {
                let sql = format!("SELECT name FROM pragma_table_info('{name}')");
                db.all(&sql, [], |row| row.get::<_, String>(0)).unwrap()
            };
            let there: BTreeSet<String> = sources(table).into_iter().flat_map(columns).collect();
            let taken = table.columns.iter().map(|(name, _)| (*name).to_owned()).collect();
            assert_eq!(there, taken, "{}", table.name);
        }
    }
}
