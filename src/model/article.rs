//! One entry of a feed document, cleaned.

use url::Url;

use super::{ArticleKey, ContentHash, Timestamp};

/// An article as a feed shows it. All text is plain text, cleaned once by `read` (specs/reading.md §6); the
/// matcher's byte offsets point into exactly these strings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Article {
    /// Identity within the feed.
    pub key: ArticleKey,
    /// Key of the normalised link: a second index, by which an article whose guid changed is still known.
    pub link_key: Option<ArticleKey>,
    /// Marks an edit.
    pub content_hash: ContentHash,
    /// The title; `None` if the entry has none.
    pub title: Option<String>,
    /// Where to read it: `http` or `https`, else `None`.
    pub link: Option<Url>,
    /// When the publisher says it was published.
    pub published: Option<Timestamp>,
    /// When the publisher says it was last changed.
    pub updated: Option<Timestamp>,
    /// The short text.
    pub summary: Option<String>,
    /// The long text.
    pub content: Option<String>,
    /// Who wrote it.
    pub author: Option<String>,
    /// The publisher's own categories, unique, in order.
    pub tags: Vec<String>,
}

impl Article {
    /// The publisher's stamp: when it was published, else when it was changed.
    pub fn stamp(&self) -> Option<Timestamp> {
        self.published.or(self.updated)
    }
}
