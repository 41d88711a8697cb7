//! What went through lately.

use feedwatch::{
    metrics::Metrics,
    model::{Article, Timestamp},
    store::{ArticleRecord, AttemptResult, DocumentRecord, Store, activity::day},
};
use prometheus_client::{encoding::prometheus_text, registry::Registry};

use super::rig::*;

async fn articles(rig: &Rig<impl Engine>) -> Vec<(String, [u64; 7])> {
    let feeds = rig.store.feed_activity().await.unwrap();
    feeds.into_iter().map(|feed| (feed.feed.to_string(), feed.articles)).collect()
}

fn stamped(name: &str, published: Option<Timestamp>) -> ArticleRecord {
    let record = article(name, None, &[]);
    ArticleRecord { article: Article { published, ..record.article }, ..record }
}

pub async fn articles_are_counted_by_the_day_they_were_seen(rig: Rig<impl Engine>) {
    rig.configure(&[entry("feed", "host"), entry("silent", "elsewhere")]).await;
    assert!(articles(&rig).await.is_empty());
    rig.poll_all(HOUR).await;
    rig.clock.pass(2 * HOUR);
    rig.configure(&[entry("feed", "host")]).await;
    rig.poll(document(&["first"])).await;
    rig.clock.pass(DAY);
    rig.poll(document(&["a", "b"])).await;
    rig.clock.pass(DAY);
    let edited = DocumentRecord { articles: vec![article("a", None, &["S-400"])], ..document(&["a"]) };
    rig.poll(edited).await;
    rig.poll_after(DAY, document(&["c"])).await;
    assert_eq!(articles(&rig).await, [("feed".to_owned(), [0, 0, 0, 0, 2, 0, 1])]);
    rig.poll_after(5 * DAY, document(&["d"])).await;
    assert_eq!(articles(&rig).await, [("feed".to_owned(), [0, 1, 0, 0, 0, 0, 1])]);
    rig.configure(&[entry("other", "host")]).await;
    assert!(articles(&rig).await.is_empty(), "a feed that left is not shown");
}

pub async fn at_the_first_sight_of_a_feed_stamps_tell_the_day(rig: Rig<impl Engine>) {
    rig.configure(&[entry("feed", "host")]).await;
    let ago = |days: u32| Some(rig.now() - days * DAY);
    let all = [("a", ago(0)), ("b", ago(2)), ("c", ago(2)), ("d", ago(6)), ("e", ago(7)), ("f", None)];
    let mut first = document(&["a", "b", "c", "d", "e", "f"]);
    first.articles = all.map(|(name, published)| stamped(name, published)).into();
    first.articles.push(stamped("g", Some(rig.now() + 3 * DAY)));
    rig.poll(first).await;
    assert_eq!(articles(&rig).await, [("feed".to_owned(), [1, 0, 0, 0, 2, 0, 2])]);
    assert_eq!(day(rig.now()) - day(rig.now() - DAY), 1);
}

pub async fn deliveries_are_counted_by_the_hour_they_arrived(rig: Rig<impl Engine>) {
    assert!(rig.store.notifier_activity().await.unwrap().is_empty());
    let alerts = ["a", "b", "c", "d"].map(|name| rig.alert(name, &["S-400"], name.as_bytes()));
    rig.with_alerts(alerts.to_vec()).await;
    let claims = rig.deliveries("desk").await;
    rig.finish(&claims[0], AttemptResult::Delivered).await.unwrap();
    rig.finish(&claims[1], AttemptResult::Delivered).await.unwrap();
    rig.finish(&claims[2], dead()).await.unwrap();
    rig.clock.pass(MINUTE / 2);
    rig.finish(&claims[3], retry(MINUTE)).await.unwrap();
    let hours = async || {
        let mut notifiers = rig.store.notifier_activity().await.unwrap();
        notifiers.pop().map(|notifier| (notifier.notifier.to_string(), notifier.delivered))
    };
    let mut expected = [0; 24];
    expected[23] = 2;
    assert_eq!(hours().await, Some(("desk".to_owned(), expected)));
    rig.clock.pass(5 * HOUR);
    expected.swap(23, 18);
    assert_eq!(hours().await, Some(("desk".to_owned(), expected)));
    rig.clock.pass(20 * HOUR);
    assert_eq!(hours().await, None);
}

pub async fn a_probe_goes_the_way_of_a_write_and_the_volume_is_known(rig: Rig<impl Engine>) {
    let metrics = Metrics::default();
    rig.store.measure(&metrics);
    let commits = || {
        let (mut registry, mut text) = (Registry::default(), String::new());
        metrics.register(&mut registry);
        prometheus_text::encode(&mut text, &registry).unwrap();
        let line =
            text.lines().find(|line| line.starts_with("feedwatch_store_commits_total{outcome=\"ok\"}"));
        line.and_then(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).expect("a count")
    };
    rig.store.probe().await.unwrap();
    assert_eq!(commits(), 0, "a probe changes nothing");
    rig.configure(&[entry("feed", "host")]).await;
    assert_eq!(commits(), 1);
    assert!(rig.store.volume().await.unwrap().bytes > 0);
    rig.store.close().await.unwrap();
    assert!(rig.store.probe().await.is_err(), "a store that takes no writes fails the probe");
}
