//! ntfy: plain text as JSON. The topic is named when it is sent ([`fill`](super::fill)).

use serde_json::json;

use super::{
    message::{Kind, Message, Shares, unmarked},
    text::cut_bytes,
};

/// 4096 bytes; a longer message becomes an attachment.
const MAX_MESSAGE: usize = 3890;
/// The header that the title becomes is a line of a phone's screen anyway.
const MAX_TITLE: usize = 720;

/// Title, text and a click. Never `actions`, `attach`, `email` or `call`, and no markdown.
pub(super) fn render(message: &Message) -> Vec<u8> {
    let message = &message.cut(&Shares::USUAL, str::len);
    let lines = message.quotes.iter().map(unmarked).chain([message.origin()]);
    let (priority, tag) = match message.kind {
        Kind::News => (3, "newspaper"),
        Kind::Trouble => (4, "warning"),
        Kind::Relief => (2, "white_check_mark"),
        Kind::Test => (2, "test_tube"),
    };
    let mut body = json!({
        "title": cut_bytes(&message.summary(), MAX_TITLE),
        "message": cut_bytes(&lines.collect::<Vec<_>>().join("\n"), MAX_MESSAGE),
        "priority": priority,
        "tags": [tag],
    });
    if let Some(link) = &message.link {
        body["click"] = link.as_str().into();
    }
    body.to_string().into_bytes()
}

/// Title and link in the text.
pub(super) fn plain(message: &Message) -> Vec<u8> {
    let message = &message.cut(&Shares::USUAL, str::len);
    let link = message.link.iter().map(|link| format!("\n{link}"));
    let text = message.summary() + &link.collect::<String>();
    json!({ "message": cut_bytes(&text, MAX_MESSAGE) }).to_string().into_bytes()
}
