//! What `status` says of a feed: when it is asked next and why, what it costs, and what an operator may want to change.

mod text;

use serde::Serialize;

use crate::{
    model::{Feed, FeedId, Hint, Outcome, Reading, Timestamp, rfc3339},
    poll,
    store::{FeedCondition, FeedState, ReadingTrouble},
};

#[derive(Debug, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "JSON for machines, as the design has it")]
pub(super) struct FeedStatus {
    url: String,
    id: FeedId,
    name: String,
    pub state: FeedCondition,
    pub needs_person: bool,
    next_poll: Option<String>,
    /// The rule that decided it.
    reason: &'static str,
    error: Option<String>,
    last_outcome: Option<&'static str>,
    last_status: Option<u16>,
    last_attempt: Option<String>,
    last_success: Option<String>,
    consecutive_failures: u32,
    failing_since: Option<String>,
    etag: bool,
    last_modified: bool,
    /// Whether conditional requests spare the server full downloads.
    validators_work: bool,
    polls: u64,
    not_modified: u64,
    /// From 0 to 1.
    not_modified_share: f64,
    /// Of all bodies, as sent.
    bytes: u64,
    hints: Vec<HintStatus>,
    hints_ignored: bool,
    /// GMT.
    skip_hours: Vec<u32>,
    /// GMT.
    skip_days: Vec<&'static str>,
    moved_to: Option<String>,
    redirect_observed: Option<ObservedStatus>,
    gaps: u64,
    last_gap: Option<GapStatus>,
    empty_since: Option<String>,
    silent_since: Option<String>,
    /// How its last document was read.
    reading: Reading,
    /// What is wrong with its documents.
    troubles: Vec<&'static str>,
    host_closed: Option<ClosedStatus>,
}

#[derive(Debug, Serialize)]
struct HintStatus {
    rule: &'static str,
    seconds: u64,
    /// It asks for more than is given.
    capped: bool,
}

#[derive(Debug, Serialize)]
struct ObservedStatus {
    to: String,
    polls: u32,
    since: String,
}

#[derive(Debug, Serialize)]
struct GapStatus {
    from: String,
    to: String,
}

#[derive(Debug, Serialize)]
struct ClosedStatus {
    until: String,
    why: Option<String>,
}

const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

impl FeedStatus {
    /// What is known about a configured feed.
    pub fn of(feed: &Feed, state: Option<&FeedState>, failing_after: u32, now: Timestamp) -> Self {
        let unknown = FeedState::unknown(feed.id.clone());
        let state = state.unwrap_or(&unknown);
        let health = state.health(failing_after);
        let (url, memory) = (feed.display_url(), &state.memory);
        let gate = state.gate.as_ref().filter(|gate| gate.until > now);
        let (next_poll, reason) = state.next(now);
        let observed = memory.moves.observed.as_ref();
        Self {
            id: feed.id.clone(),
            name: feed.name.clone().or_else(|| state.title.clone()).unwrap_or_else(|| url.clone()),
            url,
            state: if feed.enabled { health.condition } else { FeedCondition::Disabled },
            needs_person: feed.enabled && health.needs_person,
            next_poll: next_poll.map(rfc3339),
            reason: reason.as_str(),
            error: state.error.clone(),
            last_outcome: state.last_outcome.map(Outcome::as_str),
            last_status: state.last_status,
            last_attempt: state.last_attempt.map(rfc3339),
            last_success: state.last_success.map(rfc3339),
            consecutive_failures: state.consecutive_failures,
            failing_since: state.failing_since.map(rfc3339),
            etag: state.validators.etag.is_some(),
            last_modified: state.validators.last_modified.is_some(),
            validators_work: poll::validators_work(&state.validators, &memory.validators),
            polls: state.polls,
            not_modified: state.not_modified,
            not_modified_share: share(state.not_modified, state.polls),
            bytes: state.bytes,
            hints: memory.hints.waits().map(HintStatus::of).collect(),
            hints_ignored: feed.ignore_cache_hints,
            skip_hours: bits(memory.hints.skip_hours, 24).collect(),
            skip_days: bits(memory.hints.skip_days, 7).map(|day| DAYS[day as usize]).collect(),
            moved_to: memory.moves.moved_to.clone(),
            redirect_observed: observed.map(|observed| ObservedStatus {
                to: observed.to.clone(),
                polls: observed.polls,
                since: rfc3339(observed.since),
            }),
            gaps: state.gaps,
            last_gap: memory.gap.map(|gap| GapStatus { from: rfc3339(gap.from), to: rfc3339(gap.to) }),
            empty_since: memory.empty_since.map(rfc3339),
            silent_since: memory.episodes.silent.map(rfc3339),
            reading: memory.reading.clone(),
            troubles: memory.reading_troubles().into_iter().map(ReadingTrouble::as_str).collect(),
            host_closed: gate.map(|gate| ClosedStatus { until: rfc3339(gate.until), why: gate.why.clone() }),
        }
    }
}

impl HintStatus {
    fn of(hint: Hint) -> Self {
        Self { rule: hint.reason.as_str(), seconds: hint.wait.as_secs(), capped: hint.capped }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a share for people")]
fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// The numbers of the bits that are set.
fn bits(set: u32, most: u32) -> impl Iterator<Item = u32> {
    (0..most).filter(move |bit| set >> bit & 1 == 1)
}
