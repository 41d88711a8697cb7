//! One price for every poll, and how it is kept where the budget is spent: no more, no less (specs/polling.md, Part 2
//! §4). Pure; times are seconds since 1970 (UTC).

use serde::{Deserialize, Serialize};

use crate::model::Flock;

const DAY: f64 = 86_400.0;
/// How often the price is corrected.
pub const STEP: f64 = 300.0;
/// A longer silence was a stop, not a pause: nothing is concluded from it.
const STOPPED: f64 = 3600.0;
/// For so long it only watches: nearly all feeds may be new.
const SETTLING: f64 = 6.0 * 3600.0;
/// How far the price may be from its closed form.
const TRIM: (f64, f64) = (0.02, 50.0);
/// What was spent too much, a rush of new feeds for one, is saved over so many days; and the other way round.
const REPAY: f64 = 10.0 * DAY;
/// The budget bends by so much at most for that.
const BEND: f64 = 0.2;

/// What was spent so far, and the correction that follows from it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Controller {
    /// The price in parts of its closed form.
    pub trim: f64,
    /// Polls of late, forgotten to 1/e in a day.
    pub spent: f64,
    /// The time they were spent in, forgotten likewise: corrects for the start.
    pub span: f64,
    /// Polls beyond the budget, over all time.
    pub debt: f64,
    /// For how long it has watched.
    pub age: f64,
    /// The last step, and [`Flock::polls`] then.
    pub at: f64,
    /// See `at`.
    pub polls: u64,
}

impl Controller {
    /// Begins to watch.
    pub fn new(now: f64, flock: &Flock) -> Self {
        Self { trim: 1.0, spent: 0.0, span: 0.0, debt: 0.0, age: 0.0, at: now, polls: flock.polls }
    }

    /// Whether it is time for a step.
    pub fn is_due(&self, now: f64) -> bool {
        !(0.0..STEP).contains(&(now - self.at))
    }

    /// Takes note of what was spent since the last step, and corrects the price.
    #[expect(clippy::cast_precision_loss, reason = "a number of polls")]
    pub fn step(&mut self, now: f64, flock: &Flock, budget: f64) {
        let span = now - self.at;
        let polls = flock.polls.saturating_sub(self.polls) as f64;
        (self.at, self.polls) = (now, flock.polls);
        let allowed = flock.poll_rate(budget);
        if !(0.0..STOPPED).contains(&span) || allowed <= 0.0 {
            return;
        }
        let keep = (-span / DAY).exp();
        self.spent = self.spent * keep + polls;
        self.span = self.span * keep + DAY * (1.0 - keep);
        let most = BEND * REPAY * allowed;
        self.debt = (self.debt + polls - allowed * span).clamp(-most, most);
        self.age += span;
        if self.age >= SETTLING && self.spent > 0.0 {
            let aim = allowed - self.debt / REPAY;
            let ratio = self.spent / self.span / aim;
            self.trim = (self.trim * ratio.powf(2.0 * span / DAY)).clamp(TRIM.0, TRIM.1);
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::float_cmp, reason = "what must not change, and bounds that are met exactly")]
    #![expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a few polls"
    )]

    use super::*;
    use crate::poll::schedule::Market;

    /// A world where each of 100 feeds is polled at a rate that the price decides, `bias` times the closed form.
    fn spend(controller: &mut Controller, days: f64, bias: impl Fn(f64) -> f64) -> f64 {
        let mut flock = Flock { feeds: 100, shares: 100.0 * (10.0 / DAY).sqrt(), ..Flock::default() };
        flock.polls = controller.polls;
        let (start, began) = (controller.at, flock.polls);
        let mut owed = 0.0;
        while controller.at < start + days * DAY {
            let price = Market { flock, controller: *controller }.price(24.0);
            let rate = flock.shares / (2.0 * price).sqrt() * bias((controller.at - start) / DAY);
            owed += rate * STEP;
            flock.polls += owed as u64;
            owed = owed.fract();
            controller.step(controller.at + STEP, &flock, 24.0);
        }
        (flock.polls - began) as f64 / 100.0 / days
    }

    #[test]
    fn the_closed_form_spends_the_budget_by_itself() {
        let mut controller = Controller::new(0.0, &Flock::default());
        assert!((spend(&mut controller, 10.0, |_| 1.0) - 24.0).abs() < 0.1);
        assert!((controller.trim - 1.0).abs() < 0.01);
    }

    #[test]
    fn whatever_floors_and_profiles_do_to_the_closed_form_is_trimmed_away() {
        for bias in [0.4, 0.7, 1.5, 3.0] {
            let mut controller = Controller::new(0.0, &Flock::default());
            spend(&mut controller, 10.0, |_| bias);
            let spent = spend(&mut controller, 10.0, |_| bias);
            assert!((spent - 24.0).abs() < 1.0, "{spent} polls a feed and day at a bias of {bias}");
        }
    }

    #[test]
    fn what_a_rush_spent_is_saved_again() {
        let mut controller = Controller::new(0.0, &Flock::default());
        let spent = spend(&mut controller, 60.0, |day| if day < 1.0 { 2.0 } else { 1.0 });
        assert!((spent - 24.0).abs() < 0.1, "{spent} polls a feed and day");
    }

    #[test]
    fn a_stop_a_jump_and_an_empty_daemon_change_nothing() {
        let flock = Flock { feeds: 10, shares: 0.1, polls: 1000, ..Flock::default() };
        let mut controller = Controller::new(1e9, &flock);
        spend(&mut controller, 2.0, |_| 1.0);
        let before = controller;
        let later = Flock { polls: controller.polls + 5000, ..flock };
        controller.step(before.at + 3.0 * DAY, &later, 24.0);
        assert_eq!((controller.trim, controller.debt), (before.trim, before.debt));
        assert_eq!((controller.at, controller.polls), (before.at + 3.0 * DAY, later.polls));
        assert!(controller.is_due(controller.at - DAY), "the clock went back");
        controller.step(before.at - DAY, &later, 24.0);
        controller.step(before.at - DAY + STEP, &Flock::default(), 24.0);
        assert_eq!(controller.trim, before.trim);
        assert!(Market { flock: Flock::default(), controller }.price(24.0).is_finite());
    }

    #[test]
    fn a_budget_that_cannot_be_spent_ends_at_a_bound() {
        let mut controller = Controller::new(0.0, &Flock::default());
        let flock = Flock { feeds: 10, shares: 0.1, ..Flock::default() };
        for _ in 0..288 * 60 {
            controller.step(controller.at + STEP, &Flock { polls: controller.polls + 1, ..flock }, 2000.0);
        }
        assert_eq!(controller.trim, TRIM.0);
        assert!(controller.debt.is_finite());
    }
}
