//! More alerts of one feed in one poll than anybody can read: the newest are told, the rest waits for a person
//! (specs/delivery.md §9). Nothing vanishes.

use super::{Pipeline, events};
use crate::{
    model::{Event, EventKind, Feed, Notifier, Subject, Timestamp},
    store::{AlertRecord, DeliveryRecord, DocumentRecord, EventRecord, Place},
};

/// So many alerts of one feed are told in one poll.
pub const TOLD_AT_ONCE: usize = 500;

impl Pipeline {
    /// Holds back all but the newest alerts of a document that brings too many. Gives how many were held back, and what is
    /// told of it: to those who ask for `feed.failing`, and in every conversation that gets less than it should.
    pub fn hold_back(
        &self,
        feed: &Feed,
        document: &mut DocumentRecord,
        now: Timestamp,
    ) -> Option<(usize, EventRecord)> {
        let alerts = &mut document.alerts;
        let count = alerts.len().checked_sub(TOLD_AT_ONCE).filter(|count| *count > 0)?;
        let stamps: std::collections::HashMap<_, _> =
            document.articles.iter().map(|record| (record.article.key, record.article.stamp())).collect();
        // The newest first; what has no stamp is as new as the poll. Equal ones keep the order of the document.
        alerts.sort_by_key(|alert| {
            std::cmp::Reverse(stamps.get(&alert.article).copied().flatten().unwrap_or(now))
        });
        for alert in alerts.iter_mut().skip(TOLD_AT_ONCE) {
            alert.held_back = Some(reason(count));
        }
        // The newest are told, the oldest of them first.
        alerts.get_mut(..TOLD_AT_ONCE).map(<[AlertRecord]>::reverse);
        let held_back = alerts.get(TOLD_AT_ONCE..).unwrap_or_default();
        Some((count, self.told_of_flood(feed, document.title.as_deref(), held_back, now)))
    }

    fn told_of_flood(
        &self,
        feed: &Feed,
        title: Option<&str>,
        held_back: &[AlertRecord],
        now: Timestamp,
    ) -> EventRecord {
        let event = |count: usize| {
            let subject = Subject::Feed { id: feed.id.clone(), feed: events::alert_feed(feed, title) };
            Event::new(EventKind::FeedFailing, subject, now, now, reason(count), count as u64)
        };
        let owed = |notifier: &Notifier| -> Option<DeliveryRecord> {
            let is_owed = |alert: &&AlertRecord| {
                alert.deliveries.iter().any(|delivery| delivery.notifier == notifier.name)
            };
            let its = held_back.iter().filter(is_owed).count();
            if notifier.wants(&event(held_back.len())) {
                Some(events::owed(notifier, &event(held_back.len())))
            } else {
                (notifier.format.is_chat() && its > 0).then(|| events::owed(notifier, &event(its)))
            }
        };
        let deliveries = self.notifiers.iter().filter_map(owed).collect();
        let whole = event(held_back.len());
        let data = crate::render::event_data(&whole);
        EventRecord { place: Place::Alone, ..EventRecord::new(&whole, data, deliveries) }
    }
}

/// What happened, and what to do.
fn reason(count: usize) -> String {
    format!("flood: {count} alerts held back; `feedwatch redeliver --dead` sends them")
}
