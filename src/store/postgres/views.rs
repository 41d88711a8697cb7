//! What people and pages look at: feeds, queues, alerts.

use std::{collections::HashMap, time::Duration};

use serde_json::value::RawValue;
use tokio_postgres::Row;

use super::{
    error::Result,
    notifiers::{self, HEALTH_COLUMNS, health_columns},
    rows::{count, feed_columns, feed_state, get, parse_json, rows_i64, small, span, until, word},
    sql::{List, Param},
    transaction::Tx,
};
use crate::{
    model::{AlertId, Attempt, DeliveryState, EventKind, FeedId, NotifierName, Timestamp, TopicName},
    store::{Admission, AlertQuery, AlertView, DeliveryView, EventView, FeedState, Queue},
};

const FEEDS: &str = concat!(
    "SELECT ",
    feed_columns!(),
    " FROM feed JOIN host ON host.host = feed.host WHERE feed.configured ORDER BY feed.id COLLATE \"C\""
);

/// Counted from partial indexes, so that a long queue costs no more than its index.
pub const QUEUES: &str = concat!(
    "SELECT ",
    health_columns!(),
    ", name, configured, last_delivered, \
    (SELECT count(*) FROM delivery d WHERE d.notifier = notifier.notifier AND d.state = 'pending'), \
    (SELECT count(*) FROM delivery d WHERE d.notifier = notifier.notifier AND d.state = 'sending'), \
    (SELECT count(*) FROM delivery d WHERE d.notifier = notifier.notifier AND d.state = 'dead'), \
    (SELECT count(*) FROM delivery d WHERE d.notifier = notifier.notifier AND d.state = 'held_back'), \
    (SELECT min(age_from) FROM delivery d WHERE d.notifier = notifier.notifier AND d.state IN ('pending', 'sending')), \
    (SELECT min(next_attempt) FROM delivery d WHERE d.notifier = notifier.notifier AND d.state = 'pending'), \
    (SELECT d.reason FROM delivery d WHERE d.notifier = notifier.notifier AND d.failed_at IS NOT NULL \
        ORDER BY d.failed_at DESC LIMIT 1) \
    FROM notifier ORDER BY name COLLATE \"C\""
);

const ALERT_BY_ID: &str = "SELECT alert, id, feed, created, data FROM alert WHERE id = $1 AND event IS NULL \
    AND created >= $2 AND ($3::text IS NULL OR $3 = ANY(topics)) AND ($5::text IS NULL OR feed = $5) LIMIT $4";

const ALERTS: &str = "SELECT alert, id, feed, created, data FROM alert WHERE $1::text IS NULL AND event IS NULL \
    AND created >= $2 AND ($3::text IS NULL OR $3 = ANY(topics)) AND ($5::text IS NULL OR feed = $5) \
    ORDER BY created DESC, alert DESC LIMIT $4";

/// Operational events, newest first.
pub const EVENTS: &str = "SELECT alert, id, event, created, data FROM alert \
    WHERE event IN ('feed.failing', 'feed.recovered', 'feed.silent', 'notifier.failing') AND created >= $1 \
    ORDER BY created DESC, alert DESC LIMIT $2";

const DELIVERIES: &str = "SELECT alert, delivery, name, delivery.state, next_attempt, attempts, delivery.reason \
    FROM delivery JOIN notifier USING (notifier) WHERE alert = ANY($1) ORDER BY alert, name COLLATE \"C\"";

const ATTEMPTS: &str =
    "SELECT delivery, at, took_ms, status, answer FROM attempt WHERE delivery = ANY($1) ORDER BY delivery, n";

/// Every configured feed, by id.
pub async fn feed_states(tx: &Tx) -> Result<Vec<FeedState>> {
    tx.all(FEEDS, &[], feed_state).await
}

/// The queues of all notifiers that have deliveries, by name.
pub async fn queues(tx: &Tx) -> Result<Vec<Queue>> {
    let queues = tx.all(QUEUES, &[], |row| queue(row, tx.now)).await?;
    Ok(queues.into_iter().flatten().collect())
}

/// Alerts, newest first, each with its deliveries and their attempts.
pub async fn alerts(tx: &Tx, query: &AlertQuery) -> Result<Vec<AlertView>> {
    let sql = if query.id.is_some() { ALERT_BY_ID } else { ALERTS };
    let id = query.id.as_ref().map(AlertId::as_str);
    let since = query.within.map_or(Timestamp::UNIX_EPOCH, |within| tx.now - span(within));
    let topic = query.topic.as_ref().map(TopicName::as_str);
    let feed = query.feed.as_ref().map(FeedId::as_str);
    let params: [&dyn Param; 5] = [&id, &since, &topic, &rows_i64(query.limit), &feed];
    let mut alerts = tx.all(sql, &params, |row| Ok((get::<i64>(row, 0)?, alert(row)?))).await?;
    let rows = List(alerts.iter().map(|(row, _)| *row).collect());
    let mut deliveries = deliveries(tx, &rows).await?;
    for (row, alert) in &mut alerts {
        alert.deliveries = deliveries.remove(row).unwrap_or_default();
    }
    Ok(alerts.into_iter().map(|(_, alert)| alert).collect())
}

/// Operational events, newest first, each with its deliveries and their attempts.
pub async fn events(tx: &Tx, within: Duration, limit: usize) -> Result<Vec<EventView>> {
    let since = tx.now - span(within);
    let params: [&dyn Param; 2] = [&since, &rows_i64(limit)];
    let mut events = tx.all(EVENTS, &params, |row| Ok((get::<i64>(row, 0)?, event(row)?))).await?;
    let rows = List(events.iter().map(|(row, _)| *row).collect());
    let mut deliveries = deliveries(tx, &rows).await?;
    for (row, event) in &mut events {
        event.deliveries = deliveries.remove(row).unwrap_or_default();
    }
    Ok(events.into_iter().map(|(_, event)| event).collect())
}

/// A notifier that left and to which nothing is owed is not shown.
fn queue(row: &Row, now: Timestamp) -> Result<Option<Queue>> {
    const NAME: usize = HEALTH_COLUMNS;
    let health = notifiers::health(row)?;
    let due: Option<Timestamp> = get(row, NAME + 8)?;
    let next_attempt = match health.admission(now) {
        Admission::All => due,
        Admission::Probe => due.map(|_| now),
        Admission::Nothing(until) => due.and(until),
    };
    let oldest: Option<Timestamp> = get(row, NAME + 7)?;
    let said: Option<String> = get(row, NAME + 9)?;
    let queue = Queue {
        notifier: NotifierName::new(get::<String>(row, NAME)?),
        pending: count(row, NAME + 3)? + count(row, NAME + 4)?,
        dead: count(row, NAME + 5)?,
        held_back: count(row, NAME + 6)?,
        oldest_pending_seconds: oldest.map(|from| until(from, now).as_secs()),
        next_attempt,
        reason: health.reason.clone().or(said),
        last_delivered: get(row, NAME + 2)?,
        health,
    };
    let owed = queue.pending + queue.dead + queue.held_back > 0;
    Ok((owed || get(row, NAME + 1)?).then_some(queue))
}

fn alert(row: &Row) -> Result<AlertView> {
    Ok(AlertView {
        id: AlertId::new(get::<String>(row, 1)?),
        feed: FeedId::new(get::<String>(row, 2)?),
        created: get(row, 3)?,
        data: parse_json::<Box<RawValue>>(get(row, 4)?)?,
        deliveries: Vec::new(),
    })
}

fn event(row: &Row) -> Result<EventView> {
    Ok(EventView {
        id: AlertId::new(get::<String>(row, 1)?),
        kind: word(get(row, 2)?, EventKind::parse)?.unwrap_or(EventKind::Alert),
        created: get(row, 3)?,
        data: parse_json::<Box<RawValue>>(get(row, 4)?)?,
        deliveries: Vec::new(),
    })
}

/// The deliveries of these alerts, by alert.
async fn deliveries(tx: &Tx, alerts: &List<i64>) -> Result<HashMap<i64, Vec<DeliveryView>>> {
    let found = tx
        .all(DELIVERIES, &[alerts], |row| {
            let view = DeliveryView {
                notifier: NotifierName::new(get::<String>(row, 2)?),
                state: word(get(row, 3)?, DeliveryState::parse)?.unwrap_or(DeliveryState::Dead),
                next_attempt: get(row, 4)?,
                attempts: small(get(row, 5)?),
                reason: get(row, 6)?,
                history: Vec::new(),
            };
            Ok((get::<i64>(row, 0)?, get::<i64>(row, 1)?, view))
        })
        .await?;
    let rows = List(found.iter().map(|(_, delivery, _)| *delivery).collect());
    let mut histories: HashMap<i64, Vec<Attempt>> = HashMap::new();
    for (delivery, attempt) in tx.all(ATTEMPTS, &[&rows], |row| Ok((get(row, 0)?, attempt(row)?))).await? {
        histories.entry(delivery).or_default().push(attempt);
    }
    let mut deliveries: HashMap<i64, Vec<DeliveryView>> = HashMap::new();
    for (alert, delivery, mut view) in found {
        view.history = histories.remove(&delivery).unwrap_or_default();
        deliveries.entry(alert).or_default().push(view);
    }
    Ok(deliveries)
}

fn attempt(row: &Row) -> Result<Attempt> {
    Ok(Attempt {
        at: get(row, 1)?,
        took_ms: count(row, 2)?,
        status: get::<Option<i32>>(row, 3)?.and_then(|status| u16::try_from(status).ok()),
        answer: get(row, 4)?,
    })
}
