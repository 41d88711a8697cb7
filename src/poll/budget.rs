//! What the adaptive feeds may spend: the market as the store last told it, and the cap. It decides by
//! [`schedule`]; the loop tells it what happens.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chrono::TimeDelta;

use super::schedule::{self, Bucket, Controller, Market};
use crate::{
    model::{Flock, Timestamp},
    store::Claims,
};

/// However deep in debt the bucket is, it is looked at again after this.
const LONGEST_HOLD: TimeDelta = TimeDelta::seconds(60);

/// The budget of one instance.
#[derive(Debug)]
pub(super) struct Budget(Mutex<State>);

#[derive(Debug)]
struct State {
    market: Market,
    /// The controller as the store last told it.
    kept: Option<String>,
    bucket: Bucket,
    others: Others,
    /// Until when the store was told to hold.
    held: Option<Timestamp>,
}

/// What other instances spent: all recorded polls but our own. Their tokens come from the same bucket, so that the cap
/// holds for all together.
#[derive(Debug, Default)]
struct Others {
    /// The polls on record when the first one was heard of.
    before: Option<u64>,
    own: u64,
    taken: u64,
}

impl Others {
    /// How many more polls of others are on record. Ours count from when they begin, so for a while some of theirs may not
    /// be seen.
    fn hear(&mut self, polls: u64) -> u64 {
        let before = *self.before.get_or_insert(polls);
        let all = polls.saturating_sub(before).saturating_sub(self.own);
        let more = all.saturating_sub(self.taken);
        self.taken += more;
        more
    }
}

/// The controller after a step, to be kept if it is still what it was.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub before: Option<String>,
    pub after: String,
}

impl Default for Budget {
    fn default() -> Self {
        let market = Market::new(0.0, Flock::default());
        Self(Mutex::new(State {
            market,
            kept: None,
            bucket: Bucket::full(0.0),
            others: Others::default(),
            held: None,
        }))
    }
}

impl Budget {
    /// What a poll is worth now.
    pub fn market(&self) -> Market {
        self.state().market
    }

    /// Takes note of what the store told; a step of the controller, if one is due.
    pub fn hear(&self, claims: &Claims, budget: f64) -> Option<Step> {
        let (mut state, now) = (self.state(), schedule::seconds(claims.now));
        state.market.flock = claims.flock;
        for _ in 0..state.others.hear(claims.flock.polls) {
            state.bucket.take();
        }
        if claims.controller.is_none() || claims.controller != state.kept {
            let kept = claims.controller.as_deref().and_then(|kept| serde_json::from_str(kept).ok());
            state.market.controller = kept.unwrap_or_else(|| Controller::new(now, &claims.flock));
            state.kept.clone_from(&claims.controller);
        }
        if state.kept.is_some() && !state.market.controller.is_due(now) {
            return None;
        }
        state.market.controller.step(now, &claims.flock, budget);
        let after = serde_json::to_string(&state.market.controller).ok()?;
        Some(Step { before: state.kept.clone(), after })
    }

    /// A poll of an adaptive feed that was polled before has begun.
    pub fn spend(&self) {
        let mut state = self.state();
        state.bucket.take();
        state.others.own += 1;
    }

    /// Until when such polls are to be held from now on; `None`: they may go, or the store knows already.
    pub fn held_until(&self, now: Timestamp, budget: f64) -> Option<Timestamp> {
        let mut state = self.state();
        let allowed = state.market.flock.poll_rate(budget);
        if allowed <= 0.0 || state.held.is_some_and(|held| held > now && held - now <= LONGEST_HOLD) {
            return None;
        }
        let wait = state.bucket.opens_in(schedule::seconds(now), allowed);
        let wait = Duration::try_from_secs_f64(wait).ok().and_then(|wait| TimeDelta::from_std(wait).ok());
        state.held = wait.filter(|wait| !wait.is_zero()).map(|wait| now + wait.min(LONGEST_HOLD));
        state.held
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(secs: i64) -> Timestamp {
        Timestamp::from_timestamp(1_800_000_000 + secs, 0).expect("a valid time")
    }

    fn claims(secs: i64, polls: u64, controller: Option<String>) -> Claims {
        let flock = Flock { feeds: 100, shares: 1.0, polls, ..Flock::default() };
        Claims { now: time(secs), hosts: Vec::new(), next_due: None, flock, controller }
    }

    #[test]
    fn a_controller_is_made_once_and_steps_every_five_minutes() {
        let budget = Budget::default();
        let first = budget.hear(&claims(0, 0, None), 24.0).expect("there was none");
        assert_eq!(first.before, None);
        assert_eq!(budget.hear(&claims(10, 5, Some(first.after.clone())), 24.0), None);
        let step = budget.hear(&claims(301, 50, Some(first.after.clone())), 24.0).expect("it is time");
        assert_eq!(step.before, Some(first.after));
        assert!((budget.market().controller.spent - 50.0).abs() < 1.0);
    }

    #[test]
    fn a_restart_goes_on_with_what_was_kept_and_another_instance_is_heard() {
        let before = Budget::default();
        let mut kept = before.hear(&claims(0, 0, None), 24.0).expect("there was none").after;
        for step in 1..200_u32 {
            let claims = claims(i64::from(step) * 301, u64::from(step) * 40, Some(kept));
            kept = before.hear(&claims, 24.0).expect("it is time").after;
        }
        assert!(before.market().controller.trim > 1.1, "it overspends and makes polls dearer");
        let after = Budget::default();
        assert_eq!(after.hear(&claims(199 * 301 + 5, 7960, Some(kept)), 24.0), None);
        let (before, after) = (before.market().controller, after.market().controller);
        assert!((before.trim - after.trim).abs() < 1e-9 && (before.debt - after.debt).abs() < 1e-6);
        let budget = Budget::default();
        budget.hear(&claims(0, 0, Some("from a newer version".to_owned())), 24.0);
        let fresh = Controller::new(schedule::seconds(time(0)), &claims(0, 0, None).flock);
        assert_eq!(budget.market().controller, fresh);
    }

    #[test]
    fn a_rush_is_held_until_the_bucket_has_a_token() {
        let budget = Budget::default();
        assert_eq!(budget.held_until(time(0), 24.0), None, "there are no adaptive feeds yet");
        budget.hear(&claims(0, 0, None), 24.0);
        assert_eq!(budget.held_until(time(0), 24.0), None, "the bucket is full");
        for _ in 0..50 {
            budget.spend();
        }
        // A hundred feeds have 2,400 polls a day, and the cap lets twice as many go: one in 18 seconds.
        let until = budget.held_until(time(0), 24.0).expect("the bucket is empty");
        assert_eq!(until, time(60), "it is looked at again after a minute");
        assert_eq!(budget.held_until(time(30), 24.0), None, "it is known");
        assert!(budget.held_until(time(61), 24.0).is_some());
        assert_eq!(budget.held_until(time(20 * 18), 24.0), None, "it has filled again");
    }

    #[test]
    fn what_others_spend_comes_from_the_same_bucket() {
        let mut others = Others::default();
        assert_eq!(others.hear(1000), 0, "what was before is nobody's");
        others.own = 3;
        assert_eq!(others.hear(1002), 0, "two of ours are on record");
        assert_eq!(others.hear(1010), 7, "seven that are not ours");
        assert_eq!(others.hear(1010), 0, "once");
        others.own = 4;
        assert_eq!(others.hear(1012), 1);
    }
}
