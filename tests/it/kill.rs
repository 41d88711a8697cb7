//! `kill -9` at random instants loses nothing, and repeats only what was under way, by the same id with the same bytes.

use std::{env, time::Duration};

use tokio::time::sleep;

use crate::support::{Article, Config, Home, Ledger, Receiver, Reply, Site, holds, until};

/// Kills of a run; hundreds by hand with `FEEDWATCH_KILLS`.
const KILLS: usize = 20;
const FEEDS: usize = 10;
/// New articles in each life.
const PER_KILL: usize = 10;

#[tokio::test]
async fn kills_while_articles_go_to_two_receivers_lose_nothing_and_repeat_only_what_was_under_way() {
    let kills = env::var("FEEDWATCH_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(KILLS);
    let all = kills * PER_KILL;
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
    let mut ledger = Ledger::default();
    for kill in 1..=kills {
        let daemon = home.spawn();
        // Any instant from before the first line of main to well into polls and sends.
        sleep(Duration::from_millis(random.u64(0..700))).await;
        publish(&site, kill * PER_KILL);
        sleep(Duration::from_millis(random.u64(0..1_000))).await;
        daemon.kill().await;
        ledger.note(&home);
    }
    let daemon = home.start().await;
    holds("both receivers know every article", || {
        receivers.iter().all(|receiver| receiver.articles().len() == all)
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
    assert_eq!(alerts.len(), all);
    let delivered = |delivery: &serde_json::Value| delivery["state"] == "delivered";
    assert!(alerts.iter().all(|alert| alert["deliveries"].as_array().expect("a list").iter().all(delivered)));
    for (name, receiver) in ["one", "two"].into_iter().zip(&receivers) {
        let repeats = ledger.check(name, &receiver.attempts());
        println!("kills={kills} alerts={all} lost=0 repeats={repeats}");
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
