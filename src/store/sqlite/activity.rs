//! What went through lately, and the room it takes.

use std::{collections::BTreeMap, fs, path::Path};

use rusqlite::{Connection, Result};

use super::{
    rows::count,
    sql::Sql,
    time::{HOUR, timestamp},
    transaction::Tx,
};
use crate::{
    model::{Article, FeedId, NotifierName},
    store::{
        FeedActivity, NotifierActivity, Volume,
        activity::{DAYS, HOURS, day, day_of},
    },
};

const ARTICLES: &str = "SELECT id, day, articles FROM article_day JOIN feed USING (feed) \
    WHERE configured = 1 AND day > ?1 AND day <= ?2 ORDER BY feed";

/// The hour of each, counted from the oldest. An index that begins with `finished` has what was delivered.
pub const DELIVERED: &str = "SELECT name, hour, deliveries FROM \
    (SELECT notifier, (finished - ?1) / 3600000 AS hour, count(*) AS deliveries FROM delivery \
     WHERE state = 'delivered' AND finished >= ?1 GROUP BY notifier, hour) JOIN notifier USING (notifier)";

/// Counts new articles; what is older than the last days is forgotten.
pub fn count_articles(tx: &Tx<'_>, feed: i64, at: i64, new: &[&Article], is_first_sight: bool) -> Result<()> {
    let seen = timestamp(at);
    let mut days: BTreeMap<i64, i64> = BTreeMap::new();
    for day in new.iter().filter_map(|article| day_of(article, seen, is_first_sight)) {
        *days.entry(day).or_default() += 1;
    }
    if days.is_empty() {
        return Ok(());
    }
    for (day, articles) in days {
        tx.db.run(
            "INSERT INTO article_day (feed, day, articles) VALUES (?1, ?2, ?3)
             ON CONFLICT (feed, day) DO UPDATE SET articles = articles + excluded.articles",
            (feed, day, articles),
        )?;
    }
    tx.db.run("DELETE FROM article_day WHERE feed = ?1 AND day <= ?2", (feed, day(seen) - days_i64()))?;
    Ok(())
}

/// The articles of the last days, by feed.
pub fn feeds(db: &Connection, now: i64) -> Result<Vec<FeedActivity>> {
    let today = day(timestamp(now));
    let first = today - days_i64() + 1;
    let rows = db.all(ARTICLES, (today - days_i64(), today), |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?, count(row, 2)?))
    })?;
    let mut feeds: Vec<FeedActivity> = Vec::new();
    for (id, day, articles) in rows {
        if feeds.last().is_none_or(|feed| feed.feed.as_str() != id) {
            feeds.push(FeedActivity { feed: FeedId::new(id), articles: [0; DAYS] });
        }
        let place = usize::try_from(day - first).ok();
        if let Some(place) =
            feeds.last_mut().zip(place).and_then(|(feed, place)| feed.articles.get_mut(place))
        {
            *place += articles;
        }
    }
    Ok(feeds)
}

/// The deliveries of the last hours, by notifier.
pub fn notifiers(db: &Connection, now: i64) -> Result<Vec<NotifierActivity>> {
    let from = now - i64::try_from(HOURS).unwrap_or(0) * HOUR;
    let rows =
        db.all(DELIVERED, [from], |row| Ok((row.get::<_, String>(0)?, count(row, 1)?, count(row, 2)?)))?;
    let mut notifiers: BTreeMap<String, [u64; HOURS]> = BTreeMap::new();
    for (name, hour, deliveries) in rows {
        // What was delivered at this very moment belongs to the hour that ends now.
        let hour = usize::try_from(hour).unwrap_or(0).min(HOURS - 1);
        notifiers.entry(name).or_insert([0; HOURS])[hour] += deliveries;
    }
    let activity =
        |(name, delivered): (String, _)| NotifierActivity { notifier: NotifierName::new(name), delivered };
    Ok(notifiers.into_iter().map(activity).collect())
}

/// The bytes of the database with its log, and what is left on the disk.
pub fn volume(database: &Path) -> Volume {
    let beside = |end: &str| {
        let mut name = database.as_os_str().to_owned();
        name.push(end);
        fs::metadata(name).map_or(0, |file| file.len())
    };
    let disk = rustix::fs::statvfs(database).ok();
    Volume {
        bytes: beside("") + beside("-wal"),
        disk_free: disk.map(|disk| disk.f_bavail.saturating_mul(disk.f_frsize)),
    }
}

fn days_i64() -> i64 {
    i64::try_from(DAYS).unwrap_or(0)
}
