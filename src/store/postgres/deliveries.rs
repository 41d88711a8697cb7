//! The queue of deliveries: claimed before the first byte is sent, finished only by who claimed.

use std::{collections::BTreeSet, time::Duration};

use tokio_postgres::Row;

use super::{
    error::Result,
    events,
    notifiers::{self, HEALTH_COLUMNS, Known, health_columns},
    rows::{get, rows_i64, seconds, small, span, until},
    sql::{List, Param, text},
    transaction::Tx,
};
use crate::{
    model::{AlertId, Attempt, NotifierHealth, NotifierName, NotifierState, OwnerId, Timestamp},
    store::{
        Admission, AttemptResult, ClaimedDeliveries, ClaimedDelivery, Decision, Finished, RedeliverQuery,
        Report, Standing, StoreError,
    },
};

/// Attempts kept per delivery.
const HISTORY: i64 = 20;
/// Bytes kept of an answer.
const ANSWER_BYTES: usize = 512;

/// Why a delivery to a notifier that left the configuration is dead.
pub const NOTIFIER_REMOVED: &str = "notifier removed";

/// Claims what is chosen; the plain form is sent once the receiver refused the other.
macro_rules! claim {
    ($chosen:expr) => {
        concat!(
            "WITH chosen AS MATERIALIZED (",
            $chosen,
            "), taken AS (UPDATE delivery SET state = 'sending', owner = $3, epoch = delivery.epoch + 1, \
                lease_until = $4 + make_interval(secs => $5), next_attempt = NULL \
                FROM chosen WHERE delivery.delivery = chosen.delivery \
                RETURNING delivery.*, chosen.next_attempt AS was_due) \
             SELECT alert.id, taken.epoch, attempts + 1, age_from, refusals, refusals > 0 AND plain IS NOT NULL, \
                CASE WHEN refusals > 0 AND plain IS NOT NULL THEN plain ELSE body END \
             FROM taken JOIN alert ON alert.alert = taken.alert JOIN delivery_body USING (delivery) \
             ORDER BY was_due, delivery"
        )
    };
}

/// Claims the due deliveries of a notifier, oldest first.
pub const CLAIM_DUE: &str = claim!(
    "SELECT delivery, next_attempt FROM delivery WHERE state = 'pending' AND notifier = $1 \
     AND next_attempt <= $4 ORDER BY next_attempt, delivery LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED"
);
/// Claims the waiting delivery of a notifier that is to be its probe.
pub const CLAIM_PROBE: &str = claim!(
    "SELECT delivery, next_attempt FROM delivery WHERE state = 'pending' AND notifier = $1 \
     ORDER BY attempts, delivery LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED"
);
/// When the next delivery of a notifier is due.
pub const NEXT_DELIVERY: &str = "SELECT next_attempt FROM delivery WHERE state = 'pending' AND notifier = $1 \
    ORDER BY next_attempt LIMIT 1";
/// Takes back deliveries of a notifier whose lease is over: they may have been sent or not, and are due again.
pub const TAKE_BACK_LAPSED: &str = "WITH lapsed AS MATERIALIZED (SELECT delivery FROM delivery \
        WHERE state = 'sending' AND notifier = $1 AND lease_until <= $2 LIMIT 1000 FOR NO KEY UPDATE SKIP LOCKED) \
    UPDATE delivery SET state = 'pending', owner = NULL, lease_until = NULL, next_attempt = $2 \
    FROM lapsed WHERE delivery.delivery = lapsed.delivery";
/// Makes waiting deliveries of a notifier due, those due soonest first.
pub const HASTEN_DELIVERIES: &str = "UPDATE delivery SET next_attempt = $2 WHERE delivery IN \
    (SELECT delivery FROM delivery WHERE state = 'pending' AND next_attempt > $2 AND notifier = $1 \
     ORDER BY next_attempt LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED)";
/// Gives up what waits for a notifier for too long.
pub const GIVE_UP_OVERDUE: &str = "UPDATE delivery SET state = 'dead', finished = $2, failed_at = $2, reason = $4, \
    next_attempt = NULL WHERE delivery IN \
    (SELECT delivery FROM delivery WHERE state = 'pending' AND age_from <= $3 \
     AND notifier = (SELECT notifier FROM notifier WHERE name = $1 AND state IN ('open', 'held', 'gone')) \
     LIMIT $5 FOR NO KEY UPDATE SKIP LOCKED)";

/// So many deliveries are called back from their waits with one claim.
const CALLED_BACK: usize = 1000;

/// Claims deliveries of a notifier, as its health admits.
pub async fn claim(
    tx: &Tx,
    notifier: &NotifierName,
    owner: &OwnerId,
    limit: usize,
    lease: Duration,
) -> Result<ClaimedDeliveries> {
    let Some(mut known) = notifiers::known(tx, notifier).await? else {
        return Ok(ClaimedDeliveries::default());
    };
    tx.run(TAKE_BACK_LAPSED, &[&known.row, &tx.now]).await?;
    let claimant = Claimant { notifier, owner, lease };
    let (deliveries, earliest) = match known.health.admission(tx.now) {
        Admission::All => {
            make_due(tx, &mut known).await?;
            (claimant.take(tx, CLAIM_DUE, &known, limit).await?, None)
        }
        Admission::Probe => {
            let probe = claimant.take(tx, CLAIM_PROBE, &known, 1).await?;
            if !probe.is_empty() {
                known.health = known.health.with_probe_out(tx.now, lease);
                notifiers::keep_health(tx, known.row, &known.health).await?;
            }
            (probe, known.health.until)
        }
        Admission::Nothing(until) => (Vec::new(), Some(until.unwrap_or(Timestamp::MAX_UTC))),
    };
    let next: Option<Timestamp> = tx.first(NEXT_DELIVERY, &[&known.row], |row| get(row, 0)).await?;
    let next = next.filter(|_| earliest != Some(Timestamp::MAX_UTC));
    let next_due = next.map(|due| until(tx.now, earliest.unwrap_or(due)));
    Ok(ClaimedDeliveries { deliveries, next_due, health: known.health })
}

/// A pause that is over ends, and what is called back is due.
async fn make_due(tx: &Tx, known: &mut Known) -> Result<()> {
    if known.health.state != NotifierState::Active {
        known.health = known.health.clone().with_pause_over(tx.now);
        notifiers::keep_health(tx, known.row, &known.health).await?;
    }
    if known.calling_back {
        let called = tx.run(HASTEN_DELIVERIES, &[&known.row, &tx.now, &rows_i64(CALLED_BACK)]).await?;
        notifiers::call_back(tx, known.row, called == CALLED_BACK as u64).await?;
    }
    Ok(())
}

/// Who claims, and for how long.
struct Claimant<'a> {
    notifier: &'a NotifierName,
    owner: &'a OwnerId,
    lease: Duration,
}

impl Claimant<'_> {
    async fn take(&self, tx: &Tx, sql: &str, known: &Known, limit: usize) -> Result<Vec<ClaimedDelivery>> {
        let is_probe = known.health.admission(tx.now) == Admission::Probe;
        let (limit, owner) = (rows_i64(limit), self.owner.as_str());
        let params: [&dyn Param; 5] = [&known.row, &limit, &owner, &tx.now, &seconds(self.lease)];
        let claimed = |row: &Row| {
            Ok(ClaimedDelivery {
                alert: AlertId::new(get::<String>(row, 0)?),
                notifier: self.notifier.clone(),
                owner: self.owner.clone(),
                epoch: get(row, 1)?,
                attempt: small(get(row, 2)?),
                age_from: get(row, 3)?,
                now: tx.now,
                body: get(row, 6)?,
                is_plain: get(row, 5)?,
                refusals: small(get(row, 4)?),
                is_probe,
                notifier_epoch: known.epoch,
            })
        };
        tx.all(sql, &params, claimed).await
    }
}

/// Records an attempt, if the delivery is still held by this claim, and what it says about the notifier.
pub async fn finish(
    tx: &Tx,
    claim: &ClaimedDelivery,
    attempt: &Attempt,
    decide: &(impl Fn(&Standing) -> Decision + Sync),
) -> Result<Finished> {
    let held = held(tx, claim).await?;
    let before = Standing { health: held.health.clone(), now: tx.now, is_current: held.is_current };
    let decision = decide(&before);
    record_attempt(tx, held.delivery, attempt).await?;
    let next = |after: &Duration| Some(tx.now + span(*after));
    // What it adds to the attempts, and to the refusals.
    let (next, reason, counts, refusals) = match &decision.result {
        AttemptResult::Delivered => (None, None, 1, 0),
        AttemptResult::Dead { reason } => (None, Some(reason.as_str()), 1, 0),
        _ if held.notifier_left => (None, Some(NOTIFIER_REMOVED), 1, 0),
        AttemptResult::Retry { after, reason } => (next(after), Some(reason.as_str()), 1, 0),
        AttemptResult::Refused { after, reason } => (next(after), Some(reason.as_str()), 1, 1),
        AttemptResult::Postponed { after, reason } => (next(after), Some(reason.as_str()), 0, 0),
    };
    match reason {
        None => delivered(tx, &held.place()).await?,
        Some(reason) => failed(tx, held.delivery, next, reason, counts, refusals).await?,
    }
    let changed = decision.health.as_ref().filter(|health| **health != before.health);
    if let Some(health) = changed.filter(|_| before.is_current) {
        notifiers::keep_health(tx, held.notifier, health).await?;
    }
    if decision.calls_back && before.is_current {
        notifiers::call_back(tx, held.notifier, true).await?;
    }
    if let Some(event) = &decision.event {
        events::record(tx, event).await?;
    }
    Ok(Finished { before, decision })
}

/// Puts deliveries back in the queue; returns how many, `None` if there is no such alert.
pub async fn redeliver(tx: &Tx, query: &RedeliverQuery) -> Result<Option<u64>> {
    let alert = query.alert.as_ref().map(AlertId::as_str);
    if let Some(id) = alert {
        let known =
            tx.first("SELECT alert FROM alert WHERE id = $1", &[&id], |row| get::<i64>(row, 0)).await?;
        if known.is_none() {
            return Ok(None);
        }
    }
    let wanted = match alert {
        Some(_) => {
            "alert = (SELECT alert FROM alert WHERE id = $1) AND state IN ('pending', 'dead', 'held_back')"
        }
        None => "$1::text IS NULL AND state IN ('dead', 'held_back')",
    };
    let sql = format!(
        "UPDATE delivery SET state = 'pending', attempts = 0, refusals = 0, age_from = $2, next_attempt = $2, \
                             finished = NULL, failed_at = NULL, reason = NULL \
         WHERE {wanted} AND notifier IN \
             (SELECT notifier FROM notifier WHERE configured AND ($3::text IS NULL OR name = $3)) \
         RETURNING notifier"
    );
    let notifier = query.notifier.as_ref().map(NotifierName::as_str);
    let changed: Vec<i32> = tx.all(&sql, &[&alert, &tx.now, &notifier], |row| get(row, 0)).await?;
    let notifiers: BTreeSet<i32> = changed.iter().copied().collect();
    let grant =
        "UPDATE notifier SET granted = true WHERE notifier = ANY($1) AND state NOT IN ('active', 'disabled')";
    tx.run(grant, &[&List(notifiers.into_iter().collect())]).await?;
    Ok(Some(changed.len() as u64))
}

/// Gives up what waits for a notifier in trouble for too long, and writes down what is said of it; returns how many.
pub async fn give_up_overdue(
    tx: &Tx,
    notifier: &NotifierName,
    max_age: Duration,
    reason: &str,
    limit: usize,
    report: &(impl Fn(&Standing, u64) -> Report + Sync),
) -> Result<u64> {
    let before = tx.now - span(max_age);
    let params: [&dyn Param; 5] = [&notifier.as_str(), &tx.now, &before, &text(reason), &rows_i64(limit)];
    let given_up = tx.run(GIVE_UP_OVERDUE, &params).await?;
    if given_up > 0 {
        notifiers::report(tx, notifier, |standing| report(standing, given_up)).await?;
    }
    Ok(given_up)
}

/// A delivery that is held by a claim, and how its notifier stands.
struct Held {
    delivery: i64,
    notifier: i32,
    notifier_left: bool,
    is_current: bool,
    health: NotifierHealth,
}

const HELD: &str = concat!(
    "SELECT ",
    health_columns!(),
    ", delivery, notifier.notifier, NOT configured, notifier.epoch = $5 \
     FROM delivery JOIN alert USING (alert) JOIN notifier ON notifier.notifier = delivery.notifier \
     WHERE alert.id = $1 AND notifier.name = $2 AND delivery.state = 'sending' AND delivery.owner = $3 \
        AND delivery.epoch = $4 FOR NO KEY UPDATE OF delivery, notifier"
);

/// Not held by this claim any more: the work ends here.
async fn held(tx: &Tx, claim: &ClaimedDelivery) -> Result<Held> {
    let (alert, notifier, owner) = (claim.alert.as_str(), claim.notifier.as_str(), claim.owner.as_str());
    let row = tx
        .first(HELD, &[&alert, &notifier, &owner, &claim.epoch, &claim.notifier_epoch], |row| {
            Ok(Held {
                health: notifiers::health(row)?,
                delivery: get(row, HEALTH_COLUMNS)?,
                notifier: get(row, HEALTH_COLUMNS + 1)?,
                notifier_left: get(row, HEALTH_COLUMNS + 2)?,
                is_current: get(row, HEALTH_COLUMNS + 3)?,
            })
        })
        .await?;
    row.ok_or_else(|| StoreError::LeaseLost(format!("{} to {}", claim.alert, claim.notifier)).into())
}

async fn record_attempt(tx: &Tx, delivery: i64, attempt: &Attempt) -> Result<()> {
    let answer = attempt.answer.get(..attempt.answer.floor_char_boundary(ANSWER_BYTES)).unwrap_or_default();
    tx.run(
        "INSERT INTO attempt (delivery, n, at, took_ms, status, answer) \
         SELECT $1, coalesce(max(n), 0) + 1, $2, $3, $4, $5 FROM attempt WHERE delivery = $1",
        &[
            &delivery,
            &attempt.at,
            &i64::try_from(attempt.took_ms).unwrap_or(i64::MAX),
            &attempt.status.map(i32::from),
            &text(answer),
        ],
    )
    .await?;
    let forget = "DELETE FROM attempt WHERE delivery = $1 \
                  AND n <= (SELECT max(n) FROM attempt WHERE delivery = $1) - $2";
    tx.run(forget, &[&delivery, &HISTORY]).await.map(drop)
}

async fn delivered(tx: &Tx, (delivery, notifier): &(i64, i32)) -> Result<()> {
    tx.run(
        "UPDATE delivery SET state = 'delivered', attempts = attempts + 1, owner = NULL, lease_until = NULL, \
                             finished = $2, failed_at = NULL, reason = NULL WHERE delivery = $1",
        &[delivery, &tx.now],
    )
    .await?;
    let last = "UPDATE notifier SET last_delivered = $2 WHERE notifier = $1";
    tx.run(last, &[notifier, &tx.now]).await.map(drop)
}

/// Waits for its next attempt; without one it is dead.
async fn failed(
    tx: &Tx,
    delivery: i64,
    next_attempt: Option<Timestamp>,
    reason: &str,
    counts: i64,
    refusals: i64,
) -> Result<()> {
    let state = if next_attempt.is_some() { "pending" } else { "dead" };
    let finished = if next_attempt.is_some() { None } else { Some(tx.now) };
    tx.run(
        "UPDATE delivery SET state = $2, attempts = attempts + $3, refusals = refusals + $4, owner = NULL, \
                             lease_until = NULL, next_attempt = $5, finished = $6, failed_at = $7, reason = $8 \
         WHERE delivery = $1",
        &[&delivery, &state, &counts, &refusals, &next_attempt, &finished, &tx.now, &text(reason)],
    )
    .await?;
    Ok(())
}

impl Held {
    const fn place(&self) -> (i64, i32) {
        (self.delivery, self.notifier)
    }
}
