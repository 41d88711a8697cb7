//! What an answer means (specs/delivery.md §4). The status line decides; the rest are hints for people. Pure.

use std::time::Duration;

use chrono::TimeDelta;

use super::{redact::short, vendor::Judged};
use crate::http::{NetworkError, NetworkErrorKind, StatusCode};

/// Bytes kept of an answer (specs/delivery.md §2).
const ANSWER_BYTES: usize = 512;

/// What one attempt came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// Whether another try may help.
    pub verdict: Verdict,
    /// The HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// One sentence for people, of at most 200 characters, without secrets and URLs.
    pub reason: String,
    /// The same at length, as evidence: at most 512 bytes.
    pub answer: String,
    /// What the receiver asked for.
    pub retry_after: Option<Duration>,
}

/// The classes of answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// The receiver has it.
    Delivered,
    /// The receiver asks for patience: nothing is sent to it before.
    RateLimited,
    /// Trouble that passes.
    Transient,
    /// Trouble that passes, of a receiver that is overloaded: no answer in time.
    Slow,
    /// The receiver takes nothing from us until somebody changes something.
    NotifierRefused,
    /// The receiver says that it is gone for good.
    Gone,
    /// The receiver does not take this body; others may be fine, and another form of it.
    PayloadRefused,
    /// The receiver will never take this, in no form; others may be fine.
    PayloadRejected,
}

impl Verdict {
    /// The name of the class for people.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::RateLimited => "rate limit",
            Self::Transient | Self::Slow => "transient",
            Self::NotifierRefused => "notifier refused",
            Self::Gone => "gone",
            Self::PayloadRefused | Self::PayloadRejected => "payload refused",
        }
    }
}

impl Sent {
    /// An attempt that got no answer, or none that could be made.
    pub fn without_answer(verdict: Verdict, reason: &str) -> Self {
        Self { verdict, status: None, reason: short(reason), answer: kept(reason), retry_after: None }
    }

    /// An attempt that failed on the way.
    pub fn failed(error: &NetworkError) -> Self {
        let verdict = match error.kind {
            NetworkErrorKind::Blocked | NetworkErrorKind::Certificate => Verdict::NotifierRefused,
            NetworkErrorKind::Timeout => Verdict::Slow,
            NetworkErrorKind::Dns
            | NetworkErrorKind::Connect
            | NetworkErrorKind::Reset
            | NetworkErrorKind::Tls
            | NetworkErrorKind::Protocol => Verdict::Transient,
        };
        Self::without_answer(verdict, &error.to_string())
    }

    /// An answer. `judged` is what the format makes of it; `said` is its body, cleaned; `skew` how far the receiver's
    /// clock is ahead of ours.
    pub fn answered(
        status: StatusCode,
        retry_after: Option<Duration>,
        judged: Option<Judged>,
        said: &str,
        skew: Option<TimeDelta>,
    ) -> Self {
        let verdict = classify(status.as_u16(), retry_after.is_some());
        let (verdict, retry_after) = match judged {
            // Two waits: the larger one.
            Some(judged) => (judged.verdict, judged.retry_after.max(retry_after)),
            None => (verdict, retry_after),
        };
        let mut reason = format!("HTTP {}", status.as_u16());
        if let Some(name) = status.canonical_reason() {
            reason = format!("{reason} {name}");
        }
        if let Some(hint) = hint(status.as_u16(), verdict, skew) {
            reason = format!("{reason} ({hint})");
        }
        if verdict != Verdict::Delivered && !said.is_empty() {
            reason = format!("{reason}: {said}");
        }
        let (answer, reason) = (kept(&reason), short(&reason));
        Self { verdict, status: Some(status.as_u16()), reason, answer, retry_after }
    }
}

/// As much of what was said as is kept with the attempt.
fn kept(text: &str) -> String {
    text.get(..text.floor_char_boundary(ANSWER_BYTES)).unwrap_or_default().to_owned()
}

/// The class of a status. What the table does not name is kept and tried again: no answer throws an alert away.
fn classify(status: u16, has_retry_after: bool) -> Verdict {
    match status {
        200..=299 => Verdict::Delivered,
        429 => Verdict::RateLimited,
        503 if has_retry_after => Verdict::RateLimited,
        502 | 504 => Verdict::Slow,
        408 | 425 | 500.. => Verdict::Transient,
        410 => Verdict::Gone,
        400 | 411 | 413 | 414 | 415 | 422 | 431 => Verdict::PayloadRefused,
        _ => Verdict::NotifierRefused,
    }
}

/// The largest difference between clocks that is not worth a word.
const TOLERATED_SKEW: TimeDelta = TimeDelta::minutes(2);

/// What to do about it, if something is to be done.
fn hint(status: u16, verdict: Verdict, skew: Option<TimeDelta>) -> Option<String> {
    let skew = skew.filter(|skew| matches!(status, 400 | 401) && skew.abs() > TOLERATED_SKEW);
    if let Some(skew) = skew {
        return Some(format!("clock differs by {} s", skew.num_seconds().abs()));
    }
    let hint = match status {
        200..=299 if verdict != Verdict::Delivered => "but the answer is not that of a receiver that took it",
        300..=399 => "moved; update url",
        401 | 403 | 407 => "check url, secret and headers",
        404 | 405 => "check url",
        410 => "gone; change url or remove the notifier",
        413 => "the body is too large for the receiver",
        _ => return None,
    };
    Some(hint.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_its_class() {
        for (statuses, expected) in [
            (&[200, 201, 202, 204, 299][..], Verdict::Delivered),
            (&[429], Verdict::RateLimited),
            (&[408, 425, 500, 501, 503, 505, 507, 520, 599, 999], Verdict::Transient),
            (&[502, 504], Verdict::Slow),
            (&[300, 301, 302, 303, 304, 307, 308, 399], Verdict::NotifierRefused),
            (&[401, 402, 403, 404, 405, 406, 407, 409, 418, 451, 499], Verdict::NotifierRefused),
            (&[410], Verdict::Gone),
            (&[400, 411, 413, 414, 415, 422, 431], Verdict::PayloadRefused),
        ] {
            for &status in statuses {
                assert_eq!(classify(status, false), expected, "{status}");
            }
        }
        assert_eq!(classify(503, true), Verdict::RateLimited);
        assert_eq!(classify(500, true), Verdict::Transient);
    }

    #[track_caller]
    fn check(status: u16, said: &str, skew_s: i64, expected: &str) {
        let status = StatusCode::from_u16(status).expect("status");
        let sent = Sent::answered(status, None, None, said, Some(TimeDelta::seconds(skew_s)));
        assert_eq!(sent.reason, expected);
    }

    #[test]
    fn the_reason_says_what_happened_and_what_to_do() {
        check(200, "ok", 0, "HTTP 200 OK");
        check(503, "", 0, "HTTP 503 Service Unavailable");
        check(400, "invalid_payload", 0, "HTTP 400 Bad Request: invalid_payload");
        check(301, "", 0, "HTTP 301 Moved Permanently (moved; update url)");
        check(401, "no", -500, "HTTP 401 Unauthorized (clock differs by 500 s): no");
        check(401, "no", 119, "HTTP 401 Unauthorized (check url, secret and headers): no");
        check(404, "no such hook", 0, "HTTP 404 Not Found (check url): no such hook");
        check(410, "", 0, "HTTP 410 Gone (gone; change url or remove the notifier)");
        check(599, "x", 500, "HTTP 599: x");
        let long = Sent::answered(StatusCode::BAD_REQUEST, None, None, &"x".repeat(999), None);
        assert_eq!((long.reason.chars().count(), long.answer.len()), (200, 512));
    }

    #[test]
    fn what_the_format_reads_stands_above_the_status_line() {
        let judged =
            |verdict, seconds: u64| Some(Judged { verdict, retry_after: Some(Duration::from_secs(seconds)) });
        let no =
            Sent::answered(StatusCode::OK, None, judged(Verdict::NotifierRefused, 1), "no_service", None);
        assert_eq!(
            (no.verdict, no.reason.as_str()),
            (
                Verdict::NotifierRefused,
                "HTTP 200 OK (but the answer is not that of a receiver that took it): no_service"
            )
        );
        let asked = Some(Duration::from_secs(7));
        for (in_body, expected) in [(3, 7), (9, 9)] {
            let judged = judged(Verdict::RateLimited, in_body);
            let sent = Sent::answered(StatusCode::TOO_MANY_REQUESTS, asked, judged, "", None);
            assert_eq!(sent.retry_after, Some(Duration::from_secs(expected)));
        }
    }

    #[test]
    fn every_network_error_has_its_class() {
        for (kind, expected) in [
            (NetworkErrorKind::Blocked, Verdict::NotifierRefused),
            (NetworkErrorKind::Certificate, Verdict::NotifierRefused),
            (NetworkErrorKind::Timeout, Verdict::Slow),
            (NetworkErrorKind::Dns, Verdict::Transient),
            (NetworkErrorKind::Connect, Verdict::Transient),
            (NetworkErrorKind::Reset, Verdict::Transient),
            (NetworkErrorKind::Tls, Verdict::Transient),
            (NetworkErrorKind::Protocol, Verdict::Transient),
        ] {
            let sent = Sent::failed(&NetworkError::new(kind, "why"));
            assert_eq!((sent.verdict, sent.reason.as_str()), (expected, "why"));
        }
    }
}
