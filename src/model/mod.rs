//! Plain data: what the rooms hand to each other. No I/O, no tokio, no decisions.
//!
//! One word per idea: `Feed → Poll → Article → Mention → Alert → Delivery`.

mod alert;
mod article;
mod delivery;
mod episodes;
mod event;
mod feed;
mod ids;
mod memory;
mod notifier;
mod notifier_health;
mod poll;
mod rate;
mod reading;
mod topic;
mod words;

pub use alert::{Alert, AlertFeed, Field, Mention, TopicMentions};
pub use article::{Article, OtherKeys};
pub use delivery::{Attempt, DeliveryState};
pub use episodes::{Episodes, Quiet};
pub use event::{Event, EventKind, Subject};
pub use feed::{Feed, FeedLocation};
pub use ids::{
    AlertId, ArticleKey, ContentHash, FeedId, HostKey, NotifierName, OwnerId, TopicName, hash_parts,
};
pub use memory::{Gap, Hint, Hints, Moves, ObservedMove, PollMemory, TrackRecord};
pub use notifier::{Format, Notifier, NotifierFilter, NotifierKind, Template, Webhook};
pub use notifier_health::{NotifierHealth, NotifierState};
pub use poll::{Flock, Outcome, Reason, Validators};
pub use rate::Rate;
pub use reading::Reading;
pub use topic::{Aliases, CaseRule, SearchField, Topic, Within};

/// A moment in UTC. Stored with a resolution of one millisecond.
pub type Timestamp = chrono::DateTime<chrono::Utc>;

/// A moment as RFC 3339 in UTC with whole seconds, as people and receivers see it: `2026-11-23T18:00:00Z`.
pub fn rfc3339(at: Timestamp) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}
