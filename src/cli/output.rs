//! What commands print: JSON or text to stdout, failures to stderr. Foreign text is made harmless for terminals.

use std::{
    fmt,
    io::{self, IsTerminal, Write},
    process::ExitCode,
};

use anstyle::{AnsiColor, Style};
use serde::Serialize;
use terminal_size::{Height, Width};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::config::Problems;

/// Bad configuration: systemd does not restart (`EX_CONFIG` of sysexits.h).
const EXIT_CONFIG: u8 = 78;
/// Wrong arguments, as clap has it.
const EXIT_USAGE: u8 = 2;

/// What needs a person.
const NEEDS_PERSON: Style = AnsiColor::Red.on_default().bold();

/// How a command ended.
pub(super) type Outcome = Result<ExitCode, Failure>;

/// Why a command did not do its work.
#[derive(Debug)]
pub(super) enum Failure {
    /// The configuration has problems.
    Config(Problems),
    /// An argument makes no sense here.
    Usage(String),
    /// Anything else.
    Failed(anyhow::Error),
}

impl Failure {
    /// Says what is wrong on stderr; gives the exit code.
    pub fn report(self) -> ExitCode {
        match self {
            Self::Config(problems) => {
                problems.print();
                ExitCode::from(EXIT_CONFIG)
            }
            Self::Usage(message) => {
                complain(&message);
                ExitCode::from(EXIT_USAGE)
            }
            Self::Failed(error) if is_broken_pipe(&error) => ExitCode::FAILURE,
            Self::Failed(error) => {
                complain(&format!("{error:#}"));
                ExitCode::FAILURE
            }
        }
    }
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

fn complain(message: &str) {
    // Nothing is left to do if even stderr is closed.
    let _ = writeln!(anstream::stderr(), "feedwatch: {}", Clean(message));
}

/// Whether progress is shown: somebody looks at a terminal.
pub(super) fn is_shown_to_people(json: bool) -> bool {
    io::stderr().is_terminal() && !json
}

/// Prints a value as one line of JSON.
pub(super) fn json(value: &impl Serialize) -> Result<(), Failure> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    io::stdout().lock().write_all(&line)?;
    Ok(())
}

/// Prints text for people; colours only on terminals.
pub(super) fn text(text: impl fmt::Display) -> Result<(), Failure> {
    write!(anstream::stdout().lock(), "{text}")?;
    Ok(())
}

/// The terminal that stdout is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terminal {
    pub rows: usize,
    pub columns: usize,
}

/// `None` if stdout is a pipe or a file.
pub(super) fn terminal() -> Option<Terminal> {
    if !io::stdout().is_terminal() {
        return None;
    }
    let (Width(columns), Height(rows)) = terminal_size::terminal_size_of(io::stdout())?;
    Some(Terminal { rows: rows.into(), columns: columns.into() })
}

/// Prints foreign text for people, what needs them in colour. On a terminal a line takes one row: what is longer is cut
/// with a mark.
pub(super) fn text_within(terminal: Option<Terminal>, shown: &str) -> Result<(), Failure> {
    let clean = Clean(shown).to_string();
    let mut lines = String::new();
    for line in clean.lines() {
        let line = terminal.map_or_else(|| line.to_owned(), |terminal| cut(line, terminal.columns));
        lines.push_str(&marked(&line));
        lines.push('\n');
    }
    text(lines)
}

/// A line that begins with `!` has its mark and the word after it in colour; [`text`] removes it where it does not belong.
fn marked(line: &str) -> String {
    match line.strip_prefix("! ").and_then(|rest| rest.split_once(' ')) {
        Some((word, rest)) => format!("{NEEDS_PERSON}! {word}{NEEDS_PERSON:#} {rest}"),
        None => line.to_owned(),
    }
}

/// The beginning of a line that takes this many columns; a mark stands for the rest.
fn cut(line: &str, columns: usize) -> String {
    if line.width() <= columns {
        return line.to_owned();
    }
    let (mut kept, mut used) = (String::new(), 1);
    for c in line.chars() {
        used += c.width().unwrap_or(0);
        if used > columns {
            break;
        }
        kept.push(c);
    }
    kept.trim_end().to_owned() + "…"
}

/// Prints what was made for another program, as it is.
pub(super) fn bytes(bytes: &[u8]) -> Result<(), Failure> {
    io::stdout().lock().write_all(bytes)?;
    Ok(())
}

/// Tells a person something beside what is printed: one line on stderr.
pub(super) fn say(line: &str) {
    // A courtesy: nobody has to read it.
    let _ = writeln!(anstream::stderr(), "{}", Clean(line));
}

/// 0 if all is well, 1 if something needs a person.
pub(super) fn exit(is_well: bool) -> ExitCode {
    if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Foreign text for a terminal: control characters and direction overrides are shown, not obeyed.
pub(super) struct Clean<'a>(pub &'a str);

impl fmt::Display for Clean<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '\n' => f.write_str("\n")?,
                c if c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') => {
                    write!(f, "{}", c.escape_default())?;
                }
                c => write!(f, "{c}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_is_cut_by_columns_not_by_characters() {
        assert_eq!(cut("0123456789", 10), "0123456789");
        assert_eq!(cut("0123456789x", 10), "012345678…");
        // Each takes two columns.
        assert_eq!(cut("新聞新聞新聞", 7), "新聞新…");
        assert_eq!(cut("新聞新聞新聞", 6), "新聞…");
        assert_eq!(cut("abc      d", 6), "abc…");
    }

    #[test]
    fn what_needs_a_person_is_marked_in_colour() {
        let marks = |line: &str| marked(line).replace('\x1b', "^");
        assert_eq!(marks("! failing  World"), "^[1m^[31m! failing^[0m  World");
        assert_eq!(marks("  ok       World"), "  ok       World");
    }

    #[test]
    fn foreign_text_cannot_command_a_terminal() {
        let shown = Clean("a\x1b]0;owned\x07b\u{202e}c").to_string();
        assert_eq!(shown, "a\\u{1b}]0;owned\\u{7}b\\u{202e}c");
    }
}
