//! Claiming hosts and handing out their feeds.

use std::{collections::HashMap, time::Duration};

use tokio_postgres::Row;

use super::{
    error::Result,
    flock,
    rows::{FEED_COLUMNS, feed_columns, feed_state, get, rows_i64, seconds, span, until},
    sql::{List, Param, text},
    transaction::Tx,
};
use crate::{
    model::{HostKey, OwnerId, Timestamp},
    store::{ClaimedHost, Claims, DueFeed, GateClosing, HostLease, StoreError, Visit},
};

/// `next_due` as it should be, in an `UPDATE host`: the first poll of its feeds, after its gate and its gap.
macro_rules! set_next_due {
    () => {
        "next_due = (SELECT greatest(f.next_poll, host.not_before, host.pause_until) FROM feed f \
         WHERE f.host = host.host AND f.enabled AND f.next_poll IS NOT NULL ORDER BY f.next_poll LIMIT 1)"
    };
}

/// What makes a claimed host one of ours.
macro_rules! claim {
    ($due:expr) => {
        concat!(
            "WITH due AS MATERIALIZED (",
            $due,
            ") UPDATE host SET owner = $3, epoch = host.epoch + 1, lease_until = $1 + make_interval(secs => $4) \
             FROM due WHERE host.host = due.host RETURNING host.host, host.name, host.epoch"
        )
    };
}

/// Claims due hosts that nobody else is just claiming.
pub const CLAIM_HOSTS: &str = claim!(
    "SELECT host FROM host WHERE owner IS NULL AND next_due <= $1 ORDER BY next_due LIMIT $2 \
     FOR NO KEY UPDATE SKIP LOCKED"
);
/// The same while the cap holds all but exempt feeds.
pub const CLAIM_EXEMPT: &str = claim!(
    "SELECT host.host FROM feed JOIN host ON host.host = feed.host \
     WHERE feed.enabled AND (NOT feed.adaptive OR feed.polls = 0) AND feed.next_poll <= $1 \
     AND host.owner IS NULL AND host.next_due <= $1 ORDER BY feed.next_poll LIMIT $2 \
     FOR NO KEY UPDATE OF host SKIP LOCKED"
);
/// Gives back hosts whose lease is over.
pub const FREE_LAPSED: &str = concat!(
    "WITH lapsed AS MATERIALIZED (SELECT host FROM host WHERE owner IS NOT NULL AND lease_until <= $1 \
     ORDER BY lease_until LIMIT 1000 FOR NO KEY UPDATE SKIP LOCKED) \
     UPDATE host SET owner = NULL, lease_until = NULL, ",
    set_next_due!(),
    " FROM lapsed WHERE host.host = lapsed.host"
);
/// The next host that nobody holds.
pub const NEXT_HOST: &str =
    "SELECT next_due FROM host WHERE owner IS NULL AND next_due IS NOT NULL ORDER BY next_due LIMIT 1";
/// Gives hosts back.
const FREE: &str =
    concat!("UPDATE host SET owner = NULL, lease_until = NULL, ", set_next_due!(), " WHERE host = ANY($1)");
/// Brings the due time of hosts up to date that nobody holds.
pub const REFRESH: &str =
    concat!("UPDATE host SET ", set_next_due!(), " WHERE host = ANY($1) AND owner IS NULL");
/// The same for every host.
pub const REFRESH_ALL: &str = concat!("UPDATE host SET ", set_next_due!(), " WHERE owner IS NULL");

/// Hands out feeds of held hosts: due, not under way, and the host's gate open. The attempt is on record before anybody
/// can make it, in the same statement; what comes back is what was known before it.
pub const HAND_OUT: &str = concat!(
    "WITH held AS (SELECT * FROM unnest($1::int[], $2::bigint[]) AS held(host, epoch)), \
     picked AS MATERIALIZED (SELECT ",
    feed_columns!(),
    ", feed.feed, held.host AS held_host, held.epoch AS held_epoch FROM held JOIN host ON host.host = held.host \
     CROSS JOIN LATERAL (SELECT * FROM feed WHERE feed.host = held.host AND feed.enabled AND feed.next_poll <= $3 \
        AND feed.handed_out IS DISTINCT FROM held.epoch AND (NOT feed.adaptive OR feed.polls = 0 OR NOT $4) \
        AND host.not_before <= $3 ORDER BY feed.next_poll, feed.feed LIMIT $5 FOR NO KEY UPDATE) AS feed), \
     attempted AS (UPDATE feed SET last_attempt = $3, handed_out = picked.held_epoch, reason = 'interrupted', \
        next_poll = $3 + CASE WHEN feed.last_attempt IS NULL THEN least(feed.guard, interval '1 minute') \
                              ELSE feed.guard END \
        FROM picked WHERE feed.feed = picked.feed), \
     paused AS (UPDATE host SET pause_until = greatest(host.pause_until, $3 + host.gap) \
        FROM (SELECT DISTINCT held_host FROM picked) AS busy WHERE host.host = busy.held_host) \
     SELECT * FROM picked ORDER BY next_poll, feed"
);

/// Claims up to `limit` due hosts, each with its first due feed.
pub async fn claim_hosts(tx: &Tx, owner: &OwnerId, limit: usize) -> Result<Claims> {
    tx.run(FREE_LAPSED, &[&tx.now]).await?;
    let kept = flock::read(tx).await?;
    let sql = if kept.held_until > tx.now { CLAIM_EXEMPT } else { CLAIM_HOSTS };
    let params: [&dyn Param; 4] = [&tx.now, &rows_i64(limit), &owner.as_str(), &seconds(tx.lease)];
    let claimed = tx
        .all(sql, &params, |row| {
            let lease = HostLease {
                host: HostKey::new(get::<String>(row, 1)?),
                owner: owner.clone(),
                epoch: get(row, 2)?,
            };
            Ok((get::<i32>(row, 0)?, lease))
        })
        .await?;
    let held: Vec<(i32, i64)> = claimed.iter().map(|(host, lease)| (*host, lease.epoch)).collect();
    let feeds = hand_out(tx, &held, 1, kept.held_until > tx.now).await?;
    let mut leases: HashMap<i32, HostLease> = claimed.into_iter().collect();
    let mut hosts = Vec::with_capacity(feeds.len());
    for (host, feed) in feeds {
        if let Some(lease) = leases.remove(&host) {
            hosts.push(ClaimedHost { lease, feeds: vec![feed] });
        }
    }
    give_back(tx, leases.into_keys().collect()).await?;
    let next: Option<Timestamp> = tx.first(NEXT_HOST, &[], |row| get(row, 0)).await?;
    // What is due and held can be claimed then; exempt feeds are looked for every second anyway.
    let next_due = next.map(|due| until(tx.now, due.max(kept.held_until)));
    Ok(Claims { now: tx.now, hosts, next_due, flock: kept.flock, controller: kept.controller })
}

/// Hands out further due feeds of a held host.
pub async fn take_feeds(tx: &Tx, lease: &HostLease, limit: usize) -> Result<Vec<DueFeed>> {
    let host = held(tx, lease).await?;
    hand_out_more(tx, host, lease.epoch, limit).await
}

/// The same, once it is known that the host is held.
pub async fn hand_out_more(tx: &Tx, host: i32, epoch: i64, limit: usize) -> Result<Vec<DueFeed>> {
    if limit == 0 {
        return Ok(Vec::new());
    }
    let is_capped = flock::held_until(tx).await? > tx.now;
    let feeds = hand_out(tx, &[(host, epoch)], limit, is_capped).await?;
    Ok(feeds.into_iter().map(|(_, feed)| feed).collect())
}

/// Extends the leases; returns those that are lost.
pub async fn renew_hosts(tx: &Tx, leases: &[HostLease]) -> Result<Vec<HostLease>> {
    let names = List(leases.iter().map(|lease| lease.host.as_str()).collect());
    let owners = List(leases.iter().map(|lease| lease.owner.as_str()).collect());
    let epochs = List(leases.iter().map(|lease| lease.epoch).collect());
    let renewed = tx
        .all(
            "WITH held AS MATERIALIZED (SELECT host.host FROM host \
                JOIN unnest($1::text[], $2::text[], $3::bigint[]) AS lease(name, owner, epoch) \
                ON host.name = lease.name AND host.owner = lease.owner AND host.epoch = lease.epoch \
                ORDER BY host.host FOR NO KEY UPDATE OF host) \
             UPDATE host SET lease_until = $4 + make_interval(secs => $5) FROM held WHERE host.host = held.host \
             RETURNING host.name",
            &[&names, &owners, &epochs, &tx.now, &seconds(tx.lease)],
            |row| get::<String>(row, 0),
        )
        .await?;
    let is_lost = |lease: &&HostLease| !renewed.iter().any(|name| name == lease.host.as_str());
    Ok(leases.iter().filter(is_lost).cloned().collect())
}

/// Gives a host back, not to be handed out again before `pause` is over.
pub async fn release_host(tx: &Tx, lease: &HostLease, pause: Duration) -> Result<()> {
    let host = held(tx, lease).await?;
    let sql = "UPDATE host SET pause_until = $2 WHERE host = $1";
    tx.run(sql, &[&host, &(tx.now + span(pause))]).await?;
    give_back(tx, vec![host]).await
}

/// Takes a host for a single request, if nobody holds it and its gate is open.
pub async fn visit_host(tx: &Tx, owner: &OwnerId, name: &HostKey) -> Result<Visit> {
    let host = host_row(tx, name.as_str()).await?;
    let sql =
        "SELECT owner, lease_until, not_before, pause_until FROM host WHERE host = $1 FOR NO KEY UPDATE";
    let found = tx.rows(sql, &[&host]).await?;
    let Some(row) = found.first() else { return Ok(Visit::Busy) };
    let (holder, lease_until): (Option<&str>, Option<Timestamp>) = (get(row, 0)?, get(row, 1)?);
    let (not_before, pause_until): (Timestamp, Timestamp) = (get(row, 2)?, get(row, 3)?);
    let holder = holder.filter(|_| lease_until.is_none_or(|until| until > tx.now));
    Ok(match holder {
        _ if not_before > tx.now => Visit::Closed(until(tx.now, not_before)),
        Some(holder) if holder == owner.as_str() => Visit::Ours,
        Some(_) => Visit::Busy,
        None if pause_until > tx.now => Visit::Closed(until(tx.now, pause_until)),
        None => Visit::Open(take_host(tx, host, name, owner).await?),
    })
}

/// Closes the gate of a host; one that is not sure only if another feed there was turned away within ten minutes.
pub async fn close_gate(tx: &Tx, feed: i32, closing: &GateClosing) -> Result<()> {
    let host = host_row(tx, closing.host.as_str()).await?;
    tx.run(
        "UPDATE host SET not_before = greatest(not_before, $2), why = $3 WHERE host = $1 \
         AND ($4 OR (turned_away IS NOT NULL AND turned_away <> $5 AND turned_away_at > $6 - interval '10 minutes'))",
        &[&host, &closing.until, &text(&closing.why), &closing.is_sure, &feed, &tx.now],
    )
    .await?;
    let sql = "UPDATE host SET turned_away = $2, turned_away_at = $3 WHERE host = $1";
    tx.run(sql, &[&host, &feed, &tx.now]).await?;
    refresh(tx, vec![host]).await
}

/// The row of a host, made if it is missing.
pub async fn host_row(tx: &Tx, name: &str) -> Result<i32> {
    let known = "SELECT host FROM host WHERE name = $1";
    loop {
        if let Some(host) = tx.first(known, &[&name], |row| get(row, 0)).await? {
            return Ok(host);
        }
        // Another instance may make it in the same moment: then it is there.
        tx.run("INSERT INTO host (name) VALUES ($1) ON CONFLICT DO NOTHING", &[&name]).await?;
    }
}

/// Gives back all that an owner holds, hosts and deliveries.
pub async fn release_all(tx: &Tx, owner: &OwnerId) -> Result<()> {
    let held = "SELECT host FROM host WHERE owner IS NOT NULL AND owner = $1 FOR NO KEY UPDATE";
    let hosts = tx.all(held, &[&owner.as_str()], |row| get(row, 0)).await?;
    give_back(tx, hosts).await?;
    tx.run(
        "UPDATE delivery SET state = 'pending', owner = NULL, lease_until = NULL, next_attempt = $2 \
         WHERE state = 'sending' AND owner = $1",
        &[&owner.as_str(), &tx.now],
    )
    .await?;
    Ok(())
}

/// The row of a held host, which nobody else can take before this transaction ends. Not held by this lease any more: the
/// work ends here.
pub async fn held(tx: &Tx, lease: &HostLease) -> Result<i32> {
    let sql = "SELECT host FROM host WHERE name = $1 AND owner = $2 AND epoch = $3 FOR NO KEY UPDATE";
    let (name, owner) = (lease.host.as_str(), lease.owner.as_str());
    let host = tx.first(sql, &[&name, &owner, &lease.epoch], |row| get(row, 0)).await?;
    host.ok_or_else(|| lost(lease).into())
}

/// The lease went to somebody else.
pub fn lost(lease: &HostLease) -> StoreError {
    StoreError::LeaseLost(format!("host {}", lease.host))
}

/// Brings the due times of hosts up to date that nobody holds.
pub async fn refresh(tx: &Tx, hosts: Vec<i32>) -> Result<()> {
    if hosts.is_empty() { Ok(()) } else { tx.run(REFRESH, &[&List(hosts)]).await.map(drop) }
}

/// Hands out up to `limit` feeds of each of these held hosts.
async fn hand_out(
    tx: &Tx,
    held: &[(i32, i64)],
    limit: usize,
    is_capped: bool,
) -> Result<Vec<(i32, DueFeed)>> {
    if held.is_empty() {
        return Ok(Vec::new());
    }
    let hosts = List(held.iter().map(|(host, _)| *host).collect());
    let epochs = List(held.iter().map(|(_, epoch)| *epoch).collect());
    let due = |row: &Row| {
        let state = feed_state(row)?;
        let due = state.next_poll.unwrap_or(tx.now);
        Ok((get(row, FEED_COLUMNS + 1)?, DueFeed { now: tx.now, due, state }))
    };
    tx.all(HAND_OUT, &[&hosts, &epochs, &tx.now, &is_capped, &rows_i64(limit)], due).await
}

async fn take_host(tx: &Tx, host: i32, name: &HostKey, owner: &OwnerId) -> Result<HostLease> {
    let sql =
        "UPDATE host SET owner = $2, epoch = epoch + 1, lease_until = $3 WHERE host = $1 RETURNING epoch";
    let until = tx.now + span(tx.lease);
    let epoch = tx.first(sql, &[&host, &owner.as_str(), &until], |row| get(row, 0)).await?;
    Ok(HostLease { host: name.clone(), owner: owner.clone(), epoch: epoch.unwrap_or_default() })
}

async fn give_back(tx: &Tx, hosts: Vec<i32>) -> Result<()> {
    if hosts.is_empty() { Ok(()) } else { tx.run(FREE, &[&List(hosts)]).await.map(drop) }
}
