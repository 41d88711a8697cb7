//! Nothing is missed silently: specs/polling.md §9. A poll is a run of `once`.

use chrono::TimeDelta;
use serde_json::Value;

use crate::support::{Answer, Article, Config, Home, Site, feeds, now};

fn page(articles: &[Article]) -> Answer {
    Answer::Body(feeds::rss("Test News", articles).into_bytes(), Vec::new())
}

fn articles(numbers: std::ops::Range<usize>) -> Vec<Article> {
    numbers.map(|n| Article::about_s400(&format!("n{n}"))).collect()
}

async fn after_polls(answers: &[Answer]) -> (Home, Value, String) {
    let site = Site::start().await;
    site.set("/a.xml", Answer::Each(answers.to_vec()));
    let home = Home::new(&Config::new().every(&site, "/a.xml", "1h"));
    let mut log = String::new();
    for _ in answers {
        log = home.run(&["once"]).await.stderr;
    }
    let feed = home.feed(&site.url("/a.xml")).await;
    (home, feed, log)
}

#[tokio::test]
async fn at_the_first_sight_only_recent_articles_alert() {
    let old = Article { published: now() - TimeDelta::hours(25), ..Article::about_s400("old") };
    let recent = Article { published: now() - TimeDelta::hours(23), ..Article::about_s400("recent") };
    let (home, feed, _) = after_polls(&[page(&[recent, old])]).await;
    let alerts = home.alerts().await;
    assert_eq!(alerts.len(), 1, "{alerts:#?}");
    assert_eq!(feed["gaps"], 0, "the first sight is no gap");
}

#[tokio::test]
async fn a_window_without_known_articles_is_reported_as_a_possible_gap() {
    for (what, first, second, gaps) in [
        ("none known", 0..10, 10..20, 1),
        ("one in twenty known", 0..10, 9..29, 1),
        ("one in ten known", 0..10, 9..19, 0),
        ("nothing new", 0..10, 0..10, 0),
        ("was empty", 0..0, 0..10, 0),
        ("is empty", 0..10, 0..0, 0),
    ] {
        let (home, feed, log) = after_polls(&[page(&articles(first)), page(&articles(second.clone()))]).await;
        assert_eq!(feed["gaps"], gaps, "{what}: {feed:#}");
        assert_eq!(log.contains("possible gap"), gaps == 1, "{what}: {log}");
        let text = home.run(&["status"]).await.stdout;
        assert_eq!(text.contains("possible gap"), gaps == 1, "{what}: {text}");
        assert_eq!(feed["last_gap"].is_object(), gaps == 1, "{what}: {feed:#}");
    }
}

#[tokio::test]
async fn a_feed_that_is_empty_for_a_while_alerts_nothing_again() {
    let (all, none) = (page(&articles(0..5)), page(&[]));
    let (home, feed, log) = after_polls(&[all.clone(), none.clone(), none.clone()]).await;
    assert!(feed["empty_since"].is_string(), "{feed:#}");
    assert!(home.run(&["status"]).await.stdout.contains("shows no article since"));
    assert!(!log.contains("feed is empty"), "said once: {log}");
    let (home, feed, _) = after_polls(&[all.clone(), none, page(&articles(0..2)), all]).await;
    assert_eq!(
        (home.alerts().await.len(), &feed["empty_since"], &feed["gaps"]),
        (5, &Value::Null, &0.into())
    );
}
