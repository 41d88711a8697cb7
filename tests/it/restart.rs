//! A restart changes nothing for anybody: no second alert, no lost one, no full download.

use std::fs;

use crate::support::{Article, Config, Home, Receiver, Reply, Site, holds};

#[tokio::test]
async fn a_restart_does_not_alert_again_and_asks_conditionally() {
    let (site, receiver) = (Site::start().await, Receiver::start(1).await);
    site.publish("/news.xml", &[Article::about_all_four("one"), Article::about_s400("two")]);
    let home = Home::new(&Config::new().feed(&site, "/news.xml").webhook("desk", &receiver));
    for life in 1..=3 {
        let polls = site.visits("/news.xml").len();
        let daemon = home.start().await;
        holds("a poll in this life", || site.visits("/news.xml").len() > polls).await;
        holds("both alerts", || receiver.accepted().len() >= 2).await;
        daemon.stop().await;
        assert_eq!(receiver.attempts().len(), 2, "life {life}");
    }
    let full = site.visits("/news.xml").iter().filter(|visit| visit.status == Some(200)).count();
    assert_eq!(full, 1, "validators outlive a restart");
}

#[tokio::test]
async fn what_a_feed_showed_meanwhile_is_alerted_after_the_restart() {
    let (site, receiver) = (Site::start().await, Receiver::start(1).await);
    site.publish("/news.xml", &[Article::about_s400("one")]);
    let home = Home::new(&Config::new().feed(&site, "/news.xml").webhook("desk", &receiver));
    let daemon = home.start().await;
    holds("the first alert", || receiver.accepted().len() == 1).await;
    daemon.stop().await;
    site.publish("/news.xml", &[Article::about_s400("two"), Article::about_s400("one")]);
    let daemon = home.start().await;
    holds("the second alert", || receiver.accepted().len() == 2).await;
    daemon.stop().await;
    assert!(receiver.articles().contains_key("https://news.example/two"));
}

#[tokio::test]
async fn what_waited_for_its_receiver_is_sent_after_the_restart_with_the_same_bytes() {
    let (site, mut receiver) = (Site::start().await, Receiver::start(1).await);
    receiver.otherwise(Reply::Status(500));
    site.publish("/news.xml", &[Article::about_all_four("one")]);
    let home = Home::new(&Config::new().feed(&site, "/news.xml").webhook("desk", &receiver));
    let daemon = home.start().await;
    holds("an attempt", || !receiver.attempts().is_empty()).await;
    daemon.kill().await;
    receiver.stop().await;
    // The article is gone from the feed: only the store can still know it.
    site.publish("/news.xml", &[]);
    receiver.otherwise(Reply::Status(200));
    receiver.start_again().await;
    let daemon = home.start().await;
    holds("the alert is accepted", || !receiver.accepted().is_empty()).await;
    daemon.stop().await;
    let attempts = receiver.attempts();
    assert!(attempts.iter().all(|attempt| attempt.request.body == attempts[0].request.body), "{attempts:#?}");
    assert_eq!(receiver.accepted().len(), 1);
}

#[tokio::test]
async fn a_restart_alone_asks_nobody_early() {
    let site = Site::start().await;
    site.publish("/news.xml", &[]);
    let feed = format!("[[feed]]\nurl = \"{}\"\ninterval = \"1h\"\n", site.url("/news.xml"));
    let home = Home::new(&Config::new().add(&feed));
    let daemon = home.start().await;
    let state = home.feed_once(&site.url("/news.xml"), |feed| feed["polls"] == 1).await;
    daemon.stop().await;
    for _ in 0..3 {
        // Ready means that the loops have looked for due work; stopping waits for what they began.
        home.start().await.stop().await;
    }
    assert_eq!(site.visits("/news.xml").len(), 1);
    let status = home.status().await;
    assert_eq!(status["feeds"][0]["next_poll"], state["next_poll"], "the plan outlives the process");
}

#[tokio::test]
async fn a_restored_backup_repeats_under_the_same_ids() {
    let (site, receiver) = (Site::start().await, Receiver::start(1).await);
    let articles = [Article::about_all_four("one"), Article::about_s400("two")];
    site.publish("/news.xml", &[]);
    let home = Home::new(&Config::new().feed(&site, "/news.xml").webhook("desk", &receiver));
    home.start().await.stop().await;
    let backup = fs::read(home.database()).expect("a stopped daemon leaves one file");
    site.publish("/news.xml", &articles);
    for (life, expected) in [(1, 2), (2, 4)] {
        let daemon = home.start().await;
        holds("the alerts", || receiver.accepted().len() == expected).await;
        daemon.stop().await;
        fs::write(home.database(), &backup).unwrap_or_else(|error| panic!("life {life}: {error}"));
    }
    let mut ids: Vec<_> = receiver.accepted().iter().map(|attempt| attempt.id().to_owned()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 2, "a receiver that drops the ids it knows sees nothing twice");
}
