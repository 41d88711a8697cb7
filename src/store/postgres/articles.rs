//! Which articles of a document are known already.

use std::collections::HashMap;

use tokio_postgres::Row;

use super::{
    documents::bytes,
    error::{Fault, Result},
    rows::{get, list_from_json},
    sql::{Bytes16, List, Param},
    transaction::Tx,
};
use crate::{
    model::{ArticleKey, ContentHash, FeedId},
    store::{KnownArticle, SoughtArticle, find_known},
};

/// Articles by their keys.
pub const BY_KEY: &str = "SELECT key, hash, topics FROM article WHERE feed = $1 AND key = ANY($2)";
/// Articles by their links, of those that have another key.
pub const BY_LINK: &str = "SELECT key, hash, topics, link_key FROM article WHERE feed = $1 AND link_key = ANY($2) \
    AND uuid_hash(link_key) = ANY(ARRAY(SELECT uuid_hash(link) FROM unnest($2::uuid[]) AS l(link)))";

/// What is known of each of these articles of a document, in order.
pub async fn known(tx: &Tx, feed: &FeedId, sought: &[SoughtArticle]) -> Result<Vec<Option<KnownArticle>>> {
    let row =
        tx.first("SELECT feed FROM feed WHERE id = $1", &[&feed.as_str()], |row| get::<i32>(row, 0)).await?;
    let Some(feed) = row else { return Ok(vec![None; sought.len()]) };
    let links = || sought.iter().filter_map(|article| article.other_keys.link.as_ref());
    let all = sought.iter().flat_map(|article| {
        let other = &article.other_keys;
        [&article.key].into_iter().chain(&other.finer).chain(&other.coarser).chain(&other.link)
    });
    let (all, by_links) = (List(all.map(bytes).collect()), List(links().map(bytes).collect()));
    let (all, by_links): ([&dyn Param; 2], [&dyn Param; 2]) = ([&feed, &all], [&feed, &by_links]);
    let (by_key, by_link) = tokio::join!(
        tx.all(BY_KEY, &all, known_article),
        tx.all(BY_LINK, &by_links, |row| Ok((get::<Bytes16>(row, 3)?, known_article(row)?)))
    );
    let by_key: HashMap<ArticleKey, KnownArticle> =
        by_key?.into_iter().map(|article| (article.key, article)).collect();
    let mut by_other_link: HashMap<ArticleKey, Vec<KnownArticle>> = HashMap::new();
    for (link, article) in by_link? {
        by_other_link.entry(ArticleKey::from_bytes(link.0)).or_default().push(article);
    }
    find_known::<Fault>(
        sought,
        |key| Ok(by_key.get(key).cloned()),
        |link| {
            let own = by_key.get(link).into_iter();
            Ok(own.chain(by_other_link.get(link).into_iter().flatten()).cloned().collect())
        },
    )
}

fn known_article(row: &Row) -> Result<KnownArticle> {
    let (key, hash): (Bytes16, Bytes16) = (get(row, 0)?, get(row, 1)?);
    Ok(KnownArticle {
        key: ArticleKey::from_bytes(key.0),
        content_hash: ContentHash(hash.0),
        topics: list_from_json(get(row, 2)?)?,
    })
}
