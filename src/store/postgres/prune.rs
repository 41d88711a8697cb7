//! Forgetting, in small steps, each a transaction of its own. Of several instances one does it: a row with a lease says who.

use std::time::Duration;

use super::{
    error::Result,
    rows::{get, rows_i64, span},
    sql::List,
    transaction::Tx,
};
use crate::{model::Timestamp, store::Settings};

/// Rows in one transaction.
const BATCH: usize = 500;
/// How long the state of a feed is kept after it left the configuration.
const KEEP_REMOVED_FEED: Duration = Duration::from_hours(90 * 24);
/// How often the seen keys of a feed are looked through; also what sights are exact to.
const DAY: Duration = Duration::from_hours(24);
/// Feeds that are looked through in one step.
const SWEPT_FEEDS: usize = 50;
/// How long who prunes may take for a step before another instance does it.
const LEASE: Duration = Duration::from_mins(1);

/// Texts older than the retention.
pub const OLD_TEXTS: &str = "DELETE FROM article_text WHERE article IN \
    (SELECT article FROM article_text WHERE recorded < $1 ORDER BY recorded LIMIT $2)";
/// Deliveries that were delivered long ago.
pub const OLD_DELIVERED: &str = "DELETE FROM delivery WHERE delivery IN \
    (SELECT delivery FROM delivery WHERE state = 'delivered' AND finished < $1 ORDER BY finished LIMIT $2) \
    RETURNING alert";
/// Deliveries that were given up long ago.
pub const OLD_GIVEN_UP: &str = "DELETE FROM delivery WHERE delivery IN \
    (SELECT delivery FROM delivery WHERE state IN ('dead', 'held_back') AND finished < $1 \
     ORDER BY finished LIMIT $2 FOR UPDATE SKIP LOCKED) RETURNING alert";
/// Alerts that nobody is owed any more.
pub const SETTLED_ALERTS: &str = "DELETE FROM alert WHERE alert IN \
    (SELECT alert FROM alert WHERE deliveries = 0 AND created < $1 ORDER BY created LIMIT $2)";
/// Feeds whose keys were not looked through lately.
pub const UNSWEPT_FEEDS: &str =
    "SELECT feed, document_at FROM feed WHERE swept_at <= $1 ORDER BY swept_at LIMIT $2";
/// Keys of a feed that were not seen since.
pub const OLD_KEYS: &str = "DELETE FROM article WHERE feed = $1 AND key IN \
    (SELECT key FROM article WHERE feed = $1 AND last_seen < $2 LIMIT $3)";
/// A feed that left the configuration long ago.
pub const REMOVED_FEEDS: &str =
    "SELECT feed, host FROM feed WHERE removed_at < $1 ORDER BY removed_at LIMIT 1 FOR UPDATE SKIP LOCKED";
/// A host without feeds.
pub const UNUSED_HOST: &str = "DELETE FROM host WHERE host = $1 AND owner IS NULL \
    AND NOT EXISTS (SELECT 1 FROM feed WHERE feed.host = $1)";

/// What a step did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// Rows removed.
    pub rows: usize,
    /// Whether this was the last step for now.
    pub done: bool,
}

impl Step {
    /// A step of a kind that goes on as long as it finds something.
    const fn unless_none(rows: usize) -> Self {
        Self { rows, done: rows == 0 }
    }
}

/// Takes one step: the first kind of old things that is found. `me` tells instances apart.
pub async fn step(tx: &Tx, me: &str, settings: &Settings) -> Result<Step> {
    let mine = "UPDATE meta SET owner = $1, until = $2 WHERE name = 'prune' AND (owner = $1 OR until IS NULL OR until <= $3)";
    if tx.run(mine, &[&me, &(tx.now + span(LEASE)), &tx.now]).await? == 0 {
        return Ok(Step::unless_none(0));
    }
    let step = first_found(tx, settings).await?;
    if step.done {
        give_back(tx, me).await?;
    }
    Ok(step)
}

/// Lets others prune.
pub async fn give_back(tx: &Tx, me: &str) -> Result<()> {
    tx.run("UPDATE meta SET owner = NULL, until = NULL WHERE name = 'prune' AND owner = $1", &[&me])
        .await
        .map(drop)
}

async fn first_found(tx: &Tx, settings: &Settings) -> Result<Step> {
    let batch = rows_i64(BATCH);
    let texts = tx.run(OLD_TEXTS, &[&(tx.now - span(settings.retention)), &batch]).await?;
    if texts > 0 {
        return Ok(Step::unless_none(usize::try_from(texts).unwrap_or(BATCH)));
    }
    for (sql, keep) in [(OLD_DELIVERED, settings.keep_delivered), (OLD_GIVEN_UP, settings.keep_dead)] {
        let rows = forget_deliveries(tx, sql, tx.now - span(keep)).await?;
        if rows > 0 {
            return Ok(Step::unless_none(rows));
        }
    }
    let alerts = tx.run(SETTLED_ALERTS, &[&(tx.now - span(settings.keep_delivered)), &batch]).await?;
    if alerts > 0 {
        return Ok(Step::unless_none(usize::try_from(alerts).unwrap_or(BATCH)));
    }
    let keys = seen_keys(tx, settings).await?;
    if keys.done { removed_feeds(tx).await } else { Ok(keys) }
}

async fn forget_deliveries(tx: &Tx, sql: &str, before: Timestamp) -> Result<usize> {
    let alerts: Vec<i64> = tx.all(sql, &[&before, &rows_i64(BATCH)], |row| get(row, 0)).await?;
    let rows = alerts.len();
    tx.run(
        "UPDATE alert SET deliveries = deliveries - gone.n \
         FROM (SELECT alert, count(*) AS n FROM unnest($1::bigint[]) AS g(alert) GROUP BY alert) AS gone \
         WHERE alert.alert = gone.alert",
        &[&List(alerts)],
    )
    .await?;
    Ok(rows)
}

/// Keys that have left their feed for long, feed by feed, each feed once a day.
async fn seen_keys(tx: &Tx, settings: &Settings) -> Result<Step> {
    let feeds = tx
        .all(UNSWEPT_FEEDS, &[&(tx.now - span(DAY)), &rows_i64(SWEPT_FEEDS)], |row| {
            Ok((get::<i32>(row, 0)?, get::<Option<Timestamp>>(row, 1)?))
        })
        .await?;
    let done = feeds.is_empty();
    let mut rows = 0;
    for (feed, document_at) in feeds {
        rows += sweep(tx, feed, document_at, settings, BATCH - rows).await?;
        if rows == BATCH {
            // There may be more of this feed.
            break;
        }
        tx.run("UPDATE feed SET swept_at = $2 WHERE feed = $1", &[&feed, &tx.now]).await?;
    }
    Ok(Step { rows, done })
}

/// A key that the last document showed is in the feed still, however long ago that was. Sights are exact to a day.
async fn sweep(
    tx: &Tx,
    feed: i32,
    document_at: Option<Timestamp>,
    settings: &Settings,
    limit: usize,
) -> Result<usize> {
    let Some(document_at) = document_at else { return Ok(0) };
    let before = (tx.now - span(settings.seen_retention)).min(document_at - span(DAY));
    forget_keys(tx, feed, before, limit).await
}

/// Forgets articles, by their keys.
async fn forget_keys(tx: &Tx, feed: i32, before: Timestamp, limit: usize) -> Result<usize> {
    let rows = tx.run(OLD_KEYS, &[&feed, &before, &rows_i64(limit)]).await?;
    Ok(usize::try_from(rows).unwrap_or(limit))
}

/// Feeds that left the configuration long ago, with all theirs. Their alerts stay until they are settled.
async fn removed_feeds(tx: &Tx) -> Result<Step> {
    let before = tx.now - span(KEEP_REMOVED_FEED);
    let found =
        tx.first(REMOVED_FEEDS, &[&before], |row| Ok((get::<i32>(row, 0)?, get::<i32>(row, 1)?))).await?;
    let Some((feed, host)) = found else { return Ok(Step::unless_none(0)) };
    let rows = forget_keys(tx, feed, Timestamp::MAX_UTC, BATCH).await?;
    if rows == BATCH {
        return Ok(Step::unless_none(rows));
    }
    tx.run("DELETE FROM feed WHERE feed = $1", &[&feed]).await?;
    tx.run(UNUSED_HOST, &[&host]).await?;
    Ok(Step::unless_none(rows + 1))
}
