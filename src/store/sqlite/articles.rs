//! Which articles of a document are known already.

use std::collections::HashSet;

use rusqlite::{Connection, Result, Row};

use super::{rows::list_from_json, sql::Sql};
use crate::{
    model::{ArticleKey, ContentHash, FeedId},
    store::KnownArticle,
};

/// An article by its key.
pub const BY_KEY: &str = "SELECT key, hash, topics FROM seen WHERE feed = ?1 AND key = ?2";
/// Articles by their link: those whose key is the link, and those that have another key.
pub const BY_LINK: &str = "SELECT key, hash, topics FROM seen WHERE feed = ?1 AND key = ?2 \
    UNION ALL SELECT key, hash, topics FROM seen INDEXED BY seen_link WHERE feed = ?1 AND link_key = ?2 LIMIT 2";

/// What is known of each pair of key and link key, in order.
pub fn known(
    db: &Connection,
    feed: &FeedId,
    keys: &[(ArticleKey, Option<ArticleKey>)],
) -> Result<Vec<Option<KnownArticle>>> {
    let row: Option<i64> =
        db.first("SELECT feed FROM feed WHERE id = ?1", [feed.as_str()], |row| row.get(0))?;
    let Some(feed) = row else { return Ok(vec![None; keys.len()]) };
    let shown: HashSet<&ArticleKey> = keys.iter().map(|(key, _)| key).collect();
    keys.iter().map(|(key, link_key)| find(db, feed, key, link_key.as_ref(), &shown)).collect()
}

fn find(
    db: &Connection,
    feed: i64,
    key: &ArticleKey,
    link_key: Option<&ArticleKey>,
    shown: &HashSet<&ArticleKey>,
) -> Result<Option<KnownArticle>> {
    let by_key = db.first(BY_KEY, (feed, key.as_bytes()), known_article)?;
    match (by_key, link_key) {
        (None, Some(link_key)) => find_by_link(db, feed, link_key, shown),
        (found, _) => Ok(found),
    }
}

/// A link names an article only if it is the link of one: not of several known ones, and not of one that stands in
/// the document under its own key. Feeds whose entries all lead to one page would else hide their news.
fn find_by_link(
    db: &Connection,
    feed: i64,
    link_key: &ArticleKey,
    shown: &HashSet<&ArticleKey>,
) -> Result<Option<KnownArticle>> {
    let mut found = db.all(BY_LINK, (feed, link_key.as_bytes()), known_article)?;
    match found.pop() {
        Some(only) if found.is_empty() && !shown.contains(&only.key) => Ok(Some(only)),
        _ => Ok(None),
    }
}

fn known_article(row: &Row<'_>) -> Result<KnownArticle> {
    Ok(KnownArticle {
        key: ArticleKey::from_bytes(row.get("key")?),
        content_hash: ContentHash(row.get("hash")?),
        topics: list_from_json(row.get_ref("topics")?.as_str_or_null()?)?,
    })
}
