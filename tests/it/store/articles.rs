//! Which articles are known.

use feedwatch::{
    model::{ContentHash, FeedId},
    store::{DocumentRecord, Store},
};

use super::rig::*;

pub async fn what_was_never_seen_is_unknown(rig: Rig<impl Engine>) {
    assert!(rig.known("no such feed", ("x", Some("link"))).await.is_none());
    rig.configure(&[entry("feed", "host"), entry("other", "elsewhere")]).await;
    assert!(rig.known("feed", ("x", Some("link"))).await.is_none());
    let hosts = rig.claim().await;
    rig.record(&hosts[0].lease, rig.readable(&hosts[0].feeds[0], document(&["x"]))).await;
    let other = if feeds_of(&hosts)[0] == "feed" { "other" } else { "feed" };
    assert!(rig.known(other, ("x", None)).await.is_none(), "keys are a feed's own");
}

pub async fn an_article_is_known_by_its_key(rig: Rig<impl Engine>) {
    rig.configure(&[entry("feed", "host")]).await;
    let articles = vec![article("x", None, &["S-400", "F-35"]), article("y", None, &[])];
    rig.poll(DocumentRecord { articles, ..document(&["x", "y"]) }).await;
    let asked = vec![(key("y"), None), (key("new"), None), (key("x"), Some(key("link")))];
    let known = rig.store.known_articles(&FeedId::from("feed"), asked).await.unwrap();
    let [Some(y), None, Some(x)] = known.as_slice() else { panic!("{known:?}") };
    assert_eq!((y.key, y.content_hash, y.topics.len()), (key("y"), ContentHash::of(["y"]), 0));
    assert_eq!((x.key, &x.topics), (key("x"), &topic_names(&["S-400", "F-35"])));
}

pub async fn an_article_whose_guid_changed_is_known_by_its_link(rig: Rig<impl Engine>) {
    rig.configure(&[entry("feed", "host")]).await;
    // The one had a guid, the other was known by its link alone.
    let articles = vec![article("guid", Some("link 1"), &["S-400"]), article("link 2", Some("link 2"), &[])];
    rig.poll(DocumentRecord { articles, ..document(&["guid", "link 2"]) }).await;
    let asked = vec![(key("new guid"), Some(key("link 1"))), (key("other guid"), Some(key("link 2")))];
    let known = rig.store.known_articles(&FeedId::from("feed"), asked).await.unwrap();
    let keys: Vec<_> = known.iter().flatten().map(|article| article.key).collect();
    assert_eq!(keys, [key("guid"), key("link 2")]);
    assert_eq!(known[0].as_ref().unwrap().topics, topic_names(&["S-400"]));
}

pub async fn a_link_that_several_articles_share_names_none_of_them(rig: Rig<impl Engine>) {
    rig.configure(&[entry("feed", "host")]).await;
    rig.poll(DocumentRecord { articles: vec![article("a", Some("page"), &[])], ..document(&["a"]) }).await;
    // The old one still stands in the document: the new one is news.
    let asked = vec![(key("b"), Some(key("page"))), (key("a"), Some(key("page")))];
    let known = rig.store.known_articles(&FeedId::from("feed"), asked).await.unwrap();
    assert!(known[0].is_none() && known[1].is_some(), "{known:?}");

    rig.clock.pass(HOUR);
    rig.poll(DocumentRecord { articles: vec![article("b", Some("page"), &[])], ..document(&["a", "b"]) })
        .await;
    assert!(rig.known("feed", ("c", Some("page"))).await.is_none(), "two known articles have this link");
}

pub async fn an_edit_replaces_hash_and_topics(rig: Rig<impl Engine>) {
    rig.configure(&[entry("feed", "host")]).await;
    let articles = vec![article("x", Some("link"), &["S-400"])];
    rig.poll(DocumentRecord { articles, ..document(&["x"]) }).await;
    rig.clock.pass(HOUR);
    let mut edited = article("x", None, &["S-400", "F-35"]);
    edited.article.content_hash = ContentHash::of(["edited"]);
    rig.poll(DocumentRecord { articles: vec![edited], ..document(&["x"]) }).await;
    let known = rig.known("feed", ("other guid", Some("link"))).await.expect("its link is known still");
    assert_eq!((known.key, known.content_hash), (key("x"), ContentHash::of(["edited"])));
    assert_eq!(known.topics, topic_names(&["S-400", "F-35"]));
}
