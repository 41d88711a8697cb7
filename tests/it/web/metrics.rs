//! `/metrics`: what is there from the start, by which labels, and how much of it.

mod counted;
mod documents;

use super::{
    client::Page,
    exposition::{Exposition, labels},
};
use crate::support::{Answer, Article, Config, Daemon, Home, Receiver, Site, daemon::Signal, feeds, until};

async fn scrape(page: Page) -> Exposition {
    let answer = page.get("/metrics").await;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, Some("text/plain; version=0.0.4; charset=utf-8"))
    );
    Exposition::of(&answer.body)
}

/// The metrics once a condition holds for them.
async fn scrape_once(page: Page, what: &str, condition: impl Fn(&Exposition) -> bool) -> Exposition {
    until(what, async || Some(scrape(page).await).filter(&condition)).await
}

async fn start(config: &Config) -> (Home, Daemon, Page) {
    let home = Home::new(config);
    let daemon = home.start().await;
    let page = Page::of(&daemon).await;
    (home, daemon, page)
}

#[tokio::test]
async fn all_known_series_are_there_from_the_start() {
    let receiver = Receiver::start(1).await;
    let (_home, daemon, page) = start(&Config::new().page().webhook("desk", &receiver)).await;
    let all = scrape(page).await;
    let outcomes = [
        "new",
        "unchanged",
        "not_modified",
        "limited",
        "gone",
        "http_error",
        "network_error",
        "timeout",
        "too_large",
        "unreadable",
        "blocked",
        "internal",
    ];
    let polls = outcomes.map(|outcome| format!("feedwatch_polls_total{{outcome=\"{outcome}\"}}"));
    let states = ["new", "ok", "failing", "silent", "gone", "disabled"]
        .map(|state| format!("feedwatch_feeds{{state=\"{state}\"}}"));
    let sent = ["delivered", "retry", "dead"]
        .map(|how| format!("feedwatch_deliveries_total{{notifier=\"desk\",outcome=\"{how}\"}}"));
    let others = [
        "feedwatch_config_reloads_total{outcome=\"ok\"}",
        "feedwatch_config_reloads_total{outcome=\"refused\"}",
        "feedwatch_fetched_bytes_total{kind=\"wire\"}",
        "feedwatch_fetched_bytes_total{kind=\"decoded\"}",
        "feedwatch_articles_total{kind=\"new\"}",
        "feedwatch_articles_total{kind=\"edited\"}",
        "feedwatch_articles_total{kind=\"old\"}",
        "feedwatch_alerts_total",
        "feedwatch_polls_in_flight",
        "feedwatch_store_commits_total{outcome=\"error\"}",
        "feedwatch_deliveries_pending{notifier=\"desk\"}",
        "feedwatch_deliveries_dead{notifier=\"desk\"}",
        "feedwatch_delivery_oldest_pending_seconds{notifier=\"desk\"}",
        "feedwatch_notifier_failing{notifier=\"desk\"}",
        "feedwatch_limits_hit_total{limit=\"http.max_body\"}",
        "feedwatch_limits_hit_total{limit=\"server.metrics_feeds\"}",
        "feedwatch_panics_total{task=\"read\"}",
        "feedwatch_alert_latency_seconds_count{notifier=\"desk\"}",
    ]
    .map(str::to_owned);
    for series in polls.iter().chain(&states).chain(&sent).chain(&others) {
        assert_eq!(all.value(series), Some(0.0), "{series}");
    }
    for (series, least) in [
        ("feedwatch_ready", 1.0),
        ("feedwatch_store_bytes", 4096.0),
        ("feedwatch_store_disk_free_bytes", 1.0),
        ("process_resident_memory_bytes", 1e6),
        ("process_open_fds", 5.0),
        ("process_cpu_seconds_total", 1e-3),
        ("process_start_time_seconds", 1.7e9),
    ] {
        assert!(all.value(series).is_some_and(|value| value >= least), "{series} {:?}", all.value(series));
    }
    let version =
        format!("feedwatch_build_info{{version=\"{}\",store=\"sqlite\"}}", env!("CARGO_PKG_VERSION"));
    assert_eq!(all.value(&version), Some(1.0), "{version}");
    daemon.stop().await;
}

#[tokio::test]
async fn reloads_are_counted_and_new_notifiers_have_series_at_once() {
    let (site, receiver) = (Site::start().await, Receiver::start(1).await);
    site.publish("/a.xml", &[]);
    let config = Config::new().page().feed(&site, "/a.xml");
    let (home, daemon, page) = start(&config).await;
    home.write("feedwatch.toml", config.clone().webhook("office", &receiver).text());
    daemon.signal(Signal::HUP);
    let all = scrape_once(page, "a reload", |all| {
        all.value("feedwatch_config_reloads_total{outcome=\"ok\"}") == Some(1.0)
    })
    .await;
    assert_eq!(all.value("feedwatch_deliveries_total{notifier=\"office\",outcome=\"dead\"}"), Some(0.0));
    home.write("feedwatch.toml", "nonsense = 1\n");
    daemon.signal(Signal::HUP);
    let all = scrape_once(page, "a refusal", |all| {
        all.value("feedwatch_config_reloads_total{outcome=\"refused\"}") == Some(1.0)
    })
    .await;
    assert_eq!(all.value("feedwatch_config_reloads_total{outcome=\"ok\"}"), Some(1.0));
    daemon.stop().await;
}

#[tokio::test]
async fn labels_are_what_the_operator_said_and_hostile_ones_stay_in_their_quotes() {
    let site = Site::start().await;
    site.set(
        "/evil.xml",
        Answer::Feed(feeds::rss("evil\"} 1\nfeedwatch_ready 0", &[Article::about_s400("one")])),
    );
    let odd = "a\"b\\c{d}=\u{e9} e";
    let url = site.url("/evil.xml");
    let with_query = url.replace("http://", "http://user:canary@") + "?key=canary";
    let config = Config::new().page().add(&format!(
        "[[feed]]\nurl = \"{url}\"\nname = 'a\"b\\c{{d}}=\u{e9} e'\ninterval = \"1s\"\n\n[[feed]]\nurl = \"{with_query}\"\n\n\
         [[topic]]\nname = 'quote\" and \\'\nany = [\"S-400\"]\n"
    ));
    let (_home, daemon, page) = start(&config).await;
    let all = scrape_once(page, "an alert", |all| all.value("feedwatch_alerts_total") == Some(1.0)).await;
    let values = |metric: &str| -> Vec<String> {
        all.metrics[metric].samples.keys().flat_map(|series| labels(series)).map(|(_, value)| value).collect()
    };
    assert!(
        values("feedwatch_feed_failing").contains(&odd.to_owned()),
        "{:?}",
        values("feedwatch_feed_failing")
    );
    assert!(values("feedwatch_topic_alerts_total").contains(&"quote\" and \\".to_owned()));
    let text = page.get("/metrics").await.body;
    assert!(!text.contains("canary") && !text.contains("evil\""), "{text}");
    daemon.stop().await;
}

#[tokio::test]
async fn beyond_the_limit_only_feeds_that_fail_have_series() {
    let site = Site::start().await;
    site.set("/bad.xml", Answer::status(404));
    site.publish("/a.xml", &[]);
    site.publish("/b.xml", &[]);
    let server = "listen = \"127.0.0.1:0\"\nmetrics_feeds = 2";
    let config = ["/a.xml", "/b.xml", "/bad.xml"]
        .iter()
        .fold(Config::new().server(server), |config, path| config.feed(&site, path));
    let (_home, daemon, page) = start(&config).await;
    let all = scrape_once(page, "all were asked", |all| {
        all.value("feedwatch_feeds{state=\"ok\"}") == Some(2.0)
            && all.value("feedwatch_feeds{state=\"failing\"}") == Some(1.0)
    })
    .await;
    let failing = &all.metrics["feedwatch_feed_failing"].samples;
    assert!(failing.len() == 1 && failing.keys().all(|series| series.contains("bad.xml")), "{failing:?}");
    assert!(all.value("feedwatch_limits_hit_total{limit=\"server.metrics_feeds\"}") >= Some(1.0));
    daemon.stop().await;
}
