//! JSON Feed (version 1 and 1.1), read leniently: only `items` is demanded. Values are looked at one by one where they
//! stand in the text, so a wrong type costs that value only, and nothing nests.

mod mend;

use std::collections::HashMap;

use serde_json::value::RawValue;
use url::Url;

use super::{
    Document, Hints, Limits, ReadError, dates,
    draft::{self, Draft, Markup},
    identity, person, refuse,
    report::{Repair, Report},
};

/// Values of one list that are looked at.
const MAX_VALUES: usize = 1000;

/// Reads a JSON document; what follows the first value is ignored.
pub(super) fn read(
    text: &str,
    base: Option<&Url>,
    limits: &Limits,
    mut report: Report,
) -> Result<Document, ReadError> {
    let error = match Object::parse(text) {
        Ok(object) => return read_feed(&object, base, limits, report),
        Err(error) => error,
    };
    let mended = mend::mend(text);
    let object = mended.as_ref().and_then(|mended| Object::parse(&mended.text).ok());
    let (Some(mended), Some(object)) = (&mended, object) else {
        return Err(refuse::json(&error.to_string()));
    };
    if mended.is_cut {
        report.mended(Repair::Truncated);
        report.unreadable += 1;
    } else {
        report.mended(Repair::Json);
    }
    read_feed(&object, base, limits, report)
}

fn read_feed(
    feed: &Object<'_>,
    base: Option<&Url>,
    limits: &Limits,
    mut report: Report,
) -> Result<Document, ReadError> {
    let items = feed.list("items").ok_or_else(|| refuse::json("it has no items"))?;
    let page = feed.text("home_page_url").and_then(|page| draft::link(&page, base));
    let base = base.or(page.as_ref());
    if items.len() > limits.max_entries {
        report.cut(limits.max_entries);
    }
    let (mut drafts, feed_author) = (Vec::new(), author(feed));
    for item in items.into_iter().take(limits.max_entries) {
        match Object::parse(item.get()) {
            Ok(item) => drafts.push(read_item(&item, feed_author.as_deref(), base, limits, &mut report)),
            Err(_) => report.unreadable += 1,
        }
    }
    report.count(&drafts);
    let hints = Hints {
        expired: feed.0.get("expired").is_some_and(|value| value.get() == "true"),
        next: feed.text("next_url").and_then(|next| draft::link(&next, base)),
        ..Hints::default()
    };
    let title = feed.text("title").and_then(|title| Markup::Plain(title.into()).short());
    Ok(Document { title, articles: identity::articles(drafts), hints, report })
}

fn read_item(
    item: &Object<'_>,
    feed_author: Option<&str>,
    base: Option<&Url>,
    limits: &Limits,
    report: &mut Report,
) -> Draft {
    let plain = |key: &str| item.text(key).map(|text| Markup::Plain(text.into()));
    let link = |key: &str, base| item.text(key).and_then(|text| draft::link(&text, base));
    let dates = ["date_published", "date_modified"].map(|key| item.text(key));
    let [published, updated] = dates.each_ref().map(|date| date.as_deref().and_then(dates::parse));
    report.undated += u32::from(dates.iter().any(Option::is_some) && published.or(updated).is_none());
    let content = item.text("content_html").map(|html| Markup::Html(html.into()));
    let mut tags = Vec::new();
    for tag in item.list("tags").unwrap_or_default().into_iter().take(MAX_VALUES) {
        let tag = text(tag).and_then(|tag| Markup::Plain(tag.into()).short());
        draft::add_tag(&mut tags, tag, limits, report);
    }
    Draft {
        guid: item.text("id").as_deref().and_then(draft::guid),
        link: link("url", base)
            .or_else(|| link("external_url", base))
            .or_else(|| link("id", None))
            .or_else(|| draft::link(&item.first("attachments", "url")?, base)),
        title: plain("title").and_then(|title| title.short()),
        summary: plain("summary").and_then(|summary| summary.body(limits, report)),
        content: content.or_else(|| plain("content_text")).and_then(|content| content.body(limits, report)),
        published,
        updated,
        author: author(item).or_else(|| feed_author.map(str::to_owned)),
        tags,
    }
}

fn author(object: &Object<'_>) -> Option<String> {
    let name = ["authors", "author"].iter().find_map(|key| object.first(key, "name"))?;
    person::parse(&name).map(person::Person::into_text)
}

/// The values of an object, as they stand in the text.
#[derive(serde::Deserialize)]
#[serde(transparent)]
struct Object<'t>(#[serde(borrow)] HashMap<String, &'t RawValue>);

impl<'t> Object<'t> {
    fn parse(text: &'t str) -> serde_json::Result<Self> {
        serde::Deserialize::deserialize(&mut serde_json::Deserializer::from_str(text))
    }

    /// A text that is not blank, or a number as text.
    fn text(&self, key: &str) -> Option<String> {
        self.0.get(key).and_then(|value| text(value))
    }

    fn list(&self, key: &str) -> Option<Vec<&'t RawValue>> {
        serde_json::from_str(self.0.get(key)?.get()).ok()
    }

    /// The first text that is found in a list of objects or texts, or in one alone.
    fn first(&self, key: &str, inner: &str) -> Option<String> {
        let alone = *self.0.get(key)?;
        let list = self.list(key).unwrap_or_else(|| vec![alone]);
        list.into_iter()
            .take(MAX_VALUES)
            .find_map(|value| text(value).or_else(|| Object::parse(value.get()).ok()?.text(inner)))
    }
}

fn text(value: &RawValue) -> Option<String> {
    let written = value.get();
    let text = match written.as_bytes().first()? {
        b'"' => serde_json::from_str(written)
            .ok()
            .or_else(|| serde_json::from_str(&mend::string(written)?).ok())?,
        b'-' | b'0'..=b'9' => written.to_owned(),
        _ => return None,
    };
    Some(text).filter(|text: &String| !text.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ArticleKey;

    fn read(text: &str) -> Result<Document, ReadError> {
        let base = Url::parse("https://example.org/feed.json").expect("a URL");
        super::read(text, Some(&base), &Limits::default(), Report::default())
    }

    #[test]
    fn a_feed_is_read_whatever_else_is_missing() {
        let text = r#"{"items": [7, {"id": 17, "url": "/a", "title": "5 < 6", "content_html": "<p>x</p>", "x": [[{}]],
            "author": "jo@x.com（山田）", "date_published": "2026-11-23T10:00:00Z", "tags": ["t", [1], "t", 5]}],
            "title": 5, "home_page_url": [1]} trailing"#;
        let document = read(text).expect("a feed");
        let [article] = document.articles.as_slice() else { panic!("one article: {document:?}") };
        assert_eq!(article.key, ArticleKey::derive(["guid", "17"]));
        assert_eq!(article.link.as_ref().map(Url::as_str), Some("https://example.org/a"));
        assert_eq!((article.title.as_deref(), article.content.as_deref()), (Some("5 < 6"), Some("x")));
        assert_eq!((article.author.as_deref(), article.tags.join(" ").as_str()), (Some("山田"), "t 5"));
        assert!(article.published.is_some());
        assert_eq!((document.title.as_deref(), document.report.unreadable), (Some("5"), 1));
    }

    #[test]
    fn a_lone_surrogate_costs_that_character() {
        let text = r#"{"items": [{"id": "\ud83d", "title": "a \ud83d b"}]}"#;
        let document = read(text).expect("a feed");
        assert_eq!(document.articles[0].title.as_deref(), Some("a \u{FFFD} b"));
    }

    #[test]
    fn punctuation_that_is_missing_or_too_much_costs_nothing() {
        for text in [
            r#"{"items": [{"id": "1", "title": "He said "hi" now"}]}"#,
            r#"{"items": [{"id": "1" "title": "He said \"hi\" now",,}{"id": "2"}]}"#,
            r#"{"items": [,{"id": "1", "title": "He said \"hi\" now"},,{"id": "2"},]}"#,
        ] {
            let document = read(text).expect(text);
            assert_eq!(document.articles[0].title.as_deref(), Some("He said \"hi\" now"), "{text}");
        }
    }

    #[test]
    fn an_author_is_read_in_every_form() {
        for author in [
            r#""authors": [{}, {"name": "Jo"}]"#,
            r#""author": {"name": "Jo", "url": "x"}"#,
            r#""author": "Jo""#,
            r#""authors": "Jo""#,
        ] {
            let text = format!("{{\"items\": [{{\"id\": \"1\", {author}}}]}}");
            assert_eq!(read(&text).expect("a feed").articles[0].author.as_deref(), Some("Jo"), "{author}");
        }
    }

    #[test]
    fn characters_that_json_does_not_allow_cost_nothing() {
        let text =
            "{\"items\": [{\"id\": \"1\", \"title\": \"a\tb\\ud83d c \\ud83d\\ude00 \\' \\u00\u{1}\", },]} x";
        let document = read(text).expect("a feed");
        assert_eq!(document.articles[0].title.as_deref(), Some("a b\u{FFFD} c 😀 ' u00"));
        assert_eq!(document.report.repairs.keys().collect::<Vec<_>>(), [&Repair::Json]);
    }

    #[test]
    fn a_document_cut_short_keeps_what_is_complete() {
        let text =
            r#"{"title": "T", "items": [{"id": "1", "title": "a]}"}, {"id": "2"}, {"id": "3", "x": [{"#;
        for end in ["", "\"ti", "}", "}]", "\"\\u"] {
            let document = read(&format!("{text}{end}")).expect(end);
            assert_eq!((document.articles.len(), document.report.unreadable), (2, 1), "{end}");
            assert!(document.report.repairs.contains_key(&Repair::Truncated));
        }
    }

    #[test]
    fn what_a_feed_says_about_polling_is_a_hint() {
        let hints = read(r#"{"items": [], "expired": true, "next_url": "/2"}"#).expect("a feed").hints;
        assert!(hints.expired);
        assert_eq!(hints.next.as_ref().map(Url::as_str), Some("https://example.org/2"));
    }

    #[test]
    fn json_that_is_no_feed_says_why() {
        let deep = format!("{{\"items\": {}", "[".repeat(100_000));
        for (text, expected) in [
            ("{}", "no items"),
            ("{\"items\": null}", "no items"),
            ("{\"items\": [", "line 1"),
            ("{\"items\": [{\"id\": 1", "line 1"),
            (deep.as_str(), "line 1"),
            ("[1, 2]", "line 1"),
            ("{\"a\" 1}", "line 1"),
        ] {
            let error = read(text).expect_err("no feed").to_string();
            assert!(error.contains("JSON") && error.contains(expected), "{error}");
        }
    }
}
