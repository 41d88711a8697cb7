//! Bringing stored times and claims back in order: after a start, and after a clock that jumped back.

use rusqlite::{Connection, Result, named_params};
use tracing::warn;

use super::{
    hosts::{FREE_ALL, REFRESH_ALL},
    sql::Sql,
    time::{DAY, HOUR},
};

/// No honest wait for a poll is longer (specs/polling.md §8), but an operator's own interval may be.
const LONGEST_POLL_WAIT: i64 = 8 * DAY;
/// No honest pause between two requests to a host is longer.
const LONGEST_PAUSE: i64 = DAY;
/// No honest hold of the cap is longer.
const LONGEST_HOLD: i64 = HOUR;
/// No honest wait for an attempt is longer: 24 h, and the largest Retry-After (specs/delivery.md §10).
const LONGEST_ATTEMPT_WAIT: i64 = 48 * HOUR;
/// No honest lease is longer.
const LONGEST_LEASE: i64 = HOUR;

/// What holds when a process starts that holds the process lock: nobody else lives, so every lease is void and
/// what was being sent is due at once.
pub fn after_start(connection: &Connection, now: i64) -> Result<()> {
    // An error gives the connection up; closing it rolls back.
    connection.execute_batch("BEGIN IMMEDIATE")?;
    void_claims(connection, now)?;
    after_jump(connection, now)?;
    connection.execute_batch("COMMIT")
}

/// Times beyond what they can honestly be were written by a clock that was wrong: they are brought near.
pub fn after_jump(db: &Connection, now: i64) -> Result<()> {
    let feeds = pull_feeds(db, now)?;
    let hosts = pull_hosts(db, now)?;
    let deliveries = pull_deliveries(db, now)?;
    db.run("UPDATE flock SET held_until = 0 WHERE held_until > ?1", [now + LONGEST_HOLD])?;
    pull_notifiers(db, now)?;
    if feeds + hosts > 0 {
        db.run(REFRESH_ALL, [])?;
    }
    if feeds + hosts + deliveries > 0 {
        warn!(feeds, hosts, deliveries, "the clock went back: waits that it made too long were shortened");
    }
    Ok(())
}

fn void_claims(db: &Connection, now: i64) -> Result<()> {
    db.run("INSERT OR REPLACE INTO meta (name, value) VALUES ('running', 'yes')", [])?;
    db.run(FREE_ALL, [])?;
    db.run("UPDATE flock SET held_until = 0", [])?;
    let deliveries = "UPDATE delivery SET state = 'pending', owner = NULL, lease_until = NULL, next_attempt = ?1 \
                      WHERE state = 'sending'";
    db.run(deliveries, [now])?;
    // Whoever starts feedwatch may just have mended the receiver: a probe is due. Retry-After holds.
    db.run("UPDATE notifier SET until = ?1 WHERE state IN ('open', 'held')", [now])?;
    Ok(())
}

/// A feed attempted in the future was attempted now, and waits as long as it was to wait after that attempt.
fn pull_feeds(db: &Connection, now: i64) -> Result<usize> {
    let shifted = db.run(
        "UPDATE feed SET last_attempt  = :now,
                         next_poll     = max(:now, next_poll - (last_attempt - :now)),
                         retry_after   = retry_after - (last_attempt - :now),
                         last_success  = min(last_success, :now),
                         failing_since = min(failing_since, :now)
         WHERE last_attempt > :now",
        named_params! {":now": now},
    )?;
    let pulled = db.run(
        "UPDATE feed SET next_poll = :now
         WHERE next_poll > :now + :longest
           AND reason NOT IN ('interval', 'retry-after', 'max-age', 'expires', 'ttl', 'sy', 'skip')",
        named_params! {":now": now, ":longest": LONGEST_POLL_WAIT},
    )?;
    Ok(shifted + pulled)
}

/// A gate that was closed in the future was closed now, for as long as it was to be.
fn pull_hosts(db: &Connection, now: i64) -> Result<usize> {
    let shifted = db.run(
        "UPDATE host SET not_before = max(0, not_before - (turned_away_at - :now)), turned_away_at = :now
         WHERE turned_away_at > :now",
        named_params! {":now": now},
    )?;
    let gates = db.run(
        "UPDATE host SET not_before = :now WHERE not_before > :now + :longest",
        named_params! {":now": now, ":longest": LONGEST_POLL_WAIT},
    )?;
    let pauses = db.run(
        "UPDATE host SET pause_until = :now WHERE pause_until > :now + :longest",
        named_params! {":now": now, ":longest": LONGEST_PAUSE},
    )?;
    let leases = db.run(
        "UPDATE host SET lease_until = :now + :longest WHERE owner IS NOT NULL AND lease_until > :now + :longest",
        named_params! {":now": now, ":longest": LONGEST_LEASE},
    )?;
    Ok(shifted + gates + pauses + leases)
}

fn pull_deliveries(db: &Connection, now: i64) -> Result<usize> {
    let attempts = db.run(
        "UPDATE delivery SET next_attempt = :now WHERE state = 'pending' AND next_attempt > :now + :longest",
        named_params! {":now": now, ":longest": LONGEST_ATTEMPT_WAIT},
    )?;
    let leases = db.run(
        "UPDATE delivery SET lease_until = :now + :longest WHERE state = 'sending' AND lease_until > :now + :longest",
        named_params! {":now": now, ":longest": LONGEST_LEASE},
    )?;
    db.run(
        "UPDATE delivery SET age_from = :now WHERE state IN ('pending', 'sending') AND age_from > :now",
        named_params! {":now": now},
    )?;
    Ok(attempts + leases)
}

/// A notifier that came into its state in the future came into it now.
fn pull_notifiers(db: &Connection, now: i64) -> Result<()> {
    db.run(
        "UPDATE notifier SET until = max(:now, until - (since - :now)), since = :now WHERE since > :now",
        named_params! {":now": now},
    )?;
    db.run(
        "UPDATE notifier SET until = :now WHERE until > :now + :longest",
        named_params! {":now": now, ":longest": LONGEST_ATTEMPT_WAIT},
    )?;
    db.run("UPDATE notifier SET told_dead = NULL WHERE told_dead > :now", named_params! {":now": now})?;
    Ok(())
}
