//! The closed set of ways to tell somebody.

use super::{
    Notify, Settings,
    answer::{Sent, Verdict},
    log::log_alert,
    webhook::WebhookSender,
};
use crate::{
    model::{Alert, Notifier, NotifierKind, OwnerId, Timestamp},
    render,
    store::ClaimedDelivery,
};

/// One configured notifier, ready to send.
pub enum Sender {
    /// One event of the log.
    Log,
    /// An HTTP POST.
    Webhook(Box<WebhookSender>),
    /// It cannot be used as it is configured; each attempt says why, nothing is lost.
    Unusable(String),
}

impl Sender {
    /// Prepares a notifier.
    pub fn new(notifier: &Notifier, settings: &Settings) -> Self {
        match &notifier.kind {
            NotifierKind::Log => Self::Log,
            NotifierKind::Webhook(webhook) => match WebhookSender::new(webhook, notifier.format, settings) {
                Ok(sender) => Self::Webhook(Box::new(sender)),
                Err(error) => Self::Unusable(error.to_string()),
            },
        }
    }
}

impl Notify for Sender {
    async fn send(&self, delivery: &ClaimedDelivery, now: Timestamp) -> Sent {
        match self {
            Self::Log => log_alert(&delivery.body),
            Self::Webhook(webhook) => webhook.send(delivery, now).await,
            Self::Unusable(reason) => Sent::without_answer(Verdict::NotifierRefused, reason),
        }
    }
}

/// Sends one alert to one notifier, once: no retry, nothing stored. For `notify-test`.
pub async fn send_test(settings: &Settings, notifier: &Notifier, alert: &Alert, now: Timestamp) -> Sent {
    let (body, failed) = render::body(notifier, alert);
    if let Some(error) = failed {
        return Sent::without_answer(Verdict::PayloadRefused, &format!("the template fails: {error}"));
    }
    let delivery = ClaimedDelivery {
        alert: alert.id.clone(),
        notifier: notifier.name.clone(),
        owner: OwnerId::from("test"),
        epoch: 0,
        attempt: 1,
        age_from: now,
        now,
        body,
        is_plain: false,
        refusals: 0,
        is_probe: false,
        notifier_epoch: 0,
    };
    Sender::new(notifier, settings).send(&delivery, now).await
}
