//! Secrets as the configuration writes them: a literal, `env:NAME`, `file:PATH` or `cred:NAME`.

use std::{io, path::Path};

use super::{Purpose, environment::Environment, files::reason, problem::Problem, raw::At};

/// What a reference gave. `None`: it gave nothing, and that is recorded where it matters.
pub(super) type Resolved = Option<At<String>>;

/// Finds what secrets stand for. Values appear in no problem.
pub(super) struct Secrets<'a> {
    pub(super) env: &'a Environment,
    pub(super) purpose: Purpose,
}

impl Secrets<'_> {
    /// What a value stands for. Commands that only look do without what is not there.
    pub(super) fn resolve(&self, written: &At<String>, problems: &mut Vec<Problem>) -> Resolved {
        match self.find(written, problems) {
            Err(_) if self.purpose == Purpose::Look => None,
            found => tell(found, problems),
        }
    }

    /// The same for what no command can do without.
    pub(super) fn resolve_always(&self, written: &At<String>, problems: &mut Vec<Problem>) -> Resolved {
        let found = self.find(written, problems);
        tell(found, problems)
    }

    fn find(&self, written: &At<String>, problems: &mut Vec<Problem>) -> Result<At<String>, Box<Problem>> {
        let found = match written.value.split_once(':') {
            Some(("env", name)) => self.variable(written, name),
            Some(("file", path)) => file(written, path, problems),
            Some(("cred", name)) => self.credential(written, name),
            _ if written.value.is_empty() => Err(written.error(format!("{}: is empty", written.key)).into()),
            _ => Ok(written.value.clone()),
        };
        found.map(|value| written.with(value))
    }

    fn variable(&self, written: &At<String>, name: &str) -> Result<String, Box<Problem>> {
        let problem =
            |what: &str| Box::new(written.error(format!("{}: the variable {name} is {what}", written.key)));
        match self.env.var(name) {
            Some(value) if !value.is_empty() => Ok(value),
            Some(_) => Err(problem("empty")),
            None => Err(problem("not set")),
        }
    }

    /// systemd gives credentials only to the service itself, so `check` outside of it cannot tell
    /// (specs/operations.md §2).
    fn credential(&self, written: &At<String>, name: &str) -> Result<String, Box<Problem>> {
        let problem = |what: String| written.error(format!("{}: {what}", written.key));
        let load = format!("LoadCredential={name}:/etc/feedwatch/credentials/{name} in the unit");
        if name.is_empty() || name.contains('/') {
            return Err(problem("cred: needs the name of a credential".to_owned()).into());
        }
        let directory = self.env.credentials_directory().filter(|path| std::fs::read_dir(path).is_ok());
        let Some(directory) = directory else {
            return Err(Box::new(if self.purpose == Purpose::Check {
                let message = format!("{}: cred:{name} can be checked only inside the service", written.key);
                written.warning(message)
            } else {
                problem(format!("there is no credential {name}: no $CREDENTIALS_DIRECTORY")).help(load)
            }));
        };
        let read = |name: &str| read_secret(&directory.join(name));
        let found = match read(name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => read(&format!("feedwatch_{name}")),
            found => found,
        };
        non_empty(found).map_err(|why| Box::new(problem(format!("credential {name}: {why}")).help(load)))
    }
}

fn tell(found: Result<At<String>, Box<Problem>>, problems: &mut Vec<Problem>) -> Resolved {
    found.map_err(|problem| problems.push(*problem)).ok()
}

fn file(written: &At<String>, path: &str, problems: &mut Vec<Problem>) -> Result<String, Box<Problem>> {
    let path = written.place.directory().join(path);
    let value = non_empty(read_secret(&path))
        .map_err(|why| written.error(format!("{}: {}: {why}", written.key, path.display())))?;
    if is_readable_by_others(&path) {
        let message = format!("{}: {} can be read by every user", written.key, path.display());
        problems.push(written.warning(message).help(format!("chmod o-rwx {}", path.display())));
    }
    Ok(value)
}

/// The text of a file without one line end.
fn read_secret(path: &Path) -> io::Result<String> {
    let text = std::fs::read_to_string(path)?;
    let text = text.strip_suffix('\n').unwrap_or(&text);
    Ok(text.strip_suffix('\r').unwrap_or(text).to_owned())
}

fn non_empty(read: io::Result<String>) -> Result<String, String> {
    match read {
        Ok(value) if value.is_empty() => Err("the file is empty".to_owned()),
        Ok(value) => Ok(value),
        Err(error) => Err(reason(&error)),
    }
}

#[cfg(unix)]
fn is_readable_by_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|file| file.permissions().mode() & 0o004 != 0)
}

#[cfg(not(unix))]
fn is_readable_by_others(_path: &Path) -> bool {
    false
}
