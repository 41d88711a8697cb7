//! What is the matter with a feed, and what is told of it: it fails, works again, is silent (specs/delivery.md §12). Pure.

use std::time::Duration;

use super::quiet;
use crate::{
    model::{Episodes, EventKind, Outcome, PollMemory, Quiet, Timestamp},
    pipeline::Happening,
    store::{FeedState, Place, PollRecord, ReadingTrouble},
};

/// What a poll brought, as far as it matters here.
#[derive(Debug, Clone, Copy)]
pub struct Brought<'a> {
    /// How it ended.
    pub outcome: Outcome,
    /// Failed polls in a row, this one included.
    pub failures: u32,
    /// When the first of them was.
    pub failing_since: Timestamp,
    /// Whether something is wrong with the documents of the feed.
    pub is_troubled: bool,
    /// Whether there was a new article.
    pub has_news: bool,
    /// How long the feed is usually quiet, this poll included.
    pub quiet: &'a Quiet,
    /// The operator's measure of silence.
    pub silent_after: Option<Duration>,
    /// When it ended.
    pub now: Timestamp,
}

/// What is the matter after a poll. A feed fails after so many failed polls in a row, after a 410 at once, and after as
/// many good polls with something wrong in its documents.
pub fn after(before: &Episodes, poll: &Brought<'_>, failing_after: u32) -> Episodes {
    let mut episodes = *before;
    if poll.outcome.is_success() {
        episodes.troubled = poll.is_troubled.then(|| before.troubled.unwrap_or(poll.now));
        episodes.troubled_polls = if poll.is_troubled { before.troubled_polls.saturating_add(1) } else { 0 };
        let fails_still = episodes.troubled_polls >= failing_after;
        episodes.failing = before.failing.or(episodes.troubled).filter(|_| fails_still);
        let is_silent = quiet::silent_for(poll.quiet, poll.silent_after, poll.now).is_some();
        episodes.silent = match poll.quiet.since {
            Some(since) if is_silent && !poll.has_news => before.silent.or(Some(since)),
            _ => None,
        };
    } else if poll.outcome.is_failure() {
        let fails = poll.outcome == Outcome::Gone || poll.failures >= failing_after;
        episodes.failing = before.failing.or(Some(poll.failing_since).filter(|_| fails));
    }
    episodes
}

/// What is told of a poll that ended so. While a feed fails each poll says so: what is told already is not told again.
pub fn happenings(silent_after: Option<Duration>, before: &FeedState, record: &PollRecord) -> Vec<Happening> {
    let (was, is) = (&before.memory.episodes, &record.memory.episodes);
    let failing = is.failing.map(|since| {
        let (reason, count) = if record.outcome.is_success() {
            (troubles(&record.memory), is.troubled_polls)
        } else {
            (record.error.clone().unwrap_or_default(), record.consecutive_failures)
        };
        let kind = EventKind::FeedFailing;
        Happening { kind, place: Place::Begins, since, reason, count: count.into() }
    });
    let recovered = was.failing.filter(|_| is.failing.is_none()).map(|since| Happening {
        kind: EventKind::FeedRecovered,
        place: Place::Ends,
        since,
        reason: "it works again".to_owned(),
        count: before.consecutive_failures.max(was.troubled_polls).into(),
    });
    let silent = is.silent.filter(|_| was.silent.is_none()).map(|since| Happening {
        kind: EventKind::FeedSilent,
        place: Place::Alone,
        since,
        reason: silence(&record.memory.quiet, silent_after, record.at),
        count: 1,
    });
    failing.into_iter().chain(recovered).chain(silent).filter(|_| record.outcome != Outcome::Held).collect()
}

/// What is wrong with its documents, in one sentence.
fn troubles(memory: &PollMemory) -> String {
    let troubles: Vec<&str> = memory.reading_troubles().into_iter().map(ReadingTrouble::as_str).collect();
    troubles.join("; ")
}

fn silence(quiet: &Quiet, silent_after: Option<Duration>, now: Timestamp) -> String {
    let lasted = quiet.since.and_then(|since| (now - since).to_std().ok()).unwrap_or_default();
    let usual = match silent_after {
        Some(limit) => format!("silent_after is {}", quiet::in_words(limit)),
        None => format!("usually at most {}", quiet::in_words(Duration::from_secs(quiet.longest))),
    };
    format!("no new article for {}; {usual}", quiet::in_words(lasted))
}

#[cfg(test)]
#[path = "episodes_tests.rs"]
mod tests;
