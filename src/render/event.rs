//! An operational event as bytes (specs/delivery.md §12): the envelope of an alert with a `data` of its own.

use serde::Serialize;

use super::{
    TemplateError, cloudevents,
    message::Message,
    standard::MAX_FEED_NAME,
    text::{cut, one_line},
};
use crate::model::{AlertFeed, Event, Format, Notifier, NotifierName, Subject, rfc3339};

/// Longest reason, in graphemes.
const MAX_REASON: usize = 512;

/// The body of an event in the given format; a notifier that logs reads the standard one.
pub fn render(format: Format, event: &Event) -> Vec<u8> {
    match format {
        Format::Log | Format::Standard => standard(event),
        Format::CloudEvents => cloudevents::render_event(event, &Data::of(event)),
        _ => super::message(format, &Message::of_event(event)),
    }
}

/// What is owed to one notifier of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The notifier.
    pub notifier: NotifierName,
    /// The bytes to send.
    pub body: Vec<u8>,
    /// A plainer form, for the one retry after these bytes were refused.
    pub plain: Option<Vec<u8>>,
    /// Why its template was not used.
    pub failed: Option<TemplateError>,
}

impl Rendered {
    /// An event for this notifier, whether it asks for it or not.
    pub fn of(notifier: &Notifier, event: &Event) -> Self {
        let (body, failed) = super::event_body(notifier, event);
        let plain = super::plain_event(notifier.format, event);
        Self { notifier: notifier.name.clone(), body, plain, failed }
    }
}

/// The `data` object of the standard body alone, as JSON: what is stored with the event.
pub fn data(event: &Event) -> String {
    serde_json::to_string(&Data::of(event)).expect("texts and numbers are valid JSON")
}

/// As what templates see.
pub(super) fn to_value(event: &Event) -> serde_json::Value {
    serde_json::to_value(Data::of(event)).expect("texts and numbers are valid JSON")
}

fn standard(event: &Event) -> Vec<u8> {
    let envelope =
        Envelope { kind: event.kind.as_str(), timestamp: rfc3339(event.created), data: Data::of(event) };
    serde_json::to_vec(&envelope).expect("texts and numbers are valid JSON")
}

#[derive(Serialize)]
struct Envelope<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    timestamp: String,
    data: Data<'a>,
}

/// What is told of an event.
#[derive(Serialize)]
pub(super) struct Data<'a> {
    id: &'a str,
    test: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    feed: Option<AlertFeed>,
    #[serde(skip_serializing_if = "Option::is_none")]
    notifier: Option<NotifierData<'a>>,
    reason: String,
    since: String,
    count: u64,
}

#[derive(Serialize)]
struct NotifierData<'a> {
    name: &'a str,
    state: &'static str,
}

impl<'a> Data<'a> {
    fn of(event: &'a Event) -> Self {
        let (feed, notifier) = match &event.subject {
            Subject::Feed { feed, .. } => {
                let name = cut(&one_line(&feed.name), MAX_FEED_NAME);
                (Some(AlertFeed { name, url: one_line(&feed.url), tags: feed.tags.clone() }), None)
            }
            Subject::Notifier { name, state } => {
                (None, Some(NotifierData { name: name.as_str(), state: state.as_str() }))
            }
            Subject::Several => (None, None),
        };
        Self {
            id: event.id.as_str(),
            test: event.test,
            feed,
            notifier,
            reason: cut(&one_line(&event.reason), MAX_REASON),
            since: rfc3339(event.since),
            count: event.count,
        }
    }
}
