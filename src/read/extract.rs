//! From a guarded document through feed-rs to articles (specs/reading.md §4).

use std::time::Duration;

use feed_rs::{
    model::{Entry, Feed, FeedType, Link, Text},
    parser,
};
use url::Url;

use super::{
    Document, Hints, Limits, ReadError, dates,
    draft::{self, Draft, Markup},
    guard::Guarded,
    identity, person,
};

/// Reads a document that the guard has written. A parser is used once: after an error it would panic.
pub(super) fn read(guarded: Guarded, base: Option<&Url>, limits: &Limits) -> Result<Document, ReadError> {
    let parser = parser::Builder::new()
        .sanitize_content(false)
        .base_uri(base.map(Url::as_str))
        .timestamp_parser(dates::parse)
        // An invented id would be another one on each poll or after an edited title.
        .id_generator(|_, _, _| String::new())
        .build();
    let feed = parser
        .parse(guarded.xml.as_bytes())
        .map_err(|error| ReadError::NotAFeed(format!("feed cannot be read: {error}")))?;
    let page = draft::first_link(page_links(&feed.links), base);
    let reader = Reader { feed: &feed, base: base.or(page.as_ref()), limits };
    let drafts = feed.entries.iter().map(|entry| reader.draft(entry)).collect();
    Ok(Document {
        title: feed.title.as_ref().and_then(|title| reader.markup(title).short()),
        articles: identity::articles(drafts),
        hints: Hints { ttl: feed.ttl.map(|minutes| Duration::from_secs(u64::from(minutes) * 60)) },
        notes: guarded.notes,
    })
}

/// Links to the page itself: HTML first, then in order.
fn page_links(links: &[Link]) -> impl Iterator<Item = &str> {
    let is_page =
        |link: &&Link| link.target.is_none() && link.rel.as_deref().is_none_or(|rel| rel == "alternate");
    let is_html = |link: &&Link| link.media_type.as_deref().is_some_and(|kind| kind.contains("html"));
    let pages = move || links.iter().filter(is_page);
    pages().filter(is_html).chain(pages().filter(move |link| !is_html(link))).map(|link| link.href.as_str())
}

struct Reader<'a> {
    feed: &'a Feed,
    base: Option<&'a Url>,
    limits: &'a Limits,
}

impl Reader<'_> {
    fn draft(&self, entry: &Entry) -> Draft {
        let guid = draft::guid(&entry.id);
        Draft {
            link: self.link(entry, guid.as_deref()),
            title: entry
                .title
                .as_ref()
                .or_else(|| media_title(entry))
                .and_then(|title| self.markup(title).short()),
            summary: self.summary(entry),
            content: self.content(entry),
            published: entry.published,
            updated: self.updated(entry),
            author: self.author(entry),
            tags: self.tags(entry),
            guid,
        }
    }

    /// RSS is HTML whether it says so or not; Atom is what it says.
    fn markup<'t>(&self, text: &'t Text) -> Markup<'t> {
        let is_plain = self.feed.feed_type == FeedType::Atom && text.content_type.essence().subty == "plain";
        if is_plain { Markup::Plain(&text.content) } else { Markup::Html(&text.content) }
    }

    /// The page, an identifier that is a URL, the enclosure.
    fn link(&self, entry: &Entry, guid: Option<&str>) -> Option<Url> {
        let enclosed = || entry.links.iter().filter(|link| link.rel.as_deref() == Some("enclosure"));
        let media =
            || entry.media.iter().flat_map(|media| &media.content).filter_map(|content| content.url.as_ref());
        draft::first_link(page_links(&entry.links), self.base)
            .or_else(|| draft::first_link(guid, None))
            .or_else(|| draft::first_link(enclosed().map(|link| link.href.as_str()), self.base))
            .or_else(|| draft::first_link(media().map(Url::as_str), None))
    }

    fn summary(&self, entry: &Entry) -> Option<String> {
        let described = entry.media.iter().filter_map(|media| media.description.as_ref());
        let mut texts = entry.summary.iter().chain(described);
        texts.find_map(|text| self.markup(text).read(self.limits.max_text))
    }

    fn content(&self, entry: &Entry) -> Option<String> {
        let content = entry.content.as_ref()?;
        let body = content.body.as_deref()?;
        let is_plain = content.content_type.essence().subty == "plain";
        let markup = if is_plain { Markup::Plain(body) } else { Markup::Html(body) };
        markup.read(self.limits.max_text)
    }

    /// Of RSS 2.0, feed-rs copies the date of publication here.
    fn updated(&self, entry: &Entry) -> Option<crate::model::Timestamp> {
        let is_copied = self.feed.feed_type == FeedType::RSS2 && entry.updated == entry.published;
        entry.updated.filter(|_| !is_copied)
    }

    /// The article's own author, else the feed's.
    fn author(&self, entry: &Entry) -> Option<String> {
        let credits =
            entry.media.iter().flat_map(|media| &media.credits).map(|credit| credit.entity.as_str());
        let people = entry.authors.iter().chain(&self.feed.authors);
        let written = people.filter_map(|author| author.name.as_deref().or(author.email.as_deref()));
        let own = entry.authors.len();
        let (own, feed): (Vec<_>, Vec<_>) = written.enumerate().partition(|(at, _)| *at < own);
        let texts = own
            .into_iter()
            .map(|(_, text)| text)
            .chain(credits)
            .chain(feed.into_iter().map(|(_, text)| text));
        texts.into_iter().find_map(person::name)
    }

    fn tags(&self, entry: &Entry) -> Vec<String> {
        let text = |category: &'_ feed_rs::model::Category| match &category.label {
            Some(label) if category.term.is_empty() => label.clone(),
            _ => category.term.clone(),
        };
        let texts: Vec<String> = entry.categories.iter().map(text).collect();
        draft::tags(texts.iter().map(String::as_str), self.limits)
    }
}

fn media_title(entry: &Entry) -> Option<&Text> {
    entry.media.iter().find_map(|media| media.title.as_ref())
}
