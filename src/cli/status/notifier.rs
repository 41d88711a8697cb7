//! What `status` says of a notifier: how it is doing, what waits for it, and why.

use std::fmt::Write;

use serde::Serialize;

use crate::{
    model::{Notifier, NotifierState, rfc3339},
    store::Queue,
};

/// The state of a notifier that has left the configuration.
const REMOVED: &str = "removed";

#[derive(Debug, Serialize)]
pub(super) struct NotifierStatus {
    pub name: String,
    /// That of the store, or `removed`: it has left the configuration, and something was owed to it.
    pub state: &'static str,
    since: Option<String>,
    pub needs_person: bool,
    pending: u64,
    dead: u64,
    held_back: u64,
    oldest_pending_seconds: Option<u64>,
    next_attempt: Option<String>,
    last_delivered: Option<String>,
    reason: Option<String>,
}

/// The configured ones in their order, then those that have left with something owed to them.
pub(super) fn all(notifiers: &[Notifier], queues: &[Queue]) -> Vec<NotifierStatus> {
    let configured = notifiers.iter().map(|notifier| {
        let queue = queues.iter().find(|queue| queue.notifier == notifier.name);
        let status =
            queue.map_or_else(|| NotifierStatus::unknown(notifier.name.as_str()), NotifierStatus::of);
        NotifierStatus { state: state(notifier, queue), ..status }
    });
    let is_configured = |queue: &Queue| notifiers.iter().any(|notifier| notifier.name == queue.notifier);
    let removed = queues.iter().filter(|queue| !is_configured(queue)).map(|queue| {
        // The operator's own doing.
        NotifierStatus { state: REMOVED, needs_person: false, ..NotifierStatus::of(queue) }
    });
    configured.chain(removed).collect()
}

/// A change of the configuration that no run has seen yet is told as it is written.
fn state(notifier: &Notifier, queue: Option<&Queue>) -> &'static str {
    match queue.map_or(NotifierState::Active, |queue| queue.health.state) {
        _ if !notifier.enabled => NotifierState::Disabled.as_str(),
        NotifierState::Disabled => NotifierState::Active.as_str(),
        state => state.as_str(),
    }
}

impl NotifierStatus {
    fn of(queue: &Queue) -> Self {
        Self {
            name: queue.notifier.to_string(),
            state: queue.health.state.as_str(),
            since: queue.health.since.map(rfc3339),
            needs_person: queue.needs_person(),
            pending: queue.pending,
            dead: queue.dead,
            held_back: queue.held_back,
            oldest_pending_seconds: queue.oldest_pending_seconds,
            next_attempt: queue.next_attempt.map(rfc3339),
            last_delivered: queue.last_delivered.map(rfc3339),
            reason: queue.reason.clone(),
        }
    }

    /// Nothing was ever owed to it.
    fn unknown(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            state: NotifierState::Active.as_str(),
            since: None,
            needs_person: false,
            pending: 0,
            dead: 0,
            held_back: 0,
            oldest_pending_seconds: None,
            next_attempt: None,
            last_delivered: None,
            reason: None,
        }
    }

    /// Whether it has left the configuration.
    pub(super) fn is_removed(&self) -> bool {
        self.state == REMOVED
    }

    /// For people: how it is, what waits, and why.
    pub(super) fn lines(&self) -> Vec<String> {
        let mark = if self.needs_person { '!' } else { ' ' };
        let mut line = format!("{mark} {:<8} {}: {} waiting", self.state, self.name, self.pending);
        if let Some(age) = self.oldest_pending_seconds {
            let _ = write!(line, " (oldest {age} s)");
        }
        if let Some(next) = &self.next_attempt {
            let _ = write!(line, ", next attempt {next}");
        }
        let given_up: Vec<String> = [(self.dead, "dead"), (self.held_back, "held back")]
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        if !given_up.is_empty() {
            let first = if self.is_removed() { "once it is configured again, " } else { "" };
            let _ = write!(line, ", {} ({first}`feedwatch redeliver --dead`)", given_up.join(", "));
        }
        let reason = self.reason.as_ref().map(|reason| format!("    {reason}"));
        [line].into_iter().chain(reason).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_removed_notifier_is_owed_can_be_sent_once_it_is_back() {
        let owed = NotifierStatus { dead: 3, ..NotifierStatus::unknown("desk") };
        assert_eq!(owed.lines(), ["  active   desk: 0 waiting, 3 dead (`feedwatch redeliver --dead`)"]);
        let removed = NotifierStatus { state: REMOVED, ..owed };
        assert!(removed.is_removed());
        assert_eq!(
            removed.lines(),
            [
                "  removed  desk: 0 waiting, 3 dead (once it is configured again, `feedwatch redeliver --dead`)"
            ]
        );
    }
}
