//! Forgetting, in small steps: each step is a transaction of its own that queues behind waiting polls.

use rusqlite::Result;

use super::{
    error::Fault,
    rows::rows_i64,
    sql::Sql,
    time::{DAY, span},
    transaction::Tx,
};
use crate::store::Settings;

/// Rows in one transaction.
const BATCH: usize = 500;
/// How long the state of a feed is kept after it left the configuration.
const KEEP_REMOVED_FEED: i64 = 90 * DAY;
/// How often the seen keys of a feed are looked through.
const SWEEP_EVERY: i64 = DAY;
/// Feeds that are looked through in one step.
const SWEPT_FEEDS: usize = 50;
/// Pages given back to the file system at the end of a round.
const FREED_PAGES: u32 = 200;

/// Texts older than the retention.
pub const OLD_TEXTS: &str = "DELETE FROM article_text WHERE article IN \
    (SELECT article FROM article_text WHERE recorded < ?1 ORDER BY recorded LIMIT ?2)";
/// Deliveries that were delivered long ago.
pub const OLD_DELIVERED: &str = "DELETE FROM delivery WHERE delivery IN \
    (SELECT delivery FROM delivery WHERE state = 'delivered' AND finished < ?1 ORDER BY finished LIMIT ?2) \
    RETURNING alert";
/// Deliveries that were given up long ago.
pub const OLD_GIVEN_UP: &str = "DELETE FROM delivery WHERE delivery IN \
    (SELECT delivery FROM delivery WHERE state IN ('dead', 'held_back') AND finished < ?1 \
     ORDER BY finished LIMIT ?2) \
    RETURNING alert";
/// Alerts that nobody is owed any more.
pub const SETTLED_ALERTS: &str = "DELETE FROM alert WHERE alert IN \
    (SELECT alert FROM alert WHERE deliveries = 0 AND created < ?1 ORDER BY created LIMIT ?2)";
/// Feeds whose keys were not looked through lately.
pub const UNSWEPT_FEEDS: &str =
    "SELECT feed, document_at FROM feed WHERE swept_at <= ?1 ORDER BY swept_at LIMIT ?2";
/// Keys of a feed that were not seen since.
pub const OLD_KEYS: &str = "DELETE FROM seen WHERE feed = ?1 AND key IN \
    (SELECT key FROM seen WHERE feed = ?1 AND last_seen < ?2 LIMIT ?3) RETURNING article";
/// A feed that left the configuration long ago.
pub const REMOVED_FEEDS: &str =
    "SELECT feed, host FROM feed WHERE removed_at < ?1 ORDER BY removed_at LIMIT 1";
/// A host without feeds.
pub const UNUSED_HOST: &str = "DELETE FROM host WHERE host = ?1 AND owner IS NULL \
    AND NOT EXISTS (SELECT 1 FROM feed WHERE feed.host = ?1)";

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

/// Takes one step: the first kind of old things that is found.
pub fn step(tx: &Tx<'_>, settings: &Settings) -> Result<Step, Fault> {
    for prune in [texts, delivered, given_up, settled_alerts, seen_keys, removed_feeds] {
        let step = prune(tx, settings)?;
        if !step.done {
            return Ok(step);
        }
    }
    // Each step of this statement frees one page: it must be asked for all its rows.
    tx.db.all(&format!("PRAGMA incremental_vacuum({FREED_PAGES})"), [], |_| Ok(()))?;
    Ok(Step::unless_none(0))
}

fn texts(tx: &Tx<'_>, settings: &Settings) -> Result<Step> {
    tx.db.run(OLD_TEXTS, (tx.now - span(settings.retention), rows_i64(BATCH))).map(Step::unless_none)
}

fn delivered(tx: &Tx<'_>, settings: &Settings) -> Result<Step> {
    forget_deliveries(tx, OLD_DELIVERED, tx.now - span(settings.keep_delivered))
}

fn given_up(tx: &Tx<'_>, settings: &Settings) -> Result<Step> {
    forget_deliveries(tx, OLD_GIVEN_UP, tx.now - span(settings.keep_dead))
}

fn forget_deliveries(tx: &Tx<'_>, sql: &str, before: i64) -> Result<Step> {
    let alerts = tx.db.all(sql, (before, rows_i64(BATCH)), |row| row.get::<_, i64>(0))?;
    for alert in &alerts {
        tx.db.run("UPDATE alert SET deliveries = deliveries - 1 WHERE alert = ?1", [alert])?;
    }
    Ok(Step::unless_none(alerts.len()))
}

fn settled_alerts(tx: &Tx<'_>, settings: &Settings) -> Result<Step> {
    let before = tx.now - span(settings.keep_delivered);
    tx.db.run(SETTLED_ALERTS, (before, rows_i64(BATCH))).map(Step::unless_none)
}

/// Keys that have left their feed for long, feed by feed, each feed once a day.
fn seen_keys(tx: &Tx<'_>, settings: &Settings) -> Result<Step> {
    let feeds = tx.db.all(UNSWEPT_FEEDS, (tx.now - SWEEP_EVERY, rows_i64(SWEPT_FEEDS)), |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, Option<i64>>(1)?))
    })?;
    let done = feeds.is_empty();
    let mut rows = 0;
    for (feed, document_at) in feeds {
        rows += sweep(tx, feed, document_at, settings, BATCH - rows)?;
        if rows == BATCH {
            // There may be more of this feed.
            break;
        }
        tx.db.run("UPDATE feed SET swept_at = ?2 WHERE feed = ?1", (feed, tx.now))?;
    }
    Ok(Step { rows, done })
}

/// A key that the last document showed is in the feed still, however long ago that was. Sights are exact to a day.
fn sweep(
    tx: &Tx<'_>,
    feed: i64,
    document_at: Option<i64>,
    settings: &Settings,
    limit: usize,
) -> Result<usize> {
    let Some(document_at) = document_at else { return Ok(0) };
    let before = (tx.now - span(settings.seen_retention)).min(document_at - DAY);
    forget_keys(tx, feed, before, limit)
}

/// Forgets keys with their articles.
fn forget_keys(tx: &Tx<'_>, feed: i64, before: i64, limit: usize) -> Result<usize> {
    let articles = tx.db.all(OLD_KEYS, (feed, before, rows_i64(limit)), |row| row.get::<_, i64>(0))?;
    for article in &articles {
        tx.db.run("DELETE FROM article WHERE article = ?1", [article])?;
    }
    Ok(articles.len())
}

/// Feeds that left the configuration long ago, with all theirs. Their alerts stay until they are settled.
fn removed_feeds(tx: &Tx<'_>, _settings: &Settings) -> Result<Step> {
    let found = tx.db.first(REMOVED_FEEDS, [tx.now - KEEP_REMOVED_FEED], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))
    })?;
    let Some((feed, host)) = found else { return Ok(Step::unless_none(0)) };
    let rows = forget_keys(tx, feed, i64::MAX, BATCH)?;
    if rows == BATCH {
        return Ok(Step::unless_none(rows));
    }
    tx.db.run("DELETE FROM feed WHERE feed = ?1", [feed])?;
    tx.db.run(UNUSED_HOST, [host])?;
    Ok(Step::unless_none(rows + 1))
}

#[cfg(test)]
mod tests {
    use std::{path::PathBuf, time::Duration};

    use super::*;
    use crate::store::{Location, sqlite::open};

    #[test]
    fn the_file_shrinks_when_a_round_is_over() {
        let folder = tempfile::tempdir().unwrap();
        let (db, _lock) = open::open_owned(&folder.path().join("f.db"), 0).unwrap();
        let pages = |name| db.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).unwrap();
        db.execute_batch(
            "INSERT INTO meta VALUES ('large', hex(zeroblob(1000000))); DELETE FROM meta WHERE name = 'large'",
        )
        .unwrap();
        let (free, all) = (pages("freelist_count"), pages("page_count"));
        assert!(free > 400, "{free}");

        let keep = Duration::from_hours(24);
        let settings = Settings {
            location: Location::Sqlite(PathBuf::new()),
            retention: keep,
            seen_retention: keep,
            lease: keep,
            connections: 8,
            keep_delivered: keep,
            keep_dead: keep,
        };
        let done = step(&Tx { db: &db, now: DAY, lease: 0 }, &settings).unwrap();
        assert_eq!(done, Step { rows: 0, done: true });
        assert_eq!(pages("freelist_count"), free - i64::from(FREED_PAGES));
        assert!(pages("page_count") <= all - i64::from(FREED_PAGES));
    }
}
