//! The queue of deliveries: claimed before the first byte is sent, finished only by who claimed.

use std::time::Duration;

use rusqlite::{Result, named_params};

use super::{
    error::Fault,
    rows::rows_i64,
    sql::Sql,
    time::{millis, span, timestamp, until},
    transaction::Tx,
};
use crate::{
    model::{AlertId, Attempt, NotifierName, OwnerId},
    store::{AttemptResult, ClaimedDeliveries, ClaimedDelivery, RedeliverQuery, StoreError},
};

/// Attempts kept per delivery.
const HISTORY: i64 = 20;
/// Bytes kept of an answer.
const ANSWER_BYTES: usize = 512;

/// Why a delivery to a notifier that left the configuration is dead.
pub const NOTIFIER_REMOVED: &str = "notifier removed";

/// The due deliveries of a notifier, oldest first.
pub const DUE_DELIVERIES: &str = "SELECT delivery FROM delivery \
    WHERE state = 'pending' AND notifier = ?1 AND next_attempt <= ?2 ORDER BY next_attempt, delivery LIMIT ?3";
/// When the next delivery of a notifier is due.
pub const NEXT_DELIVERY: &str = "SELECT next_attempt FROM delivery \
    WHERE state = 'pending' AND notifier = ?1 ORDER BY next_attempt LIMIT 1";
/// The deliveries of a notifier whose lease is over.
pub const LAPSED_DELIVERIES: &str =
    "SELECT delivery FROM delivery WHERE state = 'sending' AND notifier = ?1 AND lease_until <= ?2";

/// Makes waiting deliveries of a notifier due, those due soonest first.
pub const HASTEN_DELIVERIES: &str = "UPDATE delivery SET next_attempt = ?2 WHERE delivery IN \
    (SELECT delivery FROM delivery WHERE state = 'pending' AND next_attempt > ?2 \
     AND notifier = (SELECT notifier FROM notifier WHERE name = ?1) ORDER BY next_attempt LIMIT ?3)";

/// Claims due deliveries of a notifier.
pub fn claim(
    tx: &Tx<'_>,
    notifier: &NotifierName,
    owner: &OwnerId,
    limit: usize,
    lease: Duration,
) -> Result<ClaimedDeliveries, Fault> {
    let known = "SELECT notifier FROM notifier WHERE name = ?1";
    let Some(row) = tx.db.first(known, [notifier.as_str()], |row| row.get::<_, i64>(0))? else {
        return Ok(ClaimedDeliveries::default());
    };
    take_back_lapsed(tx, row)?;
    let limit = rows_i64(limit);
    let mut deliveries = Vec::new();
    for delivery in tx.db.all(DUE_DELIVERIES, (row, tx.now, limit), |row| row.get::<_, i64>(0))? {
        deliveries.push(take(tx, delivery, notifier, owner, tx.now + span(lease))?);
    }
    let next: Option<i64> = tx.db.first(NEXT_DELIVERY, [row], |row| row.get(0))?;
    Ok(ClaimedDeliveries { deliveries, next_due: next.map(|due| until(tx.now, due)) })
}

/// Records an attempt, if the delivery is still held by this claim.
pub fn finish(
    tx: &Tx<'_>,
    claim: &ClaimedDelivery,
    attempt: &Attempt,
    result: &AttemptResult,
) -> Result<(), Fault> {
    let (delivery, notifier_left) = held(tx, claim)?;
    record_attempt(tx, delivery, attempt)?;
    match result {
        AttemptResult::Delivered => delivered(tx, delivery)?,
        AttemptResult::Retry { .. } if notifier_left => failed(tx, delivery, None, NOTIFIER_REMOVED)?,
        AttemptResult::Retry { after, reason } => failed(tx, delivery, Some(tx.now + span(*after)), reason)?,
        AttemptResult::Dead { reason } => failed(tx, delivery, None, reason)?,
    }
    Ok(())
}

/// Puts deliveries back in the queue; returns how many.
pub fn redeliver(tx: &Tx<'_>, query: &RedeliverQuery) -> Result<u64, Fault> {
    let wanted = match &query.alert {
        Some(_) => {
            "alert = (SELECT alert FROM alert WHERE id = :alert) AND state IN ('pending', 'dead', 'held_back')"
        }
        None => ":alert IS NULL AND state IN ('dead', 'held_back')",
    };
    let sql = format!(
        "UPDATE delivery SET state = 'pending', attempts = 0, age_from = :now, next_attempt = :now,
                             finished = NULL, failed_at = NULL, reason = NULL
         WHERE {wanted}
           AND (:notifier IS NULL OR notifier = (SELECT notifier FROM notifier WHERE name = :notifier))"
    );
    let changed = tx.db.run(
        &sql,
        named_params! {
            ":alert": query.alert.as_ref().map(AlertId::as_str),
            ":notifier": query.notifier.as_ref().map(NotifierName::as_str),
            ":now": tx.now,
        },
    )?;
    Ok(changed as u64)
}

/// Makes waiting deliveries of a notifier due now; returns how many.
pub fn hasten(tx: &Tx<'_>, notifier: &NotifierName, limit: usize) -> Result<u64, Fault> {
    let changed = tx.db.run(HASTEN_DELIVERIES, (notifier.as_str(), tx.now, rows_i64(limit)))?;
    Ok(changed as u64)
}

/// A claim whose lease is over may have been sent or not: it is due again.
fn take_back_lapsed(tx: &Tx<'_>, notifier: i64) -> Result<()> {
    for delivery in tx.db.all(LAPSED_DELIVERIES, (notifier, tx.now), |row| row.get::<_, i64>(0))? {
        tx.db.run(
            "UPDATE delivery SET state = 'pending', owner = NULL, lease_until = NULL, next_attempt = ?2
             WHERE delivery = ?1",
            (delivery, tx.now),
        )?;
    }
    Ok(())
}

fn take(
    tx: &Tx<'_>,
    delivery: i64,
    notifier: &NotifierName,
    owner: &OwnerId,
    lease_until: i64,
) -> Result<ClaimedDelivery> {
    tx.db.run(
        "UPDATE delivery SET state = 'sending', owner = ?2, epoch = epoch + 1, lease_until = ?3, next_attempt = NULL
         WHERE delivery = ?1",
        (delivery, owner.as_str(), lease_until),
    )?;
    let claimed = tx.db.first(
        "SELECT id, epoch, attempts + 1 AS attempt, age_from, body
         FROM delivery JOIN alert USING (alert) JOIN delivery_body USING (delivery) WHERE delivery = ?1",
        [delivery],
        |row| {
            Ok(ClaimedDelivery {
                alert: AlertId::new(row.get::<_, String>("id")?),
                notifier: notifier.clone(),
                owner: owner.clone(),
                epoch: row.get("epoch")?,
                attempt: row.get("attempt")?,
                age_from: timestamp(row.get("age_from")?),
                now: timestamp(tx.now),
                body: row.get("body")?,
            })
        },
    )?;
    claimed.ok_or(rusqlite::Error::QueryReturnedNoRows)
}

/// The row of a claimed delivery, and whether its notifier left meanwhile. Not held by this claim any more: the job
/// ends here.
fn held(tx: &Tx<'_>, claim: &ClaimedDelivery) -> Result<(i64, bool), Fault> {
    let row = tx.db.first(
        "SELECT delivery, configured = 0 FROM delivery JOIN alert USING (alert) JOIN notifier USING (notifier)
         WHERE id = ?1 AND name = ?2 AND state = 'sending' AND owner = ?3 AND epoch = ?4",
        (claim.alert.as_str(), claim.notifier.as_str(), claim.owner.as_str(), claim.epoch),
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    row.ok_or_else(|| StoreError::LeaseLost(format!("{} to {}", claim.alert, claim.notifier)).into())
}

fn record_attempt(tx: &Tx<'_>, delivery: i64, attempt: &Attempt) -> Result<()> {
    let answer = attempt.answer.get(..attempt.answer.floor_char_boundary(ANSWER_BYTES)).unwrap_or_default();
    tx.db.run(
        "INSERT INTO attempt (delivery, n, at, took_ms, status, answer)
         SELECT ?1, coalesce(max(n), 0) + 1, ?2, ?3, ?4, ?5 FROM attempt WHERE delivery = ?1",
        (
            delivery,
            millis(attempt.at),
            i64::try_from(attempt.took_ms).unwrap_or(i64::MAX),
            attempt.status,
            answer,
        ),
    )?;
    let forget = "DELETE FROM attempt WHERE delivery = ?1
                  AND n <= (SELECT max(n) FROM attempt WHERE delivery = ?1) - ?2";
    tx.db.run(forget, (delivery, HISTORY)).map(drop)
}

fn delivered(tx: &Tx<'_>, delivery: i64) -> Result<()> {
    tx.db.run(
        "UPDATE delivery SET state = 'delivered', attempts = attempts + 1, owner = NULL, lease_until = NULL,
                             finished = ?2, failed_at = NULL, reason = NULL
         WHERE delivery = ?1",
        (delivery, tx.now),
    )?;
    let last = "UPDATE notifier SET last_delivered = ?2
                WHERE notifier = (SELECT notifier FROM delivery WHERE delivery = ?1)";
    tx.db.run(last, (delivery, tx.now)).map(drop)
}

/// Waits for its next attempt; without one it is dead.
fn failed(tx: &Tx<'_>, delivery: i64, next_attempt: Option<i64>, reason: &str) -> Result<()> {
    tx.db.run(
        "UPDATE delivery SET state = iif(:next IS NULL, 'dead', 'pending'), attempts = attempts + 1,
                             owner = NULL, lease_until = NULL, next_attempt = :next,
                             finished = iif(:next IS NULL, :now, NULL), failed_at = :now, reason = :reason
         WHERE delivery = :delivery",
        named_params! {":delivery": delivery, ":next": next_attempt, ":now": tx.now, ":reason": reason},
    )?;
    Ok(())
}
