//! What is wrong with a configuration, where, and what to write instead.

use std::{
    fmt,
    io::{self, Write},
    path::{Path, PathBuf},
};

use serde::{Serialize, Serializer};

use super::{
    mask::{self, Shown},
    source::Place,
};

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The configuration is refused: exit code 78.
    Error,
    /// It is taken; somebody should look.
    Warning,
}

/// One problem. `Display` says it in one line, [`picture`](Self::picture) with the line and a caret; `Serialize`
/// gives the object of `check --json` (specs/operations.md §3). None shows a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// How bad it is.
    pub severity: Severity,
    /// The code of a problem in a watchlist (specs/matching.md §8).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'static str>,
    /// The file it is in; that of the configuration if it is in none.
    #[serde(serialize_with = "display_path")]
    pub file: PathBuf,
    /// From 1; `None` if the whole file is meant.
    pub line: Option<usize>,
    /// From 1, in characters of the line.
    pub column: Option<usize>,
    /// The key, as in `http.max_body` or `feed.url`.
    pub key: Option<String>,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
    #[serde(skip)]
    pub(super) shown: Option<Shown>,
    /// A few words beside the caret.
    #[serde(skip)]
    pub(super) label: Option<String>,
}

impl Problem {
    /// A problem of a file as a whole.
    pub(super) fn of_file(severity: Severity, file: impl Into<PathBuf>, message: impl Into<String>) -> Self {
        Self {
            severity,
            code: None,
            file: file.into(),
            line: None,
            column: None,
            key: None,
            message: message.into(),
            help: None,
            shown: None,
            label: None,
        }
    }

    /// A problem at a place.
    pub(super) fn at(severity: Severity, place: &Place, key: &str, message: impl Into<String>) -> Self {
        let (line, column) = place.line_and_column();
        Self {
            line: Some(line),
            column: Some(column),
            key: (!key.is_empty()).then(|| key.to_owned()),
            shown: Some(mask::show(place.source(), &place.span())),
            ..Self::of_file(severity, place.source().path(), message)
        }
    }

    /// Adds what to write instead.
    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds what to write instead, if there is something.
    pub(super) fn maybe_help(mut self, help: Option<String>) -> Self {
        self.help = help;
        self
    }

    /// Adds the code.
    pub(super) fn code(mut self, code: &'static str) -> Self {
        self.code = Some(code);
        self
    }
}

/// How much a configuration holds, whether it is good or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Counts {
    /// Feeds.
    pub feeds: usize,
    /// Topics.
    pub topics: usize,
    /// Notifiers; the one that is there when none is configured too.
    pub notifiers: usize,
}

/// All problems of a configuration that was refused, warnings among them, in the order of the files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems {
    /// The problems; at least one is an error.
    pub list: Vec<Problem>,
    /// What the configuration holds, as far as it could be read.
    pub counts: Counts,
}

impl Problems {
    pub(super) fn one(problem: Problem) -> Self {
        Self { list: vec![problem], counts: Counts::default() }
    }

    /// The problems, in the order of the files.
    pub fn iter(&self) -> std::slice::Iter<'_, Problem> {
        self.list.iter()
    }

    /// Prints all of them to stderr, for people; colours only on a terminal without `NO_COLOR`.
    pub fn print(&self) {
        // Nothing is left to do if even stderr is closed.
        let _ = write_problems(&mut anstream::stderr().lock(), &self.list);
    }
}

impl std::error::Error for Problems {}

impl<'a> IntoIterator for &'a Problems {
    type Item = &'a Problem;
    type IntoIter = std::slice::Iter<'a, Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// One line for each problem.
impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.list.iter().try_for_each(|problem| writeln!(f, "{problem}"))
    }
}

/// Writes problems for people, each with its caret, then how many there are. They are coloured: give a stream of
/// `anstream`, which removes colours where they do not belong.
pub fn write_problems(out: &mut impl Write, problems: &[Problem]) -> io::Result<()> {
    for problem in problems {
        writeln!(out, "{}\n", problem.picture(true))?;
    }
    let errors = problems.iter().filter(|problem| problem.severity == Severity::Error).count();
    let numbers = [(errors, "error"), (problems.len() - errors, "warning")];
    let counted = numbers.into_iter().filter(|(number, _)| *number > 0).map(|(number, what)| {
        let plural = if number == 1 { "" } else { "s" };
        format!("{number} {what}{plural}")
    });
    writeln!(out, "{}", counted.collect::<Vec<_>>().join(", "))
}

fn display_path<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&path.display())
}
