//! What happens to feedwatch itself: feeds and notifiers that need somebody (specs/delivery.md §12).

use chrono::{DurationRound, TimeDelta};
use serde::{Deserialize, Serialize};

use super::{AlertFeed, AlertId, FeedId, NotifierName, NotifierState, Timestamp, words::words};

words! {
    /// What a notifier can be told of.
    EventKind {
        /// An article mentions a topic.
        Alert = "alert",
        /// A feed failed several times in a row, or flooded.
        FeedFailing = "feed.failing",
        /// A feed that was failing works again.
        FeedRecovered = "feed.recovered",
        /// A feed is quieter than it ever was.
        FeedSilent = "feed.silent",
        /// A notifier needs a person.
        NotifierFailing = "notifier.failing",
    }
}

/// Where the rest is told.
const TELLS_ALL: &str = "`feedwatch status` tells which";

/// An operational event: delivered like an alert, to the notifiers whose `events` name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Derived from kind, subject and the start of the episode.
    pub id: AlertId,
    /// What happened; never [`EventKind::Alert`].
    pub kind: EventKind,
    /// To whom.
    pub subject: Subject,
    /// One sentence for people, without secrets.
    pub reason: String,
    /// When the episode began.
    pub since: Timestamp,
    /// How often it happened in this episode: failed polls, failed attempts, held back alerts.
    pub count: u64,
    /// When it was noticed, by the store's time.
    pub created: Timestamp,
    /// Whether it is only a test.
    pub test: bool,
}

/// Whom an event is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// A feed.
    Feed {
        /// Its identity.
        id: FeedId,
        /// As receivers see it.
        feed: AlertFeed,
    },
    /// A notifier, which is never told about itself.
    Notifier {
        /// Its name.
        name: NotifierName,
        /// What it became.
        state: NotifierState,
    },
    /// Many at once, feeds or notifiers: told together, so that nobody gets hundreds of messages.
    Several,
}

impl Subject {
    /// Its identity as text; empty if there are several.
    pub fn id(&self) -> &str {
        match self {
            Self::Feed { id, .. } => id.as_str(),
            Self::Notifier { name, .. } => name.as_str(),
            Self::Several => "",
        }
    }
}

impl Event {
    /// An event noticed at `created`; its id follows from the rest.
    pub fn new(
        kind: EventKind,
        subject: Subject,
        since: Timestamp,
        created: Timestamp,
        reason: String,
        count: u64,
    ) -> Self {
        let id = AlertId::for_event(kind, subject.id(), since);
        Self { id, kind, subject, reason, since, count, created, test: false }
    }

    /// What is told in place of events of this kind while many come, the same for all of an hour.
    #[must_use]
    pub fn of_several(kind: EventKind, created: Timestamp, count: u64) -> Self {
        let since = created.duration_trunc(TimeDelta::hours(1)).unwrap_or(created);
        let reason = match kind {
            EventKind::FeedRecovered => "the feeds that began to fail together work again".to_owned(),
            EventKind::FeedSilent => {
                format!("more than {count} feeds fell silent within an hour; {TELLS_ALL}")
            }
            EventKind::NotifierFailing => {
                format!("more than {count} notifiers began to fail within an hour; {TELLS_ALL}")
            }
            EventKind::FeedFailing | EventKind::Alert => format!(
                "more than {count} feeds began to fail within an hour: the network may be at fault; {TELLS_ALL}"
            ),
        };
        Self::new(kind, Subject::Several, since, created, reason, count)
    }

    /// The id under which the trouble was told that this event ends; its own, if it ends none.
    pub fn trouble_id(&self) -> AlertId {
        match self.kind {
            EventKind::FeedRecovered => {
                AlertId::for_event(EventKind::FeedFailing, self.subject.id(), self.since)
            }
            _ => self.id.clone(),
        }
    }
}
