//! Mattermost incoming webhooks: one text of markdown.

use serde_json::json;

use super::{
    message::{Message, Run, Shares, join},
    text::{WORD_JOINER, utf16},
};

/// Older servers take 4000 characters, newer ones 16,383.
const MAX_TEXT: usize = 3800;
/// The longest link, as it is written in markdown.
const MAX_LINK: usize = 2048;

/// A text of a few lines.
pub(super) fn render(message: &Message) -> Vec<u8> {
    let message = &message.cut(&Shares::USUAL, cost);
    let title = match &message.link {
        Some(link) => link_to(&message.title, link),
        None => format!("**{}**", escape(&message.title)),
    };
    let head = format!("{}\n{title}", escape(&message.headline));
    let origin = escape(&message.origin());
    let mut room = MAX_TEXT.saturating_sub(utf16(&head) + utf16(&origin) + 4);
    let mut text = head;
    for quote in message.quotes.iter().map(|quote| join(quote, mark)) {
        let line = format!("\n> {quote}");
        if utf16(&line) > room {
            break;
        }
        room -= utf16(&line);
        text += &line;
    }
    // Without the empty line the origin would belong to the quote.
    let text = format!("{text}\n\n{origin}");
    json!({ "text": text }).to_string().into_bytes()
}

/// Title and link, with nothing that is a mark.
pub(super) fn plain(message: &Message) -> Vec<u8> {
    let message = &message.cut(&Shares::USUAL, cost);
    // An address may name somebody: `https://example.org/@here`.
    let link = message.link.iter().map(|link| format!("\n{}", link.replace('@', "%40")));
    let text = escape(&message.summary()) + &link.collect::<String>();
    json!({ "text": text }).to_string().into_bytes()
}

fn mark(run: &Run) -> String {
    if run.is_marked { format!("**{}**", escape(&run.text)) } else { escape(&run.text) }
}

/// Parentheses and quotes would end the address of a link; what becomes too long is left out.
fn link_to(title: &str, link: &str) -> String {
    let link = link.replace('(', "%28").replace(')', "%29").replace('\\', "%5C").replace('"', "%22");
    if link.len() > MAX_LINK {
        return format!("**{}**", escape(title));
    }
    format!("[**{}**]({link})", escape(title))
}

fn cost(grapheme: &str) -> usize {
    utf16(&escape(grapheme))
}

/// Markdown's own escapes; entities for what HTML and Slack's `<!channel>` begin with; and a word joiner after `@`, which
/// calls people, and after `:`, which makes emoji and links.
pub(super) fn escape(text: &str) -> String {
    const MARKS: &str = r"\`*_{}[]()#+-.!>~|";
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => escaped.push_str("&lt;"),
            '&' => escaped.push_str("&amp;"),
            '@' | ':' => escaped.extend([c, WORD_JOINER]),
            _ if MARKS.contains(c) => escaped.extend(['\\', c]),
            _ => escaped.push(c),
        }
    }
    escaped
}
