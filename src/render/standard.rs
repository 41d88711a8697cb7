//! The standard webhook body (DESIGN §4), and the `data` object in it.

use serde::Serialize;
use serde_json::Value;

use super::text::{cut, cut_bytes, one_line, shown_link};
use crate::model::{Alert, AlertFeed, TopicMentions, rfc3339};

/// Longest title, in graphemes (specs/delivery.md §13).
pub(super) const MAX_TITLE: usize = 512;
/// Longest name of a feed, in graphemes: it may be the feed's own title.
pub(super) const MAX_FEED_NAME: usize = 512;
/// Longest author, in graphemes.
const MAX_AUTHOR: usize = 128;
/// Longest summary, in graphemes.
const MAX_SUMMARY: usize = 4096;
/// Largest body, in bytes (specs/delivery.md §7).
pub(super) const MAX_BODY: usize = 64 << 10;
/// What the envelope around `data` takes, generously.
const ENVELOPE: usize = 128;
/// What is left of a text when nothing else helps, in bytes.
const LAST_RESORT: usize = 512;

/// The whole body.
pub(super) fn render(alert: &Alert) -> Vec<u8> {
    let envelope = Envelope {
        kind: "alert",
        timestamp: rfc3339(alert.created),
        data: Data::fitting(alert, MAX_BODY - ENVELOPE),
    };
    serde_json::to_vec(&envelope).expect("texts, numbers and lists are valid JSON")
}

/// The `data` object alone.
pub(super) fn data(alert: &Alert) -> String {
    Data::fitting(alert, MAX_BODY - ENVELOPE).to_json()
}

#[derive(Serialize)]
struct Envelope {
    #[serde(rename = "type")]
    kind: &'static str,
    timestamp: String,
    data: Data,
}

/// What is told of an alert, within the limits.
#[derive(Serialize)]
pub(super) struct Data {
    id: String,
    test: bool,
    feed: AlertFeed,
    article: ArticleData,
    topics: Vec<TopicMentions>,
    /// Only there if something was cut.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    truncated: bool,
}

#[derive(Serialize)]
struct ArticleData {
    id: String,
    title: Option<String>,
    url: Option<String>,
    author: Option<String>,
    published: Option<String>,
    summary: Option<String>,
}

impl Data {
    /// The alert in at most `max` bytes of JSON.
    pub(super) fn fitting(alert: &Alert, max: usize) -> Self {
        let mut data = Self::of(alert);
        data.fit(max);
        data
    }

    fn of(alert: &Alert) -> Self {
        let mut truncated = false;
        let mut text = |text: &str, max| {
            let line = one_line(text);
            let shown = cut(&line, max);
            truncated |= shown != line;
            shown
        };
        let article = &alert.article;
        let feed = AlertFeed {
            name: text(&alert.feed.name, MAX_FEED_NAME),
            url: one_line(&alert.feed.url),
            tags: alert.feed.tags.clone(),
        };
        let article = ArticleData {
            id: article.key.to_string(),
            title: article.title.as_deref().map(|title| text(title, MAX_TITLE)),
            url: article.link.as_ref().and_then(shown_link),
            author: article.author.as_deref().map(|author| text(author, MAX_AUTHOR)),
            published: article.published.map(rfc3339),
            summary: article.summary.as_deref().map(|summary| text(summary, MAX_SUMMARY)),
        };
        let topics = alert.topics.iter().map(cleaned).collect();
        Self { id: alert.id.to_string(), test: alert.test, feed, article, topics, truncated }
    }

    /// Cuts what matters least first, until the JSON has at most `max` bytes: the summary, then snippets, then
    /// mentions (at least one per topic stays), then long texts, and topics only if there is no other way.
    fn fit(&mut self, max: usize) {
        let stages: [fn(&mut Self, usize); 7] = [
            Self::cut_summary,
            |data, _| data.clear_snippets(1),
            |data, _| data.clear_snippets(0),
            |data, _| data.keep_mentions(8),
            |data, _| data.keep_mentions(1),
            |data, _| data.cut_long_texts(),
            Self::drop_topics,
        ];
        for stage in stages {
            let excess = self.to_json().len().saturating_sub(max);
            if excess == 0 {
                return;
            }
            self.truncated = true;
            // `"truncated":true` itself takes room.
            stage(self, excess + 24);
        }
    }

    /// A byte of text is at least a byte of JSON, so this much less text is enough.
    fn cut_summary(&mut self, excess: usize) {
        if let Some(summary) = &mut self.article.summary {
            *summary = cut_bytes(summary, summary.len().saturating_sub(excess));
        }
    }

    /// Leaves snippets only to the first `spared` mentions of each topic.
    fn clear_snippets(&mut self, spared: usize) {
        let mentions = self.topics.iter_mut().flat_map(|topic| topic.mentions.iter_mut().skip(spared));
        mentions.for_each(|mention| mention.snippet.clear());
    }

    fn keep_mentions(&mut self, at_most: usize) {
        self.topics.iter_mut().for_each(|topic| topic.mentions.truncate(at_most));
    }

    fn cut_long_texts(&mut self) {
        let article = [&mut self.article.title, &mut self.article.author].into_iter().flatten();
        let feed = [&mut self.feed.name, &mut self.feed.url];
        let mentions = self.topics.iter_mut().flat_map(|topic| &mut topic.mentions);
        let mentions = mentions.flat_map(|mention| [&mut mention.term, &mut mention.text]);
        article.chain(feed).chain(mentions).for_each(|text| *text = cut_bytes(text, LAST_RESORT));
    }

    /// Drops topics from the end that together take up `excess` bytes; one stays.
    fn drop_topics(&mut self, excess: usize) {
        let mut freed = 0;
        while freed < excess && self.topics.len() > 1 {
            let topic = self.topics.pop();
            freed += serde_json::to_vec(&topic).map_or(0, |json| json.len() + 1);
        }
    }

    /// As what templates see.
    pub(super) fn to_value(&self) -> Value {
        serde_json::to_value(self).expect("texts, numbers and lists are valid JSON")
    }

    fn to_json(&self) -> String {
        serde_json::to_string(self).expect("texts, numbers and lists are valid JSON")
    }
}

fn cleaned(topic: &TopicMentions) -> TopicMentions {
    let mut topic = topic.clone();
    for mention in &mut topic.mentions {
        mention.term = one_line(&mention.term);
        mention.text = one_line(&mention.text);
        mention.snippet = one_line(&mention.snippet);
    }
    topic
}

#[cfg(test)]
#[path = "standard_tests.rs"]
mod tests;
