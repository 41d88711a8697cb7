//! `systemd/metrics.md`, the alert rules and the dashboard, held against the live endpoint.

use std::{collections::BTreeSet, fs, path::Path, process::Command};

use super::{
    super::{client::Answer as Got, exposition::Exposition},
    scrape_once, start,
};
use crate::support::{Article, Config, Receiver, Site, holds};

const OPEN_METRICS: &str = "application/openmetrics-text;version=1.0.0;q=0.8,text/plain;version=0.0.4;q=0.5";

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
