//! What waits for a person, and what brings it back: `redeliver`, `notify-test`, `alerts` with the evidence.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::support::{Article, Config, Home, Receiver, Reply, Site, daemon::Signal, holds, until};

/// A daemon whose receiver says 410 to the first of two alerts.
async fn gone() -> (Site, Receiver, Home) {
    let (site, desk) = (Site::start().await, Receiver::start(1).await);
    desk.otherwise(Reply::Status(410));
    site.publish("/news.xml", &[Article::about_s400("one"), Article::about_s400("two")]);
    let home = Home::new(&Config::new().feed(&site, "/news.xml").webhook("desk", &desk));
    (site, desk, home)
}

async fn desk(home: &Home) -> Value {
    home.status().await["notifiers"][0].clone()
}

/// Waits until the desk is gone and nothing more is tried.
async fn is_gone(home: &Home) {
    until("it is gone", async || (desk(home).await["state"] == "gone").then_some(())).await;
}

#[tokio::test]
async fn who_is_gone_gets_one_probe_by_redeliver_within_a_second_and_then_the_rest() {
    let (_site, receiver, home) = gone().await;
    let daemon = home.start().await;
    is_gone(&home).await;
    let attempts = receiver.attempts().len();
    let id = home.alerts().await[0]["id"].as_str().expect("an id").to_owned();
    let status = desk(&home).await;
    assert_eq!((&status["pending"], &status["needs_person"]), (&json!(2), &json!(true)), "nothing is lost");
    assert!(status["reason"].as_str().is_some_and(|reason| reason.contains("410")), "{status:#}");

    assert_eq!(home.run(&["redeliver", &id]).await.code, Some(0));
    holds("the probe", || receiver.attempts().len() == attempts + 1).await;
    is_gone(&home).await;
    receiver.otherwise(Reply::Status(204));
    let redeliver = home.run(&["redeliver", &id]).await;
    let asked = Instant::now();
    assert_eq!(redeliver.stdout, "1 delivery back in the queue\n");
    holds("both arrive", || receiver.accepted().len() == 2).await;
    assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
    assert_eq!(receiver.attempts().len(), attempts + 3, "one probe failed, one went through, then the rest");
    until("it is active", async || (desk(&home).await["state"] == "active").then_some(())).await;
    daemon.stop().await;
}

#[tokio::test]
async fn a_test_that_arrives_calls_back_what_waits() {
    let (_site, receiver, home) = gone().await;
    let daemon = home.start().await;
    is_gone(&home).await;
    let test = home.run(&["notify-test"]).await;
    assert_eq!((test.code, test.stdout.contains("gone")), (Some(1), true), "{test:#?}");
    is_gone(&home).await;
    receiver.otherwise(Reply::Status(204));
    let test = home.run(&["notify-test"]).await;
    assert_eq!((test.code, test.stdout.starts_with("desk: delivered")), (Some(0), true), "{test:#?}");
    holds("the test and both alerts arrive", || receiver.accepted().len() == 3).await;
    daemon.stop().await;
}

#[tokio::test]
async fn what_waits_too_long_for_a_receiver_that_is_gone_is_given_up_and_can_be_brought_back() {
    let (_site, receiver, home) = gone().await;
    let config = home.path().join("feedwatch.toml");
    let text = std::fs::read_to_string(&config).expect("its configuration");
    home.write("feedwatch.toml", text.replace("[notify]", "[notify]\nmax_age = \"3s\""));
    let daemon = home.start().await;
    until("both are given up", async || (desk(&home).await["dead"] == 2).then_some(())).await;
    let delivery = home.alerts().await[0]["deliveries"][0].clone();
    assert!(
        delivery["reason"].as_str().is_some_and(|reason| reason.starts_with("gave up after 3s")),
        "{delivery:#}"
    );
    let lines = daemon.log().iter().filter(|line| line.contains("given up")).count();
    assert_eq!(lines, 1, "{:#?}", daemon.log());
    receiver.otherwise(Reply::Status(204));
    assert_eq!(home.run(&["redeliver", "--dead", "--notifier", "desk"]).await.code, Some(0));
    holds("both arrive", || receiver.accepted().len() == 2).await;
    daemon.stop().await;
}

#[tokio::test]
async fn what_a_removed_notifier_is_owed_is_shown_and_waits_until_it_is_back() {
    let (site, receiver, home) = gone().await;
    let with = std::fs::read_to_string(home.path().join("feedwatch.toml")).expect("its configuration");
    let daemon = home.start().await;
    is_gone(&home).await;
    home.write("feedwatch.toml", Config::new().feed(&site, "/news.xml").text());
    daemon.signal(Signal::HUP);
    daemon.line("reloaded").await;
    daemon.line("the notifier was removed").await;
    let status = home.status().await;
    let removed = &status["notifiers"][1];
    assert_eq!(
        (&removed["name"], &removed["state"], &removed["dead"]),
        (&json!("desk"), &json!("removed"), &json!(2))
    );
    assert_eq!(status["ok"], true, "it was the operator's own doing: {status:#}");
    let redeliver = home.run(&["redeliver", "--dead"]).await;
    assert!(redeliver.stdout.starts_with("0 deliveries"), "{redeliver:#?}");
    assert!(redeliver.stdout.contains("must come back"), "{redeliver:#?}");

    receiver.otherwise(Reply::Status(204));
    home.write("feedwatch.toml", with);
    daemon.signal(Signal::HUP);
    until("it is back", async || (desk(&home).await["name"] == "desk").then_some(())).await;
    assert_eq!(home.run(&["redeliver", "--dead"]).await.stdout, "2 deliveries back in the queue\n");
    holds("both arrive", || receiver.accepted().len() == 2).await;
    daemon.stop().await;
}

#[tokio::test]
async fn alerts_show_each_attempt_and_what_was_said() {
    let (site, receiver) = (Site::start().await, Receiver::start(1).await);
    receiver.script([Reply::Status(503), Reply::Status(500)]);
    site.publish("/news.xml", &[Article::about_s400("one")]);
    let log = "[[notifier]]\nname = \"log\"\ntype = \"log\"\nevents = [\"feed.failing\"]\n";
    let home = Home::new(&Config::new().feed(&site, "/news.xml").webhook("desk", &receiver).add(log));
    assert_eq!(home.run(&["once"]).await.code, Some(0));
    let text = home.run(&["alerts", "--attempts"]).await.stdout;
    let attempts: Vec<&str> = text.lines().filter(|line| line.contains(" ms  ")).collect();
    assert_eq!(attempts.len(), 3, "{text}");
    for (line, said) in attempts.iter().zip(["HTTP 503", "HTTP 500", "HTTP 204"]) {
        assert!(line.contains(said), "{line}");
    }
    assert!(!home.run(&["alerts"]).await.stdout.contains(" ms  "));
    let history = home.alerts().await[0]["deliveries"][0]["history"].clone();
    assert_eq!(history.as_array().map(Vec::len), Some(3), "{history:#}");
    assert_eq!((&history[0]["status"], &history[2]["status"]), (&json!(503), &json!(204)));

    site.set("/news.xml", crate::support::Answer::status(410));
    let once = home.run(&["once"]).await;
    assert!(once.stderr.contains("feedwatch::event") && once.stderr.contains("feed.failing"), "{once:#?}");
    let text = home.run(&["alerts", "--events"]).await.stdout;
    assert!(text.contains("feed.failing  Test News") && text.contains("log: delivered"), "{text}");
    let events = home.run(&["alerts", "--events", "--json"]).await.json();
    assert_eq!(events["events"][0]["type"], "feed.failing", "{events:#}");
    assert_eq!(events["events"][0]["data"]["feed"]["url"], site.url("/news.xml"));
    assert_eq!(home.alerts().await.len(), 1, "events are not among the alerts");
}
