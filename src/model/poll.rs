//! What a poll brought, and why the next one is when it is.

use serde::{Deserialize, Serialize};

use super::words::words;

/// The pair of HTTP validators of one 200 response, byte for byte as received (RFC 9110 §8.8).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Validators {
    /// `ETag`.
    pub etag: Option<Vec<u8>>,
    /// `Last-Modified`.
    pub last_modified: Option<Vec<u8>>,
}

/// What the adaptively polled feeds are together, and what came of their polls.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Flock {
    /// Feeds that take part: polled adaptively, neither gone nor backing off.
    pub feeds: u64,
    /// The sum of their parts in the price.
    pub shares: f64,
    /// Adaptive polls so far, all told.
    pub polls: u64,
    /// New articles so far.
    pub articles: u64,
    /// Those of them in which a topic was found.
    pub flagged: u64,
}

impl Flock {
    /// The polls per second that `budget` polls per feed and day are.
    #[expect(clippy::cast_precision_loss, reason = "a number of feeds")]
    pub fn poll_rate(&self, budget: f64) -> f64 {
        budget * self.feeds as f64 / 86_400.0
    }

    /// Which part of all articles was flagged.
    #[expect(clippy::cast_precision_loss, reason = "a share")]
    pub fn flagged_share(&self) -> f64 {
        if self.articles == 0 { 0.0 } else { self.flagged as f64 / self.articles as f64 }
    }

    /// The flock once the part of one feed has changed; 0: it takes no part.
    #[must_use]
    pub fn with(mut self, before: f64, after: f64) -> Self {
        self.feeds = (self.feeds + u64::from(after > 0.0)).saturating_sub(u64::from(before > 0.0));
        self.shares = (self.shares - before + after).max(0.0);
        self
    }
}

words! {
    /// How a poll ended (specs/polling.md §3).
    Outcome {
        /// A readable document with articles not seen before.
        New = "new",
        /// A readable document with nothing new.
        Unchanged = "unchanged",
        /// The server says that nothing changed (304).
        NotModified = "not_modified",
        /// The server asks for patience (429, or 503 with Retry-After).
        Limited = "limited",
        /// The server says that the feed is gone (410).
        Gone = "gone",
        /// Another status that is no success.
        HttpError = "http_error",
        /// No answer: DNS, connection, TLS.
        NetworkError = "network_error",
        /// No complete answer in time.
        Timeout = "timeout",
        /// The answer is larger than a limit.
        TooLarge = "too_large",
        /// The answer is not a feed, or cannot be read.
        Unreadable = "unreadable",
        /// The server or the address guard refuses.
        Blocked = "blocked",
        /// A gate on the way was closed: nobody was asked, or a redirect could not be followed yet. No failure.
        Held = "held",
        /// feedwatch itself failed; the feed is not to blame.
        Internal = "internal",
    }
}

impl Outcome {
    /// Whether the poll went wrong; a held one did not even happen.
    pub const fn is_failure(self) -> bool {
        !self.is_success() && !matches!(self, Self::Held)
    }

    /// Whether the server gave a good answer; resets the count of failures.
    pub const fn is_success(self) -> bool {
        matches!(self, Self::New | Self::Unchanged | Self::NotModified)
    }
}

words! {
    /// Which rule decided the time of the next poll (specs/polling.md §1).
    Reason {
        /// Never polled: as soon as its host allows.
        First = "first",
        /// The learned rhythm of the feed.
        Learned = "learned",
        /// The fixed interval: the feed's own, or the budget's.
        Interval = "interval",
        /// The shortest wait allowed.
        Floor = "floor",
        /// `Cache-Control: max-age`.
        MaxAge = "max-age",
        /// `Expires`.
        Expires = "expires",
        /// RSS `ttl`.
        Ttl = "ttl",
        /// `sy:updatePeriod`.
        Sy = "sy",
        /// `skipHours` or `skipDays`.
        Skip = "skip",
        /// `Retry-After`.
        RetryAfter = "retry-after",
        /// Back-off after failures.
        Backoff = "backoff",
        /// The gate of the host.
        Host = "host",
        /// No more polls: the feed is gone.
        Gone = "gone",
        /// A poll that was under way when feedwatch stopped.
        Interrupted = "interrupted",
        /// Asked for by `once`.
        Once = "once",
    }
}
