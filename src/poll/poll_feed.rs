//! One poll of one feed: fetch, process, plan the next one. Gives the record; storing it is the caller's.

use std::sync::Arc;

use chrono::TimeDelta;
use tokio::time::Instant;

use super::{
    fetch::{Answer, Fetched},
    hosts,
    poller::Live,
    schedule::{self, Facts},
};
use crate::{
    model::{Feed, Outcome, Timestamp},
    pipeline::Processed,
    store::{DueFeed, FeedState, PollRecord, Store, StoreError},
};

/// A finished poll.
#[derive(Debug)]
pub(super) struct Polled {
    /// What was known before.
    pub before: FeedState,
    /// What is to be stored.
    pub record: PollRecord,
}

/// Polls a feed once.
///
/// # Errors
/// If the store could not be asked what is known; the feed is not to blame, nothing is recorded.
pub(super) async fn poll<S: Store>(
    store: &S,
    live: &Arc<Live>,
    feed: &Feed,
    due: DueFeed,
) -> Result<Polled, StoreError> {
    let begun = Instant::now();
    let before = due.state;
    let answer = live.fetcher.fetch(feed, &before, due.now).await;
    let now = store_time(due.now, begun);
    let (status, retry_after) = (answer.status, answer.retry_after);
    let result = process(store, live, feed, &before, answer, now).await?;
    let now = store_time(due.now, begun);
    let failures = if result.outcome.is_success() { 0 } else { before.consecutive_failures + 1 };
    let facts = Facts {
        now,
        interval: feed.interval,
        host: hosts::kind(&feed.location),
        outcome: result.outcome,
        previous: before.last_outcome,
        consecutive_failures: failures,
        failing_since: before.failing_since,
        retry_after,
    };
    let plan = schedule::next_poll(&facts, &live.settings, fastrand::f64());
    let closes_host =
        result.outcome == Outcome::Limited && facts.host == hosts::HostKind::Public && status == Some(429);
    let record = PollRecord {
        feed: feed.id.clone(),
        at: now,
        outcome: result.outcome,
        status,
        error: result.error,
        consecutive_failures: failures,
        next_poll: plan.at,
        reason: plan.reason,
        retry_after,
        host_not_before: plan.at.filter(|_| closes_host),
        document: result.document,
    };
    Ok(Polled { before, record })
}

/// The store's time, by the monotonic clock since it told the time.
fn store_time(told: Timestamp, since: Instant) -> Timestamp {
    told + TimeDelta::from_std(since.elapsed()).unwrap_or_default()
}

async fn process<S: Store>(
    store: &S,
    live: &Arc<Live>,
    feed: &Feed,
    before: &FeedState,
    answer: Answer,
    now: Timestamp,
) -> Result<Processed, StoreError> {
    let failed = |outcome, error| Ok(Processed { outcome, error: Some(error), document: None });
    match answer.fetched {
        Fetched::Modified(body) => live.pipeline.process(store, feed, before, body, now).await,
        Fetched::NotModified => Ok(Processed { outcome: Outcome::NotModified, error: None, document: None }),
        Fetched::Limited(error) => failed(Outcome::Limited, error),
        Fetched::Gone(error) => failed(Outcome::Gone, error),
        Fetched::Blocked(error) => failed(Outcome::Blocked, error),
        Fetched::Failed(outcome, error) => failed(outcome, error),
    }
}
