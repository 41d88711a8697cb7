//! One daemon per database: an exclusive lock on `<database>.lock`, held for life.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use crate::store::StoreError;

/// The lock; it ends with the process, whatever ends that. The file stays.
#[derive(Debug)]
pub struct ProcessLock {
    _file: File,
}

impl ProcessLock {
    /// Takes the lock and writes our pid into the file.
    pub fn take(database: &Path) -> Result<Self, StoreError> {
        let path = lock_path(database);
        let cannot =
            |error: io::Error| StoreError::Unusable(format!("cannot write {}: {error}", path.display()));
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(cannot)?;
        match file.try_lock() {
            Ok(()) => write_pid(&mut file).map_err(cannot)?,
            Err(TryLockError::WouldBlock) => return Err(in_use(database, &mut file)),
            Err(TryLockError::Error(error)) => return Err(cannot(error)),
        }
        Ok(Self { _file: file })
    }
}

fn lock_path(database: &Path) -> PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push(".lock");
    PathBuf::from(path)
}

fn write_pid(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    writeln!(file, "{}", std::process::id())
}

fn in_use(database: &Path, file: &mut File) -> StoreError {
    let mut pid = String::new();
    // The holder may be about to write it; then the sentence is shorter, and as true.
    let known = file.take(20).read_to_string(&mut pid).is_ok() && !pid.trim().is_empty();
    let who = if known { format!(", pid {}", pid.trim()) } else { String::new() };
    StoreError::Unusable(format!("{} is in use by feedwatch{who}: stop that one first", database.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_holder_is_refused_with_the_pid_of_the_first() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("f.db");
        let first = ProcessLock::take(&database).unwrap();
        let refused = ProcessLock::take(&database).unwrap_err().to_string();
        let pid = std::process::id();
        assert_eq!(
            refused,
            format!("{} is in use by feedwatch, pid {pid}: stop that one first", database.display())
        );
        drop(first);
        ProcessLock::take(&database).unwrap();
    }
}
