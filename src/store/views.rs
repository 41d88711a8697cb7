//! What the store shows to those who look: queues, alerts, kept articles.

use std::time::Duration;

use serde_json::value::RawValue;

use crate::model::{
    AlertId, Attempt, DeliveryState, FeedId, NotifierHealth, NotifierName, Timestamp, TopicName,
};

/// A notifier: how it is doing, and its queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue {
    /// The notifier.
    pub notifier: NotifierName,
    /// How it is doing.
    pub health: NotifierHealth,
    /// Waiting or under way.
    pub pending: u64,
    /// Given up.
    pub dead: u64,
    /// Not sent because of a flood.
    pub held_back: u64,
    /// Age of the oldest that waits, in whole seconds.
    pub oldest_pending_seconds: Option<u64>,
    /// When the next attempt may be made; `None`: nothing waits, or nothing is tried until somebody acts.
    pub next_attempt: Option<Timestamp>,
    /// Why it is not active, else what the last failed attempt of a waiting or dead delivery said.
    pub reason: Option<String>,
    /// The last success.
    pub last_delivered: Option<Timestamp>,
}

/// Which alerts to show, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertQuery {
    /// Created at most this long ago; `None`: all.
    pub within: Option<Duration>,
    /// Only those that name this topic.
    pub topic: Option<TopicName>,
    /// Only those of this feed.
    pub feed: Option<FeedId>,
    /// Only this one.
    pub id: Option<AlertId>,
    /// At most so many.
    pub limit: usize,
}

/// An alert with what became of it.
#[derive(Debug, Clone)]
pub struct AlertView {
    /// Derived id.
    pub id: AlertId,
    /// The feed; it may have left the configuration.
    pub feed: FeedId,
    /// When feedwatch saw it.
    pub created: Timestamp,
    /// The `data` object of the standard body.
    pub data: Box<RawValue>,
    /// One per notifier, by name.
    pub deliveries: Vec<DeliveryView>,
}

/// A delivery with its attempts.
#[derive(Debug, Clone)]
pub struct DeliveryView {
    /// The notifier.
    pub notifier: NotifierName,
    /// Where it stands.
    pub state: DeliveryState,
    /// When the next attempt is due, if it waits.
    pub next_attempt: Option<Timestamp>,
    /// How often it was tried since it was made or last redelivered.
    pub attempts: u32,
    /// What the last attempt said.
    pub reason: Option<String>,
    /// The last attempts, oldest first.
    pub history: Vec<Attempt>,
}

/// A place in the list of kept articles, newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArticleCursor {
    /// When the article was last recorded: found new, or edited.
    pub recorded: Timestamp,
    /// The store's own number of the article; tells apart what was recorded together.
    pub row: i64,
}

/// An article whose text is still kept, as it was last recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredArticle {
    /// Its place in the list; where the next page begins.
    pub cursor: ArticleCursor,
    /// The feed; it may have left the configuration.
    pub feed: FeedId,
    /// The feed's own title.
    pub feed_title: Option<String>,
    /// The feed's address without credentials.
    pub feed_url: String,
    /// The title.
    pub title: Option<String>,
    /// Where to read it.
    pub link: Option<String>,
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
    /// The publisher's own categories.
    pub tags: Vec<String>,
}

/// What pruning removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Rows removed or emptied; 0 means that nothing is left to prune now.
    pub rows: u64,
}
