//! Walks a parsed TOML document, keeps the place of everything, and records every problem instead of stopping.

use std::{ops::Range, rc::Rc};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::TABLES;
use crate::config::{
    problem::{Problem, Severity},
    source::{Place, Source},
    words,
};

/// A value, where it stands, and which key it belongs to.
#[derive(Clone)]
pub(in crate::config) struct At<T> {
    pub(in crate::config) value: T,
    /// The value.
    pub(in crate::config) place: Place,
    /// The name of the key; for an entry of a list, the entry.
    pub(in crate::config) key_place: Place,
    /// The key in full, as in `http.timeout`.
    pub(in crate::config) key: String,
}

impl<T> At<T> {
    /// An error at the value.
    pub(in crate::config) fn error(&self, message: impl Into<String>) -> Problem {
        Problem::at(Severity::Error, &self.place, &self.key, message)
    }

    /// A warning at the value.
    pub(in crate::config) fn warning(&self, message: impl Into<String>) -> Problem {
        Problem::at(Severity::Warning, &self.place, &self.key, message)
    }

    /// The same place with another value.
    pub(in crate::config) fn with<U>(&self, value: U) -> At<U> {
        At { value, place: self.place.clone(), key_place: self.key_place.clone(), key: self.key.clone() }
    }
}

/// What can stand in a configuration.
pub(in crate::config) trait FromToml: Sized {
    /// What it is, for people: `a string`.
    const EXPECTED: &'static str;
    /// What several of it are: `a list of strings`.
    const LIST: &'static str = "a list";
    /// An example to follow, for the help.
    const EXAMPLE: Option<&'static str> = None;

    /// Reads it; `None` if it is something else, which is then recorded.
    fn from_toml(value: &DeValue<'_>, reader: &mut Reader<'_>) -> Option<Self>;
}

/// Reads one document.
pub(in crate::config) struct Reader<'a> {
    source: &'a Rc<Source>,
    problems: &'a mut Vec<Problem>,
    key: String,
    /// Where the value being read stands.
    span: Range<usize>,
}

impl<'a> Reader<'a> {
    pub(in crate::config) fn new(source: &'a Rc<Source>, problems: &'a mut Vec<Problem>) -> Self {
        Self { source, problems, key: String::new(), span: 0..0 }
    }

    /// Records an error at the value being read.
    pub(super) fn error(&mut self, message: String, help: Option<String>) {
        let place = self.place();
        self.problems.push(Problem::at(Severity::Error, &place, &self.key, message).maybe_help(help));
    }

    /// Records that something else than expected stands here. The value itself is never quoted: it may be secret.
    pub(super) fn wrong_type<T: FromToml>(&mut self, found: &DeValue<'_>) {
        let message = format!("{}: expected {}, found {}", self.key, T::EXPECTED, found_name(found));
        self.error(message, T::EXAMPLE.map(|example| format!("for example {} = {example}", self.last_key())));
    }

    /// The key in full.
    pub(super) fn key(&self) -> &str {
        &self.key
    }

    pub(super) fn last_key(&self) -> &str {
        self.key.rsplit('.').next().unwrap_or(&self.key)
    }

    pub(super) fn place(&self) -> Place {
        Place::new(self.source, self.span.clone())
    }

    /// The table that stands here, after its keys were checked.
    pub(super) fn table<'t, 'i, T: FromToml>(
        &mut self,
        value: &'t DeValue<'i>,
        known: &[&'static str],
    ) -> Option<&'t DeTable<'i>> {
        let Some(table) = value.as_table() else {
            self.wrong_type::<T>(value);
            return None;
        };
        for (key, value) in table {
            if !known.contains(&key.get_ref().as_ref()) {
                self.unknown_key(key.get_ref(), key.span(), value.get_ref(), known);
            }
        }
        Some(table)
    }

    /// The value of a key of a table, if it is there and right.
    pub(super) fn field<T: FromToml>(&mut self, table: &DeTable<'_>, name: &'static str) -> Option<At<T>> {
        let (key, value) = table.get_key_value(name)?;
        self.entry(name, key.span(), value)
    }

    /// The value of a key, under the key's name.
    pub(super) fn entry<T: FromToml>(
        &mut self,
        name: &str,
        key_span: Range<usize>,
        value: &Spanned<DeValue<'_>>,
    ) -> Option<At<T>> {
        let parent = self.key.len();
        if parent > 0 {
            self.key.push('.');
        }
        self.key.push_str(name);
        let read = self.value(key_span, value);
        self.key.truncate(parent);
        read
    }

    /// A value at its place, under the key being read.
    pub(super) fn value<T: FromToml>(
        &mut self,
        key_span: Range<usize>,
        value: &Spanned<DeValue<'_>>,
    ) -> Option<At<T>> {
        let outer = std::mem::replace(&mut self.span, value.span());
        let place = self.place();
        let read = T::from_toml(value.get_ref(), self);
        self.span = outer;
        let key_place = Place::new(self.source, key_span);
        read.map(|value| At { value, place, key_place, key: self.key.clone() })
    }

    fn unknown_key(&mut self, name: &str, span: Range<usize>, value: &DeValue<'_>, known: &[&'static str]) {
        let full = if self.key.is_empty() { name.to_owned() } else { format!("{}.{name}", self.key) };
        let (message, known_here) = match (self.key.as_str(), is_table(value)) {
            ("", true) => (format!("unknown table [{name}]"), table_names(known)),
            ("", false) => (format!("unknown key `{name}` before the first [table]"), known.to_vec()),
            (table, _) => (format!("unknown key `{name}` in {}", in_brackets(table)), known.to_vec()),
        };
        let help = words::nearest(name, known_here.iter().copied())
            .map(|word| format!("did you mean `{word}`?"))
            .or_else(|| belongs_to(name, &self.key))
            .or_else(|| words::suggest(name, &known_here));
        let place = Place::new(self.source, span);
        let mut problem = Problem::at(Severity::Error, &place, &full, message).maybe_help(help);
        if self.key == "topic" {
            problem = problem.code("T005");
        }
        self.problems.push(problem);
    }
}

/// The table that knows a key which was written into another one.
fn belongs_to(name: &str, wrong_table: &str) -> Option<String> {
    let (table, _) = TABLES.iter().find(|(table, keys)| *table != wrong_table && keys.contains(&name))?;
    Some(match *table {
        "" => format!("`{name}` belongs at the top of the file, before the first [table]"),
        table => format!("`{name}` belongs to {}", in_brackets(table)),
    })
}

/// A table as it is headed: `[poll]`, `[[feed]]`.
pub(in crate::config) fn in_brackets(table: &str) -> String {
    match table {
        "feed" | "host" | "topic" | "notifier" => format!("[[{table}]]"),
        table => format!("[{table}]"),
    }
}

/// Of the keys at the top of a file, those that are tables.
fn table_names(known: &[&'static str]) -> Vec<&'static str> {
    known.iter().copied().filter(|name| *name != "include").collect()
}

fn is_table(value: &DeValue<'_>) -> bool {
    match value {
        DeValue::Table(_) => true,
        DeValue::Array(array) => array.first().is_some_and(|first| first.get_ref().is_table()),
        _ => false,
    }
}

fn found_name(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
