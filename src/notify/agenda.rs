//! When a worker looks for work next. Pure.

use std::time::Duration;

use tokio::time::Instant;

/// How often it looks even if nobody calls: another process may have put deliveries back.
const TICK: Duration = Duration::from_secs(1);

/// What one worker knows of when there is something to do.
pub struct Agenda {
    /// When to look next.
    look_at: Instant,
    /// When the next delivery is due, as far as is known.
    next_due: Option<Instant>,
}

impl Agenda {
    /// To look at once.
    pub fn new(now: Instant) -> Self {
        Self { look_at: now, next_due: None }
    }

    /// When to look, if nothing else holds it up.
    pub fn look_at(&self) -> Instant {
        self.look_at
    }

    /// Somebody says that there may be work.
    pub fn called(&mut self, now: Instant) {
        self.look_at = now;
    }

    /// The store was asked. It knows when the next is due; if it gave as many as were wanted, more may be due now.
    pub fn looked(&mut self, next_due: Option<Duration>, may_be_more: bool, now: Instant) {
        self.next_due = next_due.map(|wait| now + wait);
        let later = self.next_due.unwrap_or(now + TICK).min(now + TICK);
        self.look_at = if may_be_more { now } else { later };
    }

    /// The store could not be asked: there may be work.
    pub fn could_not_look(&mut self, now: Instant) {
        self.look_at = now + TICK;
        self.next_due = Some(now + TICK);
    }

    /// Whether nothing is to be done before `deadline`, as far as is known.
    pub fn is_idle_until(&self, deadline: Instant, now: Instant) -> bool {
        self.look_at > now && self.next_due.is_none_or(|due| due > deadline)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);

    #[tokio::test]
    async fn it_looks_every_second_or_when_something_is_due() {
        let now = Instant::now();
        let mut agenda = Agenda::new(now);
        assert_eq!(agenda.look_at(), now);
        agenda.looked(None, false, now);
        assert_eq!(agenda.look_at(), now + TICK);
        agenda.looked(Some(MINUTE), false, now);
        assert_eq!(agenda.look_at(), now + TICK);
        agenda.looked(Some(Duration::from_millis(20)), false, now);
        assert_eq!(agenda.look_at(), now + Duration::from_millis(20));
        agenda.looked(Some(MINUTE), true, now);
        assert_eq!(agenda.look_at(), now);
        agenda.could_not_look(now);
        assert_eq!(agenda.look_at(), now + TICK);
    }

    #[tokio::test]
    async fn it_is_idle_if_nothing_is_due_before_the_deadline() {
        let now = Instant::now();
        let mut agenda = Agenda::new(now);
        assert!(!agenda.is_idle_until(now + MINUTE, now), "it has not looked yet");
        agenda.looked(None, false, now);
        assert!(agenda.is_idle_until(now + MINUTE, now));
        agenda.looked(Some(2 * MINUTE), false, now);
        assert!(agenda.is_idle_until(now + MINUTE, now));
        agenda.looked(Some(TICK), false, now);
        assert!(!agenda.is_idle_until(now + MINUTE, now));
        agenda.could_not_look(now);
        assert!(!agenda.is_idle_until(now + MINUTE, now), "there may be work that it could not see");
    }
}
