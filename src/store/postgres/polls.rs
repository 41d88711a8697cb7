//! The result of a poll: one transaction over everything that it brought.

use super::{
    documents,
    error::Result,
    events, flock, hosts,
    rows::{get, rows_i64},
    sql::{Param, maybe_text},
    transaction::Tx,
};
use crate::{
    model::{FeedId, Outcome, Timestamp},
    store::{HostLease, PollRecord, Recorded, StoreError},
};

/// A feed whose answer is awaited, locked until this transaction ends.
struct UnderWay {
    feed: i32,
    host: i32,
    /// Its part in the price of a poll.
    share: f64,
    document_at: Option<Timestamp>,
}

/// Records a poll, if the host is still held and the feed was handed out under this lease; then hands out more.
pub async fn record_poll(tx: &Tx, lease: &HostLease, record: &PollRecord, take: usize) -> Result<Recorded> {
    let known = under_way(tx, lease, &record.feed).await?;
    let at = record.at.min(tx.now);
    let new_alerts = match &record.document {
        Some(document) => {
            documents::record(tx, known.feed, known.document_at, &record.feed, at, document).await?
        }
        None => Vec::new(),
    };
    let (learned, updated) = tokio::join!(
        flock::learn(tx, known.feed, known.share, &record.learned),
        update_feed(tx, known.feed, at, record)
    );
    learned.and(updated)?;
    for event in &record.events {
        events::record_of_feed(tx, known.feed, event).await?;
    }
    if let Some(closing) = &record.gate {
        hosts::close_gate(tx, known.feed, closing).await?;
    }
    Ok(Recorded { new_alerts, feeds: hosts::hand_out_more(tx, known.host, lease.epoch, take).await? })
}

/// The row of a feed that is under way under this lease. After an edit of its request, or a second answer, it is not.
async fn under_way(tx: &Tx, lease: &HostLease, feed: &FeedId) -> Result<UnderWay> {
    let sql = "SELECT feed, share, document_at FROM feed WHERE id = $1 AND host = $2 AND handed_out = $3 \
               FOR NO KEY UPDATE";
    let host = hosts::held(tx, lease).await?;
    let found = tx
        .first(sql, &[&feed.as_str(), &host, &lease.epoch], |row| {
            Ok(UnderWay { feed: get(row, 0)?, host, share: get(row, 1)?, document_at: get(row, 2)? })
        })
        .await?;
    found.ok_or_else(|| StoreError::NotHandedOut(feed.to_string()).into())
}

const UPDATE_FEED: &str = "UPDATE feed SET handed_out = NULL, polls = polls + 1, \
        not_modified = not_modified + $3, last_outcome = $4, last_status = $5, error = $6, \
        consecutive_failures = $7, failing_since = CASE WHEN $7 = 0 THEN NULL ELSE coalesce(failing_since, $2) END, \
        last_success = CASE WHEN $8 THEN $2 ELSE last_success END, last_attempt = $9, next_poll = $10, reason = $11, \
        retry_after = $12, bytes = bytes + $13, gaps = gaps + $14, memory = $15, share = $16, \
        rhythm = coalesce($17, rhythm), \
        etag = CASE WHEN $18 THEN $19 ELSE etag END, last_modified = CASE WHEN $18 THEN $20 ELSE last_modified END \
    WHERE feed = $1";

async fn update_feed(tx: &Tx, feed: i32, at: Timestamp, record: &PollRecord) -> Result<()> {
    let memory = serde_json::to_string(&record.memory)?;
    let adopted = record.adopted.as_ref();
    let params: [&dyn Param; 20] = [
        &feed,
        &at,
        &i64::from(record.outcome == Outcome::NotModified),
        &record.outcome.as_str(),
        &record.status.map(i32::from),
        &maybe_text(record.error.as_ref()),
        &i64::from(record.consecutive_failures),
        &record.outcome.is_success(),
        &record.last_attempt.map(|at| at.min(tx.now)),
        &record.next_poll,
        &record.reason.as_str(),
        &record.retry_after,
        &rows_i64(usize::try_from(record.bytes).unwrap_or(usize::MAX)),
        &i64::from(record.gap.is_some()),
        &memory,
        &record.learned.share,
        &record.learned.rhythm,
        &adopted.is_some(),
        &adopted.and_then(|validators| validators.etag.as_deref()),
        &adopted.and_then(|validators| validators.last_modified.as_deref()),
    ];
    tx.run(UPDATE_FEED, &params).await.map(drop)
}
