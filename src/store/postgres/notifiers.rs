//! Notifiers: what the configuration says about them, and how they are doing.

use tokio_postgres::Row;

use super::{
    deliveries::NOTIFIER_REMOVED,
    error::Result,
    events,
    rows::{get, rows_i64, small, word},
    sql::{List, maybe_text},
    transaction::Tx,
};
use crate::{
    model::{NotifierHealth, NotifierName, NotifierState},
    store::{NotifierEntry, Report, Standing},
};

/// The columns that [`health`] reads.
macro_rules! health_columns {
    () => {
        "notifier.state, notifier.since, notifier.until, notifier.reason, notifier.failures, notifier.probes, \
         notifier.granted, notifier.told, notifier.reported, notifier.told_dead"
    };
}
pub(super) use health_columns;

/// How many these are.
pub const HEALTH_COLUMNS: usize = 10;

/// What waits for a notifier that takes part, or is under way to it, over all; no more than a limit.
pub const PENDING: &str = "SELECT (SELECT count(*) FROM (SELECT 1 FROM delivery WHERE state = 'pending' \
        AND notifier IN (SELECT notifier FROM notifier WHERE state <> 'disabled') LIMIT $1) AS w) \
    + (SELECT count(*) FROM (SELECT 1 FROM delivery WHERE state = 'sending' LIMIT $1) AS s)";

/// Locked: what an instance finds out about a notifier, the next one knows.
const KNOWN: &str = concat!(
    "SELECT ",
    health_columns!(),
    ", notifier, epoch, calling_back FROM notifier WHERE name = $1 FOR NO KEY UPDATE"
);

/// A notifier as it is stored.
pub struct Known {
    /// Its row.
    pub row: i32,
    /// Grows with its configuration.
    pub epoch: i64,
    /// How it is doing.
    pub health: NotifierHealth,
    /// Whether what waits for it is being made due.
    pub calling_back: bool,
}

/// A notifier by its name.
pub async fn known(tx: &Tx, name: &NotifierName) -> Result<Option<Known>> {
    tx.first(KNOWN, &[&name.as_str()], |row| {
        Ok(Known {
            row: get(row, HEALTH_COLUMNS)?,
            epoch: get(row, HEALTH_COLUMNS + 1)?,
            health: health(row)?,
            calling_back: get(row, HEALTH_COLUMNS + 2)?,
        })
    })
    .await
}

/// How a notifier is doing, from a row that begins with the columns of `health_columns`.
pub fn health(row: &Row) -> Result<NotifierHealth> {
    Ok(NotifierHealth {
        state: word(get(row, 0)?, NotifierState::parse)?.unwrap_or(NotifierState::Active),
        since: get(row, 1)?,
        until: get(row, 2)?,
        reason: get(row, 3)?,
        failures: small(get(row, 4)?),
        probes: small(get(row, 5)?),
        is_granted: get(row, 6)?,
        is_told: get(row, 7)?,
        is_reported: get(row, 8)?,
        told_dead: get(row, 9)?,
    })
}

/// Writes down how a notifier is doing.
pub async fn keep_health(tx: &Tx, notifier: i32, health: &NotifierHealth) -> Result<()> {
    tx.run(
        "UPDATE notifier SET state = $2, since = $3, until = $4, reason = $5, failures = $6, probes = $7, \
                             granted = $8, told = $9, reported = $10, told_dead = $11 WHERE notifier = $1",
        &[
            &notifier,
            &health.state.as_str(),
            &health.since,
            &health.until,
            &maybe_text(health.reason.as_ref()),
            &i64::from(health.failures),
            &i64::from(health.probes),
            &health.is_granted,
            &health.is_told,
            &health.is_reported,
            &health.told_dead,
        ],
    )
    .await?;
    Ok(())
}

/// Everything that waits for a notifier is due with its next claims, or not.
pub async fn call_back(tx: &Tx, notifier: i32, calls: bool) -> Result<()> {
    let sql = "UPDATE notifier SET calling_back = $2 WHERE notifier = $1 AND calling_back <> $2";
    tx.run(sql, &[&notifier, &calls]).await.map(drop)
}

/// Makes a notifier active: it was seen to work.
pub async fn reactivate(tx: &Tx, name: &NotifierName) -> Result<()> {
    let Some(known) = known(tx, name).await? else { return Ok(()) };
    if !matches!(known.health.state, NotifierState::Active | NotifierState::Disabled) {
        start_anew(tx, known.row, NotifierState::Active).await?;
    }
    Ok(())
}

/// Writes down what is said of a notifier, given how it stands.
pub async fn report(tx: &Tx, name: &NotifierName, say: impl FnOnce(&Standing) -> Report) -> Result<()> {
    let Some(Known { row, health, .. }) = known(tx, name).await? else { return Ok(()) };
    let standing = Standing { health, now: tx.now, is_current: true };
    let said = say(&standing);
    if let Some(health) = said.health.filter(|health| *health != standing.health) {
        keep_health(tx, row, &health).await?;
    }
    match said.event {
        Some(event) => events::record(tx, &event).await,
        None => Ok(()),
    }
}

/// Makes the configured notifiers known; what waits for those that left is given up.
pub async fn sync(tx: &Tx, notifiers: &[NotifierEntry]) -> Result<()> {
    for entry in notifiers {
        sync_one(tx, entry).await?;
    }
    let wanted = List(notifiers.iter().map(|entry| entry.name.as_str()).collect());
    let left =
        "UPDATE notifier SET configured = false, epoch = epoch + 1 WHERE configured AND name <> ALL($1)";
    tx.run(left, &[&wanted]).await?;
    tx.run(
        "UPDATE delivery SET state = 'dead', finished = $1, failed_at = $1, reason = $2, next_attempt = NULL \
         WHERE state = 'pending' AND notifier IN (SELECT notifier FROM notifier WHERE NOT configured)",
        &[&tx.now, &NOTIFIER_REMOVED],
    )
    .await?;
    Ok(())
}

/// How many deliveries wait or are under way, over all notifiers.
pub async fn pending(tx: &Tx, limit: usize) -> Result<usize> {
    let count: Option<i64> = tx.first(PENDING, &[&rows_i64(limit)], |row| get(row, 0)).await?;
    Ok(usize::try_from(count.unwrap_or(0)).unwrap_or(0).min(limit))
}

/// With another target, or after it was switched off or left out, nothing that was learned holds any more.
async fn sync_one(tx: &Tx, entry: &NotifierEntry) -> Result<()> {
    let new = "INSERT INTO notifier (name, configured) VALUES ($1, false) ON CONFLICT DO NOTHING";
    tx.run(new, &[&entry.name.as_str()]).await?;
    let sql = "SELECT notifier, configured AND target IS NOT DISTINCT FROM $2 AND (state <> 'disabled') = $3 \
               FROM notifier WHERE name = $1 FOR NO KEY UPDATE";
    let found = tx
        .first(sql, &[&entry.name.as_str(), &entry.target, &entry.enabled], |row| {
            Ok((get::<i32>(row, 0)?, get::<bool>(row, 1)?))
        })
        .await?;
    let Some((notifier, false)) = found else { return Ok(()) };
    let sql = "UPDATE notifier SET configured = true, target = $2, epoch = epoch + 1 WHERE notifier = $1";
    tx.run(sql, &[&notifier, &entry.target]).await?;
    let state = if entry.enabled { NotifierState::Active } else { NotifierState::Disabled };
    start_anew(tx, notifier, state).await
}

async fn start_anew(tx: &Tx, notifier: i32, state: NotifierState) -> Result<()> {
    keep_health(tx, notifier, &NotifierHealth::new(state, Some(tx.now))).await?;
    call_back(tx, notifier, state == NotifierState::Active).await
}
