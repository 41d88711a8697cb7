//! JSON Feed (version 1 and 1.1), read leniently: only `items` is demanded.

use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::{
    Document, Hints, Limits, ReadError, dates,
    draft::{self, Draft, Markup},
    identity, person, refuse,
};

/// Reads a JSON document; what follows the first value is ignored.
pub(super) fn read(text: &str, base: Option<&Url>, limits: &Limits) -> Result<Document, ReadError> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = Value::deserialize(&mut deserializer).map_err(|error| refuse::json(&error.to_string()))?;
    let items =
        value.get("items").and_then(Value::as_array).ok_or_else(|| refuse::json("it has no items"))?;
    let page = draft::first_link(string(&value, "home_page_url"), base);
    let base = base.or(page.as_ref());
    let entries = items.iter().filter(|item| item.is_object()).take(limits.max_entries);
    let drafts = entries.map(|item| draft(item, &value, base, limits)).collect();
    let mut notes = Vec::new();
    if items.len() > limits.max_entries {
        notes.push(format!("only the first {} entries are read (read.max_entries)", limits.max_entries));
    }
    Ok(Document {
        title: string(&value, "title").and_then(|title| Markup::Plain(title).short()),
        articles: identity::articles(drafts),
        hints: Hints::default(),
        notes,
    })
}

fn draft(item: &Value, feed: &Value, base: Option<&Url>, limits: &Limits) -> Draft {
    let content = string(item, "content_html").map(Markup::Html);
    let content = content.or_else(|| string(item, "content_text").map(Markup::Plain));
    let links = ["url", "external_url"].into_iter().filter_map(|key| string(item, key));
    let tags = item.get("tags").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    Draft {
        guid: id(item),
        link: draft::first_link(links, base).or_else(|| draft::first_link(string(item, "id"), None)),
        title: string(item, "title").and_then(|title| Markup::Plain(title).short()),
        summary: string(item, "summary").and_then(|summary| Markup::Plain(summary).read(limits.max_text)),
        content: content.and_then(|content| content.read(limits.max_text)),
        published: string(item, "date_published").and_then(dates::parse),
        updated: string(item, "date_modified").and_then(dates::parse),
        author: author(item).or_else(|| author(feed)),
        tags: draft::tags(tags, limits),
    }
}

fn string<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key)?.as_str().filter(|text| !text.trim().is_empty())
}

/// A number and a text of the same digits are the same id.
fn id(item: &Value) -> Option<String> {
    match item.get("id")? {
        Value::Number(number) => Some(number.to_string()),
        id => draft::guid(id.as_str()?),
    }
}

fn author(value: &Value) -> Option<String> {
    let authors = value.get("authors").and_then(Value::as_array).into_iter().flatten();
    authors.chain(value.get("author")).find_map(|author| {
        let name = author.as_str().or_else(|| string(author, "name"))?;
        person::name(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feed_is_read_whatever_else_is_missing() {
        let text = r#"{"items": [7, {"id": 17, "url": "/a", "title": "5 < 6", "content_html": "<p>x</p>",
            "author": "jo@x.com（山田）", "date_published": "2026-11-23T10:00:00Z", "tags": ["t", 1]}]} trailing"#;
        let base = Url::parse("https://example.org/feed.json").expect("a URL");
        let document = read(text, Some(&base), &Limits::default()).expect("a feed");
        let [article] = document.articles.as_slice() else { panic!("one article: {document:?}") };
        assert_eq!(article.key, crate::model::ArticleKey::derive(["guid", "17"]));
        assert_eq!(article.link.as_ref().map(Url::as_str), Some("https://example.org/a"));
        assert_eq!((article.title.as_deref(), article.content.as_deref()), (Some("5 < 6"), Some("x")));
        assert_eq!((article.author.as_deref(), article.tags.len()), (Some("山田"), 1));
        assert!(article.published.is_some());
    }

    #[test]
    fn json_that_is_no_feed_says_why() {
        let deep = "[".repeat(100_000);
        for (text, expected) in
            [("{}", "no items"), ("{\"items\": [", "line 1"), (deep.as_str(), "recursion limit")]
        {
            let error = read(text, None, &Limits::default()).expect_err("no feed").to_string();
            assert!(error.contains("JSON") && error.contains(expected), "{error}");
        }
    }
}
