//! `/metrics`: what is documented is there and nothing else, in both formats, and each series moves when its thing
//! happens.

#![expect(clippy::float_cmp, reason = "counts are whole numbers")]

use std::{collections::BTreeSet, fs, path::Path, process::Command, time::Duration};

use super::{
    client::{Answer as Got, Page},
    exposition::{Exposition, labels},
};
use crate::support::{
    Answer, Article, Config, Daemon, Home, Receiver, Reply, Site, daemon::Signal, feeds, holds, now, until,
};

const OPEN_METRICS: &str = "application/openmetrics-text;version=1.0.0;q=0.8,text/plain;version=0.0.4;q=0.5";

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

fn document(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("systemd").join(name);
    fs::read_to_string(path).expect("it is part of the repository")
}

/// A row of the table in `systemd/metrics.md`: name, type, labels.
fn documented() -> Vec<(String, String, BTreeSet<String>)> {
    let text = document("metrics.md");
    let rows =
        text.lines().filter(|line| line.starts_with("| `feedwatch_") || line.starts_with("| `process_"));
    let row = |line: &str| {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let labels = cells[3].split(',').map(|label| label.trim().trim_matches('`').to_owned());
        assert!(cells.len() == 7 && cells[5].len() > 4, "five cells, the last one a meaning: {line}");
        (
            cells[1].trim_matches('`').to_owned(),
            cells[2].to_owned(),
            labels.filter(|label| !label.is_empty()).collect(),
        )
    };
    rows.map(row).collect()
}

#[tokio::test]
async fn what_is_documented_is_there_and_nothing_else_in_both_formats() {
    let (site, receiver) = (Site::start().await, Receiver::start(1).await);
    site.publish("/a.xml", &[Article::about_s400("one")]);
    let (_home, daemon, page) =
        start(&Config::new().page().feed(&site, "/a.xml").webhook("desk", &receiver)).await;
    holds("an alert", || receiver.accepted().len() == 1).await;
    let text = scrape_once(page, "it is counted", |all| {
        all.value("feedwatch_deliveries_total{notifier=\"desk\",outcome=\"delivered\"}") == Some(1.0)
    })
    .await;
    let open = page.with("GET", "/metrics", &[("accept", OPEN_METRICS)]).await;
    assert_eq!(
        open.header("content-type"),
        Some("application/openmetrics-text; version=1.0.0; charset=utf-8")
    );
    for all in [text, Exposition::of_open(&open.body)] {
        let found: Vec<_> = all
            .metrics
            .iter()
            .map(|(name, metric)| (name.clone(), metric.kind.clone(), metric.labels.clone()))
            .collect();
        let mut expected = documented();
        expected.sort();
        assert_eq!(found, expected, "metrics.md and /metrics say the same");
    }
    check_with_promtool(&page.get("/metrics").await);
    daemon.stop().await;
}

/// Prometheus' own judgement, where it is installed.
fn check_with_promtool(answer: &Got) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("metrics.txt");
    fs::write(&file, &answer.body).expect("a file");
    let input = fs::File::open(&file).expect("a file");
    match Command::new("promtool").args(["check", "metrics"]).stdin(input).output() {
        Ok(output) => assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr)),
        Err(error) => skip(&format!("promtool: {error}")),
    }
}

#[expect(clippy::print_stderr, reason = "what is not tested is told")]
fn skip(why: &str) {
    eprintln!("SKIPPED: {why}");
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

/// Names of ours in a text, without what a histogram adds.
fn names(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let ours = words.filter(|word| word.starts_with("feedwatch_") || word.starts_with("process_"));
    let known: BTreeSet<String> = documented().into_iter().map(|(name, ..)| name).collect();
    let base = |word: &str| {
        let ends = ["_bucket", "_sum", "_count"];
        let base = ends.iter().find_map(|end| word.strip_suffix(end)).filter(|base| known.contains(*base));
        base.unwrap_or(word).to_owned()
    };
    ours.map(base).collect()
}

#[test]
fn rules_and_dashboard_name_only_metrics_that_exist() {
    let known: BTreeSet<String> = documented().into_iter().map(|(name, ..)| name).collect();
    for file in ["prometheus-rules.yml", "grafana-dashboard.json"] {
        let text = document(file);
        let unknown: Vec<_> = names(&text).into_iter().filter(|name| !known.contains(name)).collect();
        assert!(unknown.is_empty(), "{file}: {unknown:?}");
        assert!(names(&text).len() >= 8, "{file} uses them: {:?}", names(&text));
    }
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("systemd/prometheus-rules.yml");
    match Command::new("promtool").args(["check", "rules"]).arg(rules).output() {
        Ok(output) => assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr)),
        Err(error) => skip(&format!("promtool: {error}")),
    }
}

#[test]
fn the_dashboard_can_be_imported_and_every_panel_asks_something() {
    let dashboard: serde_json::Value =
        serde_json::from_str(&document("grafana-dashboard.json")).expect("JSON");
    let panels = dashboard["panels"].as_array().expect("panels");
    let mut ids = BTreeSet::new();
    for panel in panels {
        assert!(ids.insert(panel["id"].as_u64().expect("an id")), "{panel:#}");
        let place = &panel["gridPos"];
        assert!(place["x"].as_u64().zip(place["w"].as_u64()).is_some_and(|(x, w)| x + w <= 24), "{panel:#}");
        assert!(panel["title"].as_str().is_some_and(|title| !title.is_empty()));
        if panel["type"] != "row" {
            let targets = panel["targets"].as_array().expect("targets");
            assert!(
                !targets.is_empty()
                    && targets.iter().all(|one| !names(one["expr"].as_str().expect("a query")).is_empty())
            );
            assert_eq!(panel["datasource"]["uid"], "${datasource}");
        }
    }
    assert!(panels.len() >= 10);
    assert_eq!(dashboard["templating"]["list"][0]["type"], "datasource");
}
