//! Which files a configuration consists of: the one that was named, and those it includes.

use std::{
    io,
    path::{Path, PathBuf},
    rc::Rc,
};

use super::{
    problem::{Problem, Severity},
    raw::{At, RawFile, in_brackets},
    source::{Place, Source},
    syntax::{self, Parsed},
};

/// All files of a configuration, as far as they could be read.
#[derive(Default)]
pub(super) struct Files {
    pub(super) main: RawFile,
    pub(super) includes: Vec<RawFile>,
    /// Whether a part of them is hidden by a syntax error or an unreadable file.
    pub(super) is_broken: bool,
    /// Where they are, the named one first.
    pub(super) paths: Vec<PathBuf>,
    /// The same without links, so that no file is read twice.
    canonical: Vec<PathBuf>,
}

/// Reads a configuration and what it includes; records what is wrong with the files themselves. `None` if the named
/// file cannot be read at all.
pub(super) fn read(path: &Path, problems: &mut Vec<Problem>) -> Option<Files> {
    let Parsed { raw: main, is_broken } = match read_source(path) {
        Ok(source) => syntax::parse(&source, problems),
        Err(unreadable) => {
            problems.push(unreadable.into_problem(path));
            return None;
        }
    };
    let mut files = Files { main, is_broken, ..Files::default() };
    files.is_new(path);
    for include in files.main.include.iter().flat_map(|list| &list.value).cloned().collect::<Vec<_>>() {
        files.add(&include, problems);
    }
    Some(files)
}

impl Files {
    /// Remembers a file; says whether it was unknown.
    fn is_new(&mut self, path: &Path) -> bool {
        let canonical = canonical(path);
        let is_new = !self.canonical.contains(&canonical);
        if is_new {
            self.paths.push(path.to_owned());
            self.canonical.push(canonical);
        }
        is_new
    }

    /// Adds the files of one entry of `include`.
    fn add(&mut self, include: &At<String>, problems: &mut Vec<Problem>) {
        match resolve(include) {
            Ok(paths) => paths.iter().for_each(|path| self.add_file(path, include, problems)),
            Err(problem) => {
                self.is_broken |= problem.severity == Severity::Error;
                problems.push(*problem);
            }
        }
    }

    fn add_file(&mut self, path: &Path, include: &At<String>, problems: &mut Vec<Problem>) {
        if !self.is_new(path) {
            if self.canonical.first() == Some(&canonical(path)) && !is_pattern(&include.value) {
                problems.push(include.error("include: the file includes itself"));
            }
            return;
        }
        match read_source(path) {
            Ok(source) => {
                let parsed = syntax::parse(&source, problems);
                self.is_broken |= parsed.is_broken;
                refuse_other_tables(&parsed.raw, &self.canonical, problems);
                self.includes.push(parsed.raw);
            }
            Err(Unreadable::Io(error)) => {
                self.is_broken = true;
                let message = format!("include: cannot read {}: {}", path.display(), reason(&error));
                problems.push(include.error(message));
            }
            Err(unreadable) => {
                self.is_broken = true;
                problems.push(unreadable.into_problem(path));
            }
        }
    }
}

/// The files that an entry of `include` names, in order.
fn resolve(include: &At<String>) -> Result<Vec<PathBuf>, Box<Problem>> {
    if include.value.is_empty() {
        return Err(include.error("include: an empty name").into());
    }
    let directory = include.place.directory();
    if !is_pattern(&include.value) {
        let path = directory.join(&include.value);
        return if path.exists() {
            Ok(vec![path])
        } else {
            Err(include.error(format!("include: there is no file {}", path.display())).into())
        };
    }
    let pattern = if Path::new(&include.value).is_absolute() {
        include.value.clone()
    } else {
        format!("{}{}", escaped_prefix(directory), include.value)
    };
    let paths = glob::glob(&pattern).map_err(|error| {
        let message = format!("include: {:?} is not a pattern: {}", include.value, error.msg);
        Box::new(
            include
                .error(message)
                .help("`*` stands for any name, `?` for one character, `[abc]` for one of these"),
        )
    })?;
    let paths: Vec<PathBuf> = paths.filter_map(Result::ok).filter(|path| path.is_file()).collect();
    if paths.is_empty() {
        return Err(include.warning(format!("include: no file matches {:?}", include.value)).into());
    }
    Ok(paths)
}

fn is_pattern(name: &str) -> bool {
    name.contains(['*', '?', '['])
}

/// A directory as the beginning of a pattern.
fn escaped_prefix(directory: &Path) -> String {
    let text = directory.display().to_string();
    match text.as_str() {
        "" => text,
        _ => format!("{}/", glob::Pattern::escape(text.trim_end_matches('/'))),
    }
}

fn canonical(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

/// An included file may hold only what there can be many of.
fn refuse_other_tables(raw: &RawFile, known: &[PathBuf], problems: &mut Vec<Problem>) {
    const HELP: &str = "an included file may hold [[feed]], [[topic]], [[notifier]] and [alias]";
    macro_rules! refuse {
        ($($table:ident),+) => {
            $(if let Some(found) = &raw.$table {
                let name = in_brackets(stringify!($table));
                let message = format!("{name} is only for the main file");
                let at_header = Problem::at(Severity::Error, &found.key_place, &found.key, message);
                problems.push(at_header.help(HELP));
            })+
        };
    }
    refuse!(store, http, read, poll, notify, server, log, host);
    for include in raw.include.iter().flat_map(|list| &list.value) {
        let leads_back =
            resolve(include).is_ok_and(|paths| paths.iter().any(|path| known.contains(&canonical(path))));
        problems.push(if leads_back {
            include.error("include: the files include each other in a circle")
        } else {
            include.error("include is only for the main file").help(HELP)
        });
    }
}

/// Why a file cannot be read.
enum Unreadable {
    Io(io::Error),
    /// Not UTF-8 from this line and column on.
    Encoding(usize, usize),
}

impl Unreadable {
    fn into_problem(self, path: &Path) -> Problem {
        match self {
            Self::Io(error) => {
                let problem = Problem::of_file(
                    Severity::Error,
                    path,
                    format!("cannot read {}: {}", path.display(), reason(&error)),
                );
                match error.kind() {
                    io::ErrorKind::NotFound => {
                        problem.help("`feedwatch default-config` prints one to start from")
                    }
                    _ => problem,
                }
            }
            Self::Encoding(line, column) => {
                let problem = Problem::of_file(Severity::Error, path, "the file is not UTF-8 from here on");
                Problem { line: Some(line), column: Some(column), ..problem }
            }
        }
    }
}

fn read_source(path: &Path) -> Result<Rc<Source>, Unreadable> {
    let bytes = std::fs::read(path).map_err(Unreadable::Io)?;
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Source::new(path, text)),
        Err(error) => {
            let valid = error.utf8_error().valid_up_to();
            let good =
                String::from_utf8_lossy(error.as_bytes().get(..valid).unwrap_or_default()).into_owned();
            let source = Source::new(path, good);
            let (line, column) = Place::new(&source, valid..valid).line_and_column();
            Err(Unreadable::Encoding(line, column))
        }
    }
}

/// Why the system refused, in words for people.
pub(super) fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::IsADirectory => "it is a directory".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    }
}
