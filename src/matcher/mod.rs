//! Articles to mentions: which topics an article mentions, with the words that prove it. Pure: values in, values out.
//!
//! A watchlist is compiled once. Terms and texts pass the same tokeniser (`tokens`), so that a term always matches
//! itself; an index from rare words to topics proposes a few topics per article (`index`), and each of them decides
//! for itself (`fire`), with byte offsets and snippets as evidence (`evidence`).

mod aliases;
mod article;
mod ascii;
mod census;
mod chars;
mod common;
mod compile;
mod decode;
mod edges;
mod entry;
mod evidence;
mod explain;
mod fields;
mod filter;
mod fire;
mod forms;
mod gap;
mod hash;
mod index;
mod keys;
mod lint;
mod misses;
mod near;
mod occur;
#[cfg(any(test, fuzzing))]
pub mod plain;
mod plan;
mod presence;
mod problem;
mod query;
mod rarity;
mod regex;
mod search;
mod term;
#[cfg(test)]
mod tests;
mod tokens;
mod truth;
mod unicode;

pub use census::Census;
pub use evidence::MAX_MENTIONS;
pub use explain::{Explanation, Reason};
pub use lint::lints;
pub use plan::Scope;
pub use problem::{Problem, Severity};
pub use search::{Matcher, Scratch};

use crate::model::Article;

/// The texts to search, plain text as `read` cleaned it. Offsets of mentions point into exactly these strings; those
/// of `tags` into the tags joined by `"; "`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Text<'a> {
    /// The title.
    pub title: &'a str,
    /// The short text.
    pub summary: &'a str,
    /// The long text.
    pub content: &'a str,
    /// The one text of a `match --jsonl` line; it stands for summary and content.
    pub text: &'a str,
    /// Who wrote it.
    pub author: &'a str,
    /// The publisher's categories.
    pub tags: &'a [String],
    /// The link.
    pub url: &'a str,
}

impl<'a> Text<'a> {
    /// The texts of an article.
    pub fn of_article(article: &'a Article) -> Self {
        Self {
            title: article.title.as_deref().unwrap_or_default(),
            summary: article.summary.as_deref().unwrap_or_default(),
            content: article.content.as_deref().unwrap_or_default(),
            text: "",
            author: article.author.as_deref().unwrap_or_default(),
            tags: &article.tags,
            url: article.link.as_ref().map_or("", url::Url::as_str),
        }
    }

    /// A line of `match --jsonl`: a title and one text that stands for summary and content.
    pub fn of_line(title: &'a str, text: &'a str) -> Self {
        Self { title, text, ..Self::default() }
    }
}
