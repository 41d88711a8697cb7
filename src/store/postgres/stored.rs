//! The articles that are kept with their text, page by page: what `backtest` looks through.

use std::time::Duration;

use tokio_postgres::Row;

use super::{
    error::Result,
    rows::{get, list_from_json, rows_i64, span},
    sql::Param,
    transaction::Tx,
};
use crate::{
    model::{FeedId, Timestamp},
    store::{ArticleCursor, StoredArticle},
};

/// A page of texts, newest first: a walk along the index, which begins where the page does.
pub const NEWEST: &str = "SELECT t.recorded, t.article, f.id, f.title, f.url, a.title, a.url, a.published, a.updated, \
        t.summary, t.content, t.author, t.tags \
    FROM article_text t JOIN article a USING (article) JOIN feed f USING (feed) \
    WHERE t.recorded >= $1 AND (t.recorded, t.article) < ($2, $3) \
    ORDER BY t.recorded DESC, t.article DESC LIMIT $4";

/// The page behind `after`, of the articles recorded at most `since` ago.
pub async fn page(
    tx: &Tx,
    since: Duration,
    after: Option<ArticleCursor>,
    limit: usize,
) -> Result<Vec<StoredArticle>> {
    let from = tx.now - span(since);
    let end = ArticleCursor { recorded: Timestamp::MAX_UTC, row: i64::MAX };
    let after = after.unwrap_or(end);
    let params: [&dyn Param; 4] = [&from, &after.recorded, &after.row, &rows_i64(limit)];
    tx.all(NEWEST, &params, stored_article).await
}

fn stored_article(row: &Row) -> Result<StoredArticle> {
    Ok(StoredArticle {
        cursor: ArticleCursor { recorded: get(row, 0)?, row: get(row, 1)? },
        feed: FeedId::new(get::<String>(row, 2)?),
        feed_title: get(row, 3)?,
        feed_url: get(row, 4)?,
        title: get(row, 5)?,
        link: get(row, 6)?,
        published: get(row, 7)?,
        updated: get(row, 8)?,
        summary: get(row, 9)?,
        content: get(row, 10)?,
        author: get(row, 11)?,
        tags: list_from_json(get(row, 12)?)?,
    })
}
