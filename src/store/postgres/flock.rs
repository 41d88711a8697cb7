//! What the adaptive feeds are together: sums in parts, kept with every poll, and what the scheduler makes of them.

use super::{
    error::Result,
    rows::{count as count_of, get, rows_i64},
    transaction::Tx,
};
use crate::{
    model::{Flock, Timestamp},
    store::Learned,
};

/// In how many parts the sums are kept.
const PARTS: i32 = 32;

/// All that is kept about them.
pub struct Kept {
    pub flock: Flock,
    pub controller: Option<String>,
    /// Until when only exempt feeds may be handed out; the past, if all may.
    pub held_until: Timestamp,
}

/// Changes the sums by what a poll taught; `share` is the feed's part before it.
pub async fn learn(tx: &Tx, feed: i32, share: f64, learned: &Learned) -> Result<()> {
    let feeds = i64::from(learned.share > 0.0) - i64::from(share > 0.0);
    tx.run(
        "UPDATE flock SET feeds = feeds + $2, shares = shares + $3, polls = polls + $4, articles = articles + $5, \
                          flagged = flagged + $6 WHERE part = $1",
        &[
            &(feed.rem_euclid(PARTS)),
            &feeds,
            &(learned.share - share),
            &i64::from(learned.is_spent),
            &rows_i64(learned.articles),
            &rows_i64(learned.flagged),
        ],
    )
    .await?;
    Ok(())
}

/// Sums up anew: feeds came, left, or got an interval. Polls that are being recorded wait for their part, and then add
/// what they changed.
pub async fn recount(tx: &Tx) -> Result<()> {
    tx.run("UPDATE feed SET share = 0 WHERE share > 0 AND NOT (enabled AND adaptive)", &[]).await?;
    tx.run("UPDATE flock SET feeds = 0, shares = 0", &[]).await?;
    tx.run(
        "UPDATE flock SET (feeds, shares) = (SELECT count(*), coalesce(sum(share), 0) FROM feed WHERE share > 0) \
         WHERE part = 0",
        &[],
    )
    .await?;
    Ok(())
}

/// The sums, and what is kept about them.
pub async fn read(tx: &Tx) -> Result<Kept> {
    let sql = "SELECT sum(feeds)::bigint, greatest(sum(shares), 0), sum(polls)::bigint, sum(articles)::bigint, \
                      sum(flagged)::bigint, (SELECT kept FROM controller), (SELECT held_until FROM controller) FROM flock";
    let found = tx
        .first(sql, &[], |row| {
            let count = |column: usize| count_of(row, column);
            let flock = Flock {
                feeds: count(0)?,
                shares: get(row, 1)?,
                polls: count(2)?,
                articles: count(3)?,
                flagged: count(4)?,
            };
            Ok(Kept { flock, controller: get(row, 5)?, held_until: get(row, 6)? })
        })
        .await?;
    Ok(found.unwrap_or_else(|| Kept {
        flock: Flock::default(),
        controller: None,
        held_until: Timestamp::UNIX_EPOCH,
    }))
}

/// Until when only exempt feeds may be handed out; the past, if all may.
pub async fn held_until(tx: &Tx) -> Result<Timestamp> {
    let held = tx.first("SELECT held_until FROM controller", &[], |row| get(row, 0)).await?;
    Ok(held.unwrap_or(Timestamp::UNIX_EPOCH))
}

/// Hands out only exempt feeds until then.
pub async fn hold(tx: &Tx, until: Timestamp) -> Result<()> {
    tx.run("UPDATE controller SET held_until = $1", &[&until]).await.map(drop)
}

/// Keeps the controller, unless somebody else did meanwhile.
pub async fn keep_controller(tx: &Tx, before: Option<&str>, after: &str) -> Result<()> {
    let sql = "UPDATE controller SET kept = $2 WHERE kept IS NOT DISTINCT FROM $1";
    tx.run(sql, &[&before, &after]).await.map(drop)
}
