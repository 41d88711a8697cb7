//! Bytes to articles: decode, walk, extract, or say why it is no feed. Pure: no clock, network or store.

mod announced;
mod dates;
mod decode;
mod draft;
mod element;
mod extract;
mod hints;
mod identity;
mod json;
mod lexer;
mod marks;
mod months;
mod outlines;
mod person;
mod references;
mod refuse;
mod report;
mod tag;
mod text;
mod vocabulary;
mod walk;
mod zones;

#[cfg(test)]
mod tests;

use std::{
    cell::Cell,
    panic::{self, AssertUnwindSafe},
};

use url::Url;

pub use self::{
    announced::{Announced, announced_feeds},
    hints::Hints,
    outlines::{Outline, Outlines, outlines},
    report::{Limit, Repair, Report},
};
use crate::model::Article;

thread_local! {
    static READING: Cell<bool> = const { Cell::new(false) };
}

/// Reads a document. Never panics: what panics inside is [`ReadError::Panicked`].
pub fn read(body: &[u8], source: Source<'_>, limits: &Limits) -> Result<Document, ReadError> {
    READING.set(true);
    let result = panic::catch_unwind(AssertUnwindSafe(|| document(body, source, limits)));
    READING.set(false);
    result.unwrap_or_else(|payload| {
        let text = payload.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| payload.downcast_ref::<&str>().copied());
        Err(ReadError::Panicked(text.unwrap_or("no message").to_owned()))
    })
}

/// Whether this thread is inside [`read`]: a panic there is caught, so the panic hook keeps silent.
pub fn is_reading() -> bool {
    READING.get()
}

fn document(body: &[u8], source: Source<'_>, limits: &Limits) -> Result<Document, ReadError> {
    let body = decode::unpack(body, limits.max_body);
    if body.len() > limits.max_body {
        return Err(refuse::too_large(limits));
    }
    let mut report = Report::default();
    let text = decode::decode(&body, source.content_type, &mut report);
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{FEFF}');
    if text.is_empty() {
        return Err(ReadError::Empty);
    }
    if text.starts_with(['{', '[']) {
        let read = json::read(text, source.base, limits, report.clone());
        // `[23-Nov-2026 10:00:00] PHP Warning` may stand before a feed of another kind.
        let Err(error) = read else { return read };
        return markup(text, source, limits, report).map_err(|_| error);
    }
    markup(text, source, limits, report)
}

/// Reads RSS or Atom. A root somewhere in a document of another kind counts only if articles are in it.
fn markup(
    text: &str,
    source: Source<'_>,
    limits: &Limits,
    mut report: Report,
) -> Result<Document, ReadError> {
    let root = refuse::find_root(text, source.content_type, &mut report)?;
    let behind = root.behind;
    let document = extract::read(root, source.base, limits, report);
    match behind {
        Some(name) if document.articles.is_empty() => Err(refuse::other_root(name)),
        _ => Ok(document),
    }
}

/// A part of a text, by bytes; empty if it would begin or end inside a character.
fn slice(text: &str, from: usize, to: usize) -> &str {
    text.get(from..to).unwrap_or_default()
}

/// Limits on what one document may hold (`[read]`, specs/reading.md §2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the decoded body (`http.max_body`); held for files too, and for an inner gzip layer.
    pub max_body: usize,
    /// Articles of one document.
    pub max_entries: usize,
    /// Nested elements.
    pub max_depth: usize,
    /// Attributes of one tag.
    pub max_attributes: usize,
    /// Bytes of one body text; title, link, author and id have 16 KiB.
    pub max_text: usize,
    /// Categories of one article.
    pub max_tags: usize,
    /// Bytes of all internal entities together.
    pub max_entity_text: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_body: 16 << 20,
            max_entries: 10_000,
            max_depth: 128,
            max_attributes: 256,
            max_text: 1 << 20,
            max_tags: 200,
            max_entity_text: 1 << 20,
        }
    }
}

/// What is known about a document besides its bytes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Source<'a> {
    /// The `Content-Type` of the response.
    pub content_type: Option<&'a str>,
    /// The URL that answered: relative links resolve against it.
    pub base: Option<&'a Url>,
}

/// A feed document, read.
#[derive(Debug, Clone, Default)]
pub struct Document {
    /// The feed's own title.
    pub title: Option<String>,
    /// Its articles, in document order, each once.
    pub articles: Vec<Article>,
    /// What the publisher says about polling.
    pub hints: Hints,
    /// What had to be mended or left out; for people.
    pub report: Report,
}

/// Why a document is no feed, one sentence that says what was seen and what to do (specs/reading.md §8).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// Nothing but white space.
    #[error("empty body")]
    Empty,
    /// A web page.
    #[error("{0}")]
    WebPage(String),
    /// Not a feed, or not readable.
    #[error("{0}")]
    NotAFeed(String),
    /// A limit; the message names its key.
    #[error("{0}")]
    TooLarge(String),
    /// The reader itself failed.
    #[error("reader panicked: {0}")]
    Panicked(String),
}
