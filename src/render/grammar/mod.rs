//! Small models of what vendors make of a body: what a person would see, or why the vendor would refuse it or find
//! markup in it that we did not put there. Tests and fuzzing hold the formats against them.
//!
//! Each is strict: what a vendor *might* take for a mark is one. They are written from the vendors' documents, apart from
//! the escapers.

mod adaptive;
mod discord;
mod html;
mod markdown;
mod objects;
mod plain;
mod slack;

use serde_json::Value;

use super::{message::Message, render, text::WORD_JOINER};
use crate::model::{Alert, Format};

/// What a person sees of a message.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Seen {
    /// The topics.
    pub headline: String,
    /// The title.
    pub title: String,
    /// Where the title, or a click, leads.
    pub link: Option<String>,
    /// The sentences, with marked words as `(words, true)`.
    pub quotes: Vec<Vec<(String, bool)>>,
    /// Source and time.
    pub origin: String,
}

/// Formats that have a model.
pub const FORMATS: [Format; 7] = [
    Format::Slack,
    Format::Discord,
    Format::Teams,
    Format::Mattermost,
    Format::Telegram,
    Format::Ntfy,
    Format::PagerDuty,
];

/// What the vendor shows of this body; why it would not, or not as text.
pub fn read(format: Format, body: &[u8]) -> Result<Seen, String> {
    let body: Value = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    match format {
        Format::Slack => slack::read(&body),
        Format::Discord => discord::read(&body),
        Format::Teams => adaptive::read(&body),
        Format::Mattermost => markdown::read(&body),
        Format::Telegram => html::read(&body),
        Format::Ntfy => objects::ntfy(&body),
        Format::PagerDuty => objects::pagerduty(&body),
        Format::Log | Format::Standard | Format::CloudEvents => Err("no model".to_owned()),
    }
}

/// Renders the alert and holds what is seen against what was meant. Short texts must be seen as they are, longer ones
/// from their beginning. Only words that nobody sees may be added.
pub fn check(format: Format, alert: &Alert) -> Result<(), String> {
    check_message(format, &Message::of(alert), &render(format, alert))
}

/// The same of a message and its body.
pub(super) fn check_message(format: Format, meant: &Message, body: &[u8]) -> Result<(), String> {
    let seen = read(format, body).map_err(|error| format!("{error}\n{}", String::from_utf8_lossy(body)))?;
    let has_marks = !matches!(format, Format::Ntfy | Format::PagerDuty);
    let same = |what: &str, meant: &str, seen: &str| {
        let fault = || format!("{what}: meant {meant:?}, seen {seen:?}\n{}", String::from_utf8_lossy(body));
        if is_beginning(meant, seen) { Ok(()) } else { Err(fault()) }
    };
    same("headline", &meant.headline, &seen.headline)?;
    same("title", &meant.title, &seen.title)?;
    let time = meant.origin().split_off(meant.source.len());
    let origin = invisible_off(&seen.origin);
    same("source", &meant.source, origin.strip_suffix(&time).unwrap_or(&origin))?;
    if meant.quotes.len() < seen.quotes.len() {
        return Err(format!("more quotes than were meant: {seen:?}"));
    }
    for (meant, seen) in meant.quotes.iter().zip(&seen.quotes) {
        let text: String = meant.iter().map(|run| run.text.as_str()).collect();
        let shown: String = seen.iter().map(|(text, _)| text.as_str()).collect();
        same("quote", &text, &shown)?;
        if has_marks && invisible_off(&text) == invisible_off(&shown) {
            let marks: Vec<String> =
                meant.iter().filter(|run| run.is_marked).map(|run| invisible_off(&run.text)).collect();
            let shown: Vec<String> =
                seen.iter().filter(|run| run.1).map(|run| invisible_off(&run.0)).collect();
            if marks != shown {
                return Err(format!("marked: meant {marks:?}, seen {shown:?}"));
            }
        }
    }
    match (&meant.link, &seen.link) {
        (meant, seen) if meant == seen => Ok(()),
        // Discord's own fragment, and what would end a link in markdown.
        (Some(meant), Some(seen)) if decoded(seen).starts_with(&decoded(meant)) => Ok(()),
        (Some(meant), None) if meant.len() > 600 => Ok(()),
        (meant, seen) => Err(format!("link: meant {meant:?}, seen {seen:?}")),
    }
}

/// Renders the plain form of the alert, and holds it against what was meant: no markup, title and link.
pub fn check_plain(format: Format, alert: &Alert) -> Result<(), String> {
    let meant = Message::of(alert);
    let body = super::plain(format, alert).ok_or("no plain form")?;
    let fault = |error: String| format!("plain: {error}\n{}", String::from_utf8_lossy(&body));
    let value: Value = serde_json::from_slice(&body).map_err(|error| fault(error.to_string()))?;
    let seen = plain::read(format, &value).map_err(fault)?;
    // Topics and title are cut one by one: only if the topics are not is the rest a beginning.
    let is_cut = super::text::utf16(&meant.headline) > 100;
    if !is_cut && !is_beginning(&meant.summary(), &seen.summary) {
        return Err(fault(format!("meant {:?}, seen {:?}", meant.summary(), seen.summary)));
    }
    match (&meant.link, &seen.link) {
        (Some(meant), Some(seen)) if decoded(seen) == decoded(meant) => Ok(()),
        (None, None) => Ok(()),
        (Some(meant), None) if meant.len() > 600 || format == Format::PagerDuty => Ok(()),
        (meant, seen) => Err(fault(format!("link: meant {meant:?}, seen {seen:?}"))),
    }
}

fn is_beginning(meant: &str, seen: &str) -> bool {
    let (meant, seen) = (invisible_off(meant), invisible_off(seen));
    meant == seen || seen.strip_suffix('…').is_some_and(|seen| seen.len() > 60 && meant.starts_with(seen))
}

fn decoded(link: &str) -> String {
    let marks = [("%28", "("), ("%29", ")"), ("%5C", "\\"), ("%22", "\""), ("%40", "@"), ("%7B", "{")];
    marks.iter().fold(link.to_owned(), |link, (escaped, mark)| link.replace(escaped, mark))
}

fn invisible_off(text: &str) -> String {
    text.replace(WORD_JOINER, "")
}

/// A text at a path of keys and places.
fn text<'a>(value: &'a Value, pointer: &str) -> Result<&'a str, String> {
    value.pointer(pointer).and_then(Value::as_str).ok_or_else(|| format!("no text at {pointer} of {value}"))
}

/// Objects hold only what is known to be harmless.
fn only(value: &Value, keys: &[&str]) -> Result<(), String> {
    let object = value.as_object().ok_or_else(|| format!("not an object: {value}"))?;
    let other = object.keys().find(|key| !keys.contains(&key.as_str()));
    other.map_or(Ok(()), |key| Err(format!("unexpected key {key:?} in {value}")))
}

/// A text that is not empty and has at most `max` UTF-16 units.
fn within(text: &str, max: usize) -> Result<&str, String> {
    let units = super::text::utf16(text);
    if text.trim().is_empty() || units > max {
        return Err(format!("{units} of at most {max} units: {text:?}"));
    }
    Ok(text)
}
