//! The articles that are kept with their text, page by page: what `backtest` looks through.

use std::time::Duration;

use rusqlite::{Connection, Result, Row};

use super::{
    rows::{list_from_json, moment, rows_i64},
    sql::Sql,
    time::{millis, span, timestamp},
};
use crate::{
    model::FeedId,
    store::{ArticleCursor, StoredArticle},
};

/// A page of texts, newest first: a walk along the index, which begins where the page does.
pub const NEWEST: &str = "SELECT t.recorded, t.article, f.id, f.title AS feed_title, f.url AS feed_url, \
        a.title, a.url, a.published, a.updated, t.summary, t.content, t.author, t.tags \
    FROM article_text t CROSS JOIN article a USING (article) CROSS JOIN feed f USING (feed) \
    WHERE t.recorded >= ?1 AND (t.recorded, t.article) < (?2, ?3) \
    ORDER BY t.recorded DESC, t.article DESC LIMIT ?4";

/// The page behind `after`, of the articles recorded at most `since` before `now`.
pub fn page(
    db: &Connection,
    since: Duration,
    after: Option<ArticleCursor>,
    limit: usize,
    now: i64,
) -> Result<Vec<StoredArticle>> {
    let from = now.saturating_sub(span(since));
    let (recorded, row) = after.map_or((i64::MAX, i64::MAX), |cursor| (millis(cursor.recorded), cursor.row));
    db.all(NEWEST, (from, recorded, row, rows_i64(limit)), stored_article)
}

fn stored_article(row: &Row<'_>) -> Result<StoredArticle> {
    Ok(StoredArticle {
        cursor: ArticleCursor { recorded: timestamp(row.get("recorded")?), row: row.get("article")? },
        feed: FeedId::new(row.get::<_, String>("id")?),
        feed_title: row.get("feed_title")?,
        feed_url: row.get("feed_url")?,
        title: row.get("title")?,
        link: row.get("url")?,
        published: moment(row, "published")?,
        updated: moment(row, "updated")?,
        summary: row.get("summary")?,
        content: row.get("content")?,
        author: row.get("author")?,
        tags: list_from_json(row.get_ref("tags")?.as_str_or_null()?)?,
    })
}
