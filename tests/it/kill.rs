//! `kill -9` at random instants loses nothing, and repeats only by id.

use std::{collections::BTreeMap, time::Duration};

use tokio::time::sleep;

use crate::support::{Article, Config, Home, Receiver, Reply, Site, holds, receiver::Attempt, until};

const KILLS: usize = 20;
const FEEDS: usize = 10;
const ARTICLES: usize = 200;
/// Sends of one notifier under way at the same time, by default.
const CONCURRENCY: usize = 4;

#[tokio::test]
async fn twenty_kills_while_200_articles_go_to_two_receivers_lose_nothing_and_repeat_only_by_id() {
    let site = Site::start().await;
    let receivers = [Receiver::start(1).await, Receiver::start(2).await];
    let mut config = Config::new().webhook("one", &receivers[0]).webhook("two", &receivers[1]);
    for feed in 0..FEEDS {
        site.publish(&path(feed), &[]);
        config = config.feed(&site, &path(feed));
    }
    let home = Home::new(&config);
    let mut random = fastrand::Rng::new();
    println!("seed={}", random.get_seed());
    for receiver in &receivers {
        // Slow enough that sends are under way most of the time.
        receiver.otherwise(Reply::After(Duration::from_millis(100), 200));
    }
    for kill in 1..=KILLS {
        let daemon = home.spawn();
        // Any instant from before the first line of main to well into polls and sends.
        sleep(Duration::from_millis(random.u64(0..700))).await;
        publish(&site, kill * ARTICLES / KILLS);
        sleep(Duration::from_millis(random.u64(0..1_000))).await;
        daemon.kill().await;
    }
    let daemon = home.start().await;
    holds("both receivers know every article", || {
        receivers.iter().all(|receiver| receiver.articles().len() == ARTICLES)
    })
    .await;
    let status = until("the queues are empty", async || {
        let status = home.status().await;
        status["notifiers"].as_array()?.iter().all(|queue| queue["pending"] == 0).then_some(status)
    })
    .await;
    daemon.stop().await;

    assert!(
        status["notifiers"].as_array().expect("a list").iter().all(|queue| queue["dead"] == 0),
        "{status:#}"
    );
    let alerts = home.alerts().await;
    assert_eq!(alerts.len(), ARTICLES);
    let delivered = |delivery: &serde_json::Value| delivery["state"] == "delivered";
    assert!(alerts.iter().all(|alert| alert["deliveries"].as_array().expect("a list").iter().all(delivered)));
    for receiver in &receivers {
        let repeats = check_repeats(&receiver.attempts());
        println!("kills={KILLS} alerts={ARTICLES} lost=0 repeats={repeats}");
        assert!(repeats <= KILLS * CONCURRENCY, "only what was under way may repeat: {repeats}");
    }
}

fn path(feed: usize) -> String {
    format!("/feed{feed}.xml")
}

/// Spreads the first `count` articles over the feeds, newest first; each feed gets new validators.
fn publish(site: &Site, count: usize) {
    for feed in 0..FEEDS {
        let numbers = (0..count).filter(|n| n % FEEDS == feed).rev();
        let articles: Vec<_> = numbers.map(|n| Article::about_s400(&format!("n{n}"))).collect();
        site.publish(&path(feed), &articles);
    }
}

/// An article has one id, an id has one body; gives how many requests repeated an id.
#[track_caller]
fn check_repeats(attempts: &[Attempt]) -> usize {
    let (mut ids, mut bodies) = (BTreeMap::new(), BTreeMap::new());
    for attempt in attempts {
        let id = ids.entry(attempt.article_url()).or_insert(attempt.id());
        assert_eq!(*id, attempt.id(), "an article came under a second id");
        let body = bodies.entry(attempt.id()).or_insert(&attempt.request.body);
        assert_eq!(*body, &attempt.request.body, "an id came with a second body");
    }
    attempts.len() - ids.len()
}
