//! What is told of a feed that needs somebody: an event as a record for those who ask for its kind (specs/delivery.md §12).

use tracing::warn;

use crate::{
    model::{AlertFeed, Event, EventKind, Feed, Notifier, Subject, Timestamp},
    render::{self, Rendered},
    store::{DeliveryRecord, EventRecord, Place, TOLD_ALONE},
};

use super::Pipeline;

/// What a poll says of its feed beyond its articles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happening {
    /// What happened: one of the kinds about feeds.
    pub kind: EventKind,
    /// Its place in the episode.
    pub place: Place,
    /// When the episode began.
    pub since: Timestamp,
    /// One sentence for people.
    pub reason: String,
    /// How often it happened in this episode.
    pub count: u64,
}

impl Pipeline {
    /// The record of what happened to a feed. It owes nothing to anybody if nobody asks for its kind.
    pub fn event(
        &self,
        feed: &Feed,
        title: Option<&str>,
        happening: Happening,
        now: Timestamp,
    ) -> EventRecord {
        let Happening { kind, place, since, reason, count } = happening;
        let subject = Subject::Feed { id: feed.id.clone(), feed: alert_feed(feed, title) };
        let event = Event::new(kind, subject, since, now, reason, count);
        let several = Event::of_several(kind, now, TOLD_ALONE as u64);
        let together = record(&self.notifiers, &several, Place::Alone, None);
        record(&self.notifiers, &event, place, Some(Box::new(together)))
    }
}

/// A feed as receivers see it.
pub(super) fn alert_feed(feed: &Feed, title: Option<&str>) -> AlertFeed {
    let url = feed.display_url();
    let name = feed.name.as_deref().or(title).unwrap_or(&url).to_owned();
    AlertFeed { name, url, tags: feed.tags.clone() }
}

/// A record for those who want to know.
fn record(
    notifiers: &[Notifier],
    event: &Event,
    place: Place,
    together: Option<Box<EventRecord>>,
) -> EventRecord {
    let wanting = notifiers.iter().filter(|notifier| notifier.wants(event));
    let deliveries = wanting.map(|notifier| owed(notifier, event)).collect();
    EventRecord { place, together, ..EventRecord::new(event, render::event_data(event), deliveries) }
}

/// What a notifier is owed of an event.
pub(super) fn owed(notifier: &Notifier, event: &Event) -> DeliveryRecord {
    let Rendered { notifier, body, plain, failed } = Rendered::of(notifier, event);
    if let Some(error) = failed {
        warn!(%notifier, event.id = %event.id, %error, "template failed; the event is sent in the standard form");
    }
    DeliveryRecord { notifier, body, plain }
}
