//! What the configuration says about feeds and notifiers, and `once`. Feeds go in as lists; what did not change costs a
//! look.

use std::{collections::BTreeSet, time::Duration};

use super::{
    error::Result,
    flock,
    hosts::{self, REFRESH_ALL},
    notifiers,
    rows::{get, seconds, span},
    sql::{List, Param},
    transaction::Tx,
};
use crate::{
    model::{FeedId, Timestamp},
    store::{FeedEntry, NotifierEntry},
};

/// Feeds in one statement.
const BATCH: usize = 5000;

/// Makes the configured feeds and notifiers known, and puts aside those that left.
pub async fn sync_config(tx: &Tx, feeds: &[FeedEntry], entries: &[NotifierEntry]) -> Result<()> {
    tx.take_time().await?;
    // One instance after the other: two that start together have the same to say.
    tx.run("UPDATE meta SET until = $1 WHERE name = 'sync'", &[&tx.now]).await?;
    let mut touched = BTreeSet::new();
    for batch in feeds.chunks(BATCH) {
        sync_batch(tx, batch, &mut touched).await?;
    }
    touched.extend(remove_feeds(tx, feeds).await?);
    hosts::refresh(tx, touched.into_iter().collect()).await?;
    flock::recount(tx).await?;
    notifiers::sync(tx, entries).await
}

/// Makes every feed due that may be asked; returns the enabled ones that may not.
pub async fn make_due(tx: &Tx, recent: &[FeedId], spare: Duration) -> Result<Vec<FeedId>> {
    const LEFT_OUT: &str = "coalesce(next_poll IS NULL OR retry_after > $1 OR not_before > $1 \
        OR reason = 'gone' AND next_poll > $1 OR id = ANY($2) AND last_attempt > $3, false)";
    tx.take_time().await?;
    let recent = List(recent.iter().map(FeedId::as_str).collect());
    let params: [&dyn Param; 3] = [&tx.now, &recent, &(tx.now - span(spare))];
    let left_out = format!(
        "SELECT id FROM feed JOIN host ON host.host = feed.host WHERE enabled AND {LEFT_OUT} ORDER BY id"
    );
    let skipped = tx.all(&left_out, &params, |row| Ok(FeedId::new(get::<String>(row, 0)?))).await?;
    let due = format!(
        "UPDATE feed SET next_poll = $1, reason = 'once' FROM host \
         WHERE host.host = feed.host AND enabled AND next_poll > $1 AND NOT {LEFT_OUT}"
    );
    tx.run(&due, &params).await?;
    tx.run(REFRESH_ALL, &[]).await?;
    Ok(skipped)
}

/// Moves the next polls of feeds that are not under way to a later time.
pub async fn postpone(tx: &Tx, polls: &[(FeedId, Timestamp)]) -> Result<()> {
    let ids = List(polls.iter().map(|(id, _)| id.as_str()).collect());
    let times = List(polls.iter().map(|(_, at)| *at).collect());
    let sql = "UPDATE feed SET next_poll = p.at FROM unnest($1::text[], $2::timestamptz[]) AS p(id, at) \
               WHERE feed.id = p.id AND feed.next_poll < p.at RETURNING feed.host";
    let touched: Vec<i32> = tx.all(sql, &[&ids, &times], |row| get(row, 0)).await?;
    hosts::refresh(tx, touched).await
}

/// A configured feed that is new, or is not as it was.
struct Changed<'a> {
    entry: &'a FeedEntry,
    /// The row of its host.
    host: i32,
    known: Option<Known>,
}

/// What is stored of a configured feed.
struct Known {
    feed: i32,
    host: i32,
    request: String,
    was_enabled: bool,
}

async fn sync_batch(tx: &Tx, batch: &[FeedEntry], touched: &mut BTreeSet<i32>) -> Result<()> {
    sync_hosts(tx, batch).await?;
    let (mut new, mut changed) = (Vec::new(), Vec::new());
    for feed in changed_feeds(tx, batch).await? {
        touched.insert(feed.host);
        if feed.known.is_none() { new.push(feed) } else { changed.push(feed) }
    }
    insert_feeds(tx, &new).await?;
    for Changed { entry, host, known } in changed {
        if let Some(known) = known {
            touched.insert(known.host);
            update_feed(tx, entry, host, &known).await?;
        }
    }
    Ok(())
}

async fn sync_hosts(tx: &Tx, batch: &[FeedEntry]) -> Result<()> {
    let names = List(batch.iter().map(|entry| entry.host.as_str()).collect());
    let gaps = List(batch.iter().map(|entry| seconds(entry.gap)).collect());
    tx.run(
        "INSERT INTO host (name, gap) SELECT name, max(make_interval(secs => gap)) \
            FROM unnest($1::text[], $2::float8[]) AS h(name, gap) GROUP BY name ORDER BY name \
         ON CONFLICT (name) DO UPDATE SET gap = excluded.gap WHERE host.gap <> excluded.gap",
        &[&names, &gaps],
    )
    .await?;
    Ok(())
}

async fn changed_feeds<'a>(tx: &Tx, batch: &'a [FeedEntry]) -> Result<Vec<Changed<'a>>> {
    let text = |of: fn(&FeedEntry) -> &str| List(batch.iter().map(of).collect());
    let flag = |of: fn(&FeedEntry) -> bool| List(batch.iter().map(of).collect());
    let found = tx
        .all(
            "SELECT (e.n - 1)::int, host.host, feed.feed, feed.host, feed.request, feed.enabled \
             FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bool[], $6::float8[], $7::bool[]) \
                WITH ORDINALITY AS e(id, host, url, request, enabled, guard, adaptive, n) \
             JOIN host ON host.name = e.host LEFT JOIN feed ON feed.id = e.id \
             WHERE feed.feed IS NULL OR NOT (feed.configured AND feed.host = host.host AND feed.url = e.url \
                AND feed.request = e.request AND feed.enabled = e.enabled \
                AND feed.guard = make_interval(secs => e.guard) AND feed.adaptive = e.adaptive) ORDER BY e.n",
            &[
                &text(|entry| entry.id.as_str()),
                &text(|entry| entry.host.as_str()),
                &text(|entry| &entry.url),
                &text(|entry| &entry.request),
                &flag(|entry| entry.enabled),
                &List(batch.iter().map(|entry| seconds(entry.guard)).collect()),
                &flag(|entry| entry.is_adaptive),
            ],
            |row| {
                let known = match get::<Option<i32>>(row, 2)? {
                    None => None,
                    Some(feed) => Some(Known {
                        feed,
                        host: get(row, 3)?,
                        request: get(row, 4)?,
                        was_enabled: get(row, 5)?,
                    }),
                };
                Ok((usize::try_from(get::<i32>(row, 0)?).unwrap_or(usize::MAX), get(row, 1)?, known))
            },
        )
        .await?;
    let changed = found
        .into_iter()
        .filter_map(|(n, host, known)| batch.get(n).map(|entry| Changed { entry, host, known }));
    Ok(changed.collect())
}

async fn insert_feeds(tx: &Tx, new: &[Changed<'_>]) -> Result<()> {
    if new.is_empty() {
        return Ok(());
    }
    let text = |of: fn(&FeedEntry) -> &str| List(new.iter().map(|feed| of(feed.entry)).collect());
    let flag = |of: fn(&FeedEntry) -> bool| List(new.iter().map(|feed| of(feed.entry)).collect());
    tx.run(
        "INSERT INTO feed (id, host, url, request, configured, enabled, guard, adaptive, next_poll, reason) \
         SELECT e.id, e.host, e.url, e.request, true, e.enabled, make_interval(secs => e.guard), e.adaptive, $1, 'first' \
         FROM unnest($2::text[], $3::int[], $4::text[], $5::text[], $6::bool[], $7::float8[], $8::bool[]) \
            AS e(id, host, url, request, enabled, guard, adaptive)",
        &[
            &tx.now,
            &text(|entry| entry.id.as_str()),
            &List(new.iter().map(|feed| feed.host).collect()),
            &text(|entry| &entry.url),
            &text(|entry| &entry.request),
            &flag(|entry| entry.enabled),
            &List(new.iter().map(|feed| seconds(feed.entry.guard)).collect()),
            &flag(|entry| entry.is_adaptive),
        ],
    )
    .await?;
    Ok(())
}

async fn update_feed(tx: &Tx, entry: &FeedEntry, host: i32, known: &Known) -> Result<()> {
    tx.run(
        "UPDATE feed SET host = $2, url = $3, configured = true, enabled = $4, removed_at = NULL, \
                         guard = make_interval(secs => $5), adaptive = $6 WHERE feed = $1",
        &[&known.feed, &host, &entry.url, &entry.enabled, &seconds(entry.guard), &entry.is_adaptive],
    )
    .await?;
    if entry.request != known.request {
        renew_request(tx, entry, known.feed, host != known.host).await?;
    }
    if entry.enabled && !known.was_enabled {
        let sql = "UPDATE feed SET next_poll = $2, reason = 'first' WHERE feed = $1 AND next_poll IS NULL";
        tx.run(sql, &[&known.feed, &tx.now]).await?;
    }
    Ok(())
}

/// Another request is another question: validators and back-off of the old one are void, and an answer to it that is
/// still under way is no longer taken. The guard since the last attempt holds, and so does Retry-After of the host.
async fn renew_request(tx: &Tx, entry: &FeedEntry, feed: i32, moved: bool) -> Result<()> {
    tx.run(
        "UPDATE feed SET request = $2, etag = NULL, last_modified = NULL, body_hash = NULL, memory = NULL, \
                last_outcome = NULL, error = NULL, consecutive_failures = 0, failing_since = NULL, \
                handed_out = NULL, reason = 'first', \
                next_poll = CASE WHEN $3 THEN $4 ELSE greatest($4, last_attempt + guard, retry_after) END, \
                retry_after = CASE WHEN $3 THEN NULL ELSE retry_after END WHERE feed = $1",
        &[&feed, &entry.request, &moved, &tx.now],
    )
    .await?;
    Ok(())
}

/// Puts aside the feeds that left; the rows of their hosts.
async fn remove_feeds(tx: &Tx, feeds: &[FeedEntry]) -> Result<Vec<i32>> {
    let wanted = List(feeds.iter().map(|entry| entry.id.as_str()).collect());
    let sql = "UPDATE feed SET configured = false, enabled = false, removed_at = $2 WHERE configured \
               AND NOT EXISTS (SELECT 1 FROM unnest($1::text[]) AS e(id) WHERE e.id = feed.id) RETURNING host";
    tx.all(sql, &[&wanted, &tx.now], |row| get(row, 0)).await
}
