//! What passes through the store about notifiers: who there is, how they are doing, what an attempt changes.

use std::time::Duration;

use super::{AttemptResult, EventRecord};
use crate::model::{NotifierHealth, NotifierName, NotifierState, Timestamp};

/// A notifier as the configuration has it, for [`Store::sync_config`](super::Store::sync_config).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotifierEntry {
    /// Identity.
    pub name: NotifierName,
    /// Fingerprint of where and how it sends (URL, secrets, headers). When it changes, trouble is forgotten.
    pub target: String,
    /// Whether it takes part.
    pub enabled: bool,
}

/// How a notifier stands when an attempt is recorded, read in the same transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Its health.
    pub health: NotifierHealth,
    /// The store's time.
    pub now: Timestamp,
    /// Whether the attempt was made with the configuration that holds now; one with another says nothing about it.
    pub is_current: bool,
}

/// What is recorded of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// What becomes of the delivery.
    pub result: AttemptResult,
    /// What becomes of the notifier; `None`: it stays as it stands.
    pub health: Option<NotifierHealth>,
    /// Whether everything that waits is due now: the receiver is back.
    pub calls_back: bool,
    /// What others are told about it.
    pub event: Option<EventRecord>,
}

impl Decision {
    /// The delivery has its result and nothing else changes.
    pub fn only(result: AttemptResult) -> Self {
        Self { result, health: None, calls_back: false, event: None }
    }
}

/// What was recorded of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    /// How the notifier stood before.
    pub before: Standing,
    /// What was decided.
    pub decision: Decision,
}

/// What a notifier may be given now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// Everything that is due.
    All,
    /// One waiting delivery, due or not: the one with the fewest attempts, then the oldest.
    Probe,
    /// Nothing before then; `None`: nothing until somebody acts.
    Nothing(Option<Timestamp>),
}

impl NotifierHealth {
    /// What may be handed out.
    pub fn admission(&self, now: Timestamp) -> Admission {
        let waits = self.until.filter(|until| *until > now);
        match self.state {
            NotifierState::Active => Admission::All,
            NotifierState::Disabled => Admission::Nothing(None),
            _ if self.is_granted => Admission::Probe,
            NotifierState::Gone => Admission::Nothing(None),
            NotifierState::Paused => waits.map_or(Admission::All, |until| Admission::Nothing(Some(until))),
            NotifierState::Open | NotifierState::Held => {
                waits.map_or(Admission::Probe, |until| Admission::Nothing(Some(until)))
            }
        }
    }

    /// Its health once a probe was handed out: no second one before the first has ended, or its lease.
    #[must_use]
    pub fn with_probe_out(mut self, now: Timestamp, lease: Duration) -> Self {
        self.is_granted = false;
        self.until = Some(self.until.map_or(now, |until| until.max(now)) + lease);
        self
    }

    /// Its health once its pause is over.
    #[must_use]
    pub fn with_pause_over(self, now: Timestamp) -> Self {
        let Self { failures, probes, told_dead, .. } = self;
        Self { failures, probes, told_dead, ..Self::new(NotifierState::Active, Some(now)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_admits_what_it_should() {
        let now: Timestamp = "2026-11-24T12:00:00Z".parse().expect("time");
        let (past, later) = (now - Duration::from_secs(1), now + Duration::from_secs(1));
        let (all, probe, wait) = (Admission::All, Admission::Probe, Admission::Nothing(Some(later)));
        let never = Admission::Nothing(None);
        for (state, before, after, granted) in [
            (NotifierState::Active, all, all, all),
            (NotifierState::Open, wait, probe, probe),
            (NotifierState::Held, wait, probe, probe),
            (NotifierState::Paused, wait, all, probe),
            (NotifierState::Gone, never, never, probe),
            (NotifierState::Disabled, never, never, never),
        ] {
            let health = |until, is_granted| NotifierHealth {
                until: Some(until),
                is_granted,
                ..NotifierHealth::new(state, Some(past))
            };
            assert_eq!(health(later, false).admission(now), before, "{state:?}");
            assert_eq!(health(now, false).admission(now), after, "{state:?}");
            assert_eq!(health(later, true).admission(now), granted, "{state:?}");
        }
    }

    #[test]
    fn while_a_probe_is_out_there_is_no_other() {
        let now: Timestamp = "2026-11-24T12:00:00Z".parse().expect("time");
        let held = NotifierHealth { is_granted: true, ..NotifierHealth::new(NotifierState::Held, None) };
        let out = held.with_probe_out(now, Duration::from_mins(1));
        assert_eq!(out.admission(now), Admission::Nothing(Some(now + Duration::from_mins(1))));
    }
}
