//! The plain forms: title and link, and nothing that any vendor takes for more than text.

use serde_json::{Value, json};

use super::{discord, html, markdown, only, slack, text, within};
use crate::model::Format;

/// What is seen of a plain form: topics and title in one line, and the link.
pub struct Line {
    /// `topics: title`.
    pub summary: String,
    /// Where to read it.
    pub link: Option<String>,
}

pub(super) fn read(format: Format, body: &Value) -> Result<Line, String> {
    match format {
        Format::Slack => {
            only(body, &["text", "mrkdwn", "unfurl_links", "unfurl_media"])?;
            if body["mrkdwn"] != false {
                return Err("mrkdwn".to_owned());
            }
            lines(&slack::decode(within(text(body, "/text")?, 4000)?)?, |line| Ok(line.to_owned()))
        }
        Format::Discord => {
            only(body, &["content", "flags", "allowed_mentions"])?;
            if body["allowed_mentions"] != json!({ "parse": [] }) {
                return Err("somebody may be pinged".to_owned());
            }
            lines(within(text(body, "/content")?, 2000)?, discord_line)
        }
        Format::Teams => cards(body),
        Format::Mattermost => {
            only(body, &["text"])?;
            lines(within(text(body, "/text")?, 4000)?, markdown::plain)
        }
        Format::Telegram => {
            only(body, &["text", "link_preview_options"])?;
            lines(within(text(body, "/text")?, 4096)?, |line| html::calls(line).map(|()| line.to_owned()))
        }
        Format::Ntfy => {
            only(body, &["message"])?;
            let message = text(body, "/message")?;
            if message.len() > 4096 {
                return Err("the message would become an attachment".to_owned());
            }
            lines(message, |line| Ok(line.to_owned()))
        }
        Format::PagerDuty => {
            only(body, &["event_action", "dedup_key", "client", "links", "payload"])?;
            only(&body["payload"], &["summary", "source", "severity", "timestamp"])?;
            let summary = within(text(body, "/payload/summary")?, 1024)?.to_owned();
            Ok(Line { summary, link: None })
        }
        Format::Log | Format::Standard | Format::CloudEvents => Err("has no plain form".to_owned()),
    }
}

/// The first line as the vendor reads it; the second is an address as it stands.
fn lines(text: &str, read: impl Fn(&str) -> Result<String, String>) -> Result<Line, String> {
    let (summary, link) = text.split_once('\n').map_or((text, None), |(summary, link)| (summary, Some(link)));
    let is_address = |link: &str| link.starts_with("http") && !link.contains(char::is_whitespace);
    if link.is_some_and(|link| !is_address(link)) {
        return Err(format!("not a link: {link:?}"));
    }
    Ok(Line { summary: read(summary)?, link: link.map(str::to_owned) })
}

/// The one colon that stands as it is parts topics and title; with a space after it, it is no emoji.
fn discord_line(line: &str) -> Result<String, String> {
    let (topics, title) = line.split_once(": ").ok_or("no colon")?;
    Ok(unmarked(discord::inline(topics)?)? + ": " + &unmarked(discord::inline(title)?)?)
}

fn unmarked(runs: Vec<(String, bool)>) -> Result<String, String> {
    if runs.iter().any(|run| run.1) {
        return Err("bold in the plain form".to_owned());
    }
    Ok(runs.into_iter().map(|run| run.0).collect())
}

fn cards(body: &Value) -> Result<Line, String> {
    only(body, &["type", "attachments"])?;
    let card = &body["attachments"][0]["content"];
    only(card, &["type", "version", "body"])?;
    let mut texts = Vec::new();
    for block in card["body"].as_array().ok_or("no body")? {
        only(block, &["type", "inlines"])?;
        only(&block["inlines"][0], &["type", "text"])?;
        texts.push(within(text(block, "/inlines/0/text")?, 8000)?.to_owned());
    }
    let [summary, link @ ..] = texts.as_slice() else { return Err("no text".to_owned()) };
    if summary.contains("{{") {
        return Err(format!("a function in {summary:?}"));
    }
    Ok(Line { summary: summary.clone(), link: link.first().cloned() })
}
