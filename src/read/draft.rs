//! An article on its way from a document: everything but its identity.

use url::Url;

use super::{Limits, text};
use crate::model::Timestamp;

/// Bytes of a title, link or author.
const MAX_SHORT: usize = 16 << 10;

/// A text as published, and how to read it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Markup<'a> {
    Html(&'a str),
    Plain(&'a str),
}

impl Markup<'_> {
    /// As plain text of at most `max` bytes; `None` if nothing is left.
    pub fn read(self, max: usize) -> Option<String> {
        let text = match self {
            Self::Html(html) => text::from_html(html),
            Self::Plain(plain) => text::from_plain(plain),
        };
        Some(text::cut(text, max)).filter(|text| !text.is_empty())
    }

    /// A title or a name.
    pub fn short(self) -> Option<String> {
        self.read(MAX_SHORT)
    }
}

/// What a document says of one article.
#[derive(Debug, Default)]
pub(super) struct Draft {
    /// `guid` or `id`, trimmed; `None` if there is none.
    pub guid: Option<String>,
    pub link: Option<Url>,
    pub title: Option<String>,
    pub summary: Option<String>,
    pub content: Option<String>,
    pub published: Option<Timestamp>,
    pub updated: Option<Timestamp>,
    pub author: Option<String>,
    pub tags: Vec<String>,
}

/// An identifier, trimmed, if there is one.
pub(super) fn guid(text: &str) -> Option<String> {
    Some(text.trim()).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// The first of some links that a person can open: absolute or resolved against the base, `http` or `https`, of at
/// most 16 KiB.
pub(super) fn first_link<'a>(links: impl IntoIterator<Item = &'a str>, base: Option<&Url>) -> Option<Url> {
    let short = links.into_iter().map(str::trim).filter(|link| !link.is_empty() && link.len() <= MAX_SHORT);
    let resolved = short.filter_map(|link| match Url::parse(link) {
        Err(url::ParseError::RelativeUrlWithoutBase) => base?.join(link).ok(),
        parsed => parsed.ok(),
    });
    resolved.into_iter().find(|url| matches!(url.scheme(), "http" | "https"))
}

/// Categories, each once, in order.
pub(super) fn tags<'a>(texts: impl IntoIterator<Item = &'a str>, limits: &Limits) -> Vec<String> {
    let mut tags: Vec<String> = Vec::new();
    for tag in texts.into_iter().filter_map(|text| Markup::Html(text).short()) {
        if tags.len() >= limits.max_tags {
            break;
        }
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    tags
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_link_that_can_be_opened_is_taken() {
        let base = Url::parse("https://example.org/a/").expect("a URL");
        let link = |links: &[&'static str]| first_link(links.iter().copied(), Some(&base)).map(String::from);
        assert_eq!(
            link(&["javascript:alert(1)", " b?c ", "http://x/"]).as_deref(),
            Some("https://example.org/a/b?c")
        );
        assert_eq!(link(&["", "mailto:a@b", "about:blank"]), None);
        assert_eq!(first_link(["/relative"], None), None);
    }

    #[test]
    fn tags_are_unique_in_order_and_limited() {
        let limits = Limits { max_tags: 2, ..Limits::default() };
        assert_eq!(tags(["b", " ", "a&amp;c", "b", "d"], &limits), ["b", "a&c"]);
    }
}
