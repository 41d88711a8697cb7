//! How one attempt changes the health of its notifier: states, breaker and probes (specs/delivery.md §6). Pure.

use std::time::Duration;

use super::{answer::Verdict, retry::LONGEST_RETRY_AFTER};
use crate::{
    model::{NotifierHealth, NotifierState, Timestamp},
    store::Standing,
};

/// Transient failures in a row that open the breaker.
const OPENS_AFTER: u32 = 5;
/// So many failures in a row send deliveries into long waits, from which a success calls them back. Fewer are one bad
/// delivery among good ones, which must not come back each time.
const CALLS_BACK_AFTER: u32 = 2;
/// The first pause of a breaker is this part of the longest.
const FIRST_PAUSE: u32 = 32;

/// The operator's part of the decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// How often a held notifier is tried.
    pub probe: Duration,
    /// The longest pause of an open breaker.
    pub breaker: Duration,
}

/// An attempt that ended.
#[derive(Debug, Clone, Copy)]
pub struct Attempted<'a> {
    /// What it came to.
    pub verdict: Verdict,
    /// For people.
    pub reason: &'a str,
    /// What the receiver asked for.
    pub retry_after: Option<Duration>,
    /// Whether the notifier was not active when it was claimed.
    pub is_probe: bool,
}

/// What becomes of the notifier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its health.
    pub health: NotifierHealth,
    /// Whether everything that waits is due now.
    pub calls_back: bool,
}

impl Rules {
    /// What an attempt changes. `chance`, from 0 to 1, spreads probes. An attempt that was made with another
    /// configuration changes nothing.
    pub fn after(&self, standing: &Standing, attempted: Attempted<'_>, chance: f64) -> Change {
        let before = &standing.health;
        let unchanged = Change { health: before.clone(), calls_back: false };
        if !standing.is_current || before.state == NotifierState::Disabled {
            return unchanged;
        }
        let health = match attempted.verdict {
            Verdict::Delivered | Verdict::PayloadRefused | Verdict::PayloadRejected => {
                return answered(before, attempted, standing.now);
            }
            Verdict::RateLimited => self.limited(before, attempted, standing.now, chance),
            Verdict::Transient | Verdict::Slow => self.failed(before, attempted, standing.now, chance),
            Verdict::NotifierRefused => self.refused(before, attempted, standing.now),
            Verdict::Gone => gone(before, attempted, standing.now),
        };
        Change { health, ..unchanged }
    }

    fn limited(
        &self,
        before: &NotifierHealth,
        attempted: Attempted<'_>,
        now: Timestamp,
        chance: f64,
    ) -> NotifierHealth {
        if before.state == NotifierState::Gone && !attempted.is_probe {
            return before.clone();
        }
        let asked = attempted.retry_after.map(|asked| asked.min(LONGEST_RETRY_AFTER));
        let until = now + asked.unwrap_or_else(|| self.pause(before.probes, chance));
        let mut health = enter(before, NotifierState::Paused, attempted, now);
        let longer = before.until.filter(|_| before.state == NotifierState::Paused);
        health.until = longer.max(Some(until));
        health
    }

    fn failed(
        &self,
        before: &NotifierHealth,
        attempted: Attempted<'_>,
        now: Timestamp,
        chance: f64,
    ) -> NotifierHealth {
        let mut health = before.clone();
        health.failures = before.failures.saturating_add(1);
        match before.state {
            NotifierState::Active if health.failures >= OPENS_AFTER => {
                let failures = health.failures;
                health = enter(before, NotifierState::Open, attempted, now);
                (health.failures, health.probes) = (failures, 0);
                health.until = Some(now + self.pause(0, chance));
            }
            NotifierState::Open if attempted.is_probe => {
                health.probes = before.probes.saturating_add(1);
                health.reason = Some(attempted.reason.to_owned());
                health.until = Some(now + self.pause(health.probes, chance));
            }
            NotifierState::Held if attempted.is_probe => {
                health.probes = before.probes.saturating_add(1);
                health.until = Some(now + self.probe);
            }
            _ => {}
        }
        health
    }

    fn refused(&self, before: &NotifierHealth, attempted: Attempted<'_>, now: Timestamp) -> NotifierHealth {
        if before.state == NotifierState::Gone && !attempted.is_probe {
            return before.clone();
        }
        let mut health = enter(before, NotifierState::Held, attempted, now);
        let is_news = before.state != NotifierState::Held || attempted.is_probe;
        health.until = if is_news { Some(now + self.probe) } else { before.until };
        health
    }

    /// `U(½, 1) × min(breaker, breaker/32 × 2ⁿ)`: full spread, for many may contend.
    fn pause(&self, n: u32, chance: f64) -> Duration {
        let doubled = (self.breaker / FIRST_PAUSE).saturating_mul(1_u32.checked_shl(n).unwrap_or(u32::MAX));
        doubled.min(self.breaker).mul_f64(0.5 + 0.5 * chance)
    }
}

/// The receiver took it, or took a look at it: it works. A pause that it asked for holds, unless this was a probe.
fn answered(before: &NotifierHealth, attempted: Attempted<'_>, now: Timestamp) -> Change {
    let is_pausing = before.state == NotifierState::Paused && !attempted.is_probe;
    let is_well = before.state == NotifierState::Active && before.failures == 0 && before.probes == 0;
    if is_pausing || is_well {
        return Change { health: before.clone(), calls_back: false };
    }
    let was_active = before.state == NotifierState::Active;
    let since = if was_active { before.since } else { Some(now) };
    let told_dead = before.told_dead;
    Change {
        health: NotifierHealth { told_dead, ..NotifierHealth::new(NotifierState::Active, since) },
        calls_back: !was_active || before.failures >= CALLS_BACK_AFTER,
    }
}

fn gone(before: &NotifierHealth, attempted: Attempted<'_>, now: Timestamp) -> NotifierHealth {
    NotifierHealth { until: None, ..enter(before, NotifierState::Gone, attempted, now) }
}

/// Comes into a state, or stays in it: then one more attempt failed.
fn enter(
    before: &NotifierHealth,
    state: NotifierState,
    attempted: Attempted<'_>,
    now: Timestamp,
) -> NotifierHealth {
    let stays = before.state == state;
    NotifierHealth {
        since: if stays { before.since } else { Some(now) },
        reason: Some(attempted.reason.to_owned()),
        failures: before.failures,
        probes: before.probes.saturating_add(1),
        is_told: stays && before.is_told,
        is_reported: stays && before.is_reported,
        told_dead: before.told_dead,
        is_granted: before.is_granted,
        ..NotifierHealth::new(state, None)
    }
}

#[cfg(test)]
#[path = "breaker_tests.rs"]
mod tests;
