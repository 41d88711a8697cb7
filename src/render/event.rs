//! An operational event as bytes (specs/delivery.md §12): the envelope of an alert with a `data` of its own.

use serde::Serialize;

use super::{
    standard::MAX_FEED_NAME,
    text::{cut, one_line},
};
use crate::model::{AlertFeed, Event, Format, Subject, rfc3339};

/// Longest reason, in graphemes.
const MAX_REASON: usize = 512;

/// The body of an event in the given format: so far the standard one, which a notifier that logs reads too.
pub fn render(_format: Format, event: &Event) -> Vec<u8> {
    standard(event)
}

/// The `data` object of the standard body alone, as JSON: what is stored with the event.
pub fn data(event: &Event) -> String {
    serde_json::to_string(&Data::of(event)).expect("texts and numbers are valid JSON")
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

#[derive(Serialize)]
struct Data<'a> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{EventKind, FeedId, NotifierName, NotifierState, Timestamp};

    fn event(kind: EventKind, subject: Subject) -> Event {
        let at: Timestamp = "2026-11-23T18:00:00Z".parse().expect("time");
        let reason = "HTTP 500\nInternal\u{202e} Server Error".to_owned();
        Event::new(kind, subject, at - chrono::TimeDelta::hours(1), at, reason, 3)
    }

    #[test]
    fn an_event_of_a_feed_is_an_envelope_like_that_of_an_alert() {
        let feed = AlertFeed {
            name: "World".to_owned(),
            url: "https://example.org/world.xml".to_owned(),
            tags: vec!["world".to_owned()],
        };
        let subject = Subject::Feed { id: FeedId::from("https://example.org/world.xml"), feed };
        let body = render(Format::Standard, &event(EventKind::FeedFailing, subject));
        insta::assert_snapshot!(String::from_utf8(body).expect("UTF-8"), @r#"{"type":"feed.failing","timestamp":"2026-11-23T18:00:00Z","data":{"id":"event_7enejw2zvphlwt7xugwu37733i","test":false,"feed":{"name":"World","url":"https://example.org/world.xml","tags":["world"]},"reason":"HTTP 500 Internal Server Error","since":"2026-11-23T17:00:00Z","count":3}}"#);
    }

    #[test]
    fn an_event_of_a_notifier_names_its_state() {
        let subject = Subject::Notifier { name: NotifierName::from("desk"), state: NotifierState::Held };
        insta::assert_snapshot!(data(&event(EventKind::NotifierFailing, subject)), @r#"{"id":"event_uzxwwnv5vm2omeqfk26a227pjx","test":false,"notifier":{"name":"desk","state":"held"},"reason":"HTTP 500 Internal Server Error","since":"2026-11-23T17:00:00Z","count":3}"#);
    }
}
