//! Feeds without an `interval` are asked when it is worth it: specs/polling.md, part 2, on the real program. Planned times
//! are read from `status --json`.

use std::time::Duration;

use feedwatch::model::Timestamp;
use rusqlite::Connection;
use serde_json::Value;

use crate::support::{Answer, Article, Config, Home, Site, holds, now};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;

/// Twenty articles, one every so many minutes, the last one just now.
fn articles(every_minutes: u64) -> Vec<Article> {
    let article = |n: u64| Article {
        published: now() - Duration::from_secs(60 * n * every_minutes),
        ..Article::new(&n.to_string(), "Nothing to report")
    };
    (0..20).map(article).collect()
}

/// Three feeds: one that is busy, one with some articles a day, one with some a year, at any hour.
fn three(site: &Site) -> Config {
    let feeds = [("/busy.xml", 3), ("/some.xml", 120), ("/rare.xml", 53_347)];
    feeds.into_iter().fold(Config::new(), |config, (path, minutes)| {
        site.publish(path, &articles(minutes));
        config.add(&adaptive(site, path))
    })
}

fn adaptive(site: &Site, path: &str) -> String {
    format!("[[feed]]\nurl = \"{}\"\n", site.url(path))
}

/// Seconds from the last attempt to the next poll.
#[track_caller]
fn wait_of(feed: &Value) -> i64 {
    let time = |name: &str| feed[name].as_str().and_then(|time| time.parse::<Timestamp>().ok());
    let (last, next) = (time("last_attempt").expect("asked"), time("next_poll").expect("planned"));
    (next - last).num_seconds()
}

fn rhythms(home: &Home) -> Vec<Vec<u8>> {
    let database = Connection::open(home.database()).expect("the database");
    let mut rows = database.prepare("SELECT rhythm FROM feed ORDER BY id").expect("a table of feeds");
    let rows = rows.query_map([], |row| row.get::<_, Option<Vec<u8>>>(0)).expect("rhythms");
    rows.map(|row| row.expect("a row").unwrap_or_default()).collect()
}

/// Feeds that take part in the budget, and adaptive polls so far.
fn flock(home: &Home) -> (i64, i64) {
    let database = Connection::open(home.database()).expect("the database");
    let row = database.query_row("SELECT feeds, polls FROM flock", [], |row| Ok((row.get(0)?, row.get(1)?)));
    row.expect("one row")
}

#[tokio::test]
async fn busy_feeds_are_planned_sooner_than_rare_ones_within_floor_and_ceiling_also_after_restarts() {
    let site = Site::start().await;
    let home = Home::new(&three(&site));
    for life in 1..=3 {
        home.run(&["once"]).await;
        let mut waits = Vec::new();
        for path in ["/busy.xml", "/some.xml", "/rare.xml"] {
            let feed = home.feed(&site.url(path)).await;
            assert_eq!(feed["last_status"], if life == 1 { 200 } else { 304 }, "{path} in life {life}");
            let reason = feed["reason"].as_str().expect("a reason").to_owned();
            assert!(matches!(reason.as_str(), "learned" | "floor"), "{path} in life {life}: {feed:#}");
            waits.push(wait_of(&feed));
        }
        assert!(
            waits.iter().all(|wait| (15 * MINUTE..=3 * HOUR + 30).contains(wait)),
            "life {life}: {waits:?}"
        );
        // At the first sight the one that comes first does not know of the others.
        let [busy, _, rare] = waits[..] else { panic!("{waits:?}") };
        assert!(life == 1 || (busy < HOUR && rare > 45 * MINUTE), "life {life}: {waits:?}");
    }
    assert!(rhythms(&home).iter().all(|rhythm| (1..=96).contains(&rhythm.len())));
    assert_eq!(flock(&home), (3, 9));
}

#[tokio::test]
async fn a_restart_keeps_the_planned_times_and_sends_nothing_early() {
    let site = Site::start().await;
    let home = Home::new(&three(&site));
    home.run(&["once"]).await;
    let planned = async || {
        let status = home.status().await;
        let feeds = status["feeds"].as_array().expect("feeds").clone();
        feeds.iter().map(|feed| (feed["next_poll"].clone(), feed["reason"].clone())).collect::<Vec<_>>()
    };
    let (before, learned) = (planned().await, rhythms(&home));
    for _ in 0..2 {
        home.start().await.kill().await;
        home.start().await.stop().await;
    }
    assert_eq!(planned().await, before);
    assert_eq!(rhythms(&home), learned);
    assert_eq!(site.visits("/busy.xml").len(), 1);
}

#[tokio::test]
async fn failures_teach_nothing_and_leave_the_budget_to_others() {
    let site = Site::start().await;
    let home = Home::new(&three(&site));
    home.run(&["once"]).await;
    let learned = rhythms(&home);
    site.set("/busy.xml", Answer::status(500));
    home.run(&["once"]).await;
    let busy = home.feed(&site.url("/busy.xml")).await;
    assert_eq!((&busy["reason"], &busy["consecutive_failures"]), (&"backoff".into(), &1.into()), "{busy:#}");
    assert_eq!(rhythms(&home)[0], learned[0]);
    assert_eq!(flock(&home), (2, 6), "it takes no part while it backs off");
    site.publish("/busy.xml", &articles(3));
    home.run(&["once"]).await;
    assert_eq!(flock(&home).0, 3);
}

#[tokio::test]
async fn a_feed_with_an_interval_learns_outside_of_the_budget_and_is_adaptive_once_the_key_is_gone() {
    let site = Site::start().await;
    site.publish("/fixed.xml", &articles(3));
    let home = Home::new(&Config::new().every(&site, "/fixed.xml", "40m"));
    home.run(&["once"]).await;
    let fixed = home.feed(&site.url("/fixed.xml")).await;
    assert_eq!(fixed["reason"], "interval");
    assert!((40 * MINUTE..=44 * MINUTE).contains(&wait_of(&fixed)), "{fixed:#}");
    assert_eq!(flock(&home), (0, 0));

    home.write("feedwatch.toml", Config::new().add(&adaptive(&site, "/fixed.xml")).text());
    home.run(&["once"]).await;
    let free = home.feed(&site.url("/fixed.xml")).await;
    assert_eq!(free["last_status"], 304, "its old articles are known already");
    assert!(matches!(free["reason"].as_str(), Some("learned" | "floor")), "{free:#}");
    assert_eq!(flock(&home), (1, 1));
    let database = Connection::open(home.database()).expect("the database");
    let rate: f64 = database.query_row("SELECT shares FROM flock", [], |row| row.get(0)).expect("a sum");
    assert!(
        rate.powi(2) * 86_400.0 > 50.0,
        "it knows that this feed is busy: {} a day",
        rate.powi(2) * 86_400.0
    );
}

#[tokio::test]
async fn beyond_twice_the_budget_adaptive_feeds_are_held_and_others_are_not() {
    let site = Site::start().await;
    let paths: Vec<String> = (0..40).map(|n| format!("/{n}.xml")).collect();
    let mut config = Config::new().add("[poll]\nmin_interval = \"1s\"\nmax_interval = \"2s\"\n");
    for path in &paths {
        site.publish(path, &articles(3));
        config = config.add(&adaptive(&site, path));
    }
    site.publish("/fixed.xml", &articles(3));
    let home = Home::new(&config.feed(&site, "/fixed.xml"));
    let daemon = home.start().await;
    holds("the fixed feed is asked every second", || site.visits("/fixed.xml").len() >= 12).await;
    daemon.stop().await;
    let polls: usize = paths.iter().map(|path| site.visits(path).len()).sum();
    assert!(paths.iter().all(|path| !site.visits(path).is_empty()), "first polls are free");
    // First polls, the twenty tokens of a small budget, and what went out before the cap was noticed.
    assert!((50..160).contains(&polls), "{polls} polls of 40 feeds, which every two seconds would be 250");
}
