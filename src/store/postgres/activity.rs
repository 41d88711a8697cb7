//! What went through lately, and the room it takes.

use std::collections::BTreeMap;

use super::{
    error::Result,
    rows::{count, get},
    sql::List,
    transaction::Tx,
};
use crate::{
    model::{Article, FeedId, NotifierName, Timestamp},
    store::{
        FeedActivity, NotifierActivity, Volume,
        activity::{DAYS, HOURS, day, day_of},
    },
};

const ARTICLES: &str = "SELECT id, day, articles FROM article_day JOIN feed USING (feed) \
    WHERE configured AND day > $1 AND day <= $2 ORDER BY feed";

/// The hour of each, counted from the oldest.
pub const DELIVERED: &str = "SELECT name, hour, deliveries FROM \
    (SELECT notifier, floor(extract(epoch FROM finished - $1) / 3600)::bigint AS hour, count(*) AS deliveries \
     FROM delivery WHERE state = 'delivered' AND finished >= $1 GROUP BY 1, 2) AS d JOIN notifier USING (notifier)";

/// Counts new articles; what is older than the last days is forgotten.
pub async fn count_articles(
    tx: &Tx,
    feed: i32,
    seen: Timestamp,
    new: &[&Article],
    is_first_sight: bool,
) -> Result<()> {
    let mut days: BTreeMap<i64, i64> = BTreeMap::new();
    for day in new.iter().filter_map(|article| day_of(article, seen, is_first_sight)) {
        *days.entry(day).or_default() += 1;
    }
    if days.is_empty() {
        return Ok(());
    }
    let (numbers, articles) = (List(days.keys().copied().collect()), List(days.values().copied().collect()));
    tx.run(
        "INSERT INTO article_day (feed, day, articles) \
         SELECT $1, d.day, d.articles FROM unnest($2::bigint[], $3::bigint[]) AS d(day, articles) \
         ON CONFLICT (feed, day) DO UPDATE SET articles = article_day.articles + excluded.articles",
        &[&feed, &numbers, &articles],
    )
    .await?;
    let forget = "DELETE FROM article_day WHERE feed = $1 AND day <= $2";
    tx.run(forget, &[&feed, &(day(seen) - days_i64())]).await.map(drop)
}

/// The articles of the last days, by feed.
pub async fn feeds(tx: &Tx) -> Result<Vec<FeedActivity>> {
    let today = day(tx.now);
    let first = today - days_i64() + 1;
    let rows = tx
        .all(ARTICLES, &[&(today - days_i64()), &today], |row| {
            Ok((get::<String>(row, 0)?, get::<i64>(row, 1)?, count(row, 2)?))
        })
        .await?;
    let mut feeds: Vec<FeedActivity> = Vec::new();
    for (id, day, articles) in rows {
        if feeds.last().is_none_or(|feed| feed.feed.as_str() != id) {
            feeds.push(FeedActivity { feed: FeedId::new(id), articles: [0; DAYS] });
        }
        let place = usize::try_from(day - first).ok();
        let place = feeds.last_mut().zip(place).and_then(|(feed, place)| feed.articles.get_mut(place));
        if let Some(place) = place {
            *place += articles;
        }
    }
    Ok(feeds)
}

/// The deliveries of the last hours, by notifier.
pub async fn notifiers(tx: &Tx) -> Result<Vec<NotifierActivity>> {
    let from = tx.now - chrono::TimeDelta::hours(i64::try_from(HOURS).unwrap_or(0));
    let rows = tx
        .all(DELIVERED, &[&from], |row| Ok((get::<String>(row, 0)?, count(row, 1)?, count(row, 2)?)))
        .await?;
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

/// The bytes of the database. What is left on the server's disk, nobody tells.
pub async fn volume(tx: &Tx) -> Result<Volume> {
    let bytes = tx.first("SELECT pg_database_size(current_database())", &[], |row| count(row, 0)).await?;
    Ok(Volume { bytes: bytes.unwrap_or(0), disk_free: None })
}

fn days_i64() -> i64 {
    i64::try_from(DAYS).unwrap_or(0)
}
