//! From TOML files to a checked [`Config`], or to all problems at once.
//!
//! Three steps, one way: `files` reads the named file and what it includes, `raw` says what stands in them (each
//! value with its place), `check` says what it means. Every step records problems and goes on, so that one run
//! shows all of them with file, line, column and what to write instead. Rooms below never see this one: their
//! `Settings` are filled here.
//!
//! No output shows a secret: values of secret keys are never quoted in a message, and `mask` hides every string of
//! a line that may hold one, in broken files too.

mod check;
mod environment;
mod files;
mod find;
mod literal;
mod mask;
mod print;
mod problem;
mod raw;
mod secret_keys;
mod secrets;
mod source;
mod statements;
mod syntax;
#[cfg(test)]
mod tests;
pub mod words;

use std::path::{Path, PathBuf};

pub use check::{TermPlaces, database_address, feed_url, take_credentials};
pub use environment::Environment;
pub use find::find;
pub use problem::{Counts, Problem, Problems, Severity, write_problems};

use crate::{
    http,
    model::{Aliases, Topic},
    notify, poll, read, store, telemetry, web,
};

/// The documented configuration that `default-config` prints; each default it names is the one of the code.
pub const DEFAULT: &str = include_str!("../../config/feedwatch.toml");

/// All that can be configured, checked: plain data for the rooms.
#[derive(Debug, Clone)]
pub struct Config {
    /// The file that was named.
    pub path: PathBuf,
    /// All files that were read, the named one first.
    pub files: Vec<PathBuf>,
    /// `[store]`, and the retention keys of `[notify]`.
    pub store: store::Settings,
    /// `[http]`.
    pub http: http::Settings,
    /// `[read]`, and `http.max_body`.
    pub read: read::Limits,
    /// `[poll]`, `[[feed]]`, `[[host]]`.
    pub poll: poll::Settings,
    /// `[notify]`, `[[notifier]]`.
    pub notify: notify::Settings,
    /// `[server]`.
    pub server: web::Settings,
    /// `[log]`.
    pub log: telemetry::Settings,
    /// `[[topic]]`, in the order of the files.
    pub topics: Vec<Topic>,
    /// `[alias]`.
    pub aliases: Aliases,
}

/// What holds when nothing is configured: no feeds, no topics, one notifier that logs.
impl Default for Config {
    fn default() -> Self {
        let files = files::Files::default();
        check::check(Path::new(""), files, Purpose::Look, &Environment::of([]), &mut Vec::new()).config
    }
}

/// What a configuration is read for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To work with it: every secret must be there.
    Run,
    /// To say what is wrong with it: credentials of systemd, which are there only inside the service, are passed
    /// over with a warning.
    Check,
    /// To look at things with it (`match`, `status`, `redeliver`): nothing is fetched or sent for it, so secrets and
    /// certificates that are not there do not matter.
    Look,
}

/// A good configuration.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// What somebody should look at, in the order of the files.
    pub warnings: Vec<Problem>,
    /// How much the files hold. A notifier that could not be checked for want of a credential counts.
    pub counts: Counts,
}

/// Reads a configuration, the files it includes, and the secrets it names. The error holds every problem found,
/// warnings among them.
pub fn load(path: &Path, purpose: Purpose, env: &Environment) -> Result<Loaded, Problems> {
    load_with_places(path, purpose, env).map(|(loaded, _)| loaded)
}

/// The same, with the places of the watchlist's terms.
pub fn load_with_places(
    path: &Path,
    purpose: Purpose,
    env: &Environment,
) -> Result<(Loaded, TermPlaces), Problems> {
    let mut problems = Vec::new();
    let Some(files) = files::read(path, &mut problems) else {
        return Err(Problems { list: problems, counts: Counts::default() });
    };
    let order = files.paths.clone();
    let checked = check::check(path, files, purpose, env, &mut problems);
    sort(&mut problems, &order);
    if problems.iter().any(|problem| problem.severity == Severity::Error) {
        return Err(Problems { list: problems, counts: checked.counts });
    }
    let loaded = Loaded { config: checked.config, warnings: problems, counts: checked.counts };
    Ok((loaded, checked.places))
}

/// Puts problems in the order of the files.
pub fn sort(problems: &mut [Problem], files: &[PathBuf]) {
    let rank = |problem: &Problem| files.iter().position(|file| *file == problem.file);
    problems.sort_by_key(|problem| (rank(problem), problem.line, problem.column));
}
