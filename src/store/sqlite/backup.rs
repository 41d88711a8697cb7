//! A copy of the database as it is at this moment, beside whoever works on it.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use rusqlite::Connection;

use super::{error::store_error, file, migrate, open, sql::Sql};
use crate::store::{BackedUp, StoreError};

/// How often the progress is told.
const TELL_EVERY: Duration = Duration::from_millis(200);

/// Writes a copy to a file that must not exist yet. It is checked before it gets its name: what has the name is whole.
/// `progress` is told the bytes written and about how many there will be.
pub fn back_up(
    database: &Path,
    copy: &Path,
    progress: impl Fn(u64, u64) + Sync,
) -> Result<BackedUp, StoreError> {
    if copy.symlink_metadata().is_ok() {
        return Err(StoreError::Unusable(format!("{} exists already: name a new file", copy.display())));
    }
    file::must_exist(database)?;
    let connection = open::read_only(database).map_err(|error| store_error(database, &error))?;
    migrate::must_be_current(database, &connection)?;
    let partial = Partial::make(copy)?;
    let done = thread::scope(|scope| {
        let copying = scope.spawn(|| copy_into(database, &connection_of(database)?, &partial.0));
        let all = size(database) + size(&with_suffix(database, "-wal"));
        while !copying.is_finished() {
            progress(size(&partial.0), all);
            thread::sleep(TELL_EVERY);
        }
        copying.join().unwrap_or_else(|_| Err(StoreError::Unusable("the copying broke off".to_owned())))
    });
    done?;
    let backed_up = check(&partial.0)?;
    partial.name(copy)?;
    Ok(backed_up)
}

fn connection_of(database: &Path) -> Result<Connection, StoreError> {
    open::read_only(database).map_err(|error| store_error(database, &error))
}

/// One read transaction: the copy has all that was committed when it began, and nothing of later. `query_only` forbids
/// every other file, too.
fn copy_into(database: &Path, connection: &Connection, copy: &Path) -> Result<(), StoreError> {
    let copied = connection
        .execute_batch("PRAGMA query_only = OFF")
        .and_then(|()| connection.run("VACUUM INTO ?1", [copy.to_string_lossy()]));
    copied.map(drop).map_err(|error| store_error(database, &error))
}

/// Reads the copy as a whole.
fn check(copy: &Path) -> Result<BackedUp, StoreError> {
    let failed = |error: rusqlite::Error| store_error(copy, &error);
    let connection = open::read_only(copy).map_err(failed)?;
    migrate::must_be_current(copy, &connection)?;
    open::check_integrity(copy, &connection)?;
    let count = |table: &str| {
        let sql = format!("SELECT count(*) FROM {table}");
        connection.query_row(&sql, [], |row| super::rows::count(row, 0)).map_err(failed)
    };
    let (feeds, articles, alerts) = (count("feed")?, count("article")?, count("alert")?);
    Ok(BackedUp { bytes: size(copy), feeds, articles, alerts })
}

/// A copy that is not whole yet: removed unless it gets its name.
struct Partial(PathBuf);

impl Partial {
    /// An empty file that nobody else can read, beside the one to come; SQLite fills it.
    fn make(copy: &Path) -> Result<Self, StoreError> {
        let path = with_suffix(copy, &format!(".partial-{}", std::process::id()));
        let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        made.map_err(|error| cannot_write(&path, &error))?;
        Ok(Self(path))
    }

    /// On disk first; then it gets its name, unless somebody else took that meanwhile.
    fn name(self, copy: &Path) -> Result<(), StoreError> {
        let named = File::open(&self.0).and_then(|file| file.sync_all()).and_then(|()| rename(&self.0, copy));
        named.map_err(|error| cannot_write(copy, &error))?;
        let folder = copy.parent().filter(|folder| !folder.as_os_str().is_empty());
        let synced = File::open(folder.unwrap_or(Path::new("."))).and_then(|folder| folder.sync_all());
        synced.map_err(|error| cannot_write(copy, &error))
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // Named by now, or of no use.
        let _ = fs::remove_file(&self.0);
    }
}

/// A rename that takes nobody's place, where the file system can do that.
fn rename(from: &Path, to: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        Err(error) if io::Error::from(error).kind() == ErrorKind::InvalidInput => fs::rename(from, to),
        renamed => Ok(renamed?),
    }
}

fn cannot_write(path: &Path, error: &io::Error) -> StoreError {
    StoreError::Unusable(format!("cannot write {}: {error}", path.display()))
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn size(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |file| file.len())
}
