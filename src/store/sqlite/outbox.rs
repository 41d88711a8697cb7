//! Alerts and what is owed for them, written with the poll that found them.

use rusqlite::{Result, named_params};

use super::{
    deliveries::NOTIFIER_REMOVED,
    rows::{rows_i64, to_json},
    sql::Sql,
    time::millis,
    transaction::Tx,
};
use crate::{
    model::{FeedId, NotifierName},
    store::{AlertRecord, DeliveryRecord},
};

/// Records an alert with its deliveries, unless it is on record already. What was really inserted decides.
pub fn record_alert(tx: &Tx<'_>, feed: &FeedId, alert: &AlertRecord) -> Result<bool> {
    let inserted = tx.db.run(
        "INSERT INTO alert (id, feed, article, created, topics, data, deliveries)
         VALUES (:id, :feed, :article, :created, :topics, :data, :deliveries) ON CONFLICT DO NOTHING",
        named_params! {
            ":id": alert.id.as_str(),
            ":feed": feed.as_str(),
            ":article": alert.article.as_bytes(),
            ":created": millis(alert.created),
            ":topics": to_json(&alert.topics)?,
            ":data": alert.data,
            ":deliveries": rows_i64(alert.deliveries.len()),
        },
    )?;
    if inserted == 0 {
        return Ok(false);
    }
    let row = tx.db.last_insert_rowid();
    for delivery in &alert.deliveries {
        record_delivery(tx, row, delivery, alert.held_back.as_deref())?;
    }
    Ok(true)
}

/// A notifier that left while the poll was under way gets its delivery dead, and visible.
pub fn record_delivery(
    tx: &Tx<'_>,
    alert: i64,
    delivery: &DeliveryRecord,
    held_back: Option<&str>,
) -> Result<()> {
    let (notifier, configured) = notifier_row(tx, &delivery.notifier)?;
    let (state, reason) = match held_back {
        _ if !configured => ("dead", Some(NOTIFIER_REMOVED)),
        Some(why) => ("held_back", Some(why)),
        None => ("pending", None),
    };
    tx.db.run(
        "INSERT INTO delivery (alert, notifier, state, age_from, next_attempt, finished, failed_at, reason)
         VALUES (:alert, :notifier, :state, :now, iif(:state = 'pending', :now, NULL),
                 iif(:state = 'pending', NULL, :now), iif(:state = 'dead', :now, NULL), :reason)",
        named_params! {
            ":alert": alert, ":notifier": notifier, ":state": state, ":now": tx.now, ":reason": reason,
        },
    )?;
    let sql = "INSERT INTO delivery_body (delivery, body, plain) VALUES (?1, ?2, ?3)";
    tx.db.run(sql, (tx.db.last_insert_rowid(), &delivery.body, &delivery.plain)).map(drop)
}

fn notifier_row(tx: &Tx<'_>, name: &NotifierName) -> Result<(i64, bool)> {
    let known = "SELECT notifier, configured FROM notifier WHERE name = ?1";
    let row = tx.db.first(known, [name.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))?;
    if let Some(row) = row {
        return Ok(row);
    }
    tx.db.run("INSERT INTO notifier (name, configured) VALUES (?1, 1)", [name.as_str()])?;
    Ok((tx.db.last_insert_rowid(), true))
}
