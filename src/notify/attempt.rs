//! One claimed delivery: sent once, judged, recorded.

use std::{sync::Arc, time::Duration};

use tokio::{task::JoinSet, time::Instant};
use tracing::error;

use super::{
    Notify, Settings,
    answer::{Sent, Verdict},
    judge::Judge,
    record::Memory,
};
use crate::{
    clock::Clock,
    metrics::{Metrics, Sent as Counted, Task},
    model::Attempt,
    store::{AttemptResult, ClaimedDelivery, Finished, Store},
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
    /// Where attempts are counted.
    pub metrics: Metrics,
}

/// What one attempt came to.
pub struct Done {
    /// The delivery.
    pub delivery: Arc<ClaimedDelivery>,
    /// What came back.
    pub sent: Sent,
    /// What was recorded; `None` if the lease was over.
    pub finished: Option<Finished>,
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
        let attempt = Attempt {
            at: delivery.now,
            took_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            status: sent.status,
            answer: sent.answer.clone(),
        };
        let judge = Judge::new(Arc::clone(&self.settings), &delivery, sent.clone(), took);
        let finished = self.memory.record(&self.store, &delivery, attempt, judge).await;
        match &finished {
            Some(finished) => self.count(&delivery, &finished.decision.result, took),
            None => self.metrics.lease_lost(),
        }
        Done { delivery, sent, finished }
    }

    /// Counts an attempt that is on record.
    fn count(&self, delivery: &ClaimedDelivery, result: &AttemptResult, took: Duration) {
        let how = match result {
            AttemptResult::Delivered => Counted::Delivered,
            AttemptResult::Retry { .. } | AttemptResult::Refused { .. } | AttemptResult::Postponed { .. } => {
                Counted::Retry
            }
            AttemptResult::Dead { .. } => Counted::Dead,
        };
        self.metrics.sent(&delivery.notifier, how, took);
        if how == Counted::Delivered {
            let waited = (delivery.now - delivery.age_from).to_std().unwrap_or_default();
            self.metrics.arrived(&delivery.notifier, waited + took);
        }
    }

    /// In a task of its own, so that a panic is a failed attempt like any other.
    async fn send(&self, delivery: &Arc<ClaimedDelivery>) -> Sent {
        let (sender, delivery, now) = (Arc::clone(&self.sender), Arc::clone(delivery), self.clock.now());
        let mut task = JoinSet::new();
        task.spawn(async move { sender.send(&delivery, now).await });
        match task.join_next().await {
            Some(Ok(sent)) => sent,
            failed => {
                self.metrics.panicked(Task::Send);
                error!(?failed, "sending failed inside; this is a fault of feedwatch");
                Sent::without_answer(Verdict::Transient, "feedwatch itself failed while sending")
            }
        }
    }
}

#[cfg(test)]
#[path = "attempt_tests.rs"]
mod tests;
