//! `backtest`: a changed watchlist over what a daemon has stored.

use serde_json::{Value, json};

use crate::support::{Article, Config, Home, Receiver, Site, feeds::ALL_FOUR, holds};

/// Topics that the daemon did not know: one for the feed's tag, one for that of another feed.
const SCOPED: &str = r#"
[[feed]]
url = "https://elsewhere.example/rss"
tags = ["sport"]
enabled = false

[[topic]]
name = "tagged"
any = ["Turkey"]
tags = ["world"]

[[topic]]
name = "elsewhere"
any = ["Turkey"]
tags = ["sport"]
"#;

fn counts(report: &Value) -> Vec<(&str, u64)> {
    let topics = report["topics"].as_array().expect("a list of topics");
    let count = |topic: &'_ Value| topic["count"].as_u64().expect("a count");
    topics.iter().map(|topic| (topic["name"].as_str().expect("a name"), count(topic))).collect()
}

/// A daemon's home with three articles on record, and the receiver that was told of two of them.
async fn three_articles() -> (Site, Receiver, Home, Config) {
    let (site, receiver) = (Site::start().await, Receiver::start(1).await);
    let articles =
        [Article::about_all_four("one"), Article::about_s400("two"), Article::new("calm", "A quiet day")];
    site.publish("/news.xml", &articles);
    let config = Config::new().webhook("desk", &receiver).feed(&site, "/news.xml");
    let config = config.add("name = \"World\"\ntags = [\"world\"]\n");
    let home = Home::new(&config);
    (site, receiver, home, config)
}

#[tokio::test]
async fn a_changed_watchlist_is_tried_on_the_store_of_a_running_daemon_and_nobody_is_alerted() {
    let (site, receiver, home, config) = three_articles().await;
    let daemon = home.start().await;
    holds("the alerts", || receiver.accepted().len() == 2).await;
    home.write("other.toml", config.add(SCOPED).text());
    let visits = site.visits("/news.xml").len();
    let output = home.run(&["backtest", "-c", "other.toml", "--json"]).await;
    assert_eq!(output.code, Some(0), "{output:#?}");
    let report = output.json();
    assert_eq!(report["articles"], 3, "{report:#}");
    let expected =
        [("S-400", 2), ("Patriot", 1), ("F-35", 1), ("sanctions", 1), ("tagged", 1), ("elsewhere", 0)];
    assert_eq!(counts(&report), expected);
    let sample = &report["topics"][4]["samples"][0];
    assert_eq!((&sample["feed"], &sample["title"]), (&json!("World"), &json!(ALL_FOUR)), "{sample:#}");
    assert_eq!(sample["link"], Article::about_all_four("one").link());
    assert!(sample["time"].as_str().is_some_and(|time| time.ends_with('Z')), "{sample:#}");
    let mention = &sample["mentions"][0];
    assert_eq!((&mention["text"], &mention["field"]), (&json!("Turkey"), &json!("title")), "{mention:#}");

    let polled_on = || site.visits("/news.xml").len() > visits + 1;
    holds("the daemon goes on", polled_on).await;
    daemon.stop().await;
    assert_eq!((receiver.attempts().len(), home.alerts().await.len()), (2, 2));
}

#[tokio::test]
async fn it_shows_people_the_words_that_matched_and_can_be_narrowed() {
    let (_site, _receiver, home, _) = three_articles().await;
    assert_eq!(home.run(&["once"]).await.code, Some(0));
    let text = home.run(&["backtest", "--topic", "F-35"]).await;
    assert_eq!(text.code, Some(0), "{text:#?}");
    for shown in ["3 articles looked at", "F-35: 1 flagged", ALL_FOUR, "[World]", "\"F-35\": "] {
        assert!(text.stdout.contains(shown), "no {shown:?} in {}", text.stdout);
    }
    assert!(!text.stdout.contains("sanctions: "), "{}", text.stdout);
    let one = home.run(&["backtest", "--topic", "S-400", "--json"]).await.json();
    assert_eq!(counts(&one), [("S-400", 2)]);
    home.write("feedwatch.toml", Config::new().text());
    let orphaned = home.run(&["backtest", "--topic", "S-400", "--json"]).await.json();
    assert_eq!(counts(&orphaned), [("S-400", 2)], "articles outlive their feed's configuration");
    assert_eq!(orphaned["topics"][0]["samples"][0]["feed"], "Test News");
    let none = home.run(&["backtest", "--since", "1ms", "--json"]).await.json();
    assert_eq!(none["articles"], 0, "{none:#}");
}

#[tokio::test]
async fn more_articles_than_a_page_holds_are_all_counted_and_the_newest_are_shown() {
    let site = Site::start().await;
    let articles: Vec<Article> = (0..450).map(|n| Article::about_s400(&format!("n{n}"))).collect();
    site.publish("/news.xml", &articles);
    let home = Home::new(&Config::new().feed(&site, "/news.xml"));
    assert_eq!(home.run(&["once"]).await.code, Some(0));
    let report = home.run(&["backtest", "--topic", "S-400", "--json"]).await.json();
    assert_eq!((&report["articles"], counts(&report)), (&json!(450), vec![("S-400", 450)]));
    assert_eq!(report["topics"][0]["samples"].as_array().map(Vec::len), Some(5), "{report:#}");
}

#[tokio::test]
async fn an_unknown_topic_names_the_nearest_and_a_missing_store_is_told() {
    let home = Home::new(&Config::new());
    let unknown = home.run(&["backtest", "--topic", "Patriots"]).await;
    assert_eq!(unknown.code, Some(2), "{unknown:#?}");
    assert!(unknown.stderr.contains("did you mean `Patriot`?"), "{}", unknown.stderr);
    let missing = home.run(&["backtest"]).await;
    assert_eq!(missing.code, Some(1), "{missing:#?}");
    assert!(missing.stderr.contains("feedwatch.db"), "{}", missing.stderr);
    assert!(!home.database().exists(), "it only looks");
}
