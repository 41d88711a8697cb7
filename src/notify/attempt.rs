//! One claimed delivery: sent once, judged, recorded.

use std::{sync::Arc, time::Duration};

use tokio::{task::JoinSet, time::Instant};
use tracing::error;

use super::{
    Notify, Settings,
    answer::{Sent, Verdict},
    record::Memory,
    redact::short,
    retry::{Failed, Next},
};
use crate::{
    clock::Clock,
    model::Attempt,
    store::{AttemptResult, ClaimedDelivery, Store},
};

/// What sending takes; shared by the sends of one notifier.
pub struct Sending<S, C, N> {
    /// Where results go.
    pub store: S,
    /// Signs with its time.
    pub clock: C,
    /// The way to tell.
    pub sender: Arc<N>,
    /// The rules of trying again.
    pub settings: Arc<Settings>,
    /// What the notifier remembers.
    pub memory: Arc<Memory>,
}

/// What one attempt came to.
pub struct Done {
    /// The delivery.
    pub delivery: Arc<ClaimedDelivery>,
    /// What came back.
    pub sent: Sent,
    /// What was recorded.
    pub result: AttemptResult,
}

impl<S: Store, C: Clock, N: Notify + Send + Sync + 'static> Sending<S, C, N> {
    /// Sends once and records what came of it. Cancelled, the lease ends and the delivery is due again.
    pub async fn attempt(self, delivery: ClaimedDelivery) -> Done {
        let (begun, delivery) = (Instant::now(), Arc::new(delivery));
        let sent = if self.memory.is_delivered(&delivery.alert) {
            Sent::without_answer(Verdict::Delivered, "delivered before")
        } else {
            self.send(&delivery).await
        };
        let took = begun.elapsed();
        let result = self.judge(&delivery, &sent, took);
        let attempt = Attempt {
            at: delivery.now,
            took_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            status: sent.status,
            answer: sent.reason.clone(),
        };
        self.memory.record(&self.store, &delivery, attempt, result.clone()).await;
        Done { delivery, sent, result }
    }

    /// In a task of its own, so that a panic is a failed attempt like any other.
    async fn send(&self, delivery: &Arc<ClaimedDelivery>) -> Sent {
        let (sender, delivery, now) = (Arc::clone(&self.sender), Arc::clone(delivery), self.clock.now());
        let mut task = JoinSet::new();
        task.spawn(async move { sender.send(&delivery, now).await });
        match task.join_next().await {
            Some(Ok(sent)) => sent,
            failed => {
                error!(?failed, "sending failed inside; this is a fault of feedwatch");
                Sent::without_answer(Verdict::Transient, "feedwatch itself failed while sending")
            }
        }
    }

    fn judge(&self, delivery: &ClaimedDelivery, sent: &Sent, took: Duration) -> AttemptResult {
        if sent.verdict == Verdict::Delivered {
            return AttemptResult::Delivered;
        }
        let was_refused = sent.verdict == Verdict::PayloadRefused;
        let failed = Failed {
            attempt: delivery.attempt,
            age: age(delivery) + took,
            was_slow: sent.verdict == Verdict::Slow,
            payload_refusals: if was_refused { self.memory.refused(&delivery.alert) } else { 0 },
            retry_after: sent.retry_after,
        };
        let jitter = 0.8 + 0.4 * fastrand::f64();
        let reason = sent.reason.clone();
        match self.settings.rules().after(failed, jitter) {
            Next::Retry(after) => AttemptResult::Retry { after, reason },
            Next::PayloadRefused => {
                AttemptResult::Dead { reason: short(&format!("the receiver refuses this alert: {reason}")) }
            }
            Next::Expired => {
                let max_age = humantime::format_duration(self.settings.max_age);
                AttemptResult::Dead { reason: short(&format!("gave up after {max_age}: {reason}")) }
            }
        }
    }
}

/// How old a delivery was when it was claimed, by the store's time.
fn age(delivery: &ClaimedDelivery) -> Duration {
    (delivery.now - delivery.age_from).to_std().unwrap_or_default()
}

#[cfg(test)]
#[path = "attempt_tests.rs"]
mod tests;
