//! Where `store.url` points to: a SQLite file, or a database of a PostgreSQL server.

use std::path::PathBuf;

use super::{
    super::{environment::Environment, files::reason, raw::At},
    Checker,
};
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
        if let Err(why) = look_up_password(&mut address, self.secrets.env) {
            self.push(written.warning(format!("store.url: {why}")));
        }
        if let Some(warning) = address.warning() {
            self.push(written.warning(format!("store.url: {warning}")));
        }
        Ok(address)
    }
}

/// A database that a command is told: its URL, or `env:NAME` or `file:PATH` where that stands.
///
/// # Errors
/// One sentence that does not quote the URL.
pub fn database_address(written: &str, env: &Environment) -> Result<Address, String> {
    let url = match written.split_once(':') {
        Some(("env", name)) => env.var(name).ok_or_else(|| format!("the variable {name} is not set"))?,
        Some(("file", path)) => {
            std::fs::read_to_string(path).map_err(|error| format!("{path}: {}", reason(&error)))?
        }
        _ => written.to_owned(),
    };
    let mut address = Address::parse(url.trim_end())?;
    look_up_password(&mut address, env)?;
    Ok(address)
}

/// What the password file of libpq knows, if one is named.
fn look_up_password(address: &mut Address, env: &Environment) -> Result<(), String> {
    let Some(path) = env.var("PGPASSFILE") else { return Ok(()) };
    let text = std::fs::read_to_string(&path);
    let text = text.map_err(|error| format!("PGPASSFILE {path}: {}", reason(&error)))?;
    address.with_password_file(&text);
    Ok(())
}

/// A relative database lives in `$STATE_DIRECTORY`, else in the working directory.
pub(super) fn in_state(state_directory: Option<PathBuf>, path: &str) -> PathBuf {
    state_directory.map_or_else(|| PathBuf::from(path), |directory| directory.join(path))
}
