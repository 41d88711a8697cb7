//! Evidence, and the alert that carries it.

use serde::{Deserialize, Serialize};

use super::{AlertId, Article, FeedId, Timestamp, TopicName};

/// The part of an article in which a mention stands, as the webhook names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Field {
    /// The title.
    Title,
    /// The short text.
    Summary,
    /// The long text.
    Content,
    /// The one text of a `match --jsonl` line.
    Text,
    /// Who wrote it.
    Author,
    /// The publisher's categories.
    Tags,
    /// The link.
    Url,
}

impl Field {
    /// The word used in JSON and in messages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Summary => "summary",
            Self::Content => "content",
            Self::Text => "text",
            Self::Author => "author",
            Self::Tags => "tags",
            Self::Url => "url",
        }
    }
}

/// One place where a topic is mentioned (specs/matching.md §7).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mention {
    /// The term as the watchlist writes it.
    pub term: String,
    /// Where it stands.
    pub field: Field,
    /// First byte (UTF-8) in the plain text of the field.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// The words as the article has them: the slice `start..end`.
    pub text: String,
    /// At most 160 characters around it.
    pub snippet: String,
}

/// A topic that an article mentions, with the evidence; never empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopicMentions {
    /// The topic.
    pub name: TopicName,
    /// Where, sorted by field and place.
    pub mentions: Vec<Mention>,
}

/// What a receiver is told about the feed of an alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertFeed {
    /// The configured name, else the feed's own title, else its address.
    pub name: String,
    /// The address without credentials.
    pub url: String,
    /// The configured tags.
    pub tags: Vec<String>,
}

/// One article with all the topics it newly mentions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// Derived from feed, article and topics.
    pub id: AlertId,
    /// The feed's identity.
    pub feed_id: FeedId,
    /// The feed as a receiver sees it.
    pub feed: AlertFeed,
    /// The article as it was when it was matched.
    pub article: Article,
    /// The newly mentioned topics, in watchlist order.
    pub topics: Vec<TopicMentions>,
    /// When feedwatch saw it.
    pub created: Timestamp,
    /// Whether it is only a test, sent by `notify-test`.
    pub test: bool,
}
