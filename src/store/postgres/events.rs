//! Operational events: written with what caused them, told one by one unless many come at once.

use super::{
    error::Result,
    outbox,
    rows::{get, rows_i64, span},
    sql::{Param, text},
    transaction::Tx,
};
use crate::store::{DeliveryRecord, EventRecord, Place, TOLD_ALONE, TOLD_WITHIN, events::Way};

/// Whether more than so many events of a kind were recorded since then, those about several apart.
pub const MORE_EVENTS: &str =
    "SELECT 1 FROM alert WHERE event = $1 AND created > $2 AND feed <> '' LIMIT 1 OFFSET $3";
/// Whether events of a kind about more than so many others were recorded since then.
const MORE_OTHERS: &str = "SELECT 1 FROM alert \
    WHERE event = $1 AND created > $2 AND feed NOT IN ('', $4) GROUP BY feed LIMIT 1 OFFSET $3";
/// Whether more than so many events of a kind about this one were recorded since then.
const MORE_OF_ITS_OWN: &str =
    "SELECT 1 FROM alert WHERE event = $1 AND created > $2 AND feed = $4 LIMIT 1 OFFSET $3";
/// Whether other feeds fail still that were told of together.
pub const OTHERS_TOLD_TOGETHER: &str =
    "SELECT 1 FROM feed WHERE told = 'together' AND feed <> $1 AND enabled LIMIT 1";

/// Records an event of a poll of this feed.
pub async fn record_of_feed(tx: &Tx, feed: i32, event: &EventRecord) -> Result<()> {
    match event.place {
        Place::Alone => record(tx, event).await,
        Place::Begins if is_wanted(event) && told(tx, feed).await?.is_none() => {
            let (told, is_alone) = match way(tx, event).await? {
                Way::Alone => ("alone", true),
                Way::Together => ("together", false),
                Way::Later => return Ok(()),
            };
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
    match way(tx, event).await? {
        Way::Alone => tell(tx, event, true).await,
        Way::Together => tell(tx, event, false).await,
        Way::Later => Ok(()),
    }
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

async fn way(tx: &Tx, event: &EventRecord) -> Result<Way> {
    let Some(together) = &event.together else { return Ok(Way::Alone) };
    one_after_the_other(tx).await?;
    let since = tx.now - span(TOLD_WITHIN);
    let (kind, all_but_one) = (event.kind.as_str(), rows_i64(TOLD_ALONE - 1));
    if tx.first(MORE_EVENTS, &[&kind, &since, &all_but_one], |_| Ok(())).await?.is_none() {
        return Ok(Way::Alone);
    }
    let subject = text(&event.subject);
    let (others, its_own) = (MORE_OTHERS, MORE_OF_ITS_OWN);
    let asked: [&dyn Param; 4] = [&kind, &since, &all_but_one, &subject];
    if is_on_record(tx, together).await? || tx.first(others, &asked, |_| Ok(())).await?.is_some() {
        return Ok(Way::Together);
    }
    let is_restless = tx.first(its_own, &asked, |_| Ok(())).await?.is_some();
    Ok(if is_restless { Way::Later } else { Way::Alone })
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
