//! What a readable document brought: validators, articles, what was seen, and what to tell. Articles go in as lists: a
//! document of fifty costs as many ways to the server as one of a single article.

use std::collections::{HashMap, HashSet};

use super::{
    activity,
    error::Result,
    outbox,
    rows::{get, rows_i64, span, to_json_unless_empty, within_calendar},
    sql::{Bytes16, List, maybe_text},
    transaction::Tx,
};
use crate::{
    model::{AlertId, Article, ArticleKey, FeedId, Timestamp},
    store::{ArticleRecord, DocumentRecord},
};

/// What sights are exact to.
const DAY: std::time::Duration = std::time::Duration::from_hours(24);

/// Records a document of a feed; returns the alerts that were really new.
pub async fn record(
    tx: &Tx,
    feed: i32,
    document_at: Option<Timestamp>,
    id: &FeedId,
    at: Timestamp,
    document: &DocumentRecord,
) -> Result<Vec<AlertId>> {
    keep_last_sight(tx, feed, document_at, at).await?;
    update_feed(tx, feed, at, document).await?;
    let new = record_articles(tx, feed, at, &document.articles).await?;
    activity::count_articles(tx, feed, at, &new, document_at.is_none()).await?;
    mark_seen(tx, feed, at, &document.seen).await?;
    let mut new_alerts = Vec::new();
    for alert in &document.alerts {
        if outbox::record_alert(tx, id, alert).await? {
            new_alerts.push(alert.id.clone());
        }
    }
    Ok(new_alerts)
}

/// A key as the database has it.
pub const fn bytes(key: &ArticleKey) -> Bytes16 {
    Bytes16(*key.as_bytes())
}

/// Between two documents, 304s and failures say nothing about what was in the feed: all of the last document counts
/// as seen until now (less the day that sights are exact to), when a new one may no longer show it.
async fn keep_last_sight(tx: &Tx, feed: i32, document_at: Option<Timestamp>, at: Timestamp) -> Result<()> {
    let Some(before) = document_at.filter(|before| at - *before >= span(DAY)) else { return Ok(()) };
    let sql = "UPDATE article SET last_seen = $2 WHERE feed = $1 AND last_seen > $3";
    tx.run(sql, &[&feed, &(at - span(DAY)), &(before - span(DAY))]).await.map(drop)
}

async fn update_feed(tx: &Tx, feed: i32, at: Timestamp, document: &DocumentRecord) -> Result<()> {
    let hash = document.body_hash.map(|hash| hash.0.to_vec());
    tx.run(
        "UPDATE feed SET etag = $2, last_modified = $3, validated_url = $4, body_hash = $5, \
                         title = coalesce($6, title), document_at = $7 WHERE feed = $1",
        &[
            &feed,
            &document.validators.etag,
            &document.validators.last_modified,
            &document.validated_url,
            &hash,
            &maybe_text(document.title.as_ref()),
            &at,
        ],
    )
    .await?;
    Ok(())
}

/// Records articles; those that were not known.
async fn record_articles<'a>(
    tx: &Tx,
    feed: i32,
    at: Timestamp,
    records: &'a [ArticleRecord],
) -> Result<Vec<&'a Article>> {
    if records.is_empty() {
        return Ok(Vec::new());
    }
    let records = last_of_each(records);
    let rows = article_rows(tx, feed, &records).await?;
    let new = records.iter().zip(&rows).filter(|(_, row)| row.is_new).map(|(record, _)| &record.article);
    let new = new.collect();
    let rows: Vec<i64> = rows.iter().map(|row| row.article).collect();
    record_heads(tx, feed, &rows, at, &records).await?;
    record_texts(tx, &rows, at, &records).await?;
    Ok(new)
}

/// No statement may change a row twice: of two records of one article, the later one counts, as it would.
fn last_of_each(records: &[ArticleRecord]) -> Vec<&ArticleRecord> {
    let mut seen = HashSet::new();
    let mut last: Vec<_> = records.iter().rev().filter(|record| seen.insert(record.article.key)).collect();
    last.reverse();
    last
}

struct ArticleRow {
    article: i64,
    is_new: bool,
}

/// The rows of these articles: those that they have, and new numbers for those that have none.
async fn article_rows(tx: &Tx, feed: i32, records: &[&ArticleRecord]) -> Result<Vec<ArticleRow>> {
    let keys = || records.iter().map(|record| bytes(&record.article.key));
    let known = "SELECT key, article FROM article WHERE feed = $1 AND key = ANY($2)";
    let known =
        tx.all(known, &[&feed, &List(keys().collect())], |row| Ok((get(row, 0)?, get(row, 1)?))).await?;
    let known: HashMap<Bytes16, i64> = known.into_iter().collect();
    let missing = rows_i64(records.len() - known.len());
    let numbers = "SELECT nextval(pg_get_serial_sequence('article', 'article')) FROM generate_series(1, $1)";
    let numbers =
        if missing == 0 { Vec::new() } else { tx.all(numbers, &[&missing], |row| get(row, 0)).await? };
    let mut numbers = numbers.into_iter();
    let row = |key| match known.get(&key) {
        Some(article) => ArticleRow { article: *article, is_new: false },
        None => ArticleRow { article: numbers.next().unwrap_or_default(), is_new: true },
    };
    Ok(keys().map(row).collect())
}

async fn record_heads(
    tx: &Tx,
    feed: i32,
    rows: &[i64],
    at: Timestamp,
    records: &[&ArticleRecord],
) -> Result<()> {
    let articles = || records.iter().map(|record| &record.article);
    let time = |at: Option<Timestamp>| at.map(within_calendar);
    let link = |article: &Article| article.other_keys.link.filter(|link| *link != article.key);
    let topics: Result<Vec<_>> = records.iter().map(|record| to_json_unless_empty(&record.topics)).collect();
    tx.run(
        "INSERT INTO article (article, feed, last_seen, key, hash, link_key, url, title, published, updated, topics) \
         OVERRIDING SYSTEM VALUE \
         SELECT a.article, $1, $2, a.key, a.hash, a.link_key, a.url, a.title, a.published, a.updated, a.topics \
         FROM unnest($3::bigint[], $4::uuid[], $5::uuid[], $6::uuid[], $7::text[], $8::text[], $9::timestamptz[], \
                     $10::timestamptz[], $11::text[]) \
            AS a(article, key, hash, link_key, url, title, published, updated, topics) \
         ON CONFLICT (feed, key) DO UPDATE SET last_seen = excluded.last_seen, hash = excluded.hash, \
            link_key = coalesce(excluded.link_key, article.link_key), url = excluded.url, title = excluded.title, \
            published = excluded.published, updated = excluded.updated, topics = excluded.topics",
        &[
            &feed,
            &at,
            &List(rows.to_vec()),
            &List(articles().map(|article| bytes(&article.key)).collect()),
            &List(articles().map(|article| Bytes16(article.content_hash.0)).collect()),
            &List(articles().map(|article| link(article).as_ref().map(bytes)).collect()),
            &List(articles().map(|article| article.link.as_ref().map(url::Url::as_str)).collect()),
            &List(articles().map(|article| maybe_text(article.title.as_ref())).collect()),
            &List(articles().map(|article| time(article.published)).collect()),
            &List(articles().map(|article| time(article.updated)).collect()),
            &List(topics?),
        ],
    )
    .await?;
    Ok(())
}

async fn record_texts(tx: &Tx, rows: &[i64], at: Timestamp, records: &[&ArticleRecord]) -> Result<()> {
    let articles = || records.iter().map(|record| &record.article);
    let tags: Result<Vec<_>> = articles().map(|article| to_json_unless_empty(&article.tags)).collect();
    tx.run(
        "INSERT INTO article_text (article, recorded, summary, content, author, tags) \
         SELECT a.article, $1, a.summary, a.content, a.author, a.tags \
         FROM unnest($2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[]) \
            AS a(article, summary, content, author, tags) \
         ON CONFLICT (article) DO UPDATE SET recorded = excluded.recorded, summary = excluded.summary, \
            content = excluded.content, author = excluded.author, tags = excluded.tags",
        &[
            &at,
            &List(rows.to_vec()),
            &List(articles().map(|article| maybe_text(article.summary.as_ref())).collect()),
            &List(articles().map(|article| maybe_text(article.content.as_ref())).collect()),
            &List(articles().map(|article| maybe_text(article.author.as_ref())).collect()),
            &List(tags?),
        ],
    )
    .await?;
    Ok(())
}

/// Written at most once a day per key: the other polls of the day cost a look-up only.
async fn mark_seen(tx: &Tx, feed: i32, at: Timestamp, keys: &[ArticleKey]) -> Result<()> {
    let keys = List(keys.iter().map(bytes).collect());
    let sql = "UPDATE article SET last_seen = $3 WHERE feed = $1 AND key = ANY($2) \
               AND (last_seen <= $3 - interval '1 day' OR last_seen >= $3 + interval '1 day')";
    tx.run(sql, &[&feed, &keys, &at]).await.map(drop)
}
