//! What passes through the store of operational events (specs/delivery.md §12): kept like alerts, with what is owed to whom.

use std::time::Duration;

use serde_json::value::RawValue;

use super::{DeliveryRecord, DeliveryView};
use crate::model::{AlertId, Event, EventKind, NotifierHealth, Timestamp};

/// So many events of a kind are told one by one ...
pub const TOLD_ALONE: usize = 5;
/// ... within this time; what comes beyond is told together.
pub const TOLD_WITHIN: Duration = Duration::from_hours(1);

/// An operational event to keep, with what is owed to whom. Recorded once, however often it is given, and not at all if
/// nobody wants it.
///
/// Never a storm: once events of its kind about [`TOLD_ALONE`] others were recorded within [`TOLD_WITHIN`], it is recorded
/// without deliveries, and what is told is `together`, once. As many about its own subject, which comes and goes, are
/// enough for it alone: it is not recorded, and others are told as ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRecord {
    /// Derived from kind, subject and episode.
    pub id: AlertId,
    /// What happened.
    pub kind: EventKind,
    /// The identity of the feed or notifier; empty if it is about several.
    pub subject: String,
    /// When it was noticed.
    pub created: Timestamp,
    /// The `data` object of the standard body, as JSON.
    pub data: String,
    /// The rendered body for each notifier that wants it.
    pub deliveries: Vec<DeliveryRecord>,
    /// Its place in the episode of its feed.
    pub place: Place,
    /// What is told of this and others while many come; its id is the same for all of an hour.
    pub together: Option<Box<EventRecord>>,
}

/// How an event is told, given those of its kind before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// By itself.
    Alone,
    /// With others.
    Together,
    /// Not now: its subject comes and goes, and was told of often enough lately.
    Later,
}

/// The place of an event in the episode of a feed: who heard of the beginning hears of the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// It stands for itself.
    Alone,
    /// An episode begins, or goes on: told if it was not yet. Whether alone or together is kept with the feed.
    Begins,
    /// It ends. Told alone if the beginning was; if that was told together, `together` is told once the last feed of those
    /// has recovered; if nobody was told, nobody is.
    Ends,
}

impl EventRecord {
    /// A record of an event that stands for itself, with what was rendered of it.
    pub fn new(event: &Event, data: String, deliveries: Vec<DeliveryRecord>) -> Self {
        Self {
            id: event.id.clone(),
            kind: event.kind,
            subject: event.subject.id().to_owned(),
            created: event.created,
            data,
            deliveries,
            place: Place::Alone,
            together: None,
        }
    }
}

/// What is written about a notifier whose deliveries were given up, beside the deliveries.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// What becomes of its health; `None`: it stays as it is.
    pub health: Option<NotifierHealth>,
    /// What others are told about it.
    pub event: Option<EventRecord>,
}

/// An operational event with what became of it.
#[derive(Debug, Clone)]
pub struct EventView {
    /// Derived id.
    pub id: AlertId,
    /// What happened.
    pub kind: EventKind,
    /// When it was noticed.
    pub created: Timestamp,
    /// The `data` object of the standard body.
    pub data: Box<RawValue>,
    /// One per notifier, by name; none if it was told together with others.
    pub deliveries: Vec<DeliveryView>,
}
