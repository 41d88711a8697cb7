//! A row of the table: what a receiver does, and what follows from it.

use std::time::Duration;

use crate::support::Reply;

/// Under which keys of `[notify]` a row is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rules {
    /// A notifier in trouble is not tried again before the test is over.
    Stay,
    /// It is tried again soon.
    Recover,
    /// Deliveries are given up after two seconds.
    Expire,
}

/// One attempt, all of it.
pub const TIMEOUT: Duration = Duration::from_secs(1);
/// The shortest wait after a receiver was slow: the third entry of `retry`, with the least jitter.
pub const AIR: Duration = Duration::from_millis(2000 * 8 / 10);

impl Rules {
    /// The keys.
    pub fn keys(self) -> &'static str {
        match self {
            Self::Stay => "retry = [\"100ms\", \"200ms\", \"2s\"]\nprobe = \"1h\"\nbreaker = \"1h\"",
            Self::Recover => "retry = [\"100ms\", \"200ms\", \"2s\"]\nprobe = \"200ms\"\nbreaker = \"1s\"",
            Self::Expire => "retry = [\"200ms\"]\nprobe = \"300ms\"\nbreaker = \"400ms\"\nmax_age = \"2s\"",
        }
    }
}

/// The row.
#[derive(Debug, Clone)]
pub struct Case {
    /// What is played; also the name of the notifier.
    pub name: String,
    /// The keys it is played under.
    pub rules: Rules,
    /// The format of its notifier.
    pub format: &'static str,
    /// What the receiver does with each request; the last one repeats. Nothing: nobody listens.
    pub script: Vec<Reply>,
    /// What follows.
    pub end: End,
    /// The second request comes at least this long after the first.
    pub gap: Duration,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// The state of the delivery.
    pub delivery: &'static str,
    /// The state of the notifier.
    pub notifier: &'static str,
    /// Attempts that counted; `None`: as many as fit into the time.
    pub attempts: Option<u64>,
    /// Requests that reached the receiver.
    pub requests: Option<usize>,
    /// What `status` says of it; empty: nothing.
    pub says: &'static str,
}

/// A row in the standard format, under the rules that let states stay.
pub fn case(name: impl Into<String>, script: impl Into<Vec<Reply>>) -> Case {
    let end = End { delivery: "", notifier: "", attempts: None, requests: None, says: "" };
    Case {
        name: name.into(),
        rules: Rules::Stay,
        format: "standard",
        script: script.into(),
        end,
        gap: Duration::ZERO,
    }
}

impl Case {
    /// Of another format.
    pub fn format(self, format: &'static str) -> Self {
        let name = format!("{format}: {}", self.name);
        Self { name, format, ..self }
    }

    /// Under other rules.
    pub fn rules(self, rules: Rules) -> Self {
        Self { rules, ..self }
    }

    /// The receiver is left alone for at least this long.
    pub fn gap(self, gap: Duration) -> Self {
        Self { gap, ..self }
    }

    /// How it ends: delivery, notifier, attempts, requests, and what `status` says.
    pub fn ends(
        self,
        delivery: &'static str,
        notifier: &'static str,
        attempts: u64,
        requests: usize,
        says: &'static str,
    ) -> Self {
        let (attempts, requests) = (Some(attempts), Some(requests));
        Self { end: End { delivery, notifier, attempts, requests, says }, ..self }
    }

    /// It arrives with the first request.
    pub fn arrives(self) -> Self {
        self.ends("delivered", "active", 1, 1, "")
    }

    /// It arrives with the second attempt, which is the second request.
    pub fn arrives_second(self) -> Self {
        self.ends("delivered", "active", 2, 2, "")
    }

    /// It arrives with the second request, of which the first did not count as an attempt.
    pub fn arrives_after_a_pause(self, pause: Duration) -> Self {
        self.gap(pause).ends("delivered", "active", 1, 2, "")
    }

    /// It waits for a notifier that refuses.
    pub fn waits_held(self, says: &'static str) -> Self {
        self.ends("pending", "held", 1, 1, says)
    }

    /// It is given up after two seconds, after however many attempts.
    pub fn expires(self, notifier: &'static str, says: &'static str) -> Self {
        let end = End { delivery: "dead", notifier, attempts: None, requests: None, says };
        Self { rules: Rules::Expire, end, ..self }
    }
}
