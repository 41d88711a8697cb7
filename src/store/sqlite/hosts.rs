//! Claiming hosts and handing out their feeds.

use std::{collections::HashSet, time::Duration};

use rusqlite::{Result, named_params};

use super::{
    error::Fault,
    flock,
    rows::{feed_columns, feed_state, rows_i64},
    sql::Sql,
    time::{MINUTE, millis, span, timestamp, until},
    transaction::Tx,
};
use crate::{
    model::{HostKey, OwnerId, Timestamp},
    store::{ClaimedHost, Claims, DueFeed, FeedState, GateClosing, HostLease, StoreError, Visit},
};

/// `next_due` as it should be, in an `UPDATE host`: the first poll of its feeds, after its gate and its gap.
macro_rules! set_next_due {
    () => {
        "next_due = (SELECT max(next_poll, host.not_before, host.pause_until) FROM feed \
         WHERE feed.host = host.host AND feed.enabled = 1 AND next_poll IS NOT NULL ORDER BY next_poll LIMIT 1)"
    };
}

/// Voids every lease.
pub const FREE_ALL: &str = concat!(
    "UPDATE host SET owner = NULL, lease_until = NULL, ",
    set_next_due!(),
    " WHERE owner IS NOT NULL"
);
/// Voids the lease of one host.
const FREE: &str =
    concat!("UPDATE host SET owner = NULL, lease_until = NULL, ", set_next_due!(), " WHERE host = ?1");
/// Brings the due time of every host that nobody holds up to date.
pub const REFRESH_ALL: &str = concat!("UPDATE host SET ", set_next_due!(), " WHERE owner IS NULL");
/// The same for one host.
pub const REFRESH: &str = concat!("UPDATE host SET ", set_next_due!(), " WHERE host = ?1 AND owner IS NULL");
/// The hosts to claim.
pub const DUE_HOSTS: &str =
    "SELECT host, name FROM host WHERE owner IS NULL AND next_due <= ?1 ORDER BY next_due LIMIT ?2";
/// The same while the cap holds all but exempt feeds.
pub const EXEMPT_HOSTS: &str = "SELECT host.host, name FROM feed CROSS JOIN host ON host.host = feed.host \
     WHERE enabled = 1 AND (adaptive = 0 OR polls = 0) AND next_poll <= ?1 AND owner IS NULL AND next_due <= ?1 \
     ORDER BY next_poll LIMIT ?2";
/// The next host that nobody holds.
pub const NEXT_HOST: &str =
    "SELECT next_due FROM host WHERE owner IS NULL AND next_due IS NOT NULL ORDER BY next_due LIMIT 1";
/// The feeds of a host to hand out: due, not under way, and the host's gate open.
pub const DUE_FEEDS: &str = concat!(
    "SELECT ",
    feed_columns!(),
    ", feed FROM feed WHERE host = :host AND enabled = 1 AND next_poll <= :now AND handed_out IS NOT :epoch \
     AND (adaptive = 0 OR polls = 0 OR NOT :held) \
     AND (SELECT not_before FROM host WHERE host = :host) <= :now ORDER BY next_poll LIMIT :limit"
);
/// The hosts whose lease is over.
pub const LAPSED_HOSTS: &str = "SELECT host FROM host WHERE owner IS NOT NULL AND lease_until <= ?1";

/// The very first attempt may be repeated soon if it was broken off: the operator waits for the first articles. The second
/// one waits as all others do, so that a document that crashes its reader is not fetched once a minute.
const FIRST_SIGHT_GUARD: i64 = MINUTE;
/// Two feeds of a host that are turned away within this speak for all of them.
const TURNED_AWAY_LATELY: i64 = 10 * MINUTE;

/// Claims up to `limit` due hosts, each with its first due feed.
pub fn claim_hosts(tx: &Tx<'_>, owner: &OwnerId, limit: usize) -> Result<Claims, Fault> {
    for host in tx.db.all(LAPSED_HOSTS, [tx.now], |row| row.get::<_, i64>(0))? {
        give_back(tx, host)?;
    }
    let mut hosts = Vec::new();
    for (host, name) in due_hosts(tx, limit)? {
        let lease = take_host(tx, host, HostKey::new(name), owner)?;
        let feeds = hand_out(tx, host, lease.epoch, 1)?;
        if feeds.is_empty() {
            give_back(tx, host)?;
        } else {
            hosts.push(ClaimedHost { lease, feeds });
        }
    }
    let (flock, controller) = flock::read(tx)?;
    Ok(Claims { now: timestamp(tx.now), hosts, next_due: next_due(tx)?, flock, controller })
}

/// Hands out further due feeds of a held host.
pub fn take_feeds(tx: &Tx<'_>, lease: &HostLease, limit: usize) -> Result<Vec<DueFeed>, Fault> {
    let host = held(tx, lease)?;
    Ok(hand_out(tx, host, lease.epoch, limit)?)
}

/// Extends the leases; returns those that are lost.
pub fn renew_hosts(tx: &Tx<'_>, leases: &[HostLease]) -> Result<Vec<HostLease>, Fault> {
    let mut lost = Vec::new();
    for lease in leases {
        let extended = tx.db.run(
            "UPDATE host SET lease_until = ?4 WHERE name = ?1 AND owner = ?2 AND epoch = ?3",
            (lease.host.as_str(), lease.owner.as_str(), lease.epoch, tx.now + tx.lease),
        )?;
        if extended == 0 {
            lost.push(lease.clone());
        }
    }
    Ok(lost)
}

/// Gives a host back, not to be handed out again before `pause` is over.
pub fn release_host(tx: &Tx<'_>, lease: &HostLease, pause: Duration) -> Result<(), Fault> {
    let host = held(tx, lease)?;
    tx.db.run("UPDATE host SET pause_until = ?2 WHERE host = ?1", (host, tx.now + span(pause)))?;
    Ok(give_back(tx, host)?)
}

/// Takes a host for a single request, if nobody holds it and its gate is open.
pub fn visit_host(tx: &Tx<'_>, owner: &OwnerId, name: &HostKey) -> Result<Visit, Fault> {
    let host = host_row(tx, name.as_str())?;
    let sql = "SELECT owner, lease_until, not_before, pause_until FROM host WHERE host = ?1";
    let found = tx.db.first(sql, [host], |row| {
        let lease: Option<i64> = row.get(1)?;
        Ok((row.get::<_, Option<String>>(0)?, lease, row.get::<_, i64>(2)?, row.get::<_, i64>(3)?))
    })?;
    let (holder, lease_until, not_before, pause_until) = found.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
    let holder = holder.filter(|_| lease_until.is_none_or(|until| until > tx.now));
    Ok(match holder.as_deref() {
        _ if not_before > tx.now => Visit::Closed(until(tx.now, not_before)),
        Some(holder) if holder == owner.as_str() => Visit::Ours,
        Some(_) => Visit::Busy,
        None if pause_until > tx.now => Visit::Closed(until(tx.now, pause_until)),
        None => Visit::Open(take_host(tx, host, name.clone(), owner)?),
    })
}

/// Closes the gate of a host; one that is not sure only if another feed there was turned away lately.
pub fn close_gate(tx: &Tx<'_>, feed: i64, closing: &GateClosing) -> Result<()> {
    let host = host_row(tx, closing.host.as_str())?;
    tx.db.run(
        "UPDATE host SET not_before = max(not_before, :until), why = :why
         WHERE host = :host
           AND (:sure OR (turned_away IS NOT NULL AND turned_away <> :feed AND turned_away_at > :lately))",
        named_params! {
            ":host": host, ":until": millis(closing.until), ":why": closing.why, ":sure": closing.is_sure,
            ":feed": feed, ":lately": tx.now - TURNED_AWAY_LATELY,
        },
    )?;
    let sql = "UPDATE host SET turned_away = ?2, turned_away_at = ?3 WHERE host = ?1";
    tx.db.run(sql, (host, feed, tx.now))?;
    refresh(tx, host)
}

/// The row of a host, made if it is missing.
pub fn host_row(tx: &Tx<'_>, name: &str) -> Result<i64> {
    if let Some(host) = tx.db.first("SELECT host FROM host WHERE name = ?1", [name], |row| row.get(0))? {
        return Ok(host);
    }
    tx.db.run("INSERT INTO host (name) VALUES (?1)", [name])?;
    Ok(tx.db.last_insert_rowid())
}

/// Gives back all that an owner holds, hosts and deliveries.
pub fn release_all(tx: &Tx<'_>, owner: &OwnerId) -> Result<(), Fault> {
    let held = "SELECT host FROM host WHERE owner IS NOT NULL AND owner = ?1";
    for host in tx.db.all(held, [owner.as_str()], |row| row.get::<_, i64>(0))? {
        give_back(tx, host)?;
    }
    tx.db.run(
        "UPDATE delivery SET state = 'pending', owner = NULL, lease_until = NULL, next_attempt = ?2
         WHERE state = 'sending' AND owner = ?1",
        (owner.as_str(), tx.now),
    )?;
    Ok(())
}

/// The row of a held host. Not held by this lease any more: the job ends here.
pub fn held(tx: &Tx<'_>, lease: &HostLease) -> Result<i64, Fault> {
    let host = tx.db.first(
        "SELECT host FROM host WHERE name = ?1 AND owner = ?2 AND epoch = ?3",
        (lease.host.as_str(), lease.owner.as_str(), lease.epoch),
        |row| row.get(0),
    )?;
    host.ok_or_else(|| StoreError::LeaseLost(format!("host {}", lease.host)).into())
}

/// Hands out due feeds. The attempt is on record before anybody can make it: after a crash the feed waits behind
/// its guard. A feed that is under way is not handed out twice, however short its interval.
pub fn hand_out(tx: &Tx<'_>, host: i64, epoch: i64, limit: usize) -> Result<Vec<DueFeed>> {
    let mut feeds = Vec::new();
    for (feed, due, state) in due_feeds(tx, host, epoch, limit)? {
        tx.db.run(
            "UPDATE feed SET last_attempt = :now, handed_out = :epoch, reason = 'interrupted',
                             next_poll = :now + iif(last_attempt IS NULL, min(guard, :first), guard)
             WHERE feed = :feed",
            named_params! {":now": tx.now, ":epoch": epoch, ":feed": feed, ":first": FIRST_SIGHT_GUARD},
        )?;
        feeds.push(DueFeed { now: timestamp(tx.now), due, state });
    }
    if !feeds.is_empty() {
        // Whoever holds the host knows when its gap ends; after a crash nobody does.
        tx.db.run(
            "UPDATE host SET pause_until = max(pause_until, ?2 + gap) WHERE host = ?1",
            (host, tx.now),
        )?;
    }
    Ok(feeds)
}

/// Brings a host's due time up to date, if nobody holds it.
pub fn refresh(tx: &Tx<'_>, host: i64) -> Result<()> {
    tx.db.run(REFRESH, [host]).map(drop)
}

fn due_hosts(tx: &Tx<'_>, limit: usize) -> Result<Vec<(i64, String)>> {
    let limit = rows_i64(limit);
    let sql = if flock::is_held(tx)? { EXEMPT_HOSTS } else { DUE_HOSTS };
    let mut hosts = tx.db.all(sql, (tx.now, limit), |row| Ok((row.get::<_, i64>(0)?, row.get(1)?)))?;
    let mut seen = HashSet::new();
    hosts.retain(|(host, _)| seen.insert(*host));
    Ok(hosts)
}

fn take_host(tx: &Tx<'_>, host: i64, name: HostKey, owner: &OwnerId) -> Result<HostLease> {
    let epoch = tx.db.first(
        "UPDATE host SET owner = ?2, epoch = epoch + 1, lease_until = ?3 WHERE host = ?1 RETURNING epoch",
        (host, owner.as_str(), tx.now + tx.lease),
        |row| row.get(0),
    )?;
    let epoch = epoch.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
    Ok(HostLease { host: name, owner: owner.clone(), epoch })
}

fn give_back(tx: &Tx<'_>, host: i64) -> Result<()> {
    tx.db.run(FREE, [host]).map(drop)
}

/// The feeds to hand out: row, when it was due, and its state as it was before.
fn due_feeds(tx: &Tx<'_>, host: i64, epoch: i64, limit: usize) -> Result<Vec<(i64, Timestamp, FeedState)>> {
    let limit = rows_i64(limit);
    let held = flock::is_held(tx)?;
    let params =
        named_params! {":host": host, ":now": tx.now, ":epoch": epoch, ":limit": limit, ":held": held};
    tx.db.all(DUE_FEEDS, params, |row| {
        let state = feed_state(row)?;
        Ok((row.get("feed")?, timestamp(row.get("next_poll")?), state))
    })
}

fn next_due(tx: &Tx<'_>) -> Result<Option<Duration>> {
    let due: Option<i64> = tx.db.first(NEXT_HOST, [], |row| row.get(0))?;
    // What is due and held can be claimed then; exempt feeds are looked for every second anyway.
    let held = flock::held_until(tx)?;
    Ok(due.map(|due| until(tx.now, due.max(held))))
}
