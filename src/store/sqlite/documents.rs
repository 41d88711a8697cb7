//! What a readable document brought: validators, articles, what was seen, and what to tell.

use rusqlite::{Result, named_params};

use super::{
    activity, outbox,
    rows::to_json_unless_empty,
    sql::Sql,
    time::{DAY, millis},
    transaction::Tx,
};
use crate::{
    model::{AlertId, Article, ArticleKey, FeedId},
    store::{ArticleRecord, DocumentRecord},
};

/// Records a document of a feed; returns the alerts that were really new.
pub fn record(
    tx: &Tx<'_>,
    feed: i64,
    id: &FeedId,
    at: i64,
    document: &DocumentRecord,
) -> Result<Vec<AlertId>> {
    keep_last_sight(tx, feed, at)?;
    let is_first_sight = is_unseen(tx, feed)?;
    update_feed(tx, feed, at, document)?;
    let mut new = Vec::new();
    for record in &document.articles {
        if record_article(tx, feed, at, record)? {
            new.push(&record.article);
        }
    }
    activity::count_articles(tx, feed, at, &new, is_first_sight)?;
    for key in &document.seen {
        mark_seen(tx, feed, at, key)?;
    }
    let mut new_alerts = Vec::new();
    for alert in &document.alerts {
        if outbox::record_alert(tx, id, alert)? {
            new_alerts.push(alert.id.clone());
        }
    }
    Ok(new_alerts)
}

/// Between two documents, 304s and failures say nothing about what was in the feed: all of the last document counts
/// as seen until now (less the day that sights are exact to), when a new one may no longer show it.
fn keep_last_sight(tx: &Tx<'_>, feed: i64, at: i64) -> Result<()> {
    tx.db.run(
        "UPDATE seen SET last_seen = :at - :day
         WHERE feed = :feed
           AND :at - (SELECT document_at FROM feed WHERE feed = :feed) >= :day
           AND last_seen > (SELECT document_at FROM feed WHERE feed = :feed) - :day",
        named_params! {":feed": feed, ":at": at, ":day": DAY},
    )?;
    Ok(())
}

/// Whether no document of the feed was recorded yet.
fn is_unseen(tx: &Tx<'_>, feed: i64) -> Result<bool> {
    let sql = "SELECT document_at IS NULL FROM feed WHERE feed = ?1";
    Ok(tx.db.first(sql, [feed], |row| row.get(0))?.unwrap_or(true))
}

fn update_feed(tx: &Tx<'_>, feed: i64, at: i64, document: &DocumentRecord) -> Result<()> {
    tx.db.run(
        "UPDATE feed SET etag = :etag, last_modified = :last_modified, validated_url = :url, body_hash = :hash,
                         title = coalesce(:title, title), document_at = :at
         WHERE feed = :feed",
        named_params! {
            ":feed": feed,
            ":at": at,
            ":etag": document.validators.etag,
            ":last_modified": document.validators.last_modified,
            ":url": document.validated_url,
            ":hash": document.body_hash.map(|hash| hash.0),
            ":title": document.title,
        },
    )?;
    Ok(())
}

/// Records an article; whether it was not known.
fn record_article(tx: &Tx<'_>, feed: i64, at: i64, record: &ArticleRecord) -> Result<bool> {
    let article = &record.article;
    let known = "SELECT article FROM seen WHERE feed = ?1 AND key = ?2";
    let found: Option<i64> = tx.db.first(known, (feed, article.key.as_bytes()), |row| row.get(0))?;
    let row = match found {
        Some(row) => update_article(tx, row, article)?,
        None => insert_article(tx, feed, article)?,
    };
    record_text(tx, row, at, article)?;
    record_key(tx, feed, row, at, record)?;
    Ok(found.is_none())
}

fn insert_article(tx: &Tx<'_>, feed: i64, article: &Article) -> Result<i64> {
    tx.db.run(
        "INSERT INTO article (feed, url, title, published, updated) VALUES (?1, ?2, ?3, ?4, ?5)",
        (feed, link(article), &article.title, article.published.map(millis), article.updated.map(millis)),
    )?;
    Ok(tx.db.last_insert_rowid())
}

fn update_article(tx: &Tx<'_>, row: i64, article: &Article) -> Result<i64> {
    tx.db.run(
        "UPDATE article SET url = ?2, title = ?3, published = ?4, updated = ?5 WHERE article = ?1",
        (row, link(article), &article.title, article.published.map(millis), article.updated.map(millis)),
    )?;
    Ok(row)
}

fn record_text(tx: &Tx<'_>, row: i64, at: i64, article: &Article) -> Result<()> {
    tx.db.run(
        "INSERT OR REPLACE INTO article_text (article, recorded, summary, content, author, tags)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        (row, at, &article.summary, &article.content, &article.author, to_json_unless_empty(&article.tags)?),
    )?;
    Ok(())
}

fn record_key(tx: &Tx<'_>, feed: i64, row: i64, at: i64, record: &ArticleRecord) -> Result<()> {
    let article = &record.article;
    let link_key = article.other_keys.link.filter(|link_key| *link_key != article.key);
    tx.db.run(
        "INSERT INTO seen (feed, key, hash, last_seen, article, link_key, topics)
         VALUES (:feed, :key, :hash, :at, :article, :link_key, :topics)
         ON CONFLICT (feed, key) DO UPDATE SET hash = excluded.hash, last_seen = excluded.last_seen,
             link_key = coalesce(excluded.link_key, link_key), topics = excluded.topics",
        named_params! {
            ":feed": feed,
            ":key": article.key.as_bytes(),
            ":hash": article.content_hash.0,
            ":at": at,
            ":article": row,
            ":link_key": link_key.as_ref().map(ArticleKey::as_bytes),
            ":topics": to_json_unless_empty(&record.topics)?,
        },
    )?;
    Ok(())
}

/// Written at most once a day per key: the other polls of the day cost a look-up only.
fn mark_seen(tx: &Tx<'_>, feed: i64, at: i64, key: &ArticleKey) -> Result<()> {
    let sql = "UPDATE seen SET last_seen = ?3 WHERE feed = ?1 AND key = ?2 AND abs(?3 - last_seen) >= ?4";
    tx.db.run(sql, (feed, key.as_bytes(), at, DAY)).map(drop)
}

fn link(article: &Article) -> Option<&str> {
    article.link.as_ref().map(url::Url::as_str)
}
