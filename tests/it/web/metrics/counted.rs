//! Each series moves when its thing happens.

#![expect(clippy::float_cmp, reason = "counts are whole numbers")]

use std::time::Duration;

use super::{scrape_once, start};
use crate::support::{Answer, Article, Config, Receiver, Reply, Site, now};

#[tokio::test]
async fn polls_articles_and_alerts_are_counted_when_they_happen() {
    let site = Site::start().await;
    let old = Article { published: now() - Duration::from_hours(48), ..Article::about_s400("old") };
    let fresh = Article { published: now() - Duration::from_mins(10), ..Article::about_all_four("fresh") };
    site.publish("/a.xml", std::slice::from_ref(&old));
    let (_home, daemon, page) = start(&Config::new().page().feed(&site, "/a.xml")).await;
    let first = scrape_once(page, "a poll that was not modified", |all| {
        all.value("feedwatch_polls_total{outcome=\"not_modified\"}") >= Some(1.0)
    })
    .await;
    let moved = |series: &str| first.value(series).unwrap_or(f64::NAN);
    assert_eq!(moved("feedwatch_articles_total{kind=\"old\"}"), 1.0, "known, not alerted");
    assert_eq!(
        (moved("feedwatch_alerts_total"), moved("feedwatch_polls_total{outcome=\"new\"}")),
        (0.0, 1.0)
    );
    let feed = site.url("/a.xml").replace("http://", "").replace(&site.url(""), "");
    let label = feed.split(':').next().unwrap_or_default().to_owned() + "/a.xml";
    let series = |name: &str| format!("feedwatch_feed_{name}{{feed=\"{label}\"}}");
    assert_eq!(
        first.value(&series("failing")),
        Some(0.0),
        "{label} in {:?}",
        first.metrics["feedwatch_feed_failing"]
    );
    #[expect(clippy::cast_precision_loss, reason = "a time of our days")]
    let seconds = now().timestamp() as f64;
    assert!(
        first.value(&series("last_success_timestamp_seconds")).is_some_and(|at| (at - seconds).abs() < 60.0)
    );
    assert!(
        first.value(&series("next_poll_timestamp_seconds")).is_some_and(|at| (at - seconds).abs() < 60.0)
    );
    assert_eq!(moved("feedwatch_feeds{state=\"ok\"}"), 1.0);

    site.publish("/a.xml", &[old.clone(), fresh.clone()]);
    let second =
        scrape_once(page, "the fresh one is alerted", |all| all.value("feedwatch_alerts_total") == Some(1.0))
            .await;
    let moved = |series: &str| second.since(&first, series);
    assert_eq!(moved("feedwatch_articles_total{kind=\"new\"}"), 1.0);
    assert_eq!(
        (
            moved("feedwatch_article_delay_seconds_count"),
            moved("feedwatch_match_duration_seconds_count") >= 1.0
        ),
        (1.0, true)
    );
    let delay = moved("feedwatch_article_delay_seconds_sum");
    assert!((600.0..700.0).contains(&delay), "{delay}");
    for topic in ["S-400", "F-35", "Patriot", "sanctions"] {
        assert_eq!(
            second.value(&format!("feedwatch_topic_alerts_total{{topic=\"{topic}\"}}")),
            Some(1.0),
            "{topic}"
        );
    }
    for series in [
        "feedwatch_fetched_bytes_total{kind=\"wire\"}",
        "feedwatch_fetched_bytes_total{kind=\"decoded\"}",
        "feedwatch_poll_duration_seconds_count",
        "feedwatch_poll_delay_seconds_count",
        "feedwatch_store_commits_total{outcome=\"ok\"}",
        "feedwatch_store_commit_duration_seconds_count",
    ] {
        assert!(moved(series) >= 1.0, "{series} {}", moved(series));
    }
    assert!(moved("feedwatch_store_commits_total{outcome=\"error\"}").abs() < 0.5);

    let edited = Article { title: "The Triumf and the F-35, a new title".to_owned(), ..fresh };
    site.publish("/a.xml", &[old, edited]);
    let third = scrape_once(page, "an edited article", |all| {
        all.value("feedwatch_articles_total{kind=\"edited\"}") == Some(1.0)
    })
    .await;
    assert_eq!(third.since(&second, "feedwatch_articles_total{kind=\"new\"}"), 0.0);
    daemon.stop().await;
}

#[tokio::test]
async fn each_way_that_a_poll_can_end_has_its_counter() {
    let site = Site::start().await;
    let long = "a".repeat(300_000);
    let many: Vec<Article> = (0..20).map(|n| Article::new(&format!("n{n}"), "Nothing")).collect();
    for (path, answer) in [
        ("/limited", Answer::with(429, &[("retry-after", "3600")])),
        ("/gone", Answer::status(410)),
        ("/http_error", Answer::status(404)),
        ("/network_error", Answer::Reset),
        ("/timeout", Answer::Hang),
        ("/too_large", Answer::body("application/rss+xml", long)),
        ("/unreadable", Answer::body("text/html", "<html><body>no feed")),
        ("/blocked", Answer::redirect(302, "http://10.0.0.1/")),
        ("/unchanged", Answer::page(&[])),
        ("/many", Answer::feed(&many)),
    ] {
        site.set(path, answer);
    }
    let sites = [
        "/gone",
        "/http_error",
        "/network_error",
        "/timeout",
        "/too_large",
        "/unreadable",
        "/blocked",
        "/unchanged",
        "/many",
    ];
    let config = sites.iter().fold(Config::new().page(), |config, path| config.feed(&site, path));
    let config = config
        .http("timeout = \"1s\"\nmax_body = \"200KiB\"\nmax_wire = \"200KiB\"")
        .add("[read]\nmax_entries = 10\n");
    // Last: it closes the gate of the host.
    let (_home, daemon, page) = start(&config).await;
    let all = scrape_once(page, "each outcome is counted", |all| {
        ["gone", "http_error", "network_error", "timeout", "too_large", "unreadable", "blocked", "unchanged"]
            .iter()
            .all(|outcome| all.value(&format!("feedwatch_polls_total{{outcome=\"{outcome}\"}}")) >= Some(1.0))
    })
    .await;
    assert!(all.value("feedwatch_limits_hit_total{limit=\"http.max_body\"}") >= Some(1.0));
    assert!(all.value("feedwatch_limits_hit_total{limit=\"read.max_entries\"}") >= Some(1.0));
    assert!(
        all.value("feedwatch_feeds{state=\"failing\"}") >= Some(6.0),
        "{:?}",
        all.metrics["feedwatch_feeds"]
    );
    let failing =
        all.metrics["feedwatch_feed_failing"].samples.values().filter(|value| **value == 1.0).count();
    assert!(failing >= 6, "{:?}", all.metrics["feedwatch_feed_failing"]);
    daemon.stop().await;

    let (_home, daemon, page) = start(&Config::new().page().feed(&site, "/limited")).await;
    scrape_once(page, "a 429", |all| all.value("feedwatch_polls_total{outcome=\"limited\"}") == Some(1.0))
        .await;
    daemon.stop().await;

    site.set("/slow", Answer::Hang);
    let config = Config::new().page().http("timeout = \"30s\"").feed(&site, "/slow");
    let (_home, daemon, page) = start(&config).await;
    scrape_once(page, "a poll is under way", |all| all.value("feedwatch_polls_in_flight") == Some(1.0)).await;
    daemon.stop().await;
}

#[tokio::test]
async fn attempts_queues_and_receivers_are_counted() {
    let (site, receiver) = (Site::start().await, Receiver::start(1).await);
    receiver.script([Reply::Status(500), Reply::Status(204), Reply::Status(500), Reply::Status(500)]);
    receiver.otherwise(Reply::Status(404));
    site.publish("/a.xml", &[Article::about_s400("one")]);
    let config = Config::new().page().notify("retry = [\"200ms\"]\nmax_age = \"1h\"").feed(&site, "/a.xml");
    let (_home, daemon, page) = start(&config.webhook("desk", &receiver)).await;
    let attempts = |how: &str| format!("feedwatch_deliveries_total{{notifier=\"desk\",outcome=\"{how}\"}}");
    let first =
        scrape_once(page, "a retry, then success", |all| all.value(&attempts("delivered")) == Some(1.0))
            .await;
    assert_eq!(first.value(&attempts("retry")), Some(1.0));
    let of = |name: &str| format!("feedwatch_{name}{{notifier=\"desk\"}}");
    assert_eq!(first.value(&of("delivery_duration_seconds_count")), Some(2.0));
    assert_eq!(first.value(&of("alert_latency_seconds_count")), Some(1.0));
    assert!(first.value(&of("alert_latency_seconds_sum")) > Some(0.1), "the retry took its time");
    assert_eq!(
        (first.value(&of("deliveries_pending")), first.value(&of("notifier_failing"))),
        (Some(0.0), Some(0.0))
    );

    site.publish("/a.xml", &[Article::about_s400("two")]);
    let second =
        scrape_once(page, "it waits and fails", |all| all.value(&of("notifier_failing")) == Some(1.0)).await;
    assert_eq!(second.value(&of("deliveries_pending")), Some(1.0));
    let states: Vec<&String> = second.metrics["feedwatch_notifier_state"]
        .samples
        .iter()
        .filter(|(_, value)| **value == 1.0)
        .map(|(name, _)| name)
        .collect();
    assert_eq!(states, ["feedwatch_notifier_state{notifier=\"desk\",state=\"held\"}"]);
    scrape_once(page, "it grows old", |all| all.value(&of("delivery_oldest_pending_seconds")) >= Some(1.0))
        .await;
    daemon.stop().await;
}

#[tokio::test]
async fn what_is_given_up_is_counted_as_dead() {
    let (site, receiver) = (Site::start().await, Receiver::start(1).await);
    receiver.otherwise(Reply::Status(400));
    site.publish("/a.xml", &[Article::about_s400("one")]);
    let (_home, daemon, page) =
        start(&Config::new().page().feed(&site, "/a.xml").webhook("desk", &receiver)).await;
    let dead = scrape_once(page, "it is given up", |all| {
        all.value("feedwatch_deliveries_dead{notifier=\"desk\"}") == Some(1.0)
    })
    .await;
    assert_eq!(dead.value("feedwatch_deliveries_total{notifier=\"desk\",outcome=\"dead\"}"), Some(1.0));
    assert_eq!(
        dead.value("feedwatch_deliveries_total{notifier=\"desk\",outcome=\"retry\"}"),
        Some(2.0),
        "three attempts"
    );
    daemon.stop().await;
}
