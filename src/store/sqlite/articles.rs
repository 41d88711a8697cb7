//! Which articles of a document are known already.

use rusqlite::{Connection, Result, Row};

use super::{rows::list_from_json, sql::Sql};
use crate::{
    model::{ArticleKey, ContentHash, FeedId},
    store::{KnownArticle, SoughtArticle, find_known},
};

/// An article by its key.
pub const BY_KEY: &str = "SELECT key, hash, topics FROM seen WHERE feed = ?1 AND key = ?2";
/// Articles by their link: those whose key is the link, and those that have another key.
pub const BY_LINK: &str = "SELECT key, hash, topics FROM seen WHERE feed = ?1 AND key = ?2 \
    UNION ALL SELECT key, hash, topics FROM seen INDEXED BY seen_link WHERE feed = ?1 AND link_key = ?2 LIMIT 2";

/// What is known of each of these articles of a document, in order.
pub fn known(db: &Connection, feed: &FeedId, sought: &[SoughtArticle]) -> Result<Vec<Option<KnownArticle>>> {
    let row: Option<i64> =
        db.first("SELECT feed FROM feed WHERE id = ?1", [feed.as_str()], |row| row.get(0))?;
    let Some(feed) = row else { return Ok(vec![None; sought.len()]) };
    let by_key = |key: &ArticleKey| db.first(BY_KEY, (feed, key.as_bytes()), known_article);
    let by_link = |link: &ArticleKey| db.all(BY_LINK, (feed, link.as_bytes()), known_article);
    find_known(sought, by_key, by_link)
}

fn known_article(row: &Row<'_>) -> Result<KnownArticle> {
    Ok(KnownArticle {
        key: ArticleKey::from_bytes(row.get("key")?),
        content_hash: ContentHash(row.get("hash")?),
        topics: list_from_json(row.get_ref("topics")?.as_str_or_null()?)?,
    })
}
