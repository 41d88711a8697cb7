//! From what an attempt came to, to what is recorded of it: the delivery's next state and the notifier's. Pure.

use std::{sync::Arc, time::Duration};

use super::{
    Settings,
    answer::{Sent, Verdict},
    breaker::{Attempted, Change},
    redact::short,
    retry::{Failed, Next},
    tell,
};
use crate::{
    model::{AlertId, NotifierHealth, NotifierName},
    store::{AttemptResult, ClaimedDelivery, Decision, Standing},
};

/// One ended attempt, ready to be judged in the transaction that records it.
#[derive(Debug, Clone)]
pub struct Judge {
    settings: Arc<Settings>,
    sent: Sent,
    alert: AlertId,
    notifier: NotifierName,
    attempt: u32,
    age: Duration,
    refusals: u32,
    is_plain: bool,
    is_probe: bool,
    jitter: f64,
    chance: f64,
}

impl Judge {
    /// A judge of an attempt that took so long. Chance is drawn here, so that judging again says the same.
    pub fn new(settings: Arc<Settings>, delivery: &ClaimedDelivery, sent: Sent, took: Duration) -> Self {
        Self {
            settings,
            sent,
            alert: delivery.alert.clone(),
            notifier: delivery.notifier.clone(),
            attempt: delivery.attempt,
            age: (delivery.now - delivery.age_from).to_std().unwrap_or_default() + took,
            refusals: delivery.refusals,
            is_plain: delivery.is_plain,
            is_probe: delivery.is_probe,
            jitter: 0.8 + 0.4 * fastrand::f64(),
            chance: fastrand::f64(),
        }
    }

    /// Whether the receiver has it.
    pub fn is_delivered(&self) -> bool {
        self.sent.verdict == Verdict::Delivered
    }

    /// What is recorded, given how the notifier stands.
    pub fn decide(&self, standing: &Standing) -> Decision {
        let attempted = Attempted {
            verdict: self.sent.verdict,
            reason: &self.sent.reason,
            retry_after: self.sent.retry_after,
            is_probe: self.is_probe,
        };
        let Change { mut health, calls_back } =
            self.settings.breaker_rules().after(standing, attempted, self.chance);
        let result = self.result(standing, &health);
        let given_up = match &result {
            AttemptResult::Dead { reason } => Some((reason.as_str(), 1)),
            _ => None,
        };
        tell::note(&mut health, given_up.is_some(), standing.now);
        // A failure to deliver an event causes no further one; the next alert that fails tells.
        let event = if self.alert.is_event() || !standing.is_current {
            None
        } else {
            let (before, notifiers) = (&standing.health, &self.settings.notifiers);
            tell::event(notifiers, &self.notifier, before, &mut health, given_up, standing.now)
        };
        Decision { result, health: Some(health), calls_back, event }
    }

    fn result(&self, standing: &Standing, health: &NotifierHealth) -> AttemptResult {
        let reason = self.sent.reason.clone();
        if self.sent.verdict == Verdict::Delivered {
            return AttemptResult::Delivered;
        }
        if !standing.is_current {
            // What the receiver said as it was configured before says nothing about this one.
            return AttemptResult::Retry { after: Duration::ZERO, reason };
        }
        let was_refused = matches!(self.sent.verdict, Verdict::PayloadRefused | Verdict::PayloadRejected);
        let failed = Failed {
            attempt: self.attempt,
            age: self.age,
            was_slow: self.sent.verdict == Verdict::Slow,
            payload_refusals: if was_refused { self.refusals.saturating_add(1) } else { 0 },
            is_last_form: self.is_plain || self.sent.verdict == Verdict::PayloadRejected,
            retry_after: self.sent.retry_after,
        };
        match self.settings.rules().after(failed, self.jitter) {
            Next::Retry(_) if self.sent.verdict == Verdict::RateLimited => {
                let until = health.until.unwrap_or(standing.now);
                AttemptResult::Postponed {
                    after: (until - standing.now).to_std().unwrap_or_default(),
                    reason,
                }
            }
            Next::Retry(after) if was_refused => AttemptResult::Refused { after, reason },
            Next::Retry(after) => AttemptResult::Retry { after, reason },
            Next::PayloadRefused => AttemptResult::Dead {
                reason: short(&format!("the receiver refuses {}: {reason}", self.subject())),
            },
            Next::Expired => {
                let max_age = humantime::format_duration(self.settings.max_age);
                AttemptResult::Dead { reason: short(&format!("gave up after {max_age}: {reason}")) }
            }
        }
    }

    fn subject(&self) -> &'static str {
        if self.alert.is_event() { "this event" } else { "this alert" }
    }
}

#[cfg(test)]
#[path = "judge_tests.rs"]
mod tests;
