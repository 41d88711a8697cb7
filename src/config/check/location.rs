//! Where `store.url` points to: a SQLite file, or a database of a PostgreSQL server.

use std::path::PathBuf;

use super::{super::raw::At, Checker};
use crate::store::{Location, postgres::Address};

/// What to write instead.
const HELP: &str = r#"url = "sqlite:feedwatch.db", or "postgres://feedwatch@db.example.org/feedwatch""#;

impl Checker<'_> {
    /// The place, if it is one. A URL may be a secret (`env:`, `file:`, `cred:`): it may hold a password.
    pub(super) fn location(&mut self, written: &At<String>) -> Option<Location> {
        // Commands that only look need the store, too.
        let url = self.secrets.resolve_always(written, &mut self.problems)?;
        let scheme = url.value.split(':').next().unwrap_or_default();
        let problem = match (scheme, url.value.strip_prefix("sqlite:")) {
            (_, Some("" | ":memory:")) => written.error("store.url: names no file"),
            (_, Some(path)) if path.starts_with("//") && !path.starts_with("///") => {
                written.error("store.url: a database file has no host").help(HELP)
            }
            (_, Some(path)) => {
                let path = path.strip_prefix("//").unwrap_or(path);
                return Some(Location::Sqlite(in_state(self.secrets.env.state_directory(), path)));
            }
            ("postgres" | "postgresql", None) => match self.postgres(written, &url.value) {
                Ok(address) => return Some(Location::Postgres(address)),
                Err(why) => written.error(format!("store.url: {why}")),
            },
            _ => written.error("store.url: must begin with sqlite: or postgres:").help(HELP),
        };
        self.push(problem);
        None
    }

    /// A database of a server, with what the password file knows about it.
    fn postgres(&mut self, written: &At<String>, url: &str) -> Result<Address, String> {
        let mut address = Address::parse(url)?;
        if let Some(path) = self.secrets.env.var("PGPASSFILE") {
            match std::fs::read_to_string(&path) {
                Ok(text) => address.with_password_file(&text),
                Err(error) => {
                    let why = super::super::files::reason(&error);
                    self.push(written.warning(format!("store.url: PGPASSFILE {path}: {why}")));
                }
            }
        }
        if let Some(warning) = address.warning() {
            self.push(written.warning(format!("store.url: {warning}")));
        }
        Ok(address)
    }
}

/// A relative database lives in `$STATE_DIRECTORY`, else in the working directory.
pub(super) fn in_state(state_directory: Option<PathBuf>, path: &str) -> PathBuf {
    state_directory.map_or_else(|| PathBuf::from(path), |directory| directory.join(path))
}
