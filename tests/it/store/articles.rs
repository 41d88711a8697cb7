//! Which articles are known.

use feedwatch::{
    model::{ContentHash, OtherKeys},
    store::{DocumentRecord, SoughtArticle},
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
    let asked = vec![sought("y", None), sought("new", None), sought("x", Some("link"))];
    let known = rig.known_of("feed", asked).await;
    let [Some(y), None, Some(x)] = known.as_slice() else { panic!("{known:?}") };
    assert_eq!((y.key, y.content_hash, y.topics.len()), (key("y"), ContentHash::of(["y"]), 0));
    assert_eq!((x.key, &x.topics), (key("x"), &topic_names(&["S-400", "F-35"])));
}

pub async fn an_article_whose_guid_changed_is_known_by_its_link(rig: Rig<impl Engine>) {
    rig.configure(&[entry("feed", "host")]).await;
    // The one had a guid, the other was known by its link alone.
    let articles = vec![article("guid", Some("link 1"), &["S-400"]), article("link 2", Some("link 2"), &[])];
    rig.poll(DocumentRecord { articles, ..document(&["guid", "link 2"]) }).await;
    let asked = vec![sought("new guid", Some("link 1")), sought("other guid", Some("link 2"))];
    let known = rig.known_of("feed", asked).await;
    let keys: Vec<_> = known.iter().flatten().map(|article| article.key).collect();
    assert_eq!(keys, [key("guid"), key("link 2")]);
    assert_eq!(known[0].as_ref().unwrap().topics, topic_names(&["S-400"]));
}

pub async fn a_link_that_several_articles_share_names_none_of_them(rig: Rig<impl Engine>) {
    rig.configure(&[entry("feed", "host")]).await;
    rig.poll(DocumentRecord { articles: vec![article("a", Some("page"), &[])], ..document(&["a"]) }).await;
    // The old one still stands in the document: the new one is news.
    let asked = vec![sought("b", Some("page")), sought("a", Some("page"))];
    let known = rig.known_of("feed", asked).await;
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

/// The neighbour that shared its guid went, or came: it goes by another key and is still the same.
pub async fn an_article_is_known_by_a_key_that_it_does_not_go_by_any_more(rig: Rig<impl Engine>) {
    let named = |name: &str, finer: &[&str], coarser: &[&str]| {
        let keys = |names: &[&str]| names.iter().copied().map(key).collect();
        let other_keys = OtherKeys { finer: keys(finer), coarser: keys(coarser), link: None };
        SoughtArticle { other_keys, ..sought(name, None) }
    };
    rig.configure(&[entry("feed", "host")]).await;
    rig.poll(document(&["fine", "plain"])).await;

    let alone = SoughtArticle { content_hash: ContentHash::of(["edited"]), ..named("guid", &["fine"], &[]) };
    let found = rig.known_of("feed", vec![alone]).await.remove(0).expect("it has a finer key");
    assert_eq!(found.key, key("fine"));

    let mixed_up = named("plain", &["fine"], &[]);
    let edited = SoughtArticle { content_hash: ContentHash::of(["another text"]), ..mixed_up.clone() };
    assert_eq!(rig.known_of("feed", vec![mixed_up]).await[0].as_ref().expect("known").key, key("plain"));
    assert_eq!(rig.known_of("feed", vec![edited]).await[0].as_ref().expect("known").key, key("fine"));

    let (mut same, other) = (named("a", &[], &["plain"]), named("b", &[], &["plain"]));
    same.content_hash = ContentHash::of(["plain"]);
    let found = rig.known_of("feed", vec![same, other]).await;
    assert_eq!(found[0].as_ref().expect("the text is known").key, key("plain"));
    assert!(found[1].is_none(), "the key is another article's");
}
