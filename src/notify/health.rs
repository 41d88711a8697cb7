//! How one notifier is doing: how many sends it may have under way, when it may send again, and what to tell the
//! log, which hears of changes only. Pure but for the log.

use std::time::Duration;

use tokio::time::Instant;
use tracing::{debug, error, info, warn};

use super::{
    answer::{Sent, Verdict},
    retry::LONGEST_RETRY_AFTER,
};
use crate::model::{AlertId, NotifierName};

/// A notifier that fails this long needs a person.
const LONG_FAILURE: Duration = Duration::from_mins(10);
/// Dead deliveries make at most one line in this time.
const DEAD_LINES_EVERY: Duration = Duration::from_hours(1);

/// The health of one notifier, learned from what its sends came to.
pub struct Health {
    name: NotifierName,
    state: State,
    /// Sends that may be under way: one until the first success and after a failure, twice as many with each success.
    width: usize,
    gets_through: bool,
    paused_until: Option<Instant>,
    last_dead_line: Option<Instant>,
    /// Dead deliveries since that line.
    untold_dead: u64,
}

enum State {
    Active,
    Failing { since: Instant, told_person: bool },
}

/// What became of one delivery, for the log.
pub struct Report<'a> {
    /// The alert.
    pub alert: &'a AlertId,
    /// The number of the attempt.
    pub attempt: u32,
    /// What it came to.
    pub sent: &'a Sent,
    /// Why it was given up, if it was.
    pub dead: Option<&'a str>,
}

impl Health {
    /// Of a notifier nothing is known about yet.
    pub fn new(name: NotifierName) -> Self {
        Self {
            name,
            state: State::Active,
            width: 1,
            gets_through: true,
            paused_until: None,
            last_dead_line: None,
            untold_dead: 0,
        }
    }

    /// Whether its last send failed.
    pub fn is_failing(&self) -> bool {
        matches!(self.state, State::Failing { .. })
    }

    /// Whether its last send was delivered, or there was none.
    pub fn gets_through(&self) -> bool {
        self.gets_through
    }

    /// How many sends may be under way.
    pub fn width(&self, concurrency: usize) -> usize {
        self.width.min(concurrency).max(1)
    }

    /// Nothing is sent before this.
    pub fn paused_until(&self) -> Option<Instant> {
        self.paused_until
    }

    /// Its configuration changed: what was learned may not hold any more.
    pub fn forget_trouble(&mut self) {
        self.width = 1;
        self.paused_until = None;
    }

    /// Learns from one attempt. If it ended trouble, how long that lasted.
    pub fn learn(&mut self, report: &Report<'_>, now: Instant) -> Option<Duration> {
        let (sent, verdict) = (report.sent, report.sent.verdict);
        let (notifier, alert) = (&self.name, report.alert);
        debug!(%notifier, alert.id = %alert, attempts = report.attempt, outcome = verdict.as_str(), reason = %sent.reason, "attempt");
        self.gets_through = verdict == Verdict::Delivered;
        let mut ended = None;
        match verdict {
            Verdict::Delivered => ended = self.succeeded(now),
            Verdict::RateLimited => self.pause(sent, now),
            Verdict::PayloadRefused => {}
            _ => self.failed(report, now),
        }
        if let Some(reason) = report.dead {
            self.gave_up(report, reason, now);
        }
        ended
    }

    fn succeeded(&mut self, now: Instant) -> Option<Duration> {
        self.width = self.width.saturating_mul(2);
        let State::Failing { since, .. } = std::mem::replace(&mut self.state, State::Active) else {
            return None;
        };
        let after = now - since;
        let shown = humantime::format_duration(Duration::from_secs(after.as_secs()));
        info!(notifier = %self.name, after = %shown, "notifier recovered");
        Some(after)
    }

    fn pause(&mut self, sent: &Sent, now: Instant) {
        let Some(asked) = sent.retry_after else { return };
        if asked > LONGEST_RETRY_AFTER {
            warn!(notifier = %self.name, asked = asked.as_secs(), "Retry-After of more than a day is cut to a day");
        }
        let until = now + asked.min(LONGEST_RETRY_AFTER);
        self.paused_until = self.paused_until.max(Some(until));
    }

    fn failed(&mut self, report: &Report<'_>, now: Instant) {
        self.width = 1;
        let needs_person = report.sent.verdict.needs_person();
        let (since, told_person) = match self.state {
            State::Active => (now, None),
            State::Failing { since, told_person } => (since, Some(told_person)),
        };
        let is_for_person = needs_person || now - since >= LONG_FAILURE;
        let (notifier, alert, reason) = (&self.name, report.alert, &report.sent.reason);
        match told_person {
            Some(true) => {}
            _ if is_for_person => {
                error!(%notifier, alert.id = %alert, attempts = report.attempt, error = %reason, "notifier failing, alerts wait");
            }
            None => {
                warn!(%notifier, alert.id = %alert, attempts = report.attempt, error = %reason, "notifier failing, trying again");
            }
            Some(false) => {}
        }
        self.state = State::Failing { since, told_person: told_person == Some(true) || is_for_person };
    }

    fn gave_up(&mut self, report: &Report<'_>, reason: &str, now: Instant) {
        if self.last_dead_line.is_some_and(|last| now - last < DEAD_LINES_EVERY) {
            self.untold_dead += 1;
            return;
        }
        let (notifier, alert, others) = (&self.name, report.alert, std::mem::take(&mut self.untold_dead));
        error!(
            %notifier, alert.id = %alert, attempts = report.attempt, error = %reason, others,
            "delivery given up; `feedwatch redeliver` puts it back"
        );
        self.last_dead_line = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(verdict: Verdict, retry_after_s: Option<u64>) -> Sent {
        let retry_after = retry_after_s.map(Duration::from_secs);
        Sent { verdict, status: None, reason: "why".to_owned(), retry_after }
    }

    fn learn(
        health: &mut Health,
        verdict: Verdict,
        retry_after_s: Option<u64>,
        now: Instant,
    ) -> Option<Duration> {
        let (alert, sent) = (AlertId::from("alert_1"), sent(verdict, retry_after_s));
        health.learn(&Report { alert: &alert, attempt: 1, sent: &sent, dead: None }, now)
    }

    #[tokio::test]
    async fn the_width_doubles_with_success_and_falls_to_one_with_trouble() {
        let (mut health, now) = (Health::new(NotifierName::from("desk")), Instant::now());
        assert_eq!(health.width(4), 1);
        for expected in [2, 4, 4] {
            learn(&mut health, Verdict::Delivered, None, now);
            assert_eq!(health.width(4), expected);
        }
        learn(&mut health, Verdict::PayloadRefused, None, now);
        assert!(
            health.width(4) == 4 && !health.is_failing(),
            "one bad payload is not the notifier's trouble"
        );
        for trouble in [Verdict::Transient, Verdict::Slow, Verdict::NotifierRefused, Verdict::Gone] {
            learn(&mut health, Verdict::Delivered, None, now);
            learn(&mut health, trouble, None, now);
            assert!(health.width(4) == 1 && health.is_failing(), "{trouble:?}");
        }
        let later = now + Duration::from_mins(1);
        assert_eq!(learn(&mut health, Verdict::Delivered, None, later), Some(Duration::from_mins(1)));
        assert!(health.width(4) == 2 && !health.is_failing());
        assert_eq!(learn(&mut health, Verdict::Delivered, None, later), None);
    }

    #[tokio::test]
    async fn a_rate_limit_pauses_for_at_most_a_day_and_is_no_failure() {
        let (mut health, now) = (Health::new(NotifierName::from("desk")), Instant::now());
        learn(&mut health, Verdict::RateLimited, None, now);
        assert_eq!(health.paused_until(), None);
        learn(&mut health, Verdict::RateLimited, Some(60), now);
        learn(&mut health, Verdict::RateLimited, Some(5), now);
        assert_eq!(health.paused_until(), Some(now + Duration::from_mins(1)));
        learn(&mut health, Verdict::RateLimited, Some(1_000_000), now);
        assert_eq!(health.paused_until(), Some(now + Duration::from_hours(24)));
        assert!(!health.is_failing());
    }
}
