//! A receiver comes back: what waited is out at once, in the width it can take; one that is dead delays nobody else.

use std::time::Duration;

use tokio::time::Instant;

use crate::support::{Article, Config, Home, Receiver, Reply, Site, holds, until};

const WAITING: usize = 500;

fn articles(count: usize) -> Vec<Article> {
    (0..count).map(|n| Article::about_s400(&format!("n{n}"))).collect()
}

/// Probes of an open breaker come every second at most.
fn config() -> Config {
    Config::new().notify("retry = [\"100ms\", \"1h\"]\nbreaker = \"1s\"\nprobe = \"1s\"")
}

#[tokio::test]
async fn five_hundred_alerts_that_waited_are_out_once_the_receiver_is_back_each_once() {
    let (site, mut receiver) = (Site::start().await, Receiver::start(1).await);
    receiver.stop().await;
    site.publish("/news.xml", &articles(WAITING));
    let home = Home::new(&config().every(&site, "/news.xml", "1h").webhook("desk", &receiver));
    let daemon = home.start().await;
    until("all wait for a notifier in trouble", async || {
        let notifier = &home.status().await["notifiers"][0];
        (notifier["pending"] == WAITING && notifier["state"] == "open").then_some(())
    })
    .await;
    receiver.start_again().await;
    let back = Instant::now();
    holds("everything is out", || receiver.articles().len() == WAITING).await;
    // The goal is three seconds, of a release build; the bench `delivery` measures it.
    println!("waiting={WAITING} out_ms={}", back.elapsed().as_millis());
    daemon.stop().await;
    assert_eq!(receiver.attempts().len(), WAITING, "each once");
}

#[tokio::test]
async fn a_receiver_that_was_in_trouble_is_asked_by_one_alone_until_it_answers() {
    let (site, receiver) = (Site::start().await, Receiver::start(1).await);
    receiver.otherwise(Reply::Status(500));
    site.publish("/news.xml", &articles(40));
    let home = Home::new(&config().every(&site, "/news.xml", "1h").webhook("desk", &receiver));
    let daemon = home.start().await;
    until("its breaker is open", async || {
        (home.status().await["notifiers"][0]["state"] == "open").then_some(())
    })
    .await;
    let probes = receiver.attempts().len();
    receiver.otherwise(Reply::After(Duration::from_millis(100), 204));
    holds("everything is out", || receiver.articles().len() == 40).await;
    daemon.stop().await;
    let attempts = receiver.attempts();
    let after: Vec<_> = attempts.iter().skip(probes).skip_while(|one| one.status == Some(500)).collect();
    // Each answer takes 100 ms: what comes within the first of them is what was let out together.
    let first = after[0].request.at;
    let together = after.iter().filter(|one| one.request.at - first < Duration::from_millis(90)).count();
    assert_eq!(together, 1, "the probe goes alone");
}

#[tokio::test]
async fn a_dead_receiver_and_a_silent_one_delay_nobody_else() {
    let (site, live) = (Site::start().await, Receiver::start(1).await);
    let (dead, silent) = (Receiver::start(2).await, Receiver::start(3).await);
    dead.stop().await;
    silent.otherwise(Reply::Hang);
    site.publish("/news.xml", &articles(200));
    let config = config().every(&site, "/news.xml", "1h");
    let config = config.webhook("dead", &dead).webhook("silent", &silent).webhook("live", &live);
    let home = Home::new(&config);
    let daemon = home.start().await;
    holds("the live one has everything", || live.articles().len() == 200).await;
    let status = home.status().await;
    daemon.kill().await;
    assert_eq!(live.attempts().len(), 200, "each once");
    let pending = |name: &str| {
        let notifiers = status["notifiers"].as_array().expect("a list");
        notifiers.iter().find(|one| one["name"] == name).expect("it is configured")["pending"].clone()
    };
    assert_eq!((pending("dead"), pending("silent")), (200.into(), 200.into()), "nothing of theirs is lost");
}
