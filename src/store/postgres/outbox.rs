//! Alerts and what is owed for them, written with the poll that found them.

use super::{
    deliveries::NOTIFIER_REMOVED,
    error::Result,
    rows::{get, rows_i64},
    sql::{List, text},
    transaction::Tx,
};
use crate::{
    model::{FeedId, NotifierName, TopicName},
    store::{AlertRecord, DeliveryRecord},
};

/// Records an alert with its deliveries, unless it is on record already. What was really inserted decides.
pub async fn record_alert(tx: &Tx, feed: &FeedId, alert: &AlertRecord) -> Result<bool> {
    let topics = List(alert.topics.iter().map(TopicName::as_str).collect());
    let row = tx
        .first(
            "INSERT INTO alert (id, feed, article, created, topics, data, deliveries) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING RETURNING alert",
            &[
                &alert.id.as_str(),
                &feed.as_str(),
                &alert.article.as_bytes().as_slice(),
                &alert.created,
                &topics,
                &text(&alert.data),
                &rows_i64(alert.deliveries.len()),
            ],
            |row| get(row, 0),
        )
        .await?;
    let Some(row) = row else { return Ok(false) };
    for delivery in &alert.deliveries {
        record_delivery(tx, row, delivery, alert.held_back.as_deref()).await?;
    }
    Ok(true)
}

/// A notifier that left while the poll was under way gets its delivery dead, and visible.
pub async fn record_delivery(
    tx: &Tx,
    alert: i64,
    delivery: &DeliveryRecord,
    held_back: Option<&str>,
) -> Result<()> {
    let (notifier, configured) = notifier_row(tx, &delivery.notifier).await?;
    let (state, reason) = match held_back {
        _ if !configured => ("dead", Some(NOTIFIER_REMOVED)),
        Some(why) => ("held_back", Some(why)),
        None => ("pending", None),
    };
    tx.run(
        "WITH made AS (INSERT INTO delivery \
            (alert, notifier, state, age_from, next_attempt, finished, failed_at, reason) \
            VALUES ($1, $2, $3, $4, CASE WHEN $3 = 'pending' THEN $4 END, CASE WHEN $3 <> 'pending' THEN $4 END, \
                    CASE WHEN $3 = 'dead' THEN $4 END, $5) RETURNING delivery) \
         INSERT INTO delivery_body (delivery, body, plain) SELECT delivery, $6, $7 FROM made",
        &[&alert, &notifier, &state, &tx.now, &reason, &delivery.body, &delivery.plain],
    )
    .await?;
    Ok(())
}

async fn notifier_row(tx: &Tx, name: &NotifierName) -> Result<(i32, bool)> {
    loop {
        let known = "SELECT notifier, configured FROM notifier WHERE name = $1";
        let row = tx.first(known, &[&name.as_str()], |row| Ok((get(row, 0)?, get(row, 1)?))).await?;
        if let Some(row) = row {
            return Ok(row);
        }
        let new = "INSERT INTO notifier (name, configured) VALUES ($1, true) ON CONFLICT DO NOTHING";
        tx.run(new, &[&name.as_str()]).await?;
    }
}
