//! What a format's own answers mean, where the status line says less than the receiver (specs/delivery.md §8). Pure.
//!
//! An answer without a body is judged by its status alone: the body may have been too slow, and what was accepted must
//! not be sent again for that.

use std::time::Duration;

use serde_json::Value;

use super::answer::Verdict;
use crate::model::Format;

/// ntfy's own pace after its burst: a message every five seconds.
const NTFY_PACE: Duration = Duration::from_secs(5);
/// ntfy counts messages by the day, and does not say when the next one may come.
const NTFY_QUOTA: Duration = Duration::from_hours(1);

/// What an answer means in the receiver's own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judged {
    /// The class.
    pub verdict: Verdict,
    /// How long the receiver asks to wait, if it says so in the body.
    pub retry_after: Option<Duration>,
}

impl From<Verdict> for Judged {
    fn from(verdict: Verdict) -> Self {
        Self { verdict, retry_after: None }
    }
}

/// The format's own reading of an answer, of which `body` is at most the first 16 KiB; `None`: the status line stands.
pub fn verdict(format: Format, status: u16, body: &[u8]) -> Option<Judged> {
    let text = String::from_utf8_lossy(body);
    let text = text.trim();
    match format {
        // A log answers nothing, and what answers with the standard body speaks by its status alone.
        Format::Log | Format::Standard | Format::CloudEvents => None,
        _ if text.is_empty() && status != 400 => None,
        Format::Slack => slack(status, text),
        Format::Mattermost => mattermost(status, text),
        Format::Discord => discord(status, &json(text)),
        Format::Telegram => telegram(status, &json(text)),
        Format::Ntfy => ntfy(status, &json(text)),
        Format::Teams => teams(status, &json(text)),
        Format::PagerDuty => pagerduty(status, &json(text)),
    }
}

/// Whatever cannot be read is null.
fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}

/// A success that does not read like one comes from something in between.
fn unless(is_success: bool) -> Option<Judged> {
    (!is_success).then(|| Verdict::Transient.into())
}

/// One word as plain text, `ok` among them. A hook that is gone may say so with a 400 too.
fn slack(status: u16, text: &str) -> Option<Judged> {
    const HOOK: [&str; 10] = [
        "no_service",
        "no_service_id",
        "no_team",
        "no_active_hooks",
        "team_disabled",
        "invalid_token",
        "user_not_found",
        "channel_not_found",
        "action_prohibited",
        "posting_to_general_channel_denied",
    ];
    match status {
        200..=299 => unless(text == "ok"),
        400..=499 if HOOK.contains(&text) => Some(Verdict::NotifierRefused.into()),
        400..=499 if text == "channel_is_archived" => Some(Verdict::Gone.into()),
        400..=499 if text.starts_with("invalid_payload") || text.starts_with("invalid_blocks") => {
            Some(Verdict::PayloadRefused.into())
        }
        _ => None,
    }
}

/// `ok` as plain text, errors as JSON. A hook that was removed or switched off is a 400 or 501 like a wrong text.
fn mattermost(status: u16, text: &str) -> Option<Judged> {
    const TEXT: [&str; 3] =
        ["web.incoming_webhook.text.", "web.incoming_webhook.text_too_long.", "web.incoming_webhook.parse."];
    if (200..300).contains(&status) {
        return unless(text == "ok");
    }
    let error = json(text);
    let id = error["id"].as_str().filter(|id| id.contains("incoming_webhook"))?;
    let is_about_text = TEXT.iter().any(|prefix| id.starts_with(prefix));
    (!is_about_text && status != 429).then(|| Verdict::NotifierRefused.into())
}

/// Numbered errors; the wait of a rate limit is in the body, with fractions. A channel that is a forum, or no more there,
/// takes nothing from us however it is written.
fn discord(status: u16, error: &Value) -> Option<Judged> {
    match (status, error["code"].as_i64()) {
        (429, _) => {
            Some(Judged { verdict: Verdict::RateLimited, retry_after: seconds(&error["retry_after"]) })
        }
        (400..=499, Some(10003 | 10015 | 50027 | 50083 | 220_001..=220_004)) => {
            Some(Verdict::NotifierRefused.into())
        }
        (400..=499, Some(50006 | 50035)) => Some(Verdict::PayloadRefused.into()),
        _ => None,
    }
}

/// Every answer is an object with `ok`; an error has its status in it too.
fn telegram(status: u16, answer: &Value) -> Option<Judged> {
    let is_success = (200..300).contains(&status);
    if is_success && answer["ok"] == true {
        return None;
    }
    let parameters = &answer["parameters"];
    let description = answer["description"].as_str().unwrap_or_default().to_lowercase();
    let says = |texts: &[&str]| texts.iter().any(|text| description.contains(text));
    match answer["error_code"].as_u64().unwrap_or(status.into()) {
        200..=299 => unless(false),
        429 => {
            Some(Judged { verdict: Verdict::RateLimited, retry_after: seconds(&parameters["retry_after"]) })
        }
        _ if !parameters["migrate_to_chat_id"].is_null() => Some(Verdict::NotifierRefused.into()),
        400 if says(&["can't parse entities", "message is too long", "message text is empty"]) => {
            Some(Verdict::PayloadRefused.into())
        }
        400 if says(&[
            "chat",
            "rights",
            "peer_id_invalid",
            "thread not found",
            "topic_closed",
            "upgraded",
        ]) =>
        {
            Some(Verdict::NotifierRefused.into())
        }
        401 | 403 | 404 => Some(Verdict::NotifierRefused.into()),
        // Whatever else it says, it does not say that it has the message.
        _ => unless(!is_success),
    }
}

/// Numbered errors; the number says which limit was reached, or that the topic is at fault.
fn ntfy(status: u16, error: &Value) -> Option<Judged> {
    let wait = |wait| Some(Judged { verdict: Verdict::RateLimited, retry_after: Some(wait) });
    match (status, error["code"].as_u64()) {
        (429, Some(42901)) => wait(NTFY_PACE),
        (429, Some(42908)) => wait(NTFY_QUOTA),
        (400, Some(40009 | 40010)) => Some(Verdict::NotifierRefused.into()),
        _ => None,
    }
}

/// A flow that is switched off or gone answers with a 400 and a word.
fn teams(status: u16, answer: &Value) -> Option<Judged> {
    let code = answer["error"]["code"].as_str().unwrap_or_default();
    let is_flow = ["Workflow", "DirectApi", "InvalidWorkflow"].iter().any(|word| code.starts_with(word));
    (status == 400 && is_flow).then(|| Verdict::NotifierRefused.into())
}

/// 202 is the one success; a 400 must never be sent again, in no form.
fn pagerduty(status: u16, answer: &Value) -> Option<Judged> {
    match status {
        202 => None,
        200..=299 => unless(answer["status"] == "success"),
        400 => Some(Verdict::PayloadRejected.into()),
        _ => None,
    }
}

/// Seconds, perhaps with fractions; the caller caps them. Anything else is nothing.
fn seconds(value: &Value) -> Option<Duration> {
    Duration::try_from_secs_f64(value.as_f64()?).ok()
}

#[cfg(test)]
#[path = "vendor_tests.rs"]
mod tests;
