//! What became of a delivery, in JSON and in words.

use std::fmt::Write;

use serde::Serialize;

use crate::{
    model::{Attempt, DeliveryState, NotifierName, rfc3339},
    store::DeliveryView,
};

/// A delivery as `--json` prints it (specs/delivery.md §11).
#[derive(Debug, Serialize)]
pub(super) struct DeliveryLine<'a> {
    notifier: &'a NotifierName,
    state: DeliveryState,
    attempts: u32,
    next_attempt: Option<String>,
    reason: Option<&'a str>,
    history: &'a [Attempt],
}

impl<'a> DeliveryLine<'a> {
    /// All there is to say.
    pub fn of(delivery: &'a DeliveryView) -> Self {
        Self {
            notifier: &delivery.notifier,
            state: delivery.state,
            attempts: delivery.attempts,
            next_attempt: delivery.next_attempt.map(rfc3339),
            reason: delivery.reason.as_deref(),
            history: &delivery.history,
        }
    }
}

/// One line, and one for each attempt if they are wanted.
pub(super) fn describe(text: &mut String, delivery: &DeliveryView, with_attempts: bool) {
    let state = delivery.state.as_str();
    // Writing to a string cannot fail.
    let _ = write!(text, "    {}: {state}, attempts {}", delivery.notifier, delivery.attempts);
    if let Some(next) = delivery.next_attempt {
        let _ = write!(text, ", next {}", rfc3339(next));
    }
    if let Some(reason) = delivery.reason.as_deref().filter(|_| delivery.state != DeliveryState::Delivered) {
        let _ = write!(text, ": {reason}");
    }
    text.push('\n');
    for attempt in delivery.history.iter().filter(|_| with_attempts) {
        let _ = writeln!(text, "        {}  {} ms  {}", rfc3339(attempt.at), attempt.took_ms, attempt.answer);
    }
}
