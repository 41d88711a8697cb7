//! The result of a poll: one transaction over everything that it brought.

use rusqlite::{Result, named_params};

use super::{
    documents,
    error::Fault,
    events, flock, hosts,
    rows::{rows_i64, to_json},
    sql::Sql,
    time::millis,
    transaction::Tx,
};
use crate::{
    model::{FeedId, Outcome},
    store::{HostLease, PollRecord, Recorded, StoreError},
};

/// Records a poll, if the host is still held and the feed was handed out under this lease; then hands out more.
pub fn record_poll(
    tx: &Tx<'_>,
    lease: &HostLease,
    record: &PollRecord,
    take: usize,
) -> Result<Recorded, Fault> {
    let host = hosts::held(tx, lease)?;
    let feed = handed_out(tx, host, lease, &record.feed)?;
    let at = millis(record.at).min(tx.now);
    let new_alerts = match &record.document {
        Some(document) => documents::record(tx, feed, &record.feed, at, document)?,
        None => Vec::new(),
    };
    flock::learn(tx, feed, &record.learned)?;
    update_feed(tx, feed, at, record)?;
    for event in &record.events {
        events::record_of_feed(tx, feed, event)?;
    }
    if let Some(closing) = &record.gate {
        hosts::close_gate(tx, feed, closing)?;
    }
    Ok(Recorded { new_alerts, feeds: hosts::hand_out(tx, host, lease.epoch, take)? })
}

/// About how many bytes recording it writes.
pub fn weight(record: &PollRecord) -> usize {
    let Some(document) = &record.document else { return 0 };
    let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    let articles = document.articles.iter().map(|record| &record.article);
    let articles: usize = articles.map(|article| text(&article.summary) + text(&article.content)).sum();
    let bodies = document.alerts.iter().flat_map(|alert| &alert.deliveries);
    let bodies: usize = bodies.map(|delivery| delivery.body.len()).sum();
    articles + bodies
}

/// The row of a feed that is under way under this lease. After an edit of its request, or a second answer, it is not.
fn handed_out(tx: &Tx<'_>, host: i64, lease: &HostLease, feed: &FeedId) -> Result<i64, Fault> {
    let sql = "SELECT feed FROM feed WHERE id = ?1 AND host = ?2 AND handed_out = ?3";
    let row = tx.db.first(sql, (feed.as_str(), host, lease.epoch), |row| row.get(0))?;
    row.ok_or_else(|| StoreError::NotHandedOut(feed.to_string()).into())
}

fn update_feed(tx: &Tx<'_>, feed: i64, at: i64, record: &PollRecord) -> Result<()> {
    tx.db.run(
        "UPDATE feed SET handed_out = NULL, polls = polls + 1, not_modified = not_modified + :not_modified,
                         last_outcome = :outcome, last_status = :status, error = :error,
                         consecutive_failures = :failures,
                         failing_since = iif(:failures = 0, NULL, coalesce(failing_since, :at)),
                         last_success = iif(:success, :at, last_success), last_attempt = :last_attempt,
                         next_poll = :next_poll, reason = :reason, retry_after = :retry_after,
                         bytes = bytes + :bytes, gaps = gaps + :gap, memory = :memory,
                         share = :share, rhythm = coalesce(:rhythm, rhythm)
         WHERE feed = :feed",
        named_params! {
            ":feed": feed,
            ":at": at,
            ":not_modified": record.outcome == Outcome::NotModified,
            ":outcome": record.outcome.as_str(),
            ":success": record.outcome.is_success(),
            ":status": record.status,
            ":error": record.error,
            ":failures": record.consecutive_failures,
            ":next_poll": record.next_poll.map(millis),
            ":reason": record.reason.as_str(),
            ":retry_after": record.retry_after.map(millis),
            ":last_attempt": record.last_attempt.map(|at| millis(at).min(tx.now)),
            ":bytes": rows_i64(usize::try_from(record.bytes).unwrap_or(usize::MAX)),
            ":gap": record.gap.is_some(),
            ":memory": to_json(&record.memory)?,
            ":share": record.learned.share,
            ":rhythm": record.learned.rhythm,
        },
    )?;
    if let Some(validators) = &record.adopted {
        let sql = "UPDATE feed SET etag = ?2, last_modified = ?3 WHERE feed = ?1";
        tx.db.run(sql, (feed, &validators.etag, &validators.last_modified))?;
    }
    Ok(())
}
