//! Stopping: what is under way ends or is given back, and the exit code is right.

use std::time::Duration;

use tokio::time::Instant;

use crate::support::{Answer, Article, Config, Home, Receiver, Reply, Site, daemon::Signal, holds, until};

/// A site and a receiver that are about to hand over one alert.
async fn one_alert(config: Config) -> (Site, Receiver, Home) {
    let (site, receiver) = (Site::start().await, Receiver::start(1).await);
    site.publish("/news.xml", &[Article::about_all_four("one")]);
    let home = Home::new(&config.feed(&site, "/news.xml").webhook("desk", &receiver));
    (site, receiver, home)
}

#[tokio::test]
async fn sigterm_and_ctrl_c_end_an_idle_daemon_at_once_with_0() {
    for signal in [Signal::TERM, Signal::INT] {
        let (_site, receiver, home) = one_alert(Config::new()).await;
        let daemon = home.start().await;
        holds("the alert", || receiver.accepted().len() == 1).await;
        let asked = Instant::now();
        daemon.signal(signal);
        let (status, log) = daemon.end().await;
        assert_eq!(status.code(), Some(0), "{log:#?}");
        assert!(asked.elapsed() < Duration::from_secs(3), "{:?}", asked.elapsed());
        assert!(log.last().is_some_and(|line| line.contains("stopped")), "{log:#?}");
    }
}

#[tokio::test]
async fn a_send_under_way_is_waited_for_and_recorded() {
    let (_site, receiver, home) = one_alert(Config::new()).await;
    receiver.otherwise(Reply::After(Duration::from_secs(2), 200));
    let daemon = home.start().await;
    holds("the request is out", || !receiver.attempts().is_empty()).await;
    daemon.stop().await;
    assert_eq!(receiver.accepted().len(), 1, "the daemon left before the answer");
    let alerts = home.alerts().await;
    assert_eq!(alerts[0]["deliveries"][0]["state"], "delivered", "{alerts:#?}");
    home.start().await.stop().await;
    assert_eq!(receiver.attempts().len(), 1, "what is recorded is not sent again");
}

#[tokio::test]
async fn a_send_that_does_not_end_is_given_back_after_the_drain_and_due_at_the_next_start() {
    let (_site, receiver, home) = one_alert(
        Config::new().notify("drain = \"1s\"\nretry = [\"1h\"]\ntimeout = \"60s\"\nlease = \"10m\""),
    )
    .await;
    receiver.script([Reply::Hang]);
    let daemon = home.start().await;
    holds("the request is out", || !receiver.attempts().is_empty()).await;
    let asked = Instant::now();
    daemon.stop().await;
    let took = asked.elapsed();
    assert!(took >= Duration::from_secs(1), "the drain was not used: {took:?}");
    assert!(took < Duration::from_secs(10), "{took:?}");
    assert_eq!(home.alerts().await[0]["deliveries"][0]["state"], "pending");
    let daemon = home.start().await;
    holds("it is sent again", || receiver.accepted().len() == 1).await;
    daemon.stop().await;
    let attempts = receiver.attempts();
    assert_eq!(attempts[0].id(), attempts[1].id());
}

#[tokio::test]
async fn a_second_signal_leaves_at_once_with_1() {
    let (_site, receiver, home) = one_alert(Config::new().notify("drain = \"10s\"\ntimeout = \"30s\"")).await;
    receiver.script([Reply::Hang]);
    let daemon = home.start().await;
    holds("the request is out", || !receiver.attempts().is_empty()).await;
    daemon.signal(Signal::TERM);
    daemon.line("stopping").await;
    let asked = Instant::now();
    daemon.signal(Signal::INT);
    let (status, log) = daemon.end().await;
    assert_eq!(status.code(), Some(1), "{log:#?}");
    assert!(asked.elapsed() < Duration::from_secs(2), "{:?}", asked.elapsed());
    let daemon = home.start().await;
    holds("nothing is lost", || receiver.accepted().len() == 1).await;
    daemon.stop().await;
}

#[tokio::test]
async fn a_poll_under_way_is_dropped_and_its_feed_is_asked_again_after_the_start() {
    let (site, receiver, home) = one_alert(Config::new().http("timeout = \"60s\"")).await;
    let articles = [Article::about_s400("two"), Article::about_all_four("one")];
    let daemon = home.start().await;
    holds("the first alert", || receiver.accepted().len() == 1).await;
    site.set("/news.xml", Answer::Hang);
    let polls = site.visits("/news.xml").len();
    holds("a poll hangs", || site.visits("/news.xml").len() > polls).await;
    let asked = Instant::now();
    daemon.stop().await;
    assert!(asked.elapsed() < Duration::from_secs(3), "{:?}", asked.elapsed());
    site.publish("/news.xml", &articles);
    let daemon = home.start().await;
    holds("the second alert", || receiver.accepted().len() == 2).await;
    daemon.stop().await;
}

#[tokio::test]
async fn a_stop_while_much_is_waiting_loses_nothing() {
    let (site, receiver, home) = one_alert(Config::new()).await;
    receiver.otherwise(Reply::After(Duration::from_millis(50), 200));
    let articles: Vec<_> = (0..100).map(|n| Article::about_s400(&format!("a{n}"))).collect();
    site.publish("/news.xml", &articles);
    let daemon = home.start().await;
    holds("some are sent", || receiver.accepted().len() > 5).await;
    daemon.stop().await;
    let sent = receiver.attempts().len();
    assert!(sent < 100, "nothing was left to do: {sent}");
    let daemon = home.start().await;
    holds("all are sent", || receiver.articles().len() == 100).await;
    daemon.stop().await;
    assert!(receiver.articles().values().all(|&times| times == 1), "{:?}", receiver.articles());
}

#[tokio::test]
async fn sighup_applies_a_good_configuration_and_refuses_a_bad_one() {
    let (site, receiver) = (Site::start().await, Receiver::start(1).await);
    site.publish("/one.xml", &[]);
    site.publish("/two.xml", &[Article::about_s400("two")]);
    let config = Config::new().feed(&site, "/one.xml").webhook("desk", &receiver);
    let home = Home::new(&config);
    let daemon = home.start().await;
    holds("a poll", || !site.visits("/one.xml").is_empty()).await;

    home.write("feedwatch.toml", config.clone().add("[[feed]]\nnonsense = 1\n").text());
    daemon.signal(Signal::HUP);
    daemon.line("reload refused").await;
    site.publish("/one.xml", &[Article::about_s400("one")]);
    holds("the old configuration runs on", || receiver.accepted().len() == 1).await;

    home.write("feedwatch.toml", config.feed(&site, "/two.xml").text());
    daemon.signal(Signal::HUP);
    daemon.line("reloaded").await;
    holds("the new feed alerts", || receiver.accepted().len() == 2).await;
    until("status knows the new feed", async || {
        (home.status().await["feeds"].as_array()?.len() == 2).then_some(())
    })
    .await;
    daemon.stop().await;
}

#[tokio::test]
async fn what_waits_for_a_removed_notifier_is_dead_until_it_is_back_and_redelivered() {
    let (site, receiver) = (Site::start().await, Receiver::start(1).await);
    receiver.otherwise(Reply::Status(500));
    site.publish("/news.xml", &[Article::about_s400("one")]);
    let without = Config::new().feed(&site, "/news.xml");
    let with = without.clone().webhook("desk", &receiver);
    let home = Home::new(&with);
    let daemon = home.start().await;
    holds("an attempt", || !receiver.attempts().is_empty()).await;
    home.write("feedwatch.toml", without.text());
    daemon.signal(Signal::HUP);
    let delivery = until("the delivery is dead", async || {
        let delivery = home.alerts().await.first()?["deliveries"][0].clone();
        (delivery["state"] == "dead").then_some(delivery)
    })
    .await;
    assert_eq!(delivery["reason"], "notifier removed");

    receiver.otherwise(Reply::Status(200));
    home.write("feedwatch.toml", with.text());
    daemon.signal(Signal::HUP);
    until("status knows the notifier again", async || {
        (home.status().await["notifiers"][0]["name"] == "desk").then_some(())
    })
    .await;
    assert_eq!(home.run(&["redeliver", "--dead"]).await.code, Some(0));
    holds("it is sent", || receiver.accepted().len() == 1).await;
    daemon.stop().await;
}
