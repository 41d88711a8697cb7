//! One poll of one feed: fetch, process, conclude. Gives the record; storing it is the caller's.

use std::sync::Arc;

use super::{
    catch_up::Walk,
    conclude::{Ending, RETRY_AFTER_CAP, conclude},
    episodes,
    fetch::{Answer, Fetched, Head},
    gaps, moves,
    passage::Passage,
    reading,
    store_time::StoreTime,
};
use crate::{
    model::{Feed, FeedId, FeedLocation, Outcome, Timestamp, Validators},
    pipeline::{Body, Processed},
    store::{DueFeed, FeedState, PollRecord, Store, StoreError},
};

/// A finished poll.
#[derive(Debug)]
pub(super) struct Polled {
    /// What was known before.
    pub before: FeedState,
    /// What is to be stored.
    pub record: Arc<PollRecord>,
    /// Whether Retry-After was cut to its cap.
    pub is_cut: bool,
    /// Whether a document was read, not only recognised as the last one.
    pub is_read: bool,
    /// Alerts that were held back because too many came at once.
    pub held_back: usize,
}

/// Polls a feed once.
///
/// # Errors
/// If the store could not be asked what is known; the feed is not to blame, nothing is recorded.
pub(super) async fn poll<S: Store>(
    passage: &Passage<'_, S>,
    feed: &Feed,
    due: DueFeed,
) -> Result<Polled, StoreError> {
    let clock = StoreTime::told(due.now);
    let (mut before, live) = (due.state, passage.live);
    if reading::may_show_more(&before.memory.reading, live.pipeline.limits.max_entries) {
        // What was left out must not hide behind a 304, nor behind the same bytes.
        (before.validators, before.body_hash) = (Validators::default(), None);
    }
    if let Some(other) = asked_by_another(passage, feed, &before, due.now) {
        let error = format!("it moved to the address of {other}, which asks there for both");
        let ending = Ending::new(Outcome::Held, Some(error));
        let (market, head) = (passage.shared.budget.market(), Head::new(due.now));
        let record = conclude(feed, &live.settings, &market, &before, &head, ending, due.now);
        return Ok(Polled { before, record: record.into(), is_cut: false, is_read: false, held_back: 0 });
    }
    let Answer { mut head, fetched } = live.fetcher.fetch(feed, &before, due.now, passage).await;
    if let Some(took) = head.took {
        let delay = (head.asked - due.due).to_std().unwrap_or_default();
        passage.shared.metrics.poll_asked(delay, took);
    }
    let failed = |outcome, error| Ending::new(outcome, Some(error));
    let mut ending = match fetched {
        Fetched::Modified(body) => process(passage, feed, &before, *body, clock.now()).await?,
        Fetched::NotModified(validators) => {
            Ending { not_modified: Some(validators), ..Ending::new(Outcome::NotModified, None) }
        }
        Fetched::Held(closed) => {
            let error = format!("{} asked for patience, or is busy with others", closed.host);
            Ending { held: Some(closed), ..failed(Outcome::Held, error) }
        }
        Fetched::Limited(error) => failed(Outcome::Limited, error),
        Fetched::Gone(error) => failed(Outcome::Gone, error),
        Fetched::Blocked(error) => failed(Outcome::Blocked, error),
        Fetched::Failed(outcome, error) => failed(outcome, error),
    };
    if let Some(sight) = ending.sight.as_ref().filter(|sight| !sight.is_same) {
        let links = sight.older.clone();
        ending.gap = gaps::find(&sight.window, &before.memory, before.last_success, clock.now());
        if let Some(gap) = ending.gap {
            let walk = Walk { passage, feed, before: &before, clock, gap };
            // Rare and large: the futures of all other polls need not have room for it.
            Box::pin(walk.back(links, &mut ending, &mut head)).await?;
        }
    }
    let is_read = ending.sight.as_ref().is_some_and(|sight| !sight.is_same);
    let market = passage.shared.budget.market();
    let now = clock.now();
    let flood = ending.document.as_mut().and_then(|document| live.pipeline.hold_back(feed, document, now));
    let mut record = conclude(feed, &live.settings, &market, &before, &head, ending, now);
    let title = record.document.as_ref().and_then(|document| document.title.clone()).or(before.title.clone());
    let told = episodes::happenings(feed.silent_after, &before, &record).into_iter();
    record.events = told.map(|told| live.pipeline.event(feed, title.as_deref(), told, now)).collect();
    let held_back = flood.map_or(0, |(held_back, event)| {
        record.events.push(event);
        held_back
    });
    let is_cut = head.patience.is_some_and(|patience| patience > RETRY_AFTER_CAP);
    Ok(Polled { before, record: record.into(), is_cut, is_read, held_back })
}

/// The feed that asks already where this one moved to.
fn asked_by_another<S>(
    passage: &Passage<'_, S>,
    feed: &Feed,
    before: &FeedState,
    now: Timestamp,
) -> Option<FeedId> {
    let FeedLocation::Http(configured) = &feed.location else { return None };
    let url = moves::first_url(configured, &before.memory.moves, now);
    passage.shared.addresses.claim(passage.live, feed, &url)
}

/// Processing takes a slot of its own: it costs processor and memory, and the request's may be gone.
async fn process<S: Store>(
    passage: &Passage<'_, S>,
    feed: &Feed,
    before: &FeedState,
    body: Body,
    now: Timestamp,
) -> Result<Ending, StoreError> {
    let _slot = passage.live.slots.take().await;
    passage.shared.metrics.decoded(body.bytes.len());
    let processed = passage.live.pipeline.process(&passage.shared.store, feed, before, body, now).await?;
    let Processed { outcome, error, document, sight } = processed;
    Ok(Ending { document, sight, ..Ending::new(outcome, error) })
}
