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

    /// What a poll costs, in article-seconds of delay: the closed form of the square-root law, `(S/B)²/2`, trimmed.
    pub fn price(&self, budget: f64) -> f64 {
        let allowed = self.flock.poll_rate(budget).max(f64::MIN_POSITIVE);
        (self.controller.trim * (self.flock.shares / allowed).powi(2) / 2.0).min(f64::MAX)
    }

    /// The market once the part of one feed has changed.
    #[must_use]
    pub fn with(self, before: f64, after: f64) -> Self {
        Self { flock: self.flock.with(before, after), ..self }
    }
}
