//! The one price of a poll for all feeds, and what it is made of. Pure.

use super::controller::Controller;
use crate::model::Flock;

/// What decides the price of a poll at the moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Market {
    /// What is to be polled.
    pub flock: Flock,
    /// What was learned from the polls so far.
    pub controller: Controller,
}

impl Market {
    /// A market that opens now.
    pub fn new(now: f64, flock: Flock) -> Self {
        Self { flock, controller: Controller::new(now, &flock) }
    }

    /// What a poll costs, in article-seconds of delay: the closed form of the square-root law, `(S/B)²/2`, trimmed. Nothing
    /// while no feed takes part: then all fail, and how long they wait is not for the budget to say.
    pub fn price(&self, budget: f64) -> f64 {
        let allowed = self.flock.poll_rate(budget);
        if allowed <= 0.0 {
            return 0.0;
        }
        (self.controller.trim * (self.flock.shares / allowed).powi(2) / 2.0).min(f64::MAX)
    }

    /// The market once the part of one feed has changed.
    #[must_use]
    pub fn with(self, before: f64, after: f64) -> Self {
        Self { flock: self.flock.with(before, after), ..self }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::float_cmp, reason = "nothing is exactly nothing")]

    use super::*;

    #[test]
    fn the_price_is_the_closed_form_and_nothing_without_feeds() {
        let flock = Flock { feeds: 10, shares: 10.0 * (24.0_f64 / 86_400.0).sqrt(), ..Flock::default() };
        let market = Market::new(0.0, flock);
        // Ten feeds with an article an hour, and a poll an hour each: the square-root rule waits an hour.
        let wait = (2.0 * market.price(24.0) / (24.0 / 86_400.0)).sqrt();
        assert!((wait - 3600.0).abs() < 1e-6, "{wait}");
        assert!(market.price(48.0) < market.price(24.0));
        let empty = Flock { feeds: 0, shares: 1e-18, ..Flock::default() };
        assert_eq!(Market::new(0.0, empty).price(24.0), 0.0, "what rounding left is no feed");
        assert_eq!(market.with(0.1, 0.0).flock.feeds, 9);
    }
}
