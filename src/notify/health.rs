//! What a worker knows of its notifier between two looks into the store: how many sends it may have under way, and
//! what to tell the log, which hears of changes only.

use std::time::Duration;

use tracing::{debug, error, info, warn};

use super::{
    answer::{Sent, Verdict},
    retry::LONGEST_RETRY_AFTER,
};
use crate::{
    model::{NotifierHealth, NotifierName, NotifierState, Timestamp, rfc3339},
    store::{AttemptResult, ClaimedDelivery, Finished},
};

/// The health of one notifier, as far as it is known here.
pub struct Health {
    state: NotifierState,
    /// Sends that may be under way: one until the first success and after a failure, twice as many with each success.
    width: usize,
    gets_through: bool,
}

impl Health {
    /// Of a notifier nothing is known about yet.
    pub fn new() -> Self {
        Self { state: NotifierState::Active, width: 1, gets_through: true }
    }

    /// Whether it is in a state in which only probes are sent.
    pub fn is_failing(&self) -> bool {
        self.state != NotifierState::Active
    }

    /// Whether its last send was delivered, or there was none.
    pub fn gets_through(&self) -> bool {
        self.gets_through
    }

    /// How many sends may be under way.
    pub fn width(&self, concurrency: usize) -> usize {
        let width = if self.is_failing() { 1 } else { self.width };
        width.min(concurrency).max(1)
    }

    /// The store told how it is; others may have changed it.
    pub fn told(&mut self, health: &NotifierHealth) {
        self.state = health.state;
    }

    /// Its configuration changed: what was learned may not hold any more.
    pub fn forget(&mut self) {
        *self = Self::new();
    }

    /// Learns from one recorded attempt.
    pub fn learn(&mut self, delivery: &ClaimedDelivery, sent: &Sent, finished: &Finished) {
        let (notifier, alert) = (&delivery.notifier, &delivery.alert);
        debug!(%notifier, alert.id = %alert, attempts = delivery.attempt, outcome = sent.verdict.as_str(), reason = %sent.reason, "attempt");
        self.gets_through = sent.verdict == Verdict::Delivered;
        self.width = match sent.verdict {
            Verdict::Delivered => self.width.saturating_mul(2),
            Verdict::PayloadRefused | Verdict::PayloadRejected => self.width,
            _ => 1,
        };
        if let Some(after) = finished.decision.health.as_ref().filter(|_| finished.before.is_current) {
            self.told(after);
            tell_change(notifier, &finished.before.health, after, finished.before.now);
            tell_too_long(notifier, &finished.before.health, after, sent.retry_after);
            tell_dead(delivery, finished, after);
        }
    }
}

/// One line for each change of state, and one when it has lasted for too long.
fn tell_change(notifier: &NotifierName, before: &NotifierHealth, after: &NotifierHealth, now: Timestamp) {
    let (reason, until) = (after.reason.as_deref().unwrap_or_default(), after.until.map(rfc3339));
    let until = until.unwrap_or_default();
    if after.is_told && !before.is_told {
        let state = after.state.as_str();
        return error!(%notifier, state, error = reason, "notifier failing, alerts wait");
    }
    if before.state == after.state {
        return;
    }
    match after.state {
        NotifierState::Active if before.state != NotifierState::Paused => {
            let lasted =
                before.since.map_or(Duration::ZERO, |since| (now - since).to_std().unwrap_or_default());
            let after = humantime::format_duration(Duration::from_secs(lasted.as_secs()));
            info!(%notifier, %after, "notifier recovered");
        }
        NotifierState::Open => warn!(%notifier, error = reason, until, "notifier failing, trying again"),
        NotifierState::Paused => info!(%notifier, reason, until, "notifier asked for patience"),
        _ => {}
    }
}

/// One line if a pause begins that was asked to be longer than a day.
fn tell_too_long(
    notifier: &NotifierName,
    before: &NotifierHealth,
    after: &NotifierHealth,
    asked: Option<Duration>,
) {
    let begins = after.state == NotifierState::Paused && before.state != NotifierState::Paused;
    if let Some(asked) = asked.filter(|asked| begins && *asked > LONGEST_RETRY_AFTER) {
        let days = asked.as_secs() / LONGEST_RETRY_AFTER.as_secs();
        warn!(%notifier, "notifier asked for a pause of {days}d, it gets a day");
    }
}

/// One line for deliveries that are given up, at most once in a while.
fn tell_dead(delivery: &ClaimedDelivery, finished: &Finished, after: &NotifierHealth) {
    if let AttemptResult::Dead { reason } = &finished.decision.result
        && after.told_dead != finished.before.health.told_dead
    {
        let (notifier, alert) = (&delivery.notifier, &delivery.alert);
        error!(
            %notifier, alert.id = %alert, attempts = delivery.attempt, error = %reason,
            "delivery given up; `feedwatch redeliver` puts it back"
        );
    }
}
