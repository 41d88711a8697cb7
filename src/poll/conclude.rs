//! From what a poll brought to what is recorded of it: the next poll, and what is remembered. Pure.

use std::time::Duration;

use super::{
    Settings,
    backoff::{self, Failures},
    due::{self, Plan, Terms, Wait},
    episodes::{self, Brought},
    fetch::{Closed, Head},
    gaps, hints,
    hosts::{self, HostKind},
    moves::{self, Arrival},
    quiet, reading,
    schedule::{self, Lesson, Market, Rhythm},
    validators::{self, Asked, Verdict},
};
use crate::{
    model::{
        Episodes, Feed, Gap, Hints, Moves, Outcome, PollMemory, Quiet, Reason, Timestamp, TrackRecord,
        Validators,
    },
    pipeline::Sight,
    store::{DocumentRecord, FeedState, GateClosing, Learned, PollRecord},
};

/// Retry-After is obeyed up to this.
pub const RETRY_AFTER_CAP: Duration = Duration::from_hours(7 * 24);

/// Older documents that are remembered.
const MAX_ARCHIVES: usize = 100;

/// How a poll ended.
#[derive(Debug)]
pub struct Ending {
    /// In a word.
    pub outcome: Outcome,
    /// In a sentence, if it failed.
    pub error: Option<String>,
    /// What a readable document brought.
    pub document: Option<DocumentRecord>,
    /// What it showed.
    pub sight: Option<Sight>,
    /// The validators of a 304.
    pub not_modified: Option<Validators>,
    /// The gate that was closed.
    pub held: Option<Closed>,
    /// Articles may have scrolled by unseen, and were not found in older documents.
    pub gap: Option<Gap>,
    /// Older documents that were read now and never change, by a hash of their URL.
    pub archives: Vec<String>,
}

impl Ending {
    /// An ending of which nothing more is to be said.
    pub fn new(outcome: Outcome, error: Option<String>) -> Self {
        let (document, sight, not_modified, held, gap) = (None, None, None, None, None);
        Self { outcome, error, document, sight, not_modified, held, gap, archives: Vec::new() }
    }
}

/// What is recorded of a poll of `feed` that ended `now`.
pub fn conclude(
    feed: &Feed,
    settings: &Settings,
    market: &Market,
    before: &FeedState,
    head: &Head,
    ending: Ending,
    now: Timestamp,
) -> PollRecord {
    let mut poll = Poll::new(feed, settings, market, before, head, &ending, now);
    let share = poll.join_in();
    let (mut memory, plan) = poll.plan();
    memory.episodes = poll.episodes(&memory);
    let adopted = poll.adopted();
    let was_asked = head.status.is_some() || ending.outcome != Outcome::Held;
    PollRecord {
        feed: feed.id.clone(),
        at: now,
        last_attempt: if was_asked { Some(head.asked) } else { before.last_attempt },
        outcome: ending.outcome,
        status: head.status.or(before.last_status.filter(|_| !was_asked)),
        consecutive_failures: poll.failures(),
        next_poll: plan.at,
        reason: plan.reason,
        retry_after: poll.retry_after(),
        gate: poll.gate(&memory),
        bytes: head.bytes,
        gap: ending.gap,
        memory,
        adopted,
        learned: poll.learned(if plan.at.is_some() { share } else { 0.0 }),
        error: ending.error,
        document: ending.document,
        events: Vec::new(),
    }
}

/// A finished poll, seen from all sides.
struct Poll<'a> {
    feed: &'a Feed,
    settings: &'a Settings,
    before: &'a FeedState,
    head: &'a Head,
    ending: &'a Ending,
    now: Timestamp,
    /// What is known of the feed's rhythm, this poll included.
    rhythm: Rhythm,
    /// What a poll is worth, this feed's new part included.
    market: Market,
}

impl<'a> Poll<'a> {
    fn new(
        feed: &'a Feed,
        settings: &'a Settings,
        market: &Market,
        before: &'a FeedState,
        head: &'a Head,
        ending: &'a Ending,
        now: Timestamp,
    ) -> Self {
        let kept = before.rhythm.as_deref().and_then(Rhythm::from_bytes);
        let mut rhythm = kept.unwrap_or_default();
        if ending.outcome.is_success() {
            rhythm.learn(schedule::seconds(now), &lesson(ending, &stamps(ending)));
        }
        Self { feed, settings, before, head, ending, now, rhythm, market: *market }
    }

    /// The feed's part in the price from now on: none while it has an interval or backs off. Counted at once, so that
    /// the first feed finds a price.
    fn join_in(&mut self) -> f64 {
        let share = match self.ending.outcome {
            _ if !schedule::is_adaptive(self.feed) => 0.0,
            outcome if outcome.is_success() => {
                self.rhythm.share(schedule::seconds(self.now), self.market.flock.flagged_share())
            }
            outcome if outcome.is_failure() => 0.0,
            _ => self.before.share,
        };
        self.market = self.market.with(self.before.share, share);
        share
    }

    fn learned(&self, share: f64) -> Learned {
        let stamps = stamps(self.ending);
        let lesson = lesson(self.ending, &stamps);
        Learned {
            rhythm: self.ending.outcome.is_success().then(|| self.rhythm.to_bytes().to_vec()),
            share,
            is_spent: schedule::is_adaptive(self.feed) && self.ending.outcome != Outcome::Held,
            articles: lesson.stamps.len(),
            flagged: lesson.flagged.min(lesson.stamps.len()),
        }
    }

    /// What is remembered, and when to ask again.
    fn plan(&self) -> (PollMemory, Plan) {
        let mut memory = self.memory();
        let own = self.own_wait(&memory.validators);
        let wait = self.wait(own, &mut memory.patience);
        let chance = due::chance(&self.feed.id, self.before.polls);
        if let Some(held) = &self.ending.held {
            return (memory, self.after_held(held, chance));
        }
        if self.is_gone(memory.expired) {
            return (memory, Plan { at: None, reason: Reason::Gone });
        }
        let ignored = Hints::default();
        let hints = if self.feed.ignore_cache_hints { &ignored } else { &memory.hints };
        let (asked, received) = (self.head.asked, self.head.received);
        let plan = due::next_poll(&Terms { asked, received, own: wait, hints, until: self.until() }, chance);
        (memory, plan)
    }

    fn memory(&self) -> PollMemory {
        let before = &self.before.memory;
        let sight = self.ending.sight.as_ref();
        let window = sight.map(|sight| sight.window);
        let mut archives = before.archives.clone();
        archives.extend_from_slice(&self.ending.archives);
        archives.drain(..archives.len().saturating_sub(MAX_ARCHIVES));
        let read = sight.filter(|sight| !sight.is_same);
        PollMemory {
            expired: read.map_or(before.expired, |sight| sight.hints.expired),
            hints: self.hints(),
            episodes: before.episodes,
            quiet: self.quiet(),
            validators: validators::after(&before.validators, self.asked(), self.head.left_out, self.now),
            moves: self.moves(),
            patience: before.patience,
            shown: window.map(|window| window.shown).or(before.shown),
            empty_since: match window {
                Some(window) => gaps::empty_since(&window, before, self.now),
                None => before.empty_since,
            },
            archives,
            gap: self.ending.gap.or(before.gap),
            reading: sight.map_or_else(
                || before.reading.clone(),
                |sight| reading::after(&before.reading, sight.report.as_ref()),
            ),
        }
    }

    fn quiet(&self) -> Quiet {
        let before = &self.before.memory.quiet;
        match &self.ending.sight {
            _ if !self.ending.outcome.is_success() => *before,
            Some(sight) => quiet::after(before, &sight.news, self.now),
            None => quiet::after(before, &[], self.now),
        }
    }

    /// What is the matter with the feed, given all else that is remembered.
    fn episodes(&self, memory: &PollMemory) -> Episodes {
        let brought = Brought {
            outcome: self.ending.outcome,
            failures: self.failures(),
            failing_since: self.before.failing_since.unwrap_or(self.now),
            is_troubled: !memory.reading_troubles().is_empty(),
            has_news: self.ending.sight.as_ref().is_some_and(|sight| !sight.news.is_empty()),
            quiet: &memory.quiet,
            silent_after: self.feed.silent_after,
            now: self.now,
        };
        episodes::after(&memory.episodes, &brought, self.settings.failing_after)
    }

    fn hints(&self) -> Hints {
        let (before, said) = (&self.before.memory.hints, self.head.said);
        match (&self.ending.sight, self.ending.outcome) {
            (Some(sight), _) if sight.is_same => hints::of_same_document(before, said),
            (Some(sight), _) => {
                let own = self.own_wait(&self.before.memory.validators);
                hints::of_document(said, &sight.hints, own.length, sight.per_day)
            }
            (None, Outcome::NotModified) => hints::after_not_modified(before, said),
            _ => before.clone(),
        }
    }

    fn asked(&self) -> Asked {
        match (&self.ending.sight, self.ending.outcome) {
            (Some(_), outcome) => {
                Asked::Full { conditionally: self.head.conditional, news: outcome == Outcome::New }
            }
            (None, Outcome::NotModified) => Asked::NotModified { doubtful: self.verdict() == Verdict::Doubt },
            _ => Asked::Otherwise,
        }
    }

    fn moves(&self) -> Moves {
        let before = &self.before.memory.moves;
        let Some(route) = &self.head.route else { return before.clone() };
        let arrival = match (&self.ending.sight, self.ending.outcome) {
            (Some(sight), _) if sight.window.known > 0 => Arrival::Proven,
            (Some(_), _) => Arrival::Unproven,
            (None, Outcome::NotModified) => Arrival::NotModified,
            (None, Outcome::Gone | Outcome::Unreadable) => Arrival::Nothing,
            _ if self.head.status == Some(404) => Arrival::Nothing,
            _ => Arrival::Failed,
        };
        moves::after(before, route, arrival, self.now)
    }

    fn verdict(&self) -> Verdict {
        let said = self.ending.not_modified.as_ref();
        said.map_or(Verdict::Keep, |said| validators::judge(&self.before.validators, said))
    }

    fn adopted(&self) -> Option<Validators> {
        match self.verdict() {
            Verdict::Adopt(validators) => Some(validators),
            Verdict::Keep | Verdict::Doubt => None,
        }
    }

    /// Failed polls in a row, this one included.
    fn failures(&self) -> u32 {
        let before = self.before.consecutive_failures;
        match self.ending.outcome {
            outcome if outcome.is_success() => 0,
            outcome if outcome.is_failure() => before.saturating_add(1),
            _ => before,
        }
    }

    /// The feed's own wait while all is well: never below the floors.
    fn own_wait(&self, track: &TrackRecord) -> Wait {
        let kind = hosts::kind(&self.feed.location);
        let held = self.ending.document.as_ref().map_or(&self.before.validators, |record| &record.validators);
        let floor = floor(kind, self.feed.interval.is_some(), validators::work(held, track));
        if let Some(fixed) = schedule::fixed_wait(self.feed.interval, kind) {
            let reason = if fixed < floor { Reason::Floor } else { Reason::Interval };
            return Wait::new(fixed.max(floor), reason);
        }
        let floor = floor.max(self.settings.min_interval);
        let chosen = schedule::chosen_wait(&self.rhythm, &self.market, self.head.asked, floor, self.settings);
        Wait::new(chosen, if chosen > floor { Reason::Learned } else { Reason::Floor })
    }

    /// The feed's own wait, or its back-off; 429 without Retry-After leaves its mark on `patience`.
    fn wait(&self, own: Wait, patience: &mut Option<Duration>) -> Wait {
        let outcome = self.ending.outcome;
        if outcome == Outcome::Limited && self.head.patience.is_none() {
            *patience = Some(backoff::after_limit(patience.unwrap_or(own.length).max(own.length)));
        } else if outcome.is_success() {
            *patience = patience.and_then(|patience| backoff::recovered(patience, own.length));
        } else if outcome.is_failure() && outcome != Outcome::Limited {
            let since = self.before.failing_since;
            let failures = Failures::new(outcome, self.failures(), since, self.now);
            return backoff::after_failure(failures, own.length);
        }
        patience
            .filter(|patience| *patience > own.length)
            .map_or(own, |patience| Wait::new(patience, Reason::Backoff))
    }

    /// A gate opens when it opens; a server on the way that was asked already keeps its distance.
    fn after_held(&self, held: &Closed, chance: f64) -> Plan {
        let kind = hosts::kind(&self.feed.location);
        let distance = schedule::guard(self.feed.interval, kind, self.settings).min(schedule::PUBLIC_FLOOR);
        let earliest = if self.head.status.is_some() { self.head.asked + distance } else { self.now };
        let wait = (held.until.max(earliest) - self.now).to_std().unwrap_or_default();
        let wait = Wait::new(wait, Reason::Host);
        Plan { at: Some(self.now + wait.by(chance)), reason: Reason::Host }
    }

    /// A second 410 in a row, or a good answer while the last document said that no other one will come.
    fn is_gone(&self, expired: bool) -> bool {
        let outcome = self.ending.outcome;
        let confirmed = outcome == Outcome::Gone && self.before.last_outcome == Some(Outcome::Gone);
        confirmed || (expired && outcome.is_success())
    }

    /// `Retry-After`, at most a week.
    fn retry_after(&self) -> Option<Timestamp> {
        Some(self.head.received + self.head.patience?.min(RETRY_AFTER_CAP))
    }

    /// What this answer alone asks for.
    fn until(&self) -> Option<(Timestamp, Reason)> {
        let retry_after = self.retry_after().map(|until| (until, Reason::RetryAfter));
        let fresh = hints::of_limit(self.head.said).filter(|_| matches!(self.head.status, Some(429 | 503)));
        let fresh = fresh.filter(|_| !self.feed.ignore_cache_hints);
        let fresh = fresh.map(|hint| (self.head.received + hint.wait, hint.reason));
        retry_after.into_iter().chain(fresh).max_by_key(|(until, _)| *until)
    }

    /// 429 closes the gate of the whole domain, 503 only if another feed there was turned away as well.
    fn gate(&self, memory: &PollMemory) -> Option<GateClosing> {
        let status = self.head.status?;
        let host = hosts::domain_of(&self.head.route.as_ref()?.last)?;
        let is_sure = self.ending.outcome == Outcome::Limited && matches!(status, 429 | 403);
        if !is_sure && status != 503 {
            return None;
        }
        let limit = memory.patience.filter(|_| is_sure && self.head.patience.is_none());
        let until = self.retry_after().or(limit.map(|limit| self.head.asked + limit));
        let until = until.unwrap_or(self.head.received + schedule::PUBLIC_FLOOR);
        let why = format!("{} answered {status}", self.before.url);
        Some(GateClosing { host, until, why, is_sure })
    }
}

/// When the new articles were published, by their stamps.
fn stamps(ending: &Ending) -> Vec<Option<f64>> {
    let news = ending.sight.iter().flat_map(|sight| &sight.news);
    news.map(|stamp| stamp.map(schedule::seconds)).collect()
}

/// What a good answer teaches; a 304, that nothing was published.
fn lesson<'a>(ending: &Ending, stamps: &'a [Option<f64>]) -> Lesson<'a> {
    let articles = ending.document.iter().flat_map(|document| &document.articles);
    Lesson {
        stamps,
        window: ending.sight.as_ref().map_or(0, |sight| sight.window.shown as usize),
        flagged: articles.filter(|record| !record.topics.is_empty()).count(),
    }
}

/// No feed is asked more often: a public host gives a whole document at most once an hour, unless the operator says so.
fn floor(kind: HostKind, is_fixed: bool, validators_work: bool) -> Duration {
    match kind {
        HostKind::Public if validators_work || is_fixed => schedule::PUBLIC_FLOOR,
        HostKind::Public => schedule::FULL_FLOOR,
        HostKind::Local | HostKind::File => Duration::ZERO,
    }
}

#[cfg(test)]
#[path = "conclude_tests.rs"]
mod tests;
