//! Bytes to articles: decode, repair, extract, or say why it is no feed. Pure: no clock, network or store.

use std::time::Duration;

use url::Url;

use crate::model::Article;

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
    pub notes: Vec<String>,
}

/// What a document says about when to ask again (specs/polling.md §4).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hints {
    /// RSS `ttl`.
    pub ttl: Option<Duration>,
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
