//! `CloudEvents` 1.0 in structured mode: the data of the standard body in another envelope.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use super::standard::{Data, MAX_BODY};
use crate::model::{Alert, Event, Subject, rfc3339};

/// What the envelope takes, besides the source.
const ENVELOPE: usize = 320;
/// All but the unreserved characters of RFC 3986 §2.3.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

#[derive(Serialize)]
struct Envelope<T> {
    specversion: &'static str,
    id: String,
    source: String,
    #[serde(rename = "type")]
    kind: String,
    time: String,
    datacontenttype: &'static str,
    data: T,
}

/// The whole body.
pub(super) fn render(alert: &Alert) -> Vec<u8> {
    let source = source(alert.feed_id.as_str());
    let envelope = Envelope {
        specversion: "1.0",
        id: alert.id.to_string(),
        kind: "feedwatch.alert".to_owned(),
        time: rfc3339(alert.created),
        datacontenttype: "application/json",
        data: Data::fitting(alert, MAX_BODY.saturating_sub(ENVELOPE + source.len())),
        source,
    };
    serde_json::to_vec(&envelope).expect("texts, numbers and lists are valid JSON")
}

/// The whole body of an operational event; `data` is that of the standard body.
pub(super) fn render_event(event: &Event, data: &impl Serialize) -> Vec<u8> {
    let source = match &event.subject {
        Subject::Feed { id, .. } => source(id.as_str()),
        Subject::Notifier { name, .. } => source(&format!("notifier:{name}")),
        Subject::Several => source("feedwatch"),
    };
    let envelope = Envelope {
        specversion: "1.0",
        id: event.id.to_string(),
        kind: format!("feedwatch.{}", event.kind.as_str()),
        time: rfc3339(event.created),
        datacontenttype: "application/json",
        data,
        source,
    };
    serde_json::to_vec(&envelope).expect("texts, numbers and lists are valid JSON")
}

/// The feed, or whatever it is about, as a URI (RFC 8141): its id may hold anything.
fn source(id: &str) -> String {
    format!("urn:feedwatch:{}", utf8_percent_encode(id, ESCAPED))
}
