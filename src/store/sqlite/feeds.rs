//! What the configuration says about feeds and notifiers, and `once`.

use std::{
    collections::{BTreeSet, HashSet},
    time::Duration,
};

use rusqlite::{Result, Row, named_params};

use super::{
    error::Fault,
    flock, hosts, notifiers,
    sql::Sql,
    time::{millis, span},
    transaction::Tx,
};
use crate::{
    model::{FeedId, Timestamp},
    store::{FeedEntry, NotifierEntry},
};

/// Makes the configured feeds and notifiers known, and puts aside those that left.
pub fn sync_config(tx: &Tx<'_>, feeds: &[FeedEntry], entries: &[NotifierEntry]) -> Result<(), Fault> {
    let mut hosts = BTreeSet::new();
    for entry in feeds {
        sync_feed(tx, entry, &mut hosts)?;
    }
    remove_feeds(tx, feeds, &mut hosts)?;
    for host in hosts {
        hosts::refresh(tx, host)?;
    }
    flock::recount(tx)?;
    Ok(notifiers::sync(tx, entries)?)
}

/// Makes every feed due that may be asked; returns the enabled ones that may not.
pub fn make_due(tx: &Tx<'_>, recent: &[FeedId], spare: Duration) -> Result<Vec<FeedId>, Fault> {
    let recent: HashSet<&str> = recent.iter().map(FeedId::as_str).collect();
    let spared_after = tx.now - span(spare);
    let mut skipped = Vec::new();
    let mut hosts = BTreeSet::new();
    for feed in tx.db.all(CANDIDATES, [tx.now], Candidate::read)? {
        let asked_lately = recent.contains(feed.id.as_str()) && feed.last_attempt > Some(spared_after);
        if feed.closed || asked_lately {
            skipped.push(FeedId::new(feed.id));
        } else {
            let sql = "UPDATE feed SET next_poll = ?2, reason = 'once' WHERE feed = ?1 AND next_poll > ?2";
            tx.db.run(sql, (feed.feed, tx.now))?;
            hosts.insert(feed.host);
        }
    }
    for host in hosts {
        hosts::refresh(tx, host)?;
    }
    Ok(skipped)
}

/// Moves the next polls of feeds that are not under way to a later time.
pub fn postpone(tx: &Tx<'_>, polls: &[(FeedId, Timestamp)]) -> Result<(), Fault> {
    let mut hosts = BTreeSet::new();
    for (feed, at) in polls {
        let sql = "UPDATE feed SET next_poll = ?2 WHERE id = ?1 AND next_poll < ?2 RETURNING host";
        hosts.extend(tx.db.first(sql, (feed.as_str(), millis(*at)), |row| row.get::<_, i64>(0))?);
    }
    for host in hosts {
        hosts::refresh(tx, host)?;
    }
    Ok(())
}

const CANDIDATES: &str = "SELECT feed, id, feed.host, last_attempt, \
    next_poll IS NULL OR retry_after > ?1 OR not_before > ?1 \
    OR reason = 'gone' AND next_poll > ?1 AS closed \
    FROM feed JOIN host ON host.host = feed.host WHERE enabled = 1 ORDER BY id";

struct Candidate {
    feed: i64,
    id: String,
    host: i64,
    last_attempt: Option<i64>,
    /// Gone, perhaps still to be confirmed, or under Retry-After.
    closed: bool,
}

impl Candidate {
    fn read(row: &Row<'_>) -> Result<Self> {
        Ok(Self {
            feed: row.get("feed")?,
            id: row.get("id")?,
            host: row.get("host")?,
            last_attempt: row.get("last_attempt")?,
            closed: row.get::<_, Option<bool>>("closed")?.unwrap_or(false),
        })
    }
}

/// What is stored of a configured feed.
struct Known {
    feed: i64,
    host: i64,
    request: String,
    same: bool,
    was_enabled: bool,
}

fn sync_feed(tx: &Tx<'_>, entry: &FeedEntry, hosts: &mut BTreeSet<i64>) -> Result<()> {
    let host = hosts::host_row(tx, entry.host.as_str())?;
    tx.db.run("UPDATE host SET gap = ?2 WHERE host = ?1 AND gap <> ?2", (host, span(entry.gap)))?;
    match known_feed(tx, entry, host)? {
        None => insert_feed(tx, entry, host)?,
        Some(known) if known.same => return Ok(()),
        Some(known) => {
            hosts.insert(known.host);
            update_feed(tx, entry, host, &known)?;
        }
    }
    hosts.insert(host);
    Ok(())
}

fn known_feed(tx: &Tx<'_>, entry: &FeedEntry, host: i64) -> Result<Option<Known>> {
    tx.db.first(
        "SELECT feed, host, request, enabled,
                configured = 1 AND host = :host AND url = :url AND request = :request AND enabled = :enabled
                AND guard = :guard AND adaptive = :adaptive AS same
         FROM feed WHERE id = :id",
        named_params! {
            ":id": entry.id.as_str(), ":host": host, ":url": entry.url, ":request": entry.request,
            ":enabled": entry.enabled, ":guard": span(entry.guard), ":adaptive": entry.is_adaptive,
        },
        |row| {
            Ok(Known {
                feed: row.get("feed")?,
                host: row.get("host")?,
                request: row.get("request")?,
                same: row.get("same")?,
                was_enabled: row.get("enabled")?,
            })
        },
    )
}

fn insert_feed(tx: &Tx<'_>, entry: &FeedEntry, host: i64) -> Result<()> {
    tx.db.run(
        "INSERT INTO feed (id, host, url, request, configured, enabled, guard, adaptive, next_poll, reason)
         VALUES (:id, :host, :url, :request, 1, :enabled, :guard, :adaptive, :now, 'first')",
        named_params! {
            ":id": entry.id.as_str(), ":host": host, ":url": entry.url, ":request": entry.request,
            ":enabled": entry.enabled, ":guard": span(entry.guard), ":adaptive": entry.is_adaptive,
            ":now": tx.now,
        },
    )?;
    Ok(())
}

fn update_feed(tx: &Tx<'_>, entry: &FeedEntry, host: i64, known: &Known) -> Result<()> {
    tx.db.run(
        "UPDATE feed SET host = :host, url = :url, configured = 1, enabled = :enabled, removed_at = NULL,
                         guard = :guard, adaptive = :adaptive
         WHERE feed = :feed",
        named_params! {
            ":feed": known.feed, ":host": host, ":url": entry.url, ":enabled": entry.enabled,
            ":guard": span(entry.guard), ":adaptive": entry.is_adaptive,
        },
    )?;
    if entry.request != known.request {
        renew_request(tx, entry, known.feed, host != known.host)?;
    }
    if entry.enabled && !known.was_enabled {
        let sql = "UPDATE feed SET next_poll = ?2, reason = 'first' WHERE feed = ?1 AND next_poll IS NULL";
        tx.db.run(sql, (known.feed, tx.now))?;
    }
    Ok(())
}

/// Another request is another question: validators and back-off of the old one are void, and an answer to it that is
/// still under way is no longer taken. The guard since the last attempt holds, and so does Retry-After of the host.
fn renew_request(tx: &Tx<'_>, entry: &FeedEntry, feed: i64, moved: bool) -> Result<()> {
    tx.db.run(
        "UPDATE feed SET request = :request, etag = NULL, last_modified = NULL, body_hash = NULL,
                         memory = NULL, told = NULL, last_outcome = NULL, error = NULL, consecutive_failures = 0,
                         failing_since = NULL, handed_out = NULL, reason = 'first',
                         next_poll = iif(:moved, :now,
                             max(:now, coalesce(last_attempt + guard, 0), coalesce(retry_after, 0))),
                         retry_after = iif(:moved, NULL, retry_after)
         WHERE feed = :feed",
        named_params! {":feed": feed, ":request": entry.request, ":moved": moved, ":now": tx.now},
    )?;
    Ok(())
}

fn remove_feeds(tx: &Tx<'_>, feeds: &[FeedEntry], hosts: &mut BTreeSet<i64>) -> Result<()> {
    let wanted: HashSet<&str> = feeds.iter().map(|entry| entry.id.as_str()).collect();
    let configured = tx.db.all("SELECT feed, id, host FROM feed WHERE configured = 1", [], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get::<_, i64>(2)?))
    })?;
    for (feed, id, host) in configured {
        if !wanted.contains(id.as_str()) {
            let sql = "UPDATE feed SET configured = 0, enabled = 0, removed_at = ?2 WHERE feed = ?1";
            tx.db.run(sql, (feed, tx.now))?;
            hosts.insert(host);
        }
    }
    Ok(())
}
