//! What people and pages look at: feeds, queues, alerts.

use std::time::Duration;

use rusqlite::{Connection, Result, Row};
use serde_json::value::RawValue;

use super::{
    notifiers,
    rows::{count, feed_columns, feed_state, moment, parse_json, rows_i64, to_json, word},
    sql::Sql,
    time::{span, timestamp, until},
};
use crate::{
    model::{AlertId, Attempt, DeliveryState, EventKind, FeedId, NotifierName, TopicName},
    store::{Admission, AlertQuery, AlertView, DeliveryView, EventView, FeedState, Queue},
};

const FEEDS: &str = concat!("SELECT ", feed_columns!(), " FROM feed WHERE configured = 1 ORDER BY id");

/// Counted from partial indexes alone, so that a long queue costs no more than its index.
pub const QUEUES: &str = "SELECT name, configured, last_delivered,
    state, since, until, reason, failures, probes, granted, told, reported, told_dead,
    (SELECT count(*) FROM delivery d WHERE d.notifier = n.notifier AND state = 'pending') AS waiting,
    (SELECT count(*) FROM delivery d WHERE d.notifier = n.notifier AND state = 'sending') AS sending,
    (SELECT count(*) FROM delivery d WHERE d.notifier = n.notifier
        AND state IN ('dead', 'held_back') AND state = 'dead') AS dead,
    (SELECT count(*) FROM delivery d WHERE d.notifier = n.notifier
        AND state IN ('dead', 'held_back') AND state = 'held_back') AS held_back,
    (SELECT min(age_from) FROM delivery d WHERE d.notifier = n.notifier AND state = 'pending') AS oldest_waiting,
    (SELECT min(age_from) FROM delivery d WHERE d.notifier = n.notifier AND state = 'sending') AS oldest_sending,
    (SELECT min(next_attempt) FROM delivery d WHERE d.notifier = n.notifier AND state = 'pending') AS next_attempt,
    (SELECT reason FROM delivery d WHERE d.notifier = n.notifier AND failed_at IS NOT NULL
        ORDER BY failed_at DESC LIMIT 1) AS said
    FROM notifier n ORDER BY name";

const ALERT_BY_ID: &str = "SELECT alert, id, feed, created, data FROM alert WHERE id = ?1 AND event IS NULL AND created >= ?2 \
    AND (?3 IS NULL OR EXISTS (SELECT 1 FROM json_each(topics) WHERE value = ?3)) \
    AND (?5 IS NULL OR feed = ?5) LIMIT ?4";

/// Found in an index that has all that is asked for: the rows themselves are large. The topic is looked for as it stands
/// in the list, then for certain.
pub const ALERTS: &str = "SELECT alert, id, feed, created, data FROM alert WHERE ?1 IS NULL AND alert IN \
    (SELECT alert FROM alert WHERE event IS NULL AND created >= ?2 \
     AND (?3 IS NULL OR instr(topics, ?6) > 0 AND EXISTS (SELECT 1 FROM json_each(topics) WHERE value = ?3)) \
     AND (?5 IS NULL OR feed = ?5) ORDER BY created DESC, alert DESC LIMIT ?4) ORDER BY created DESC, alert DESC";

/// Operational events, newest first.
pub const EVENTS: &str = "SELECT alert, id, event, created, data FROM alert \
    WHERE event IN ('feed.failing', 'feed.recovered', 'feed.silent', 'notifier.failing') AND created >= ?1 \
    ORDER BY created DESC, alert DESC LIMIT ?2";

const DELIVERIES: &str = "SELECT delivery, name, delivery.state, next_attempt, attempts, delivery.reason \
    FROM delivery JOIN notifier USING (notifier) WHERE alert = ?1 ORDER BY name";

const ATTEMPTS: &str = "SELECT at, took_ms, status, answer FROM attempt WHERE delivery = ?1 ORDER BY n";

/// Every configured feed, by id.
pub fn feed_states(db: &Connection) -> Result<Vec<FeedState>> {
    db.all(FEEDS, [], feed_state)
}

/// The queues of all notifiers that have deliveries, by name.
pub fn queues(db: &Connection, now: i64) -> Result<Vec<Queue>> {
    let queues = db.all(QUEUES, [], |row| queue(row, now))?;
    Ok(queues.into_iter().flatten().collect())
}

/// Alerts, newest first, each with its deliveries and their attempts.
pub fn alerts(db: &Connection, query: &AlertQuery, now: i64) -> Result<Vec<AlertView>> {
    let sql = if query.id.is_some() { ALERT_BY_ID } else { ALERTS };
    let id = query.id.as_ref().map(AlertId::as_str);
    let since = query.within.map_or(i64::MIN, |within| now.saturating_sub(span(within)));
    let topic = query.topic.as_ref().map(TopicName::as_str);
    let feed = query.feed.as_ref().map(FeedId::as_str);
    let limit = rows_i64(query.limit);
    let in_list = topic.map(to_json).transpose()?;
    let read = |row: &Row<'_>| Ok((row.get::<_, i64>("alert")?, alert(row)?));
    let found = match &query.id {
        Some(_) => db.all(sql, (id, since, topic, limit, feed), read)?,
        None => db.all(sql, (id, since, topic, limit, feed, in_list), read)?,
    };
    let mut alerts = Vec::with_capacity(found.len());
    for (row, mut alert) in found {
        alert.deliveries = deliveries(db, row)?;
        alerts.push(alert);
    }
    Ok(alerts)
}

/// Operational events, newest first, each with its deliveries and their attempts.
pub fn events(db: &Connection, within: Duration, limit: usize, now: i64) -> Result<Vec<EventView>> {
    let since = now.saturating_sub(span(within));
    let found =
        db.all(EVENTS, (since, rows_i64(limit)), |row| Ok((row.get::<_, i64>("alert")?, event(row)?)))?;
    let mut events = Vec::with_capacity(found.len());
    for (row, mut event) in found {
        event.deliveries = deliveries(db, row)?;
        events.push(event);
    }
    Ok(events)
}

/// A notifier that left and to which nothing is owed is not shown.
fn queue(row: &Row<'_>, now: i64) -> Result<Option<Queue>> {
    let pending = count(row, "waiting")? + count(row, "sending")?;
    let oldest: [Option<i64>; 2] = [row.get("oldest_waiting")?, row.get("oldest_sending")?];
    let oldest = oldest.into_iter().flatten().min();
    let health = notifiers::health(row)?;
    let due = moment(row, "next_attempt")?;
    let next_attempt = match health.admission(timestamp(now)) {
        Admission::All => due,
        Admission::Probe => due.map(|_| timestamp(now)),
        Admission::Nothing(until) => due.and(until),
    };
    let said: Option<String> = row.get("said")?;
    let queue = Queue {
        notifier: NotifierName::new(row.get::<_, String>("name")?),
        pending,
        dead: count(row, "dead")?,
        held_back: count(row, "held_back")?,
        oldest_pending_seconds: oldest.map(|from| until(from, now).as_secs()),
        next_attempt,
        reason: health.reason.clone().or(said),
        last_delivered: moment(row, "last_delivered")?,
        health,
    };
    let owed = queue.pending + queue.dead + queue.held_back > 0;
    Ok((owed || row.get("configured")?).then_some(queue))
}

fn alert(row: &Row<'_>) -> Result<AlertView> {
    Ok(AlertView {
        id: AlertId::new(row.get::<_, String>("id")?),
        feed: FeedId::new(row.get::<_, String>("feed")?),
        created: timestamp(row.get("created")?),
        data: parse_json::<Box<RawValue>>(&row.get::<_, String>("data")?)?,
        deliveries: Vec::new(),
    })
}

fn event(row: &Row<'_>) -> Result<EventView> {
    Ok(EventView {
        id: AlertId::new(row.get::<_, String>("id")?),
        kind: word(row, "event", EventKind::parse)?.unwrap_or(EventKind::Alert),
        created: timestamp(row.get("created")?),
        data: parse_json::<Box<RawValue>>(&row.get::<_, String>("data")?)?,
        deliveries: Vec::new(),
    })
}

fn deliveries(db: &Connection, alert: i64) -> Result<Vec<DeliveryView>> {
    let found = db.all(DELIVERIES, [alert], |row| Ok((row.get::<_, i64>("delivery")?, delivery(row)?)))?;
    let mut deliveries = Vec::with_capacity(found.len());
    for (row, mut delivery) in found {
        delivery.history = db.all(ATTEMPTS, [row], attempt)?;
        deliveries.push(delivery);
    }
    Ok(deliveries)
}

fn delivery(row: &Row<'_>) -> Result<DeliveryView> {
    Ok(DeliveryView {
        notifier: NotifierName::new(row.get::<_, String>("name")?),
        state: word(row, "state", DeliveryState::parse)?.unwrap_or(DeliveryState::Dead),
        next_attempt: moment(row, "next_attempt")?,
        attempts: row.get("attempts")?,
        reason: row.get("reason")?,
        history: Vec::new(),
    })
}

fn attempt(row: &Row<'_>) -> Result<Attempt> {
    Ok(Attempt {
        at: timestamp(row.get("at")?),
        took_ms: count(row, "took_ms")?,
        status: row.get("status")?,
        answer: row.get("answer")?,
    })
}
