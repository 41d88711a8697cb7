//! An article on its way from a document: everything but its identity.

use std::borrow::Cow;

use url::Url;

use super::{
    Limits,
    report::{Limit, Report},
    text,
};
use crate::model::Timestamp;

/// Bytes of a title, link, author or tag.
pub(super) const MAX_SHORT: usize = 16 << 10;

/// A text as published, and how to read it.
#[derive(Debug, Clone)]
pub(super) enum Markup<'a> {
    Html(Cow<'a, str>),
    Plain(Cow<'a, str>),
}

impl Markup<'_> {
    /// A body, at most `max_text` bytes of it; `None` if nothing is left.
    pub fn body(&self, limits: &Limits, report: &mut Report) -> Option<String> {
        let text = self.text();
        if text.len() > limits.max_text {
            report.limited(Limit::Text);
        }
        Some(text::cut(text, limits.max_text)).filter(|text| !text.is_empty())
    }

    /// A title or a name.
    pub fn short(&self) -> Option<String> {
        Some(text::cut(self.text(), MAX_SHORT)).filter(|text| !text.is_empty())
    }

    fn text(&self) -> String {
        match self {
            Self::Html(html) => text::from_html(html),
            Self::Plain(plain) => text::from_plain(plain),
        }
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

impl Draft {
    /// Whether nothing was said by which it could be known or matched.
    pub fn is_blank(&self) -> bool {
        let texts = [&self.guid, &self.title, &self.summary, &self.content];
        self.link.is_none() && texts.iter().all(|text| text.is_none())
    }
}

/// An identifier, trimmed, if there is one.
pub(super) fn guid(text: &str) -> Option<String> {
    Some(text.trim()).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// A link that a person can open: absolute or resolved against the base, `http` or `https`, of at most 16 KiB.
pub(super) fn link(text: &str, base: Option<&Url>) -> Option<Url> {
    let text = text.trim();
    if text.is_empty() || text.len() > MAX_SHORT {
        return None;
    }
    let resolved = match Url::parse(text) {
        Err(url::ParseError::RelativeUrlWithoutBase) => base?.join(text).ok(),
        parsed => parsed.ok(),
    };
    resolved.filter(|url| matches!(url.scheme(), "http" | "https") && url.as_str().len() <= MAX_SHORT)
}

/// Adds a category, each once, as long as there is room.
pub(super) fn add_tag(tags: &mut Vec<String>, tag: Option<String>, limits: &Limits, report: &mut Report) {
    let Some(tag) = tag.filter(|tag| !tags.contains(tag)) else { return };
    if tags.len() < limits.max_tags {
        tags.push(tag);
    } else {
        report.limited(Limit::Tags);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_link_that_can_be_opened_is_one() {
        let base = Url::parse("https://example.org/a/").expect("a URL");
        let link = |text: &str| link(text, Some(&base)).map(String::from);
        assert_eq!(link(" b?c ").as_deref(), Some("https://example.org/a/b?c"));
        for text in ["", "mailto:a@b", "about:blank", "javascript:alert(1)", &"x".repeat(20_000)] {
            assert_eq!(link(text), None, "{text}");
        }
        assert_eq!(super::link("/relative", None), None);
    }

    #[test]
    fn tags_are_unique_in_order_and_limited() {
        let limits = Limits { max_tags: 2, ..Limits::default() };
        let (mut tags, mut report) = (Vec::new(), Report::default());
        for tag in ["b", "a", "b", "d"] {
            add_tag(&mut tags, Some(tag.to_owned()), &limits, &mut report);
        }
        assert_eq!((tags, report.limits[&Limit::Tags]), (vec!["b".to_owned(), "a".to_owned()], 1));
    }
}
