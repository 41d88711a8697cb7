//! The articles that are kept with their text.

use std::time::Duration;

use feedwatch::{
    model::FeedId,
    store::{DocumentRecord, Store, StoredArticle},
};

use super::rig::*;

/// Walks through all pages of `limit`.
async fn walk(rig: &Rig<impl Engine>, since: Duration, limit: usize) -> Vec<StoredArticle> {
    let mut all: Vec<StoredArticle> = Vec::new();
    loop {
        let after = all.last().map(|article| article.cursor);
        let page = rig.store.stored_articles(since, after, limit).await.unwrap();
        if page.is_empty() {
            return all;
        }
        assert!(page.len() <= limit, "{page:?}");
        all.extend(page);
    }
}

fn titles(articles: &[StoredArticle]) -> Vec<&str> {
    articles.iter().filter_map(|article| article.title.as_deref()).collect()
}

pub async fn kept_articles_come_newest_first_page_by_page(rig: Rig<impl Engine>) {
    assert!(walk(&rig, DAY, 2).await.is_empty());
    rig.configure(&[entry("feed", "host")]).await;
    rig.poll(document(&["a", "b", "c"])).await;
    rig.clock.pass(HOUR);
    rig.poll(document(&["d", "e"])).await;
    let newest_first = ["Title of e", "Title of d", "Title of c", "Title of b", "Title of a"];
    for limit in [1, 2, 100] {
        assert_eq!(titles(&walk(&rig, DAY, limit).await), newest_first, "pages of {limit}");
    }
}

pub async fn a_kept_article_is_as_it_was_last_recorded(rig: Rig<impl Engine>) {
    rig.configure(&[entry("feed", "host")]).await;
    rig.poll(document(&["x"])).await;
    rig.clock.pass(HOUR);
    let mut edited = article("x", None, &[]);
    edited.article.content = Some("More of it.".to_owned());
    edited.article.published = Some(rig.now());
    rig.poll(DocumentRecord { articles: vec![edited], ..document(&["x"]) }).await;
    let kept = walk(&rig, DAY, 10).await;
    assert_eq!(kept.len(), 1, "{kept:#?}");
    let expected = StoredArticle {
        cursor: kept[0].cursor,
        feed: FeedId::from("feed"),
        feed_title: Some("A feed".to_owned()),
        feed_url: "https://host/feed".to_owned(),
        title: Some("Title of x".to_owned()),
        link: Some("https://host/article".to_owned()),
        published: Some(rig.now()),
        updated: None,
        summary: Some("A summary.".to_owned()),
        content: Some("More of it.".to_owned()),
        author: None,
        tags: vec!["politics".to_owned()],
    };
    assert_eq!(kept[0], expected);
    assert_eq!(kept[0].cursor.recorded, rig.now());
}

pub async fn what_is_old_or_without_text_is_not_among_them(rig: Rig<impl Engine>) {
    rig.configure(&[entry("feed", "host")]).await;
    rig.poll(document(&["old"])).await;
    rig.clock.pass(2 * HOUR);
    rig.poll(document(&["new"])).await;
    assert_eq!(titles(&walk(&rig, HOUR, 10).await), ["Title of new"]);
    assert_eq!(walk(&rig, Duration::MAX, 10).await.len(), 2);
    rig.clock.pass(29 * DAY + 23 * HOUR);
    rig.prune().await;
    assert_eq!(titles(&walk(&rig, Duration::MAX, 10).await), ["Title of new"]);
}
