//! What the adaptive feeds are together: one row of sums, kept with every poll.

use rusqlite::{Result, named_params};

use super::{
    error::Fault,
    rows::{count, rows_i64},
    sql::Sql,
    time::millis,
    transaction::Tx,
};
use crate::{
    model::{Flock, Timestamp},
    store::Learned,
};

/// Changes the sums by what a poll taught, before the feed's row has its new share.
pub fn learn(tx: &Tx<'_>, feed: i64, learned: &Learned) -> Result<()> {
    tx.db.run(
        "UPDATE flock SET polls = flock.polls + :spent, articles = flock.articles + :articles,
                          flagged = flock.flagged + :flagged,
                          shares = max(0, flock.shares + :share - old.share),
                          feeds = flock.feeds + (:share > 0) - (old.share > 0)
         FROM (SELECT share FROM feed WHERE feed = :feed) AS old",
        named_params! {
            ":feed": feed, ":share": learned.share, ":spent": learned.is_spent,
            ":articles": rows_i64(learned.articles), ":flagged": rows_i64(learned.flagged),
        },
    )?;
    Ok(())
}

/// Sums up anew: feeds came, left, or got an interval.
pub fn recount(tx: &Tx<'_>) -> Result<()> {
    tx.db.run("UPDATE feed SET share = 0 WHERE share > 0 AND (enabled = 0 OR adaptive = 0)", [])?;
    tx.db.run(
        "UPDATE flock SET (feeds, shares) = (SELECT count(*), total(share) FROM feed WHERE share > 0)",
        [],
    )?;
    Ok(())
}

/// The sums, and what the scheduler keeps about them.
pub fn read(tx: &Tx<'_>) -> Result<(Flock, Option<String>)> {
    let sql = "SELECT feeds, shares, polls, articles, flagged, controller FROM flock";
    let found = tx.db.first(sql, [], |row| {
        let flock = Flock {
            feeds: count(row, 0)?,
            shares: row.get(1)?,
            polls: count(row, 2)?,
            articles: count(row, 3)?,
            flagged: count(row, 4)?,
        };
        Ok((flock, row.get(5)?))
    })?;
    Ok(found.unwrap_or_default())
}

/// Until when only exempt feeds may be handed out; the past, if all may.
pub fn held_until(tx: &Tx<'_>) -> Result<i64> {
    let held = tx.db.first("SELECT held_until FROM flock", [], |row| row.get(0))?;
    Ok(held.unwrap_or(0))
}

/// Whether only exempt feeds may be handed out.
pub fn is_held(tx: &Tx<'_>) -> Result<bool> {
    Ok(held_until(tx)? > tx.now)
}

/// Hands out only exempt feeds until then.
pub fn hold(tx: &Tx<'_>, until: Timestamp) -> Result<(), Fault> {
    tx.db.run("UPDATE flock SET held_until = ?1", [millis(until)])?;
    Ok(())
}

/// Keeps the controller, unless somebody else did meanwhile.
pub fn keep_controller(tx: &Tx<'_>, before: Option<&str>, after: &str) -> Result<(), Fault> {
    tx.db.run("UPDATE flock SET controller = ?2 WHERE controller IS ?1", (before, after))?;
    Ok(())
}
