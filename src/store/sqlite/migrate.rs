//! Numbered migrations: from an empty file, or an older one, to the schema that this program knows.

use std::{
    fs::{self, OpenOptions},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use rusqlite::Connection;
use tracing::{info, warn};

use super::{error::store_error, sql::Sql};
use crate::store::StoreError;

/// The migrations, the first one makes version 1. A released one never changes.
const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001.sql"),
    include_str!("migrations/0002.sql"),
    include_str!("migrations/0003.sql"),
    include_str!("migrations/0004.sql"),
    include_str!("migrations/0005.sql"),
    include_str!("migrations/0006.sql"),
];

/// Marks a file as ours (`PRAGMA application_id`): "feed" in ASCII.
const APPLICATION_ID: i64 = 0x6665_6564;

/// What a file turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Identity {
    /// An empty one.
    Empty,
    /// One of ours, at this version of the schema.
    Version(usize),
}

/// Looks at a file without changing it. Refuses what is not ours and what a newer feedwatch made.
pub fn identify(database: &Path, connection: &Connection) -> Result<Identity, StoreError> {
    identify_among(database, connection, MIGRATIONS.len())
}

/// Refuses a schema of another version, for those who must not migrate: readers, and writers beside a daemon.
pub fn must_be_current(database: &Path, connection: &Connection) -> Result<(), StoreError> {
    match identify(database, connection)? {
        Identity::Version(version) if version == MIGRATIONS.len() => Ok(()),
        Identity::Version(version) => Err(StoreError::Unusable(format!(
            "{} was made by an older feedwatch (schema {version}, this one knows {}); feedwatch run brings it up to date",
            database.display(),
            MIGRATIONS.len(),
        ))),
        Identity::Empty => Err(StoreError::Unusable(format!(
            "{} is empty; feedwatch run or feedwatch once fills it",
            database.display()
        ))),
    }
}

/// Applies what is missing, one transaction per version, after a copy of an existing file.
pub fn migrate(database: &Path, connection: &Connection, from: Identity) -> Result<(), StoreError> {
    apply(database, connection, from, MIGRATIONS)
}

fn identify_among(database: &Path, connection: &Connection, known: usize) -> Result<Identity, StoreError> {
    let name = database.display();
    let foreign = || {
        StoreError::Unusable(format!(
            "{name} is not a feedwatch database; it was left untouched: name another file in [store] url"
        ))
    };
    let (application, version, tables) =
        read_header(connection).map_err(|error| match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::NotADatabase) => foreign(),
            _ => store_error(database, &error),
        })?;
    match (application, usize::try_from(version)) {
        (0, Ok(0)) if tables == 0 => Ok(Identity::Empty),
        (APPLICATION_ID, Ok(version)) if version > known => Err(StoreError::Unusable(format!(
            "{name} was made by a newer feedwatch (schema {version}, this one knows {known}); it was left untouched: update feedwatch, or name another file in \
             [store] url"
        ))),
        (APPLICATION_ID, Ok(version)) if version > 0 => Ok(Identity::Version(version)),
        _ => Err(foreign()),
    }
}

fn read_header(connection: &Connection) -> rusqlite::Result<(i64, i64, i64)> {
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let tables = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok((pragma("application_id")?, pragma("user_version")?, tables))
}

fn apply(
    database: &Path,
    connection: &Connection,
    from: Identity,
    migrations: &[&str],
) -> Result<(), StoreError> {
    let done = match from {
        Identity::Empty => 0,
        Identity::Version(version) => version,
    };
    if done > 0 && done < migrations.len() {
        keep_copy(database, connection, migrations.len());
    }
    for (index, sql) in migrations.iter().enumerate().skip(done) {
        let version = index + 1;
        let step = format!(
            "BEGIN IMMEDIATE; {sql}\nPRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {version}; COMMIT;"
        );
        connection.execute_batch(&step).map_err(|error| store_error(database, &error))?;
    }
    let (file, schema) = (database.display(), migrations.len());
    match from {
        Identity::Empty => info!(store.file = %file, store.schema = schema, "made the database"),
        Identity::Version(_) if done < schema => {
            info!(store.file = %file, store.schema = schema, "brought the database up to date");
        }
        Identity::Version(_) => {}
    }
    Ok(())
}

/// Keeps `<database>.before-vN`. A disk without room for it does not stop the migration: that one is a transaction.
fn keep_copy(database: &Path, connection: &Connection, version: usize) {
    let mut copy = database.as_os_str().to_owned();
    copy.push(format!(".before-v{version}"));
    let copy = PathBuf::from(copy);
    // SQLite fills an empty file; made by us, it is as private as the database. An older copy is kept instead.
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&copy).is_ok();
    if !made {
        return;
    }
    if let Err(error) = connection.run("VACUUM INTO ?1", [copy.to_string_lossy()]) {
        warn!(%error, "no copy of the database was kept before the migration");
        // Half a copy would be taken for a whole one.
        let _ = fs::remove_file(&copy);
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const FIRST: &[&str] = &[MIGRATIONS[0]];
    const NEXT: &[&str] = &[MIGRATIONS[0], "CREATE TABLE later (x INTEGER) STRICT;"];

    fn open(database: &Path) -> Connection {
        Connection::open(database).unwrap()
    }

    #[test]
    fn an_older_database_is_brought_up_to_date_and_a_copy_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("f.db");
        let connection = open(&database);
        apply(&database, &connection, Identity::Empty, FIRST).unwrap();
        connection.run("INSERT INTO meta VALUES ('kept', 'yes')", []).unwrap();

        apply(&database, &connection, Identity::Version(1), NEXT).unwrap();
        assert_eq!(identify_among(&database, &connection, 2).unwrap(), Identity::Version(2));
        connection.run("INSERT INTO later VALUES (1)", []).unwrap();

        let copy = folder.path().join("f.db.before-v2");
        assert_eq!(fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
        let copy = open(&copy);
        assert_eq!(identify_among(&database, &copy, 2).unwrap(), Identity::Version(1));
        let kept = copy.first("SELECT value FROM meta WHERE name = 'kept'", [], |row| row.get(0)).unwrap();
        assert_eq!(kept, Some("yes".to_owned()));
    }

    #[test]
    fn a_migration_that_fails_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("f.db");
        let connection = open(&database);
        apply(&database, &connection, Identity::Empty, FIRST).unwrap();
        let broken = &[MIGRATIONS[0], "CREATE TABLE later (x INTEGER) STRICT; SELECT nonsense;"];
        apply(&database, &connection, Identity::Version(1), broken).unwrap_err();
        drop(connection);
        let connection = open(&database);
        assert_eq!(identify_among(&database, &connection, 2).unwrap(), Identity::Version(1));
        apply(&database, &connection, Identity::Version(1), NEXT).unwrap();
    }

    #[test]
    fn a_newer_database_is_left_untouched() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("f.db");
        let connection = open(&database);
        apply(&database, &connection, Identity::Empty, NEXT).unwrap();
        let error = identify_among(&database, &connection, 1).unwrap_err().to_string();
        assert!(error.contains("made by a newer feedwatch (schema 2, this one knows 1)"), "{error}");
    }

    #[test]
    fn a_database_of_the_first_version_is_brought_up_to_date() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("f.db");
        let connection = open(&database);
        apply(&database, &connection, Identity::Empty, FIRST).unwrap();
        migrate(&database, &connection, Identity::Version(1)).unwrap();
        assert_eq!(identify(&database, &connection).unwrap(), Identity::Version(MIGRATIONS.len()));
    }

    #[test]
    fn a_foreign_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let text = folder.path().join("text.db");
        fs::write(&text, "This is a letter, not a database. ".repeat(40)).unwrap();
        let other = folder.path().join("other.db");
        open(&other).execute_batch("CREATE TABLE theirs (x)").unwrap();
        for database in [text, other] {
            let error = identify(&database, &open(&database)).unwrap_err().to_string();
            assert!(error.contains("is not a feedwatch database"), "{error}");
        }
    }
}
