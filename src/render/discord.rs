//! Discord webhooks: one embed per alert; nobody is ever pinged.

use serde_json::{Value, json};
use url::Url;

use super::{
    message::{Kind, Message, Run, Shares, join},
    text::utf16,
};

/// An embed's title takes 256 characters, its author's name too; markdown is counted as it is written.
const SHARES: Shares = Shares { headline: 243, title: 243, source: 243, quote: 480 };
/// The longest URL of an embed.
const MAX_URL: usize = 2048;
/// `SUPPRESS_EMBEDS`: no preview of the link.
const NO_PREVIEW: u32 = 1 << 2;

/// A message of one embed. Limits: title and author 256, description 4096, footer 2048, all together 6000.
pub(super) fn render(message: &Message) -> Vec<u8> {
    // Author and footer are shown as they are, so nothing in them is escaped; weighing them as if does no harm.
    let message = &message.cut(&SHARES, cost);
    let quotes: Vec<String> = message.quotes.iter().map(|quote| format!("> {}", join(quote, mark))).collect();
    let mut embed = json!({
        "author": { "name": message.headline },
        "title": escape(&message.title),
        "footer": { "text": message.source },
        "timestamp": message.at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
        "color": color(message.kind),
    });
    if let Some(url) = message.link.as_deref().map(|link| own_url(link, &message.id)) {
        embed["url"] = url.into();
    }
    if !quotes.is_empty() {
        embed["description"] = quotes.join("\n").into();
    }
    json!({ "embeds": [embed], "allowed_mentions": nobody() }).to_string().into_bytes()
}

/// Title and link without an embed.
pub(super) fn plain(message: &Message) -> Vec<u8> {
    let message = &message.cut(&SHARES, cost);
    let mut content = format!("{}: {}", escape(&message.headline), escape(&message.title));
    // The content has 2000 characters.
    if let Some(link) = message.link.as_deref().filter(|link| utf16(&content) + link.len() < 1900) {
        content = format!("{content}\n{link}");
    }
    let body = json!({ "content": content, "flags": NO_PREVIEW, "allowed_mentions": nobody() });
    body.to_string().into_bytes()
}

/// Discord's default would ping users that are named.
fn nobody() -> Value {
    json!({ "parse": [] })
}

fn color(kind: Kind) -> u32 {
    match kind {
        Kind::News => 0x2b_6c_b0,
        Kind::Trouble => 0xc0_39_2b,
        Kind::Relief => 0x2e_8b_57,
        Kind::Test => 0x80_80_80,
    }
}

fn mark(run: &Run) -> String {
    if run.is_marked { format!("**{}**", escape(&run.text)) } else { escape(&run.text) }
}

/// Embeds with the same URL are merged into one, so each alert's is its own.
fn own_url(link: &str, id: &str) -> String {
    let own = Url::parse(link).ok().filter(|url| url.fragment().is_none()).map(|mut url| {
        url.set_fragment(Some(id));
        String::from(url)
    });
    own.filter(|own| own.len() <= MAX_URL).unwrap_or_else(|| link.to_owned())
}

fn cost(grapheme: &str) -> usize {
    utf16(&escape(grapheme))
}

/// A backslash before everything that Discord's markdown, mentions, emoji and automatic links begin or end with, and
/// before the full stop of a number that would begin a list.
pub(super) fn escape(text: &str) -> String {
    const MARKS: &str = r"\*_~|>#-[]()<:@`";
    let mut escaped = String::with_capacity(text.len());
    let mut is_number = true;
    for c in text.chars() {
        if MARKS.contains(c) || c == '.' && is_number {
            escaped.push('\\');
        }
        is_number = is_number && c.is_ascii_digit();
        escaped.push(c);
    }
    escaped
}
