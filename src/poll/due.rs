//! The formula for the next poll (specs/polling.md §1). Pure: waits and moments in, a time and the reason that won out.
//!
//! ```text
//! due = last attempt + max(own or back-off, hints, Retry-After) + jitter        # max, never min; never negative
//! due = the first moment from then on that the feed does not skip
//! ```

use std::time::Duration;

use super::skip;
use crate::model::{FeedId, Hints, Reason, Timestamp, hash_parts};

/// A wait from the last attempt on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    /// At least this long.
    pub length: Duration,
    /// Which rule wants it.
    pub reason: Reason,
    /// And at most so much longer, by chance: what was planned together shall not come back together.
    pub spread: Duration,
}

impl Wait {
    /// A wait with the spread that its rule has: an adaptive choice is blunted by more than seconds, what others asked
    /// for is safer a little later (specs/polling.md §8).
    pub fn new(length: Duration, reason: Reason) -> Self {
        let spread = match reason {
            Reason::Learned | Reason::Floor => (length / 50).min(Duration::from_secs(30)),
            _ => (length / 10).min(Duration::from_mins(10)),
        };
        Self { length, reason, spread }
    }

    /// How long it really is: `chance` is a uniform number from 0 to 1.
    pub fn by(&self, chance: f64) -> Duration {
        self.length + self.spread.mul_f64(chance.clamp(0.0, 1.0))
    }
}

/// What the next poll depends on.
#[derive(Debug, Clone)]
pub struct Terms<'a> {
    /// When the request went out: the feed's own wait starts here.
    pub asked: Timestamp,
    /// When the answer began: what servers ask for starts here.
    pub received: Timestamp,
    /// The feed's own wait, or its back-off.
    pub own: Wait,
    /// What the feed asks for, empty if the operator ignores it.
    pub hints: &'a Hints,
    /// What only this answer asks for: Retry-After, or the freshness of an error. A moment, and whose it is.
    pub until: Option<(Timestamp, Reason)>,
}

/// The next poll, and which rule decided it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// When; `None`: never again.
    pub at: Option<Timestamp>,
    /// Why then.
    pub reason: Reason,
}

/// Plans the next poll. `chance` is a uniform number from 0 to 1.
pub fn next_poll(terms: &Terms<'_>, chance: f64) -> Plan {
    let later = |from: Timestamp, wait: Wait| from + wait.by(chance);
    let own = (later(terms.asked, terms.own), terms.own.reason);
    let hints = terms.hints.waits().map(|hint| {
        let wait = Wait::new(hint.wait, hint.reason);
        (later(terms.received, wait), hint.reason)
    });
    let until = terms.until.map(|(until, reason)| {
        let wait = Wait::new((until - terms.received).to_std().unwrap_or_default(), reason);
        (later(terms.received, wait), reason)
    });
    let (at, reason) =
        hints.chain(until).fold(own, |latest, other| if other.0 > latest.0 { other } else { latest });
    let allowed = skip::first_allowed(at, terms.hints);
    Plan { at: Some(allowed), reason: if allowed > at { Reason::Skip } else { reason } }
}

/// A number from 0 to 1 that looks random, but is the same for the same poll of the same feed.
pub fn chance(feed: &FeedId, polls: u64) -> f64 {
    let digest = hash_parts([feed.as_str(), &polls.to_string()]);
    let number = u32::from_le_bytes([digest[0], digest[1], digest[2], digest[3]]);
    f64::from(number) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Hint;

    const MINUTE: u64 = 60;
    const HOUR: u64 = 60 * MINUTE;

    fn asked() -> Timestamp {
        "2026-11-23T18:00:00Z".parse().expect("time")
    }

    fn hint(reason: Reason, seconds: u64) -> Hint {
        Hint { reason, wait: Duration::from_secs(seconds), capped: false }
    }

    /// The next poll of a feed whose answer took ten seconds, without jitter.
    #[track_caller]
    fn check(own: u64, hints: &Hints, until: Option<u64>, expected_secs: u64, expected: Reason) {
        let terms = Terms {
            asked: asked(),
            received: asked() + Duration::from_secs(10),
            own: Wait::new(Duration::from_secs(own), Reason::Interval),
            hints,
            until: until.map(|secs| (asked() + Duration::from_secs(secs), Reason::RetryAfter)),
        };
        let plan = next_poll(&terms, 0.0);
        let wait = plan.at.map(|at| (at - asked()).num_seconds().unsigned_abs());
        assert_eq!((wait, plan.reason), (Some(expected_secs), expected));
    }

    #[test]
    fn the_longest_wait_wins_and_gives_its_reason() {
        let none = Hints::default();
        check(HOUR, &none, None, HOUR, Reason::Interval);
        check(HOUR, &none, Some(2 * HOUR), 2 * HOUR, Reason::RetryAfter);
        check(HOUR, &none, Some(MINUTE), HOUR, Reason::Interval);
        check(HOUR, &none, Some(0), HOUR, Reason::Interval);
        let hints = Hints {
            cache: Some(hint(Reason::MaxAge, 2 * HOUR)),
            ttl: Some(hint(Reason::Ttl, 3 * HOUR)),
            ..Hints::default()
        };
        check(HOUR, &hints, None, 3 * HOUR + 10, Reason::Ttl);
        check(4 * HOUR, &hints, None, 4 * HOUR, Reason::Interval);
        check(HOUR, &hints, Some(5 * HOUR), 5 * HOUR, Reason::RetryAfter);
    }

    #[test]
    fn a_skipped_hour_moves_the_poll_to_its_end() {
        // 18:00 + 1 h lies in a skipped hour, as does the one after it.
        let hints = Hints { skip_hours: 1 << 19 | 1 << 20, ..Hints::default() };
        check(HOUR, &hints, None, 3 * HOUR, Reason::Skip);
        check(4 * HOUR, &hints, None, 4 * HOUR, Reason::Interval);
    }

    #[test]
    fn jitter_is_only_ever_later_and_bounded_by_its_rule() {
        let most = |length: Duration, reason| Wait::new(length, reason).spread.as_secs();
        assert_eq!(most(Duration::from_mins(15), Reason::Learned), 18);
        assert_eq!(most(Duration::from_hours(3), Reason::Learned), 30);
        assert_eq!(most(Duration::from_mins(30), Reason::Interval), 180);
        assert_eq!(most(Duration::from_hours(7 * 24), Reason::RetryAfter), 600);
        let feeds = ["a", "b", "c", "d"].map(|name| chance(&FeedId::from(name), 7));
        assert!(feeds.iter().all(|chance| (0.0..=1.0).contains(chance)), "{feeds:?}");
        assert!(feeds.windows(2).all(|pair| pair[0].to_bits() != pair[1].to_bits()), "{feeds:?}");
        assert_eq!(
            chance(&FeedId::from("a"), 7).to_bits(),
            feeds[0].to_bits(),
            "the same poll, the same chance"
        );
    }
}
