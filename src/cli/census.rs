//! How common the terms of the watchlist are in the articles of the store: what `check` warns of as L101.

use std::time::Duration;

use super::backtest;
use crate::{
    app,
    config::{Config, Problem, TermPlaces},
    matcher::Census,
    store::{Store, StoreError},
};

/// Articles looked at, the newest: enough to know what is common, and a second's work.
const ARTICLES_MAX: usize = 20_000;
/// Articles in one read.
const PAGE: usize = 500;

/// Warnings of terms that are too common to be alone in `any`. A store that is not there, or that cannot be read now,
/// says nothing: `check` is about the configuration.
pub(super) async fn lints(config: &Config, places: &TermPlaces) -> Vec<Problem> {
    let Ok(census) = Census::new(&config.topics, &config.aliases) else { return Vec::new() };
    match count(census, config).await {
        Ok(census) => places.problems(&census.lints()),
        Err(_) => Vec::new(),
    }
}

async fn count(mut census: Census, config: &Config) -> Result<Census, StoreError> {
    let store = app::open_store_to_read(&config.store).await?;
    let (mut after, mut looked_at) = (None, 0);
    while looked_at < ARTICLES_MAX {
        let page = store.stored_articles(Duration::MAX, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.cursor);
        looked_at += page.len();
        for article in &page {
            census.add(&backtest::text(article));
        }
    }
    Ok(census)
}
