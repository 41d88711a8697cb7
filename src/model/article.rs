//! One entry of a feed document, cleaned.

use url::Url;

use super::{ArticleKey, ContentHash, Timestamp};

/// An article as a feed shows it. All text is plain text, cleaned once by `read` (specs/reading.md §6); the
/// matcher's byte offsets point into exactly these strings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Article {
    /// Identity within the feed.
    pub key: ArticleKey,
    /// What else it may be known by.
    pub other_keys: OtherKeys,
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

/// The keys that an article does not go by at the moment (specs/reading.md §7). Which key it goes by depends on what
/// stands beside it: the plainest one that nothing else in the document has. When its neighbours come or go, it goes by
/// another one and is still the same article.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OtherKeys {
    /// Those that tell it from more articles than its key does, the finest first.
    pub finer: Vec<ArticleKey>,
    /// Those that it shares with others in the document, the finest first.
    pub coarser: Vec<ArticleKey>,
    /// Of the normalised link, unless others in the document have it too: an article whose guid changed is known by it.
    pub link: Option<ArticleKey>,
}

impl Article {
    /// An article of which nothing is known but its key and its title.
    pub fn titled(key: ArticleKey, title: &str) -> Self {
        Self {
            key,
            other_keys: OtherKeys::default(),
            content_hash: ContentHash::of([title]),
            title: Some(title.to_owned()),
            link: None,
            published: None,
            updated: None,
            summary: None,
            content: None,
            author: None,
            tags: Vec::new(),
        }
    }

    /// The publisher's stamp: when it was published, else when it was changed.
    pub fn stamp(&self) -> Option<Timestamp> {
        self.published.or(self.updated)
    }
}
