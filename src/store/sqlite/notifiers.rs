//! Notifiers: what the configuration says about them, and how they are doing.

use std::collections::HashSet;

use rusqlite::{Result, Row, named_params};

use super::{
    deliveries::NOTIFIER_REMOVED,
    error::Fault,
    events,
    rows::{moment, rows_i64, word},
    sql::Sql,
    time::millis,
    transaction::Tx,
};
use crate::{
    model::{NotifierHealth, NotifierName, NotifierState},
    store::{NotifierEntry, Report, Standing},
};

/// The columns that [`health`] reads.
macro_rules! health_columns {
    () => {
        "notifier.state, since, until, notifier.reason, failures, probes, granted, told, reported, told_dead"
    };
}
pub(super) use health_columns;

/// What waits for a notifier that takes part, or is under way to it, over all; no more than a limit.
pub const PENDING: &str = "SELECT (SELECT count(*) FROM (SELECT 1 FROM delivery WHERE state = 'pending' \
        AND notifier IN (SELECT notifier FROM notifier WHERE state <> 'disabled') LIMIT ?1)) \
    + (SELECT count(*) FROM (SELECT 1 FROM delivery WHERE state = 'sending' LIMIT ?1))";

const KNOWN: &str =
    concat!("SELECT notifier, epoch, calling_back, ", health_columns!(), " FROM notifier WHERE name = ?1");

/// A notifier as it is stored.
pub struct Known {
    /// Its row.
    pub row: i64,
    /// Grows with its configuration.
    pub epoch: i64,
    /// How it is doing.
    pub health: NotifierHealth,
    /// Whether what waits for it is being made due.
    pub calling_back: bool,
}

/// A notifier by its name.
pub fn known(tx: &Tx<'_>, name: &NotifierName) -> Result<Option<Known>> {
    tx.db.first(KNOWN, [name.as_str()], |row| {
        Ok(Known {
            row: row.get("notifier")?,
            epoch: row.get("epoch")?,
            calling_back: row.get("calling_back")?,
            health: health(row)?,
        })
    })
}

/// How a notifier is doing, from a row with the columns of `health_columns`.
pub fn health(row: &Row<'_>) -> Result<NotifierHealth> {
    Ok(NotifierHealth {
        state: word(row, "state", NotifierState::parse)?.unwrap_or(NotifierState::Active),
        since: moment(row, "since")?,
        until: moment(row, "until")?,
        reason: row.get("reason")?,
        failures: row.get("failures")?,
        probes: row.get("probes")?,
        is_granted: row.get("granted")?,
        is_told: row.get("told")?,
        is_reported: row.get("reported")?,
        told_dead: moment(row, "told_dead")?,
    })
}

/// Writes down how a notifier is doing.
pub fn keep_health(tx: &Tx<'_>, notifier: i64, health: &NotifierHealth) -> Result<()> {
    tx.db.run(
        "UPDATE notifier SET state = :state, since = :since, until = :until, reason = :reason,
                             failures = :failures, probes = :probes, granted = :granted, told = :told,
                             reported = :reported, told_dead = :told_dead
         WHERE notifier = :notifier",
        named_params! {
            ":notifier": notifier,
            ":state": health.state.as_str(),
            ":since": health.since.map(millis),
            ":until": health.until.map(millis),
            ":reason": health.reason,
            ":failures": health.failures,
            ":probes": health.probes,
            ":granted": health.is_granted,
            ":told": health.is_told,
            ":reported": health.is_reported,
            ":told_dead": health.told_dead.map(millis),
        },
    )?;
    Ok(())
}

/// Everything that waits for a notifier is due with its next claims, or not.
pub fn call_back(tx: &Tx<'_>, notifier: i64, calls: bool) -> Result<()> {
    let sql = "UPDATE notifier SET calling_back = ?2 WHERE notifier = ?1 AND calling_back <> ?2";
    tx.db.run(sql, (notifier, calls)).map(drop)
}

/// Makes a notifier active: it was seen to work.
pub fn reactivate(tx: &Tx<'_>, name: &NotifierName) -> Result<(), Fault> {
    let Some(known) = known(tx, name)? else { return Ok(()) };
    if !matches!(known.health.state, NotifierState::Active | NotifierState::Disabled) {
        start_anew(tx, known.row, NotifierState::Active)?;
    }
    Ok(())
}

/// Writes down what is said of a notifier, given how it stands.
pub fn report(tx: &Tx<'_>, name: &NotifierName, say: impl FnOnce(&Standing) -> Report) -> Result<()> {
    let Some(Known { row, health, .. }) = known(tx, name)? else { return Ok(()) };
    let standing = Standing { health, now: super::time::timestamp(tx.now), is_current: true };
    let said = say(&standing);
    if let Some(health) = said.health.filter(|health| *health != standing.health) {
        keep_health(tx, row, &health)?;
    }
    said.event.map_or(Ok(()), |event| events::record(tx, &event))
}

/// Makes the configured notifiers known; what waits for those that left is given up.
pub fn sync(tx: &Tx<'_>, notifiers: &[NotifierEntry]) -> Result<()> {
    for entry in notifiers {
        sync_one(tx, entry)?;
    }
    let wanted: HashSet<&str> = notifiers.iter().map(|entry| entry.name.as_str()).collect();
    let configured = tx.db.all("SELECT notifier, name FROM notifier WHERE configured = 1", [], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))
    })?;
    for (notifier, name) in configured {
        if !wanted.contains(name.as_str()) {
            tx.db.run(
                "UPDATE notifier SET configured = 0, epoch = epoch + 1 WHERE notifier = ?1",
                [notifier],
            )?;
        }
    }
    tx.db.run(
        "UPDATE delivery SET state = 'dead', finished = ?1, failed_at = ?1, reason = ?2,
                             next_attempt = NULL
         WHERE state = 'pending' AND notifier IN (SELECT notifier FROM notifier WHERE configured = 0)",
        (tx.now, NOTIFIER_REMOVED),
    )?;
    Ok(())
}

/// How many deliveries wait or are under way, over all notifiers.
pub fn pending(db: &rusqlite::Connection, limit: usize) -> Result<usize> {
    let count: Option<i64> = db.first(PENDING, [rows_i64(limit)], |row| row.get(0))?;
    Ok(usize::try_from(count.unwrap_or(0)).unwrap_or(0).min(limit))
}

/// With another target, or after it was switched off or left out, nothing that was learned holds any more.
fn sync_one(tx: &Tx<'_>, entry: &NotifierEntry) -> Result<()> {
    tx.db.run(
        "INSERT INTO notifier (name, configured) VALUES (?1, 0) ON CONFLICT DO NOTHING",
        [entry.name.as_str()],
    )?;
    let sql = "SELECT notifier, configured = 1 AND target IS ?2 AND (state <> 'disabled') = ?3
               FROM notifier WHERE name = ?1";
    let found = tx.db.first(sql, (entry.name.as_str(), &entry.target, entry.enabled), |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, bool>(1)?))
    })?;
    let Some((notifier, false)) = found else { return Ok(()) };
    let sql = "UPDATE notifier SET configured = 1, target = ?2, epoch = epoch + 1 WHERE notifier = ?1";
    tx.db.run(sql, (notifier, &entry.target))?;
    let state = if entry.enabled { NotifierState::Active } else { NotifierState::Disabled };
    start_anew(tx, notifier, state)
}

fn start_anew(tx: &Tx<'_>, notifier: i64, state: NotifierState) -> Result<()> {
    let since = super::time::timestamp(tx.now);
    keep_health(tx, notifier, &NotifierHealth::new(state, Some(since)))?;
    call_back(tx, notifier, state == NotifierState::Active)
}
