//! Text to [`RawFile`]. A file with syntax errors is read as far as it goes, so that its other problems show too.

use std::{borrow::Cow, ops::Range, rc::Rc};

use toml::{
    Spanned,
    de::{DeTable, DeValue, Error},
};

use super::{
    problem::{Problem, Severity},
    raw::{FromToml, RawFile, Reader},
    source::{Place, Source},
    statements::{Statement, Unclosed},
};

/// How often a file is parsed, each time without what was broken the time before. Once is enough for nearly all.
const MAX_PASSES: usize = 8;

/// A file as far as it could be read.
pub(super) struct Parsed {
    pub(super) raw: RawFile,
    /// Whether syntax errors hide a part of it; then nothing can be said to be missing.
    pub(super) is_broken: bool,
}

/// Reads a file and records its problems.
pub(super) fn parse(source: &Rc<Source>, problems: &mut Vec<Problem>) -> Parsed {
    // Nearly all files are sound: large ones are gone through once.
    let (table, errors) = DeTable::parse_recoverable(source.text());
    if errors.is_empty() {
        return Parsed { raw: raw(source, table.into_inner(), problems), is_broken: false };
    }
    let (readable, broken) = without_broken(source);
    problems.extend(broken);
    let table = DeTable::parse(&readable).map(Spanned::into_inner).unwrap_or_default();
    Parsed { raw: raw(source, table, problems), is_broken: true }
}

fn raw(source: &Rc<Source>, table: DeTable<'_>, problems: &mut Vec<Problem>) -> RawFile {
    let mut reader = Reader::new(source, problems);
    RawFile::from_toml(&DeValue::Table(table), &mut reader).unwrap_or_default()
}

/// The text with all broken statements blanked out, and their problems. What the parser makes of a broken statement
/// is not what was meant: an open bracket swallows all that follows, a value may become a key.
fn without_broken(source: &Rc<Source>) -> (Cow<'_, str>, Vec<Problem>) {
    let mut text = Cow::Borrowed(source.text());
    let mut problems = Vec::new();
    for statement in source.statements().iter().filter(|statement| statement.unclosed.is_some()) {
        source.mark_broken();
        problems.extend(never_closed(source, statement));
        blank(&mut text, &statement.span);
    }
    for _ in 0..MAX_PASSES {
        let (_, errors) = DeTable::parse_recoverable(&text);
        if errors.is_empty() {
            break;
        }
        source.mark_broken();
        for (problem, spoiled) in syntax_problems(source, errors) {
            problems.push(problem);
            blank(&mut text, &spoiled);
        }
    }
    (text, problems)
}

/// Replaces a part of a text by blanks; line ends stay, so that every place stays what it is.
fn blank(text: &mut Cow<'_, str>, span: &Range<usize>) {
    let span = span.start.min(text.len())..span.end.min(text.len());
    let blanks = text.get(span.clone()).unwrap_or_default().bytes();
    let blanks: String = blanks.map(|byte| if byte == b'\n' { '\n' } else { ' ' }).collect();
    text.to_mut().replace_range(span, &blanks);
}

fn never_closed(source: &Rc<Source>, statement: &Statement) -> Option<Problem> {
    let (span, message) = match statement.unclosed? {
        Unclosed::Bracket(at) => (at..at + 1, "not TOML: this bracket is never closed"),
        Unclosed::String(at) => (at..at + 3, "not TOML: this string is never closed"),
    };
    Some(Problem::at(Severity::Error, &Place::new(source, span), &statement.key(), message))
}

/// One problem for each broken statement, as what follows the first error in it mostly is its echo; and what to blank
/// out because of it.
fn syntax_problems(source: &Rc<Source>, mut errors: Vec<Error>) -> Vec<(Problem, Range<usize>)> {
    errors.sort_by_key(|error| error.span().map_or(0, |span| span.start));
    let mut problems: Vec<(Problem, Range<usize>)> = Vec::new();
    for error in errors {
        let span = error.span().unwrap_or_default();
        let statement = source.statements().at(span.start);
        let line = || source.line_span(source.line_of(span.start));
        let spoiled = statement.map_or_else(line, |statement| source.statements().reach(statement));
        if problems.last().is_none_or(|(_, last)| *last != spoiled) {
            let key = statement.map(Statement::key).unwrap_or_default();
            let message = format!("not TOML: {}", reworded(error.message(), span.is_empty()));
            problems.push((Problem::at(Severity::Error, &Place::new(source, span), &key, message), spoiled));
        }
    }
    problems
}

/// The parser's words, where ours are clearer.
fn reworded(message: &str, at_nothing: bool) -> String {
    match message {
        "string values must be quoted, expected literal string" if at_nothing => {
            "a value is missing".to_owned()
        }
        "invalid basic string, expected `\"`" | "invalid literal string, expected `'`" => {
            "this string is never closed".to_owned()
        }
        "string values must be quoted, expected literal string" => "strings need quotes".to_owned(),
        "duplicate key" => "this key or table is here for the second time".to_owned(),
        other => other.to_owned(),
    }
}
