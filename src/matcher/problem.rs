//! What is wrong, or odd, in a watchlist (specs/matching.md §8). `config` turns the place into file, line and caret.

/// Whether a problem keeps the watchlist from being used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The watchlist is not used.
    Error,
    /// It works, but probably not as meant.
    Warning,
}

/// One problem and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Index of the topic in the list given; `None` for an alias.
    pub topic: Option<usize>,
    /// Name of the alias whose list holds it.
    pub alias: Option<String>,
    /// The key of the topic (`any`, `query`, …), `topic` for the topic as a whole, `alias` for an alias.
    pub key: &'static str,
    /// Index in the list of that key; `None` for the key itself or a key that is no list.
    pub item: Option<usize>,
    /// Where it begins, in bytes of the string as decoded from the file.
    pub offset: usize,
    /// How long it is, in bytes; 0 is a point.
    pub len: usize,
    /// The code of the specification: `Q004`.
    pub code: &'static str,
    /// What is wrong, lower case, without a final stop.
    pub message: String,
    /// A few words beside the caret, if they add something.
    pub label: Option<String>,
    /// What to write instead, if that is known.
    pub help: Option<String>,
    /// Error or warning.
    pub severity: Severity,
}

/// A problem within one string, before its place in the watchlist is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub offset: usize,
    pub len: usize,
    pub code: &'static str,
    pub message: String,
    pub label: Option<String>,
    pub help: Option<String>,
}

impl Fault {
    pub fn new(code: &'static str, offset: usize, len: usize, message: impl Into<String>) -> Self {
        Self { offset, len, code, message: message.into(), label: None, help: None }
    }

    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// The same fault in a string that begins `by` bytes earlier.
    pub fn shifted(mut self, by: usize) -> Self {
        self.offset += by;
        self
    }
}

/// A string of the watchlist.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    pub topic: Option<usize>,
    pub alias: Option<&'a str>,
    pub key: &'static str,
    pub item: Option<usize>,
}

impl Place<'_> {
    pub fn problem(self, fault: Fault, severity: Severity) -> Problem {
        Problem {
            topic: self.topic,
            alias: self.alias.map(str::to_owned),
            key: self.key,
            item: self.item,
            offset: fault.offset,
            len: fault.len,
            code: fault.code,
            message: fault.message,
            label: fault.label,
            help: fault.help,
            severity,
        }
    }
}
