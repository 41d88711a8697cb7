//! Operational events: written with what caused them, told one by one unless many come at once.

use super::{
    error::Result,
    outbox,
    rows::{get, rows_i64, span},
    sql::text,
    transaction::Tx,
};
use crate::store::{DeliveryRecord, EventRecord, Place, TOLD_ALONE, TOLD_WITHIN};

/// Whether more than so many events of a kind were recorded since then, those about several apart.
pub const MORE_EVENTS: &str =
    "SELECT 1 FROM alert WHERE event = $1 AND created > $2 AND feed <> '' LIMIT 1 OFFSET $3";
/// Whether other feeds fail still that were told of together.
pub const OTHERS_TOLD_TOGETHER: &str =
    "SELECT 1 FROM feed WHERE told = 'together' AND feed <> $1 AND enabled LIMIT 1";

/// Records an event of a poll of this feed.
pub async fn record_of_feed(tx: &Tx, feed: i32, event: &EventRecord) -> Result<()> {
    match event.place {
        Place::Alone => record(tx, event).await,
        Place::Begins if is_wanted(event) && told(tx, feed).await?.is_none() => {
            let is_alone = !come_many(tx, event).await?;
            let told = if is_alone { "alone" } else { "together" };
            tx.run("UPDATE feed SET told = $2 WHERE feed = $1", &[&feed, &told]).await?;
            tell(tx, event, is_alone).await
        }
        Place::Begins => Ok(()),
        Place::Ends => end(tx, feed, event).await,
    }
}

/// Records an event with its deliveries, unless it is on record already or nobody wants it; together with others if many
/// of its kind come.
pub async fn record(tx: &Tx, event: &EventRecord) -> Result<()> {
    if is_on_record(tx, event).await? {
        return Ok(());
    }
    let is_alone = !come_many(tx, event).await?;
    tell(tx, event, is_alone).await
}

/// Those hear of the end who heard of the beginning, in the same way.
async fn end(tx: &Tx, feed: i32, event: &EventRecord) -> Result<()> {
    let Some(told) = told(tx, feed).await? else { return Ok(()) };
    one_after_the_other(tx).await?;
    tx.run("UPDATE feed SET told = NULL WHERE feed = $1", &[&feed]).await?;
    match told.as_str() {
        _ if !is_wanted(event) => Ok(()),
        "alone" => insert(tx, event, &event.deliveries).await,
        _ if tx.first(OTHERS_TOLD_TOGETHER, &[&feed], |_| Ok(())).await?.is_some() => {
            insert(tx, event, &[]).await
        }
        _ => tell(tx, event, false).await,
    }
}

/// How somebody was told that this feed fails, if somebody was.
async fn told(tx: &Tx, feed: i32) -> Result<Option<String>> {
    let told = tx.first("SELECT told FROM feed WHERE feed = $1", &[&feed], |row| get(row, 0)).await?;
    Ok(told.flatten())
}

async fn tell(tx: &Tx, event: &EventRecord, is_alone: bool) -> Result<()> {
    match &event.together {
        Some(together) if !is_alone && is_wanted(event) => {
            insert(tx, event, &[]).await?;
            insert(tx, together, &together.deliveries).await
        }
        _ if is_wanted(event) => insert(tx, event, &event.deliveries).await,
        _ => Ok(()),
    }
}

fn is_wanted(event: &EventRecord) -> bool {
    !event.deliveries.is_empty()
}

async fn is_on_record(tx: &Tx, event: &EventRecord) -> Result<bool> {
    let sql = "SELECT 1 FROM alert WHERE id = $1";
    Ok(tx.first(sql, &[&event.id.as_str()], |_| Ok(())).await?.is_some())
}

/// Whether so many events of this kind were recorded lately that further ones are told together.
async fn come_many(tx: &Tx, event: &EventRecord) -> Result<bool> {
    if event.together.is_none() {
        return Ok(false);
    }
    one_after_the_other(tx).await?;
    let since = tx.now - span(TOLD_WITHIN);
    let (kind, all_but_one) = (event.kind.as_str(), rows_i64(TOLD_ALONE - 1));
    Ok(tx.first(MORE_EVENTS, &[&kind, &since, &all_but_one], |_| Ok(())).await?.is_some())
}

/// Instances that tell of something at the same moment would not see each other's events.
async fn one_after_the_other(tx: &Tx) -> Result<()> {
    tx.rows("SELECT 1 FROM meta WHERE name = 'events' FOR NO KEY UPDATE", &[]).await.map(drop)
}

async fn insert(tx: &Tx, event: &EventRecord, deliveries: &[DeliveryRecord]) -> Result<()> {
    let row = tx
        .first(
            "INSERT INTO alert (id, event, feed, article, created, topics, data, deliveries) \
             VALUES ($1, $2, $3, '', $4, '{}', $5, $6) ON CONFLICT DO NOTHING RETURNING alert",
            &[
                &event.id.as_str(),
                &event.kind.as_str(),
                &text(&event.subject),
                &event.created,
                &text(&event.data),
                &rows_i64(deliveries.len()),
            ],
            |row| get(row, 0),
        )
        .await?;
    let Some(row) = row else { return Ok(()) };
    for delivery in deliveries {
        outbox::record_delivery(tx, row, delivery, None).await?;
    }
    Ok(())
}
