//! ntfy and `PagerDuty`: JSON whose texts are shown as they are.

use serde_json::Value;

use super::{Seen, only, text, within};

pub(super) fn ntfy(body: &Value) -> Result<Seen, String> {
    only(body, &["title", "message", "priority", "tags", "click"])?;
    let message = text(body, "/message")?;
    if message.len() > 4096 || body.to_string().len() > 32 << 10 {
        return Err("the message would become an attachment".to_owned());
    }
    let (headline, title) = summary(text(body, "/title")?);
    let mut lines: Vec<&str> = message.lines().collect();
    let origin = lines.pop().ok_or("no origin")?;
    Ok(Seen {
        headline,
        title,
        link: body["click"].as_str().map(str::to_owned),
        quotes: lines.into_iter().map(|line| vec![(line.to_owned(), false)]).collect(),
        origin: origin.to_owned(),
    })
}

pub(super) fn pagerduty(body: &Value) -> Result<Seen, String> {
    only(body, &["event_action", "dedup_key", "client", "links", "payload"])?;
    within(text(body, "/dedup_key")?, 255)?;
    let payload = &body["payload"];
    only(payload, &["summary", "source", "severity", "timestamp", "custom_details"])?;
    let (headline, title) = summary(within(text(payload, "/summary")?, 1024)?);
    if !["critical", "error", "warning", "info"].contains(&text(payload, "/severity")?) {
        return Err("unknown severity".to_owned());
    }
    let quotes = payload["custom_details"]["quotes"].as_array().ok_or("no quotes")?;
    let quotes = quotes.iter().map(|quote| vec![(quote.as_str().unwrap_or_default().to_owned(), false)]);
    Ok(Seen {
        headline,
        title,
        link: body["links"][0]["href"].as_str().map(str::to_owned),
        quotes: quotes.collect(),
        origin: within(text(payload, "/source")?, 1024)?.to_owned(),
    })
}

/// Topics of tests hold no `: `.
fn summary(text: &str) -> (String, String) {
    let (headline, title) = text.split_once(": ").unwrap_or((text, ""));
    (headline.to_owned(), title.to_owned())
}
