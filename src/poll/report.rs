//! What the log says about a recorded poll: the first failure of a kind, then only changes.

use tracing::{debug, error, info, warn};

use super::poll_feed::Polled;
use crate::{
    metrics::Metrics,
    model::{Outcome, rfc3339},
    store::Recorded,
};

/// Counts a poll that is on record.
pub(super) fn count(metrics: &Metrics, polled: &Polled, recorded: &Recorded) {
    let record = &polled.record;
    metrics.poll_ended(record.outcome);
    metrics.fetched(record.bytes);
    if record.outcome == Outcome::TooLarge {
        metrics.limited("http.max_body", 1);
    }
    let Some(document) = &record.document else { return };
    if polled.is_read {
        for (limit, times) in &record.memory.reading.limits {
            metrics.limited(limit, *times);
        }
    }
    for alert in document.alerts.iter().filter(|alert| recorded.new_alerts.contains(&alert.id)) {
        metrics.alerted(&alert.topics);
    }
}

/// Logs a poll that is on record.
pub(super) fn poll(polled: &Polled, recorded: &Recorded) {
    let (record, before) = (&polled.record, &polled.before);
    let feed = &before.url;
    let articles = record.document.as_ref().map_or(0, |document| document.articles.len());
    let next_poll = record.next_poll.map_or_else(|| "never".to_owned(), rfc3339);
    let error = record.error.as_deref().unwrap_or_default();
    debug!(%feed, outcome = record.outcome.as_str(), articles, alerts = recorded.new_alerts.len(), next_poll, "polled");
    changes(polled);
    if record.next_poll.is_none() {
        let why =
            if record.outcome.is_success() { "its document says that it was the last" } else { "410 twice" };
        error!(%feed, why, "feed is gone: remove it, change its url, or disable and enable it");
    }
    if record.outcome.is_success() {
        if before.is_first_sight() && record.document.is_some() {
            info!(%feed, articles, alerts = recorded.new_alerts.len(), "read a feed for the first time");
        } else if before.consecutive_failures > 0 {
            info!(%feed, failures = before.consecutive_failures, "feed recovered");
        }
    } else if !record.outcome.is_failure() {
        debug!(%feed, error, next_poll, "a gate on the way is closed");
    } else if record.next_poll.is_some()
        && (before.last_outcome != Some(record.outcome) || before.consecutive_failures == 0)
    {
        match record.outcome {
            Outcome::Internal => error!(%feed, error, next_poll, "poll failed"),
            outcome => warn!(%feed, outcome = outcome.as_str(), error, next_poll, "feed failing"),
        }
    }
}

/// What an operator may want to do something about.
fn changes(polled: &Polled) {
    let (record, before) = (&polled.record, &polled.before);
    let feed = &before.url;
    let (was, is) = (&before.memory, &record.memory);
    if polled.is_cut {
        warn!(%feed, "Retry-After asks for more than seven days; a week is what it gets");
    }
    if let Some(gap) = record.gap {
        let (from, to) = (rfc3339(gap.from), rfc3339(gap.to));
        warn!(%feed, from, to, "possible gap: more may have appeared than the feed still shows");
    }
    match (&was.moves.moved_to, &is.moves.moved_to) {
        (before, Some(to)) if before.as_ref() != Some(to) => {
            warn!(%feed, to, "feed moved: change its url in the configuration (and give it an id to keep its state)");
        }
        (Some(from), None) => warn!(%feed, from, "feed moved back: its new address stopped working"),
        _ => {}
    }
    if polled.held_back > 0 {
        let held_back = polled.held_back;
        error!(%feed, held_back, "flood: too many alerts at once, the newest are sent; `feedwatch redeliver --dead` sends the rest");
    }
    match (was.episodes.silent, is.episodes.silent) {
        (None, Some(since)) => {
            warn!(%feed, since = rfc3339(since), "feed is silent, for longer than it should be");
        }
        (Some(_), None) if record.outcome.is_success() => info!(%feed, "feed is no longer silent"),
        _ => {}
    }
    match (was.empty_since, is.empty_since) {
        (None, Some(_)) => warn!(%feed, "feed is empty, though it had articles"),
        (Some(_), None) => info!(%feed, "feed has articles again"),
        _ => {}
    }
    for limit in is.reading.limits.keys().filter(|limit| !was.reading.limits.contains_key(*limit)) {
        warn!(%feed, limit, "a limit on documents bites: part of the feed is left out");
    }
}
