//! Operational events: written with what caused them, told one by one unless many come at once.

use rusqlite::{Result, named_params};

use super::{
    outbox,
    rows::rows_i64,
    sql::Sql,
    time::{millis, span},
    transaction::Tx,
};
use crate::store::{DeliveryRecord, EventRecord, Place, TOLD_ALONE, TOLD_WITHIN, events::Way};

/// Whether more than so many events of a kind were recorded since then, those about several apart.
pub const MORE_EVENTS: &str = "SELECT 1 FROM alert \
    WHERE event = ?1 AND created > ?2 AND feed <> '' LIMIT 1 OFFSET ?3";
/// Whether events of a kind about more than so many others were recorded since then.
const MORE_OTHERS: &str = "SELECT 1 FROM alert \
    WHERE event = ?1 AND created > ?2 AND feed NOT IN ('', ?4) GROUP BY feed LIMIT 1 OFFSET ?3";
/// Whether more than so many events of a kind about this one were recorded since then.
const MORE_OF_ITS_OWN: &str = "SELECT 1 FROM alert \
    WHERE event = ?1 AND created > ?2 AND feed = ?4 LIMIT 1 OFFSET ?3";
/// Whether other feeds fail still that were told of together.
pub const OTHERS_TOLD_TOGETHER: &str = "SELECT 1 FROM feed \
    WHERE told = 'together' AND feed <> ?1 AND enabled = 1 LIMIT 1";

/// Records an event of a poll of this feed.
pub fn record_of_feed(tx: &Tx<'_>, feed: i64, event: &EventRecord) -> Result<()> {
    match event.place {
        Place::Alone => record(tx, event),
        Place::Begins if is_wanted(event) && told(tx, feed)?.is_none() => {
            let (told, is_alone) = match way(tx, event)? {
                Way::Alone => ("alone", true),
                Way::Together => ("together", false),
                Way::Later => return Ok(()),
            };
            tx.db.run("UPDATE feed SET told = ?2 WHERE feed = ?1", (feed, told))?;
            tell(tx, event, is_alone)
        }
        Place::Begins => Ok(()),
        Place::Ends => end(tx, feed, event),
    }
}

/// Records an event with its deliveries, unless it is on record already or nobody wants it; together with others if many
/// of its kind come.
pub fn record(tx: &Tx<'_>, event: &EventRecord) -> Result<()> {
    if is_on_record(tx, event)? {
        return Ok(());
    }
    match way(tx, event)? {
        Way::Alone => tell(tx, event, true),
        Way::Together => tell(tx, event, false),
        Way::Later => Ok(()),
    }
}

/// Those hear of the end who heard of the beginning, in the same way.
fn end(tx: &Tx<'_>, feed: i64, event: &EventRecord) -> Result<()> {
    let Some(told) = told(tx, feed)? else { return Ok(()) };
    tx.db.run("UPDATE feed SET told = NULL WHERE feed = ?1", [feed])?;
    match told.as_str() {
        _ if !is_wanted(event) => Ok(()),
        "alone" => insert(tx, event, &event.deliveries),
        _ if others_told_together(tx, feed)? => insert(tx, event, &[]),
        _ => tell(tx, event, false),
    }
}

/// How somebody was told that this feed fails, if somebody was.
fn told(tx: &Tx<'_>, feed: i64) -> Result<Option<String>> {
    Ok(tx.db.first("SELECT told FROM feed WHERE feed = ?1", [feed], |row| row.get(0))?.flatten())
}

fn tell(tx: &Tx<'_>, event: &EventRecord, is_alone: bool) -> Result<()> {
    match &event.together {
        Some(together) if !is_alone && is_wanted(event) => {
            insert(tx, event, &[])?;
            insert(tx, together, &together.deliveries)
        }
        _ if is_wanted(event) => insert(tx, event, &event.deliveries),
        _ => Ok(()),
    }
}

fn is_wanted(event: &EventRecord) -> bool {
    !event.deliveries.is_empty()
}

fn is_on_record(tx: &Tx<'_>, event: &EventRecord) -> Result<bool> {
    let sql = "SELECT 1 FROM alert WHERE id = ?1";
    Ok(tx.db.first(sql, [event.id.as_str()], |_| Ok(()))?.is_some())
}

fn way(tx: &Tx<'_>, event: &EventRecord) -> Result<Way> {
    let Some(together) = &event.together else { return Ok(Way::Alone) };
    let (kind, since, all_but_one) =
        (event.kind.as_str(), tx.now - span(TOLD_WITHIN), rows_i64(TOLD_ALONE - 1));
    if tx.db.first(MORE_EVENTS, (kind, since, all_but_one), |_| Ok(()))?.is_none() {
        return Ok(Way::Alone);
    }
    let asked = (kind, since, all_but_one, &event.subject);
    if is_on_record(tx, together)? || tx.db.first(MORE_OTHERS, asked, |_| Ok(()))?.is_some() {
        return Ok(Way::Together);
    }
    let is_restless = tx.db.first(MORE_OF_ITS_OWN, asked, |_| Ok(()))?.is_some();
    Ok(if is_restless { Way::Later } else { Way::Alone })
}

fn others_told_together(tx: &Tx<'_>, feed: i64) -> Result<bool> {
    Ok(tx.db.first(OTHERS_TOLD_TOGETHER, [feed], |_| Ok(()))?.is_some())
}

fn insert(tx: &Tx<'_>, event: &EventRecord, deliveries: &[DeliveryRecord]) -> Result<()> {
    let inserted = tx.db.run(
        "INSERT INTO alert (id, event, feed, article, created, topics, data, deliveries)
         VALUES (:id, :event, :subject, x'', :created, '[]', :data, :deliveries) ON CONFLICT DO NOTHING",
        named_params! {
            ":id": event.id.as_str(),
            ":event": event.kind.as_str(),
            ":subject": event.subject,
            ":created": millis(event.created),
            ":data": event.data,
            ":deliveries": rows_i64(deliveries.len()),
        },
    )?;
    if inserted > 0 {
        let row = tx.db.last_insert_rowid();
        for delivery in deliveries {
            outbox::record_delivery(tx, row, delivery, None)?;
        }
    }
    Ok(())
}
