//! A configured way to tell somebody.

use std::{path::PathBuf, sync::Arc, time::Duration};

use super::{AlertFeed, Event, EventKind, FeedId, NotifierName, Rate, Subject, TopicName};
use crate::secret::{Secret, SecretUrl, SigningKey};

/// A notifier. Checked by `config`, then plain data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notifier {
    /// Unique name.
    pub name: NotifierName,
    /// How it tells.
    pub kind: NotifierKind,
    /// The form of its bodies.
    pub format: Format,
    /// What it is told of: alerts, and operational events.
    pub events: Vec<EventKind>,
    /// Which alerts it takes.
    pub filter: NotifierFilter,
    /// Sends under way at the same time.
    pub concurrency: usize,
    /// How fast it is sent to; `None`: as fast as it takes.
    pub rate: Option<Rate>,
    /// Whether it takes part at all.
    pub enabled: bool,
}

impl Notifier {
    /// Whether it is to be told of this event: it asks for its kind, takes alerts of this feed, and is not meant itself.
    pub fn wants(&self, event: &Event) -> bool {
        let is_for_it = match &event.subject {
            Subject::Feed { id, feed } => self.filter.takes_feed(id, feed),
            Subject::Notifier { name, .. } => *name != self.name,
            Subject::Several => true,
        };
        self.enabled && self.events.contains(&event.kind) && is_for_it
    }
}

/// The kinds of notifiers; a closed set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotifierKind {
    /// One line in the log.
    Log,
    /// An HTTP POST.
    Webhook(Webhook),
}

/// Where and how a webhook posts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// The receiver; its path is a secret.
    pub url: SecretUrl,
    /// Standard Webhooks keys, newest first; empty: not signed.
    pub secrets: Vec<SigningKey>,
    /// Further request headers.
    pub headers: Vec<(String, Secret)>,
    /// One attempt, all of it; `None`: `notify.timeout`.
    pub timeout: Option<Duration>,
    /// PEM certificates that are trusted besides the system's.
    pub ca_file: Option<PathBuf>,
    /// Whom the body names: a chat, a topic, a routing key. It is put in when the body is sent.
    pub to: Option<Secret>,
    /// The media type of the body.
    pub content_type: String,
    /// The operator's own form of the body, instead of the format's.
    pub template: Option<Template>,
}

/// A template of bodies, as its file had it when the configuration was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// The file, for messages.
    pub name: String,
    /// What it says; compiles.
    pub source: Arc<str>,
    /// Whether what comes of it is JSON.
    pub is_json: bool,
}

/// The form of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// The fields of a log line.
    Log,
    /// The standard webhook body (DESIGN §4).
    Standard,
    /// `CloudEvents` 1.0, structured.
    CloudEvents,
    /// A Slack incoming webhook.
    Slack,
    /// A Discord webhook.
    Discord,
    /// Microsoft Teams by Workflows.
    Teams,
    /// A Mattermost incoming webhook.
    Mattermost,
    /// `sendMessage` of a Telegram bot.
    Telegram,
    /// An ntfy topic.
    Ntfy,
    /// `PagerDuty` Events API v2.
    PagerDuty,
}

impl Format {
    /// The media type of its bodies.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::CloudEvents => "application/cloudevents+json",
            _ => "application/json",
        }
    }

    /// What its vendor takes without complaint (specs/delivery.md §9).
    pub fn rate(self) -> Option<Rate> {
        let per_second = |count| Some(Rate::new(count, Duration::from_secs(1)));
        match self {
            Self::Slack | Self::Telegram => per_second(1),
            Self::Discord | Self::PagerDuty => per_second(2),
            Self::Ntfy => Some(Rate { burst: 60, every: Duration::from_secs(5) }),
            Self::Log | Self::Standard | Self::CloudEvents | Self::Teams | Self::Mattermost => None,
        }
    }

    /// Whether people read it in a conversation, one message after the other.
    pub const fn is_chat(self) -> bool {
        matches!(
            self,
            Self::Slack | Self::Discord | Self::Teams | Self::Mattermost | Self::Telegram | Self::Ntfy
        )
    }
}

/// Which alerts a notifier takes. Empty lists take all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NotifierFilter {
    /// Topics by name; of an alert with several, only these are told.
    pub topics: Vec<TopicName>,
    /// Feeds by id, name or URL.
    pub feeds: Vec<String>,
    /// Feeds with one of these tags.
    pub tags: Vec<String>,
}

impl NotifierFilter {
    /// Whether alerts of this feed are taken.
    pub fn takes_feed(&self, id: &FeedId, feed: &AlertFeed) -> bool {
        let named = |wanted: &String| *wanted == id.as_str() || *wanted == feed.name || *wanted == feed.url;
        (self.feeds.is_empty() || self.feeds.iter().any(named))
            && (self.tags.is_empty() || self.tags.iter().any(|tag| feed.tags.contains(tag)))
    }

    /// Whether this topic is told.
    pub fn takes_topic(&self, topic: &TopicName) -> bool {
        self.topics.is_empty() || self.topics.contains(topic)
    }
}
