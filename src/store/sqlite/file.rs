//! The database as a file: made for us alone, recognised, and noticed when it is swapped.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, ErrorKind},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt},
    path::Path,
};

use tracing::warn;

use crate::store::StoreError;

/// Makes the directory of the database (0700) where it is missing.
pub fn prepare_folder(database: &Path) -> Result<(), StoreError> {
    let folder = folder_of(database);
    make_folder(folder).map_err(|error| {
        StoreError::Unusable(format!("cannot make the directory {}: {error}", folder.display()))
    })
}

/// Makes an empty file (0600) where it is missing; SQLite gives its other files the mode of this one. What exists
/// keeps its mode; one warning if others can read it.
pub fn prepare(database: &Path) -> Result<(), StoreError> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(database) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            warn_if_others_can_read(database);
            check_writable(database)
        }
        Err(error) => Err(StoreError::Unusable(format!("cannot make {}: {error}", database.display()))),
    }
}

/// Refuses to go on without a file that can be read: readers never make one.
pub fn must_exist(database: &Path) -> Result<(), StoreError> {
    match File::open(database) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound => Err(StoreError::Unusable(format!(
            "there is no database {}; feedwatch run or feedwatch once makes it",
            database.display()
        ))),
        Err(error) => Err(StoreError::Unusable(format!("cannot read {}: {error}", database.display()))),
    }
}

/// Which file this is, whatever its name: device and inode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileId(u64, u64);

impl FileId {
    /// The file that the path leads to now; `None` if there is none.
    pub fn of(database: &Path) -> Option<Self> {
        let found = fs::metadata(database).ok()?;
        Some(Self(found.dev(), found.ino()))
    }
}

fn folder_of(database: &Path) -> &Path {
    match database.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn make_folder(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

fn check_writable(database: &Path) -> Result<(), StoreError> {
    let opened = OpenOptions::new().read(true).write(true).open(database);
    opened
        .map(drop)
        .map_err(|error| StoreError::Unusable(format!("cannot write {}: {error}", database.display())))
}

fn warn_if_others_can_read(database: &Path) {
    let open_to_others = fs::metadata(database).is_ok_and(|found| found.permissions().mode() & 0o077 != 0);
    if open_to_others {
        warn!(store.file = %database.display(), "other users can read the database: chmod 600 keeps it private");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn what_is_made_is_private_and_what_exists_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("a/b/f.db");
        prepare_folder(&database).unwrap();
        prepare(&database).unwrap();
        assert_eq!((mode(&database), mode(database.parent().unwrap())), (0o600, 0o700));

        fs::set_permissions(&database, fs::Permissions::from_mode(0o640)).unwrap();
        prepare(&database).unwrap();
        assert_eq!(mode(&database), 0o640);
    }

    #[test]
    fn a_directory_that_cannot_be_made_is_named() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("file"), "").unwrap();
        let error = prepare_folder(&folder.path().join("file/f.db")).unwrap_err().to_string();
        assert!(error.starts_with("cannot make the directory ") && error.contains("/file:"), "{error}");
    }

    #[test]
    fn a_replaced_file_is_another_file() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("f.db");
        assert_eq!(FileId::of(&database), None);
        prepare(&database).unwrap();
        let before = FileId::of(&database);
        fs::rename(&database, folder.path().join("old.db")).unwrap();
        prepare(&database).unwrap();
        assert_ne!(FileId::of(&database), before);
    }
}
