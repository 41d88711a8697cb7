//! What is told of a notifier that needs somebody: to the log by `health`, to other notifiers from here
//! (specs/delivery.md §12). Pure.

use std::time::Duration;

use crate::{
    model::{Event, EventKind, Notifier, NotifierHealth, NotifierName, Subject, Timestamp},
    render::{self, Rendered},
    store::{DeliveryRecord, EventRecord, TOLD_ALONE},
};

/// Somebody is told of deliveries that are given up at most once in this time.
const DEAD_TOLD_EVERY: Duration = Duration::from_hours(1);

/// Notes in the health what somebody is told of: of a state that needs a person, once while it lasts, and of deliveries
/// that were given up, once in a while.
pub fn note(health: &mut NotifierHealth, is_given_up: bool, now: Timestamp) {
    health.is_told |= health.needs_person(now);
    let told_lately =
        health.told_dead.is_some_and(|told| (now - told).to_std().unwrap_or_default() < DEAD_TOLD_EVERY);
    if is_given_up && !told_lately {
        health.told_dead = Some(now);
    }
}

/// What others are told of a change from `before`; notes it in the health. `given_up` is the reason why deliveries were
/// given up, and how many.
pub fn event(
    notifiers: &[Notifier],
    name: &NotifierName,
    before: &NotifierHealth,
    health: &mut NotifierHealth,
    given_up: Option<(&str, u64)>,
    now: Timestamp,
) -> Option<EventRecord> {
    let told = |since, reason: &str, count| {
        let subject = Subject::Notifier { name: name.clone(), state: health.state };
        Event::new(EventKind::NotifierFailing, subject, since, now, reason.to_owned(), count)
    };
    let event = if health.is_told && !health.is_reported {
        let reason = health.reason.as_deref().unwrap_or_default();
        told(health.since.unwrap_or(now), reason, health.failures.max(health.probes).max(1).into())
    } else {
        let (reason, count) = given_up.filter(|_| health.told_dead != before.told_dead)?;
        told(now, &format!("{reason}; `feedwatch redeliver --dead` puts back what was given up"), count)
    };
    health.is_reported |= health.is_told;
    let several = Event::of_several(event.kind, now, TOLD_ALONE as u64);
    let together = Some(Box::new(record(notifiers, &several)));
    Some(EventRecord { together, ..record(notifiers, &event) })
}

fn record(notifiers: &[Notifier], event: &Event) -> EventRecord {
    let wanting = notifiers.iter().filter(|notifier| notifier.wants(event));
    let owed = wanting.map(|notifier| {
        let Rendered { notifier, body, plain, .. } = Rendered::of(notifier, event);
        DeliveryRecord { notifier, body, plain }
    });
    EventRecord::new(event, render::event_data(event), owed.collect())
}
