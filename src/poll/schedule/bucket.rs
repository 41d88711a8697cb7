//! The hard cap behind the price: a token bucket of twice the budget (specs/polling.md, Part 2 §4). Pure; times are
//! seconds of any clock that does not jump.

/// How much faster than the budget polls may go.
const OVER_BUDGET: f64 = 2.0;
/// The bucket holds the polls of so long at budget, in seconds...
const HOLDS: f64 = 20.0 * 60.0;
/// ... and a few for those who have few feeds.
const HOLDS_MORE: f64 = 2.0;
const HOLDS_LEAST: f64 = 20.0;

/// Tokens, one per poll. First polls and those of feeds with an `interval` need none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bucket {
    tokens: f64,
    at: f64,
}

impl Bucket {
    /// A full bucket, for a daemon that starts.
    pub fn full(now: f64) -> Self {
        Self { tokens: f64::INFINITY, at: now }
    }

    /// How long until the next poll may go, if the budget is `allowed` polls per second.
    pub fn opens_in(&mut self, now: f64, allowed: f64) -> f64 {
        self.fill(now, allowed);
        ((1.0 - self.tokens) / (OVER_BUDGET * allowed)).max(0.0)
    }

    /// Takes a token. May leave a debt: what is under way is not called back.
    pub fn take(&mut self) {
        self.tokens -= 1.0;
    }

    fn fill(&mut self, now: f64, allowed: f64) {
        let holds = (HOLDS * allowed + HOLDS_MORE).max(HOLDS_LEAST);
        let gained = (now - self.at).max(0.0) * OVER_BUDGET * allowed;
        (self.tokens, self.at) = ((self.tokens + gained).min(holds), now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Bucket {
        fn is_open(&mut self, now: f64, allowed: f64) -> bool {
            self.opens_in(now, allowed) <= 0.0
        }
    }

    /// Polls per second, as the budget of a thousand feeds allows.
    const ALLOWED: f64 = 24_000.0 / 86_400.0;

    #[test]
    fn a_full_bucket_lets_a_rush_through_and_then_twice_the_budget() {
        let mut bucket = Bucket::full(0.0);
        let mut gone = 0;
        for second in 0..3600 {
            while bucket.is_open(f64::from(second), ALLOWED) {
                bucket.take();
                gone += 1;
            }
        }
        let expected = HOLDS * ALLOWED + HOLDS_MORE + 3600.0 * 2.0 * ALLOWED;
        assert!((f64::from(gone) - expected).abs() <= 2.0, "{gone} polls, not {expected}");
    }

    #[test]
    fn a_few_feeds_have_twenty_tokens() {
        let mut bucket = Bucket::full(0.0);
        let mut gone = 0;
        while bucket.is_open(0.0, 1e-6) {
            bucket.take();
            gone += 1;
        }
        assert_eq!(gone, 20);
    }

    #[test]
    fn an_empty_bucket_tells_when_it_opens() {
        let mut bucket = Bucket::full(0.0);
        while bucket.is_open(0.0, ALLOWED) {
            bucket.take();
        }
        let wait = bucket.opens_in(0.0, ALLOWED);
        assert!(wait > 0.0);
        assert!(!bucket.is_open(wait - 0.1, ALLOWED));
        assert!(bucket.is_open(wait + 0.1, ALLOWED));
    }

    #[test]
    fn a_clock_that_goes_back_gives_nothing() {
        let mut bucket = Bucket::full(1000.0);
        while bucket.is_open(1000.0, ALLOWED) {
            bucket.take();
        }
        assert!(!bucket.is_open(0.0, ALLOWED));
        assert!(bucket.opens_in(0.0, 0.0).is_infinite());
    }
}
