//! `PagerDuty` Events API v2. The routing key is put in when it is sent ([`fill`](super::fill)).

use serde_json::{Value, json};

use super::{
    message::{Kind, Message, Shares, unmarked},
    text::{cut_to, utf16},
};
use crate::model::rfc3339;

/// 1024 characters.
const MAX_SUMMARY: usize = 970;

/// One alert that is triggered; or resolved, if the trouble is over. Limits: 512 KB, summary 1024, `dedup_key` 255.
pub(super) fn render(message: &Message) -> Vec<u8> {
    let message = &message.cut(&Shares::USUAL, utf16);
    let details = json!({
        "topics": message.headline,
        "title": message.title,
        "url": message.link,
        "quotes": message.quotes.iter().map(unmarked).collect::<Vec<_>>(),
    });
    let links: Vec<Value> =
        message.link.iter().map(|link| json!({ "href": link, "text": "Open the article" })).collect();
    trigger(message, Some(details), &links)
}

/// The summary alone.
pub(super) fn plain(message: &Message) -> Vec<u8> {
    trigger(&message.cut(&Shares::USUAL, utf16), None, &[])
}

fn trigger(message: &Message, details: Option<Value>, links: &[Value]) -> Vec<u8> {
    let severity = match message.kind {
        Kind::News => "warning",
        Kind::Trouble => "error",
        Kind::Relief | Kind::Test => "info",
    };
    let action = if message.kind == Kind::Relief { "resolve" } else { "trigger" };
    let mut body = json!({
        "event_action": action,
        "dedup_key": message.id,
        "client": "feedwatch",
        "links": links,
        "payload": {
            "summary": cut_to(&message.summary(), MAX_SUMMARY, utf16),
            "source": message.source,
            "severity": severity,
            "timestamp": rfc3339(message.at),
        },
    });
    if let Some(details) = details {
        body["payload"]["custom_details"] = details;
    }
    body.to_string().into_bytes()
}
