//! One POST, once (specs/delivery.md §7).

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use tokio::time::timeout;

use super::{
    Settings,
    answer::{Sent, Verdict},
    redact::Redactor,
    sign::signature,
    vendor,
};
use crate::{
    http::{Client, ClientError, NetworkError, Policy, Response, StatusCode, header, webhook_client},
    model::{Format, Timestamp, Webhook},
    render::fill,
    store::ClaimedDelivery,
};

/// The most of an answer that is read, in bytes.
const MAX_ANSWER: usize = 16 << 10;
/// How long the body of an answer may take.
const ANSWER_PATIENCE: Duration = Duration::from_secs(2);

/// A receiver, with a connection pool of its own.
pub struct WebhookSender {
    webhook: Webhook,
    format: Format,
    client: Client,
    redactor: Redactor,
}

impl WebhookSender {
    /// Prepares to post to this receiver.
    pub fn new(webhook: &Webhook, format: Format, settings: &Settings) -> Result<Self, ClientError> {
        let timeout = webhook.timeout.unwrap_or(settings.timeout);
        let client = webhook_client(settings.connect_timeout, timeout, webhook.ca_file.as_deref())?;
        Ok(Self { webhook: webhook.clone(), format, client, redactor: Redactor::of(webhook) })
    }

    /// Posts the stored bytes once, signed as of `now`. Never follows a redirect. Dropped, it may or may not have
    /// reached the receiver.
    pub async fn send(&self, delivery: &ClaimedDelivery, now: Timestamp) -> Sent {
        let url = self.webhook.url.expose();
        if let Err(refused) = Policy::Operator.check_url(url, None) {
            return Sent::without_answer(Verdict::NotifierRefused, &refused.to_string());
        }
        let body = self.body(delivery);
        let headers = match self.headers(delivery, &body, now) {
            Ok(headers) => headers,
            Err(reason) => return Sent::without_answer(Verdict::NotifierRefused, &reason),
        };
        let request = self.client.post(url.clone()).headers(headers).body(body);
        match request.send().await {
            Ok(answer) => self.read(answer, now).await,
            Err(error) => Sent::failed(&NetworkError::from(error)),
        }
    }

    /// The stored bytes, and in them to whom they go.
    fn body(&self, delivery: &ClaimedDelivery) -> Vec<u8> {
        match &self.webhook.to {
            Some(to) => fill(self.format, &delivery.body, to.expose()).into_owned(),
            None => delivery.body.clone(),
        }
    }

    fn headers(&self, delivery: &ClaimedDelivery, body: &[u8], now: Timestamp) -> Result<HeaderMap, String> {
        let mut headers = HeaderMap::new();
        let content_type = HeaderValue::from_str(&self.webhook.content_type);
        headers.insert(CONTENT_TYPE, content_type.map_err(|_| "the content type cannot be sent".to_owned())?);
        for (name, value) in &self.webhook.headers {
            let wrong = |_| format!("the configured header {name} cannot be sent");
            let header = HeaderName::try_from(name).map_err(|error| wrong(error.to_string()))?;
            let mut value =
                HeaderValue::from_str(value.expose()).map_err(|error| wrong(error.to_string()))?;
            value.set_sensitive(true);
            headers.insert(header, value);
        }
        let (id, time) = (delivery.alert.as_str(), now.timestamp());
        let plain = |text: &str| HeaderValue::from_str(text).map_err(|_| "the id cannot be sent".to_owned());
        headers.insert("webhook-id", plain(id)?);
        headers.insert("webhook-timestamp", time.into());
        headers.insert("feedwatch-attempt", delivery.attempt.into());
        if let Some(signature) = signature(&self.webhook.secrets, id, time, body) {
            headers.insert("webhook-signature", plain(&signature)?);
        }
        Ok(headers)
    }

    async fn read(&self, answer: Response, now: Timestamp) -> Sent {
        if let Some(class) =
            answer.remote_addr().and_then(|peer| Policy::Operator.check_address(peer.ip()).err())
        {
            return Sent::without_answer(Verdict::NotifierRefused, &format!("refused: answered by {class}"));
        }
        if !header::is_within_limit(answer.headers()) {
            return Sent::without_answer(Verdict::Transient, "HTTP: the head of the answer is too large");
        }
        let status = answer.status();
        let is_discord_limit = self.format == Format::Discord && status == StatusCode::TOO_MANY_REQUESTS;
        let reset = is_discord_limit.then(|| header::rate_limit_reset_after(answer.headers())).flatten();
        let retry_after = header::retry_after(answer.headers(), now).max(reset);
        let skew = header::date(answer.headers()).map(|theirs| theirs - now);
        let body = excerpt(answer).await;
        let judged = vendor::verdict(self.format, status.as_u16(), &body);
        let said = self.redactor.clean(&String::from_utf8_lossy(&body));
        Sent::answered(status, retry_after, judged, &said, skew)
    }
}

/// What arrives of the body within its limits. The rest, an error among it, does not matter: the status was said.
async fn excerpt(mut answer: Response) -> Vec<u8> {
    let mut body = Vec::new();
    let reading = async {
        while let Ok(Some(chunk)) = answer.chunk().await {
            let room = MAX_ANSWER - body.len();
            body.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
            if body.len() == MAX_ANSWER {
                break;
            }
        }
    };
    // Too slow is no error either.
    let _ = timeout(ANSWER_PATIENCE, reading).await;
    body
}

#[cfg(test)]
#[path = "webhook_tests.rs"]
mod tests;
