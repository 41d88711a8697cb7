//! What a format's own answers mean, where the status line says less than the receiver (specs/delivery.md §8). Pure.

use std::time::Duration;

use super::answer::Verdict;
use crate::model::Format;

/// What an answer means in the receiver's own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judged {
    /// The class.
    pub verdict: Verdict,
    /// How long the receiver asks to wait, if it says so in the body.
    pub retry_after: Option<Duration>,
}

/// The format's own reading of an answer, of which `body` is at most the first 16 KiB; `None`: the status line stands.
pub fn verdict(_format: Format, _status: u16, _body: &[u8]) -> Option<Judged> {
    None
}
