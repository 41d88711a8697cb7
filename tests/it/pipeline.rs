//! The whole way: an article on a site becomes one signed alert with correct evidence, once.

use std::time::Duration;

use serde_json::Value;

use crate::support::{
    Answer, Article, Config, Home, Receiver, Reply, Site, feeds,
    feeds::{ALL_FOUR, ALL_FOUR_SUMMARY},
    holds,
};

/// A site with one feed, a receiver, and a home that brings them together.
async fn one_feed(articles: &[Article]) -> (Site, Receiver, Home) {
    let (site, receiver) = (Site::start().await, Receiver::start(1).await);
    site.publish("/news.xml", articles);
    let home = Home::new(&Config::new().feed(&site, "/news.xml").webhook("desk", &receiver));
    (site, receiver, home)
}

#[tokio::test]
async fn an_article_that_names_all_four_topics_arrives_as_one_signed_alert_with_its_evidence() {
    let articles = [Article::new("calm", "A quiet day"), Article::about_all_four("talks")];
    let (site, receiver, home) = one_feed(&articles).await;
    let daemon = home.start().await;
    holds("the alert arrives", || !receiver.accepted().is_empty()).await;
    holds("the feed is asked again", || site.visits("/news.xml").len() >= 3).await;
    daemon.stop().await;

    let accepted = receiver.accepted();
    assert_eq!(accepted.len(), 1, "one article, one alert: {accepted:#?}");
    let (body, data) = (accepted[0].json(), accepted[0].json()["data"].clone());
    assert_eq!(body["type"], "alert");
    assert_eq!(data["test"], false);
    assert!(accepted[0].id().starts_with("alert_"), "{}", accepted[0].id());
    assert_eq!(data["feed"]["name"], "Test News");
    assert_eq!(data["feed"]["url"], site.url("/news.xml"));
    assert_eq!(data["article"]["title"], ALL_FOUR);
    assert_eq!(data["article"]["url"], articles[1].link());
    assert_eq!(data["article"]["summary"], ALL_FOUR_SUMMARY);
    assert_eq!(topics(&data), ["S-400", "Patriot", "F-35", "sanctions"]);
    check_evidence(&data);
}

fn topics(data: &Value) -> Vec<&str> {
    let topics = data["topics"].as_array().expect("a list of topics");
    topics.iter().map(|topic| topic["name"].as_str().expect("a topic has a name")).collect()
}

/// Each mention names its field, the bytes in it, and the words that stand there; its snippet holds them.
#[track_caller]
fn check_evidence(data: &Value) {
    let expected = [("S-400", "title"), ("Patriot", "summary"), ("F-35", "title"), ("sanctions", "summary")];
    for (topic, (name, field)) in data["topics"].as_array().expect("a list").iter().zip(expected) {
        let mentions = topic["mentions"].as_array().expect("a list of mentions");
        assert_eq!(mentions.len(), 1, "{topic:#}");
        let mention = &mentions[0];
        assert_eq!((&mention["term"], &mention["field"]), (&Value::from(name), &Value::from(field)));
        let place = |key: &str| usize::try_from(mention[key].as_u64().expect("a place")).expect("small");
        let text = data["article"][field].as_str().expect("the field is in the body");
        assert_eq!(text.get(place("start")..place("end")), mention["text"].as_str(), "{mention:#}");
        assert_eq!(mention["text"], name);
        assert!(mention["snippet"].as_str().is_some_and(|snippet| snippet.contains(name)), "{mention:#}");
    }
}

#[tokio::test]
async fn the_second_poll_is_conditional_and_304_brings_nothing() {
    let (site, receiver, home) = one_feed(&[Article::about_s400("one")]).await;
    let daemon = home.start().await;
    holds("a third poll", || site.visits("/news.xml").len() >= 3).await;
    daemon.stop().await;

    let visits = site.visits("/news.xml");
    let statuses: Vec<_> = visits.iter().map(|visit| visit.status).collect();
    assert_eq!(statuses[..3], [Some(200), Some(304), Some(304)]);
    assert_eq!(visits[0].request.header("if-none-match"), None);
    assert_eq!(visits[0].request.header("if-modified-since"), None);
    for visit in &visits[1..] {
        assert_eq!(visit.request.header("if-none-match"), Some("\"version-1\""));
        assert!(visit.request.header("if-modified-since").is_some(), "both validators go out");
    }
    assert_eq!(receiver.attempts().len(), 1);
}

#[tokio::test]
async fn an_article_that_appears_later_alerts_and_an_old_one_does_not_again() {
    let (site, receiver, home) = one_feed(&[Article::about_s400("one")]).await;
    let daemon = home.start().await;
    holds("the first alert", || receiver.accepted().len() == 1).await;
    site.publish("/news.xml", &[Article::about_s400("two"), Article::about_s400("one")]);
    holds("the second alert", || receiver.accepted().len() >= 2).await;
    let polls = site.visits("/news.xml").len();
    holds("two more polls", || site.visits("/news.xml").len() >= polls + 2).await;
    daemon.stop().await;
    let articles = receiver.articles();
    assert_eq!(articles.len(), 2);
    assert!(articles.values().all(|&times| times == 1), "{articles:?}");
}

#[tokio::test]
async fn an_edited_article_alerts_again_only_for_what_it_did_not_mention_before() {
    let mut article = Article::about_s400("one");
    let (site, receiver, home) = one_feed(std::slice::from_ref(&article)).await;
    let daemon = home.start().await;
    holds("the first alert", || receiver.accepted().len() == 1).await;
    article.summary = "Now with words on the Patriot.".to_owned();
    site.publish("/news.xml", std::slice::from_ref(&article));
    holds("the second alert", || receiver.accepted().len() >= 2).await;
    article.summary = "Now with more words on the Patriot.".to_owned();
    site.publish("/news.xml", &[article]);
    let polls = site.visits("/news.xml").len();
    holds("two more polls", || site.visits("/news.xml").len() >= polls + 2).await;
    daemon.stop().await;
    let accepted = receiver.accepted();
    assert_eq!(accepted.len(), 2, "{accepted:#?}");
    assert_eq!(topics(&accepted[0].json()["data"]), ["S-400"]);
    assert_eq!(topics(&accepted[1].json()["data"]), ["Patriot"]);
    assert_ne!(accepted[0].id(), accepted[1].id());
}

#[tokio::test]
async fn at_first_sight_old_articles_are_recorded_and_not_alerted() {
    let mut old = Article::about_s400("old");
    old.published -= chrono::TimeDelta::days(3);
    let (site, receiver, home) = one_feed(&[Article::about_s400("new"), old.clone()]).await;
    let daemon = home.start().await;
    holds("the alert", || !receiver.accepted().is_empty()).await;
    site.publish("/news.xml", &[old]);
    let polls = site.visits("/news.xml").len();
    holds("two more polls", || site.visits("/news.xml").len() >= polls + 2).await;
    daemon.stop().await;
    assert_eq!(receiver.articles().into_keys().collect::<Vec<_>>(), ["https://news.example/new"]);
}

#[tokio::test]
async fn words_that_only_look_like_a_topic_do_not_alert() {
    let near = ["His compatriot won", "Model S-4000 arrives", "An F-350 pickup", "A patriotic song"];
    let mut articles: Vec<_> =
        near.iter().map(|title| Article::new(title.get(..5).unwrap_or("x"), title)).collect();
    articles.push(Article::about_s400("real"));
    let (_site, receiver, home) = one_feed(&articles).await;
    let daemon = home.start().await;
    holds("the real alert", || !receiver.accepted().is_empty()).await;
    daemon.stop().await;
    assert_eq!(receiver.articles().into_keys().collect::<Vec<_>>(), ["https://news.example/real"]);
}

#[tokio::test]
async fn a_receiver_that_is_down_gets_everything_when_it_is_back() {
    let (site, mut receiver, home) = one_feed(&[Article::about_s400("one")]).await;
    receiver.stop().await;
    let daemon = home.start().await;
    holds("two polls", || site.visits("/news.xml").len() >= 2).await;
    site.publish("/news.xml", &[Article::about_all_four("two"), Article::about_s400("one")]);
    let url = site.url("/news.xml");
    home.feed_once(&url, |feed| feed["not_modified"].as_u64() >= Some(2)).await;
    let status = home.status().await;
    assert_eq!(status["notifiers"][0]["pending"], 2, "{status:#}");
    assert!(status["notifiers"][0]["reason"].is_string(), "{status:#}");
    receiver.start_again().await;
    holds("both alerts", || receiver.accepted().len() >= 2).await;
    daemon.stop().await;
    assert!(receiver.articles().values().all(|&times| times == 1), "{:?}", receiver.articles());
    assert_eq!(home.status().await["notifiers"][0]["pending"], 0);
}

#[tokio::test]
async fn a_retry_is_the_same_bytes_under_the_same_id() {
    let (_site, receiver, home) = one_feed(&[Article::about_all_four("one")]).await;
    receiver.script([Reply::Status(500), Reply::With(500, "retry-after", "1")]);
    let daemon = home.start().await;
    holds("the alert is accepted", || !receiver.accepted().is_empty()).await;
    daemon.stop().await;
    let attempts = receiver.attempts();
    assert_eq!(attempts.len(), 3, "{attempts:#?}");
    for attempt in &attempts {
        assert_eq!(attempt.id(), attempts[0].id());
        assert_eq!(attempt.request.body, attempts[0].request.body);
    }
    let waited = attempts[2].request.at - attempts[1].request.at;
    assert!(waited >= Duration::from_secs(1), "Retry-After is a lower bound: {waited:?}");
}

#[tokio::test]
async fn one_receivers_trouble_does_not_delay_another() {
    let site = Site::start().await;
    let (dead, live) = (Receiver::start(1).await, Receiver::start(2).await);
    dead.otherwise(Reply::Hang);
    let articles: Vec<_> = (0..30).map(|n| Article::about_s400(&format!("a{n}"))).collect();
    site.publish("/news.xml", &articles);
    let home =
        Home::new(&Config::new().feed(&site, "/news.xml").webhook("dead", &dead).webhook("live", &live));
    let daemon = home.start().await;
    holds("the live one has all", || live.accepted().len() == 30).await;
    assert!(dead.accepted().is_empty());
    daemon.kill().await;
}

#[tokio::test]
async fn atom_is_read_as_well() {
    let (site, receiver, home) = one_feed(&[]).await;
    let document = feeds::atom("Atom News", &[Article::about_all_four("entry")]);
    site.set("/news.xml", Answer::body("application/atom+xml", document));
    let daemon = home.start().await;
    holds("the alert", || !receiver.accepted().is_empty()).await;
    daemon.stop().await;
    let data = receiver.accepted()[0].json()["data"].clone();
    assert_eq!(data["feed"]["name"], "Atom News");
    check_evidence(&data);
}

#[tokio::test]
async fn a_notifier_that_takes_some_topics_gets_only_those_under_the_same_id() {
    let site = Site::start().await;
    let (all, some) = (Receiver::start(1).await, Receiver::start(2).await);
    site.publish("/news.xml", &[Article::about_all_four("one"), Article::about_s400("two")]);
    let config = Config::new().feed(&site, "/news.xml").webhook("all", &all).webhook("some", &some);
    let home = Home::new(&config.add("topics = [\"F-35\", \"Patriot\"]\n"));
    let daemon = home.start().await;
    holds("all alerts", || all.accepted().len() == 2 && !some.accepted().is_empty()).await;
    daemon.stop().await;
    let told = some.accepted();
    assert_eq!(told.len(), 1, "no delivery without a topic: {told:#?}");
    assert_eq!(topics(&told[0].json()["data"]), ["Patriot", "F-35"]);
    assert!(all.accepted().iter().any(|alert| alert.id() == told[0].id()));
}

#[tokio::test]
async fn without_a_notifier_alerts_go_to_the_log() {
    let site = Site::start().await;
    site.publish("/news.xml", &[Article::about_all_four("one")]);
    let home = Home::new(&Config::new().feed(&site, "/news.xml"));
    let daemon = home.start().await;
    let line = daemon.line("feedwatch::alert").await;
    daemon.stop().await;
    for words in ["alert.id=", "alert_", "S-400", ALL_FOUR, "https://news.example/one"] {
        assert!(line.contains(words), "{words:?} is not in {line:?}");
    }
    let alerts = home.alerts().await;
    assert_eq!(alerts[0]["deliveries"][0]["state"], "delivered", "{alerts:#?}");
}

#[tokio::test]
async fn a_feed_in_a_file_is_read_when_it_changes() {
    let receiver = Receiver::start(1).await;
    let feed = "[[feed]]\nurl = \"file:news.xml\"\ninterval = \"1s\"\n";
    let home = Home::new(&Config::new().add(feed).webhook("desk", &receiver));
    home.write("news.xml", feeds::rss("File News", &[Article::about_s400("one")]));
    let daemon = home.start().await;
    holds("the first alert", || receiver.accepted().len() == 1).await;
    home.write(
        "news.xml",
        feeds::rss("File News", &[Article::about_s400("two"), Article::about_s400("one")]),
    );
    holds("the second alert", || receiver.accepted().len() == 2).await;
    daemon.stop().await;
    assert_eq!(receiver.accepted()[0].json()["data"]["feed"]["name"], "File News");
}
