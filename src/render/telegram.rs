//! Telegram's `sendMessage`: a little HTML. The chat is named when it is sent ([`fill`](super::fill)).

use serde_json::json;

use super::{
    message::{Message, Run, Shares, join},
    text::{WORD_JOINER, utf16},
};

/// A message in HTML. Limit: 4096 UTF-16 units after parsing; ours is below 2600.
pub(super) fn render(message: &Message) -> Vec<u8> {
    let message = &message.cut(&Shares::USUAL, cost);
    let title = escape(&message.title);
    let title = match &message.link {
        Some(link) => format!("<a href=\"{}\">{title}</a>", escape_attribute(link)),
        None => title,
    };
    let quotes = message.quotes.iter().map(|quote| format!("<blockquote>{}</blockquote>", join(quote, mark)));
    let lines = [format!("<b>{}</b>", escape(&message.headline)), title].into_iter().chain(quotes);
    let text = lines.chain([escape(&message.origin())]).collect::<Vec<_>>().join("\n");
    let body = json!({
        "text": text,
        "parse_mode": "HTML",
        "link_preview_options": { "is_disabled": true },
    });
    body.to_string().into_bytes()
}

/// Title and link; nothing is parsed.
pub(super) fn plain(message: &Message) -> Vec<u8> {
    let message = &message.cut(&Shares::USUAL, cost);
    let link = message.link.iter().map(|link| format!("\n{link}"));
    let text = unlinked(&message.summary()) + &link.collect::<String>();
    json!({ "text": text, "link_preview_options": { "is_disabled": true } }).to_string().into_bytes()
}

fn mark(run: &Run) -> String {
    if run.is_marked { format!("<b>{}</b>", escape(&run.text)) } else { escape(&run.text) }
}

/// What is counted is what is left after parsing.
fn cost(grapheme: &str) -> usize {
    utf16(&unlinked(grapheme))
}

/// Text in HTML.
pub(super) fn escape(text: &str) -> String {
    unlinked(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn escape_attribute(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// `@name` calls somebody and `/word` is a command, wherever they stand; with a word joiner after the mark they are
/// neither.
fn unlinked(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut before = None;
    for c in text.chars() {
        out.push(c);
        let begins_command = c == '/' && !before.is_some_and(char::is_alphanumeric);
        if c == '@' || begins_command {
            out.push(WORD_JOINER);
        }
        before = Some(c);
    }
    out
}
