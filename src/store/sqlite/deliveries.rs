//! The queue of deliveries: claimed before the first byte is sent, finished only by who claimed.

use std::{collections::BTreeSet, time::Duration};

use rusqlite::{Result, named_params};

use super::{
    error::Fault,
    events,
    notifiers::{self, Known, health_columns},
    rows::rows_i64,
    sql::Sql,
    time::{millis, span, timestamp, until},
    transaction::Tx,
};
use crate::{
    model::{AlertId, Attempt, NotifierHealth, NotifierName, NotifierState, OwnerId, Timestamp},
    store::{
        Admission, AttemptResult, ClaimedDeliveries, ClaimedDelivery, Decision, Finished, RedeliverQuery,
        Standing, StoreError,
    },
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
     AND notifier = ?1 ORDER BY next_attempt LIMIT ?3)";

/// The waiting delivery of a notifier that is to be its probe.
pub const PROBE: &str = "SELECT delivery FROM delivery \
    WHERE state = 'pending' AND notifier = ?1 ORDER BY attempts, delivery LIMIT 1";
/// Gives up what waits for a notifier for too long.
pub const GIVE_UP_OVERDUE: &str = "UPDATE delivery SET state = 'dead', finished = ?2, failed_at = ?2, reason = ?4, \
    next_attempt = NULL WHERE delivery IN \
    (SELECT delivery FROM delivery WHERE state = 'pending' AND age_from <= ?3 \
     AND notifier = (SELECT notifier FROM notifier WHERE name = ?1 AND state IN ('open', 'held', 'gone')) \
     LIMIT ?5)";

/// So many deliveries are called back from their waits with one claim.
const CALLED_BACK: usize = 1000;

/// Claims deliveries of a notifier, as its health admits.
pub fn claim(
    tx: &Tx<'_>,
    notifier: &NotifierName,
    owner: &OwnerId,
    limit: usize,
    lease: Duration,
) -> Result<ClaimedDeliveries, Fault> {
    let Some(mut known) = notifiers::known(tx, notifier)? else { return Ok(ClaimedDeliveries::default()) };
    take_back_lapsed(tx, known.row)?;
    let now = timestamp(tx.now);
    let admission = known.health.admission(now);
    let (chosen, earliest) = match admission {
        Admission::All => (due(tx, &mut known, limit)?, None),
        Admission::Probe => {
            let probe = tx.db.all(PROBE, [known.row], |row| row.get::<_, i64>(0))?;
            if !probe.is_empty() {
                known.health = known.health.with_probe_out(now, lease);
                notifiers::keep_health(tx, known.row, &known.health)?;
            }
            (probe, known.health.until)
        }
        Admission::Nothing(until) => (Vec::new(), Some(until.unwrap_or(Timestamp::MAX_UTC))),
    };
    let mut deliveries = Vec::new();
    let claimant = Claimant {
        notifier,
        epoch: known.epoch,
        owner,
        lease_until: tx.now + span(lease),
        is_probe: admission == Admission::Probe,
    };
    for delivery in chosen {
        deliveries.push(take(tx, delivery, &claimant)?);
    }
    let next: Option<i64> = tx.db.first(NEXT_DELIVERY, [known.row], |row| row.get(0))?;
    let next = next.filter(|_| earliest != Some(Timestamp::MAX_UTC));
    let next_due = next.map(|due| until(tx.now, earliest.map_or(due, millis)));
    Ok(ClaimedDeliveries { deliveries, next_due, health: known.health })
}

/// What is due for an active notifier, and for one whose pause is over.
fn due(tx: &Tx<'_>, known: &mut Known, limit: usize) -> Result<Vec<i64>> {
    if known.health.state != NotifierState::Active {
        known.health = known.health.clone().with_pause_over(timestamp(tx.now));
        notifiers::keep_health(tx, known.row, &known.health)?;
    }
    if known.calling_back {
        let called = tx.db.run(HASTEN_DELIVERIES, (known.row, tx.now, rows_i64(CALLED_BACK)))?;
        notifiers::call_back(tx, known.row, called == CALLED_BACK)?;
    }
    tx.db.all(DUE_DELIVERIES, (known.row, tx.now, rows_i64(limit)), |row| row.get(0))
}

/// Records an attempt, if the delivery is still held by this claim, and what it says about the notifier.
pub fn finish(
    tx: &Tx<'_>,
    claim: &ClaimedDelivery,
    attempt: &Attempt,
    decide: &impl Fn(&Standing) -> Decision,
) -> Result<Finished, Fault> {
    let held = held(tx, claim)?;
    let before = Standing { health: held.health, now: timestamp(tx.now), is_current: held.is_current };
    let decision = decide(&before);
    record_attempt(tx, held.delivery, attempt)?;
    match &decision.result {
        AttemptResult::Delivered => delivered(tx, held.delivery)?,
        AttemptResult::Dead { reason } => failed(tx, held.delivery, None, reason)?,
        _ if held.notifier_left => failed(tx, held.delivery, None, NOTIFIER_REMOVED)?,
        AttemptResult::Retry { after, reason } => {
            failed(tx, held.delivery, Some(tx.now + span(*after)), reason)?;
        }
        AttemptResult::Refused { after, reason } => {
            failed(tx, held.delivery, Some(tx.now + span(*after)), reason)?;
            tx.db.run("UPDATE delivery SET refusals = refusals + 1 WHERE delivery = ?1", [held.delivery])?;
        }
        AttemptResult::Postponed { after, reason } => {
            failed(tx, held.delivery, Some(tx.now + span(*after)), reason)?;
            tx.db.run("UPDATE delivery SET attempts = attempts - 1 WHERE delivery = ?1", [held.delivery])?;
        }
    }
    if let Some(health) =
        decision.health.as_ref().filter(|health| before.is_current && **health != before.health)
    {
        notifiers::keep_health(tx, held.notifier, health)?;
    }
    if decision.calls_back && before.is_current {
        notifiers::call_back(tx, held.notifier, true)?;
    }
    if let Some(event) = &decision.event {
        events::record(tx, event)?;
    }
    Ok(Finished { before, decision })
}

/// Puts deliveries back in the queue; returns how many, `None` if there is no such alert.
pub fn redeliver(tx: &Tx<'_>, query: &RedeliverQuery) -> Result<Option<u64>, Fault> {
    if let Some(id) = &query.alert {
        let known = tx
            .db
            .first("SELECT alert FROM alert WHERE id = ?1", [id.as_str()], |row| row.get::<_, i64>(0))?;
        if known.is_none() {
            return Ok(None);
        }
    }
    let wanted = match &query.alert {
        Some(_) => {
            "alert = (SELECT alert FROM alert WHERE id = :alert) AND state IN ('pending', 'dead', 'held_back')"
        }
        None => ":alert IS NULL AND state IN ('dead', 'held_back')",
    };
    let sql = format!(
        "UPDATE delivery SET state = 'pending', attempts = 0, refusals = 0, age_from = :now, next_attempt = :now,
                             finished = NULL, failed_at = NULL, reason = NULL
         WHERE {wanted}
           AND notifier IN (SELECT notifier FROM notifier
                            WHERE configured = 1 AND (:notifier IS NULL OR name = :notifier))
         RETURNING notifier"
    );
    let changed = tx.db.all(
        &sql,
        named_params! {
            ":alert": query.alert.as_ref().map(AlertId::as_str),
            ":notifier": query.notifier.as_ref().map(NotifierName::as_str),
            ":now": tx.now,
        },
        |row| row.get::<_, i64>(0),
    )?;
    for notifier in changed.iter().collect::<BTreeSet<_>>() {
        let grant =
            "UPDATE notifier SET granted = 1 WHERE notifier = ?1 AND state NOT IN ('active', 'disabled')";
        tx.db.run(grant, [notifier])?;
    }
    Ok(Some(changed.len() as u64))
}

/// Gives up what waits for a notifier in trouble for too long; returns how many.
pub fn give_up_overdue(
    tx: &Tx<'_>,
    notifier: &NotifierName,
    max_age: Duration,
    reason: &str,
    limit: usize,
) -> Result<u64, Fault> {
    let before = tx.now - span(max_age);
    let given_up =
        tx.db.run(GIVE_UP_OVERDUE, (notifier.as_str(), tx.now, before, reason, rows_i64(limit)))?;
    Ok(given_up as u64)
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

/// Who claims, and for how long.
struct Claimant<'a> {
    notifier: &'a NotifierName,
    epoch: i64,
    owner: &'a OwnerId,
    lease_until: i64,
    is_probe: bool,
}

/// The plain form is sent once the receiver refused the other.
const CLAIMED: &str = "SELECT id, delivery.epoch, attempts + 1 AS attempt, age_from, \
    refusals, refusals > 0 AND plain IS NOT NULL AS is_plain, \
    iif(refusals > 0 AND plain IS NOT NULL, plain, body) AS body \
    FROM delivery JOIN alert USING (alert) JOIN delivery_body USING (delivery) WHERE delivery = ?1";

fn take(tx: &Tx<'_>, delivery: i64, claimant: &Claimant<'_>) -> Result<ClaimedDelivery> {
    tx.db.run(
        "UPDATE delivery SET state = 'sending', owner = ?2, epoch = epoch + 1, lease_until = ?3, next_attempt = NULL
         WHERE delivery = ?1",
        (delivery, claimant.owner.as_str(), claimant.lease_until),
    )?;
    let claimed = tx.db.first(CLAIMED, [delivery], |row| {
        Ok(ClaimedDelivery {
            alert: AlertId::new(row.get::<_, String>("id")?),
            notifier: claimant.notifier.clone(),
            owner: claimant.owner.clone(),
            epoch: row.get("epoch")?,
            attempt: row.get("attempt")?,
            age_from: timestamp(row.get("age_from")?),
            now: timestamp(tx.now),
            body: row.get("body")?,
            is_plain: row.get("is_plain")?,
            refusals: row.get("refusals")?,
            is_probe: claimant.is_probe,
            notifier_epoch: claimant.epoch,
        })
    })?;
    claimed.ok_or(rusqlite::Error::QueryReturnedNoRows)
}

/// A delivery that is held by a claim, and how its notifier stands.
struct Held {
    delivery: i64,
    notifier: i64,
    notifier_left: bool,
    is_current: bool,
    health: NotifierHealth,
}

const HELD: &str = concat!(
    "SELECT delivery, notifier, configured = 0 AS has_left, notifier.epoch = ?5 AS is_current, ",
    health_columns!(),
    " FROM delivery JOIN alert USING (alert) JOIN notifier USING (notifier) ",
    "WHERE id = ?1 AND name = ?2 AND delivery.state = 'sending' AND owner = ?3 AND delivery.epoch = ?4"
);

/// Not held by this claim any more: the job ends here.
fn held(tx: &Tx<'_>, claim: &ClaimedDelivery) -> Result<Held, Fault> {
    let (alert, notifier) = (claim.alert.as_str(), claim.notifier.as_str());
    let row = tx.db.first(
        HELD,
        (alert, notifier, claim.owner.as_str(), claim.epoch, claim.notifier_epoch),
        |row| {
            Ok(Held {
                delivery: row.get("delivery")?,
                notifier: row.get("notifier")?,
                notifier_left: row.get("has_left")?,
                is_current: row.get("is_current")?,
                health: notifiers::health(row)?,
            })
        },
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
