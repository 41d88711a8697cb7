//! An older document of a feed, fetched because articles may have scrolled by unseen (RFC 5005).

use std::{collections::HashSet, sync::Arc};

use super::{Body, Judge, Links, Pipeline, fresh_articles, seen_keys};
use crate::{
    model::{Article, ArticleKey, Feed, Timestamp},
    store::{DocumentRecord, FeedState, SoughtArticle, Store, StoreError},
};

/// What an older document said.
#[derive(Debug, Clone, Default)]
pub struct Older {
    /// Articles that were neither known nor in the documents before it.
    pub found: usize,
    /// Articles that were known.
    pub known: usize,
    /// The newest stamp of its articles.
    pub newest: Option<Timestamp>,
    /// Where still older documents are.
    pub links: Links,
}

impl Pipeline {
    /// Adds to `record` what an older document has and nobody knew; the inner error says why it could not be read.
    /// Articles stamped before `since` are recorded, not alerted: they were there before anything was missed.
    ///
    /// # Errors
    /// Only if the store cannot say what it knows.
    pub async fn process_older<S: Store>(
        self: &Arc<Self>,
        store: &S,
        feed: &Feed,
        state: &FeedState,
        body: Body,
        record: &mut DocumentRecord,
        (since, now): (Timestamp, Timestamp),
    ) -> Result<Result<Older, String>, StoreError> {
        let headers = body.older.clone();
        let mut document = match self.read(body).await {
            Ok(document) => document,
            Err(error) => return Ok(Err(error.to_string())),
        };
        let so_far: HashSet<ArticleKey> = record.seen.iter().copied().collect();
        document.articles.retain(|article| !so_far.contains(&article.key));
        let newest = document.articles.iter().filter_map(Article::stamp).max();
        let sought = document.articles.iter().map(SoughtArticle::from).collect();
        let known = store.known_articles(&feed.id, sought).await?;
        let is_known = known.iter().flatten().count();
        let found = known.len() - is_known;
        record.seen.extend(seen_keys(&document.articles, &known));
        let fresh = fresh_articles(document.articles, known);
        let judge = Judge {
            not_before: Some(since),
            undated: true,
            ..Judge::new(self.clone(), feed, state, record.title.as_deref(), now)
        };
        let Ok((articles, alerts)) = tokio::task::spawn_blocking(move || judge.judge_all(fresh)).await else {
            return Ok(Err("matching panicked; this is a fault of feedwatch, not of the feed".to_owned()));
        };
        record.articles.extend(articles);
        record.alerts.extend(alerts);
        let links = Links::of(document.hints.prev_archive, document.hints.next, headers);
        Ok(Ok(Older { found, known: is_known, newest, links }))
    }
}
