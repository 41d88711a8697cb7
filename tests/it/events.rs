//! Operational events, from the real program to those who ask for them: once per episode, never about themselves, never
//! in a storm.

use serde_json::{Value, json};

use crate::support::{Answer, Article, Config, Home, Receiver, Reply, Site, holds, until};

/// A notifier that is told of these kinds only.
fn told_of(name: &str, receiver: &Receiver, kinds: &[&str]) -> String {
    let (url, secret) = (receiver.url(), receiver.secret());
    format!(
        "[[notifier]]\nname = \"{name}\"\ntype = \"webhook\"\nurl = \"{url}\"\nsecret = \"{secret}\"\nevents = {}\n",
        json!(kinds)
    )
}

const ABOUT_FEEDS: [&str; 3] = ["feed.failing", "feed.recovered", "feed.silent"];

/// What a receiver was told: kinds and data.
fn told(receiver: &Receiver) -> Vec<(String, Value)> {
    let told = receiver.accepted().into_iter().map(|attempt| attempt.json());
    told.map(|body| (body["type"].as_str().expect("a type").to_owned(), body["data"].clone())).collect()
}

fn kinds(receiver: &Receiver) -> Vec<String> {
    told(receiver).into_iter().map(|(kind, _)| kind).collect()
}

/// Polls every feed so many times.
async fn rounds(home: &Home, count: usize) {
    for _ in 0..count {
        let once = home.run(&["once"]).await;
        assert!(once.code < Some(2), "{once:#?}");
    }
}

#[tokio::test]
async fn a_feed_that_fails_is_told_once_and_so_is_its_recovery() {
    let (site, ops, desk) = (Site::start().await, Receiver::start(1).await, Receiver::start(2).await);
    site.set("/news.xml", Answer::status(500));
    let config = Config::new().feed(&site, "/news.xml").webhook("desk", &desk);
    let home = Home::new(&config.add(&told_of("ops", &ops, &ABOUT_FEEDS)));
    rounds(&home, 2).await;
    assert!(ops.attempts().is_empty(), "two failures are no reason to wake somebody");
    rounds(&home, 3).await;
    let (kind, data) = told(&ops).remove(0);
    assert_eq!(kind, "feed.failing");
    assert_eq!((&data["feed"]["url"], &data["count"]), (&json!(site.url("/news.xml")), &json!(3)));
    assert!(data["reason"].as_str().is_some_and(|reason| reason.contains("500")), "{data:#}");
    assert!(data["id"].as_str().is_some_and(|id| id.starts_with("event_")), "{data:#}");
    assert_eq!(ops.attempts().len(), 1, "once, though it fails on");

    site.publish("/news.xml", &[Article::about_s400("one")]);
    rounds(&home, 2).await;
    assert_eq!(kinds(&ops), ["feed.failing", "feed.recovered"]);
    assert_eq!(told(&ops)[1].1["since"], data["since"]);
    assert_eq!(kinds(&desk), ["alert"], "it did not ask for events");
    assert!(home.status().await["ok"] == true);
}

#[tokio::test]
async fn a_feed_that_answers_410_is_told_at_once() {
    let (site, ops) = (Site::start().await, Receiver::start(1).await);
    site.set("/news.xml", Answer::status(410));
    let home = Home::new(&Config::new().feed(&site, "/news.xml").add(&told_of("ops", &ops, &ABOUT_FEEDS)));
    rounds(&home, 1).await;
    assert_eq!(kinds(&ops), ["feed.failing"]);
}

#[tokio::test]
async fn a_feed_without_news_is_silent_until_an_article_comes() {
    let (site, ops) = (Site::start().await, Receiver::start(1).await);
    site.publish("/news.xml", &[Article::new("old", "Nothing")]);
    let feed = format!(
        "[[feed]]\nurl = \"{}\"\nname = \"World\"\ninterval = \"1s\"\nsilent_after = \"2s\"\n",
        site.url("/news.xml")
    );
    let home = Home::new(&Config::new().add(&feed).add(&told_of("ops", &ops, &ABOUT_FEEDS)));
    let daemon = home.start().await;
    holds("its silence is told", || !ops.accepted().is_empty()).await;
    let url = site.url("/news.xml");
    let status = home.feed_once(&url, |feed| feed["state"] == "silent").await;
    assert_eq!(status["needs_person"], false, "it may be as it should");
    let polls = site.visits("/news.xml").len();
    holds("more polls", || site.visits("/news.xml").len() > polls + 2).await;
    assert_eq!(kinds(&ops), ["feed.silent"], "once");
    site.publish("/news.xml", &[Article::new("new", "Something")]);
    home.feed_once(&url, |feed| feed["state"] == "ok").await;
    holds("the next silence is told", || ops.accepted().len() == 2).await;
    daemon.stop().await;
    let silences = told(&ops);
    assert_ne!(silences[0].1["id"], silences[1].1["id"], "an episode of its own");
}

#[tokio::test]
async fn many_feeds_that_fail_at_once_are_told_in_a_few_messages() {
    const FEEDS: usize = 40;
    let (site, ops) = (Site::start().await, Receiver::start(1).await);
    let mut config = Config::new();
    for n in 0..FEEDS {
        let path = format!("/{n}.xml");
        site.set(&path, Answer::status(500));
        config = config.feed(&site, &path);
    }
    let home = Home::new(&config.add(&told_of("ops", &ops, &ABOUT_FEEDS)));
    rounds(&home, 3).await;
    assert_eq!(ops.accepted().len(), 6, "{:?}", kinds(&ops));
    for n in 0..FEEDS {
        site.publish(&format!("/{n}.xml"), &[]);
    }
    rounds(&home, 1).await;
    let told = told(&ops);
    let together: Vec<_> = told.iter().filter(|(_, data)| data.get("feed").is_none()).collect();
    assert_eq!(told.len(), 12, "five alone and the rest together, and so their ends: {:?}", kinds(&ops));
    assert_eq!(together.len(), 2);
    assert!(
        together[0].1["reason"].as_str().is_some_and(|reason| reason.contains("network")),
        "{together:#?}"
    );
}

#[tokio::test]
async fn a_notifier_in_trouble_is_told_to_the_others_and_never_to_itself() {
    let (site, desk, ops) = (Site::start().await, Receiver::start(1).await, Receiver::start(2).await);
    desk.otherwise(Reply::Status(404));
    site.publish("/news.xml", &[Article::about_s400("one")]);
    let everything = ["alert", "notifier.failing"];
    let config = Config::new().feed(&site, "/news.xml").notify("probe = \"1s\"");
    let config =
        config.add(&told_of("desk", &desk, &everything)).add(&told_of("ops", &ops, &["notifier.failing"]));
    let home = Home::new(&config);
    let daemon = home.start().await;
    holds("it is told", || !ops.accepted().is_empty()).await;
    holds("more probes", || desk.attempts().len() >= 3).await;
    let (kind, data) = told(&ops).remove(0);
    assert_eq!(
        (kind.as_str(), &data["notifier"]),
        ("notifier.failing", &json!({"name": "desk", "state": "held"}))
    );
    assert!(data["reason"].as_str().is_some_and(|reason| reason.contains("404")), "{data:#}");
    assert_eq!(ops.attempts().len(), 1, "once while it lasts");
    assert!(desk.attempts().iter().all(|attempt| attempt.json()["type"] == "alert"), "never about itself");
    let status = home.run(&["status"]).await;
    assert_eq!(status.code, Some(1), "{status:#?}");
    assert_eq!(daemon.log().iter().filter(|line| line.contains("notifier failing, alerts wait")).count(), 1);
    desk.otherwise(Reply::Status(204));
    holds("the alert arrives", || desk.accepted().len() == 1).await;
    until("all is well", async || (home.run(&["status"]).await.code == Some(0)).then_some(())).await;
    daemon.stop().await;
}

#[tokio::test]
async fn two_notifiers_in_trouble_do_not_tell_each_other_for_ever() {
    let (site, one, other) = (Site::start().await, Receiver::start(1).await, Receiver::start(2).await);
    for receiver in [&one, &other] {
        receiver.otherwise(Reply::Status(404));
    }
    site.publish("/news.xml", &[Article::about_s400("one")]);
    let kinds = ["alert", "notifier.failing"];
    let config = Config::new().feed(&site, "/news.xml").notify("probe = \"200ms\"");
    let home = Home::new(&config.add(&told_of("one", &one, &kinds)).add(&told_of("other", &other, &kinds)));
    let daemon = home.start().await;
    holds("probes", || one.attempts().len() >= 10 && other.attempts().len() >= 10).await;
    let status = home.status().await;
    for notifier in status["notifiers"].as_array().expect("notifiers") {
        assert_eq!((&notifier["state"], &notifier["pending"]), (&json!("held"), &json!(2)), "{status:#}");
    }
    daemon.stop().await;
}

#[tokio::test]
async fn what_is_given_up_is_told_with_what_to_do() {
    let (site, desk, ops) = (Site::start().await, Receiver::start(1).await, Receiver::start(2).await);
    desk.otherwise(Reply::Status(400));
    site.publish("/news.xml", &[Article::about_s400("one"), Article::about_s400("two")]);
    let config = Config::new().feed(&site, "/news.xml").webhook("desk", &desk);
    let home = Home::new(&config.add(&told_of("ops", &ops, &["notifier.failing"])));
    let daemon = home.start().await;
    holds("it is told", || !ops.accepted().is_empty()).await;
    let (_, data) = told(&ops).remove(0);
    let reason = data["reason"].as_str().expect("a reason");
    assert!(reason.contains("HTTP 400") && reason.contains("redeliver --dead"), "{reason}");
    assert_eq!(data["notifier"]["state"], "active");
    until("both are given up", async || (home.status().await["notifiers"][0]["dead"] == 2).then_some(()))
        .await;
    assert_eq!(ops.attempts().len(), 1, "one an hour");
    daemon.stop().await;
}
