//! The log of the real daemon: the journal's priorities, JSON, one line an event, the first of a kind and then changes.

use std::{fs, os::unix::fs::MetadataExt, process::Stdio};

use serde_json::Value;

use super::support::{Answer, Article, Config, Home, Site, daemon::Signal, holds};

/// A title that tries to be more than one line, and an entry of its own.
fn hostile() -> Article {
    Article::new("one", "S-400\n<0>forged\u{1b}[2J \u{202e}end")
}

async fn site() -> Site {
    let site = Site::start().await;
    site.publish("/news.xml", &[hostile()]);
    site.set("/broken.xml", Answer::status(500));
    site
}

fn config(site: &Site) -> Config {
    Config::new().feed(site, "/news.xml").feed(site, "/broken.xml")
}

#[tokio::test]
async fn the_journal_gets_priorities_and_one_line_an_event() {
    let site = site().await;
    let home = Home::new(&config(&site));
    home.write("journal", "");
    let journal = fs::File::options().append(true).open(home.path().join("journal")).expect("a file");
    let stream = journal.metadata().expect("a file");
    let mut program = home.program(&["run"]);
    program.env("JOURNAL_STREAM", format!("{}:{}", stream.dev(), stream.ino()));
    let mut daemon = program.stderr(Stdio::from(journal)).spawn().expect("the program can be started");
    let read = || fs::read_to_string(home.path().join("journal")).expect("a file");
    holds("alert and failure are logged", || {
        read().contains("feedwatch::alert: alert") && read().contains("feed failing")
    })
    .await;
    daemon.kill().await.expect("it runs");
    for line in read().lines() {
        let (priority, message) = line.split_at_checked(3).expect("a priority");
        assert!(["<3>", "<4>", "<6>"].contains(&priority), "{line}");
        assert!(!line.contains('\x1b') && !line.contains('\u{202e}'), "{line:?}");
        let expected = if line.contains("feed failing") { "<4>" } else { "<6>" };
        assert_eq!(priority, expected, "{line}");
        assert!(!message.starts_with("20"), "the journal has the time: {line}");
    }
}

#[tokio::test]
async fn json_is_one_object_a_line_with_the_fields_of_an_alert() {
    let site = site().await;
    let home = Home::new(&config(&site).add("[log]\nformat = \"json\"\n"));
    let daemon = home.spawn();
    daemon.line("feed failing").await;
    let alert = daemon.line("\"feedwatch::alert\"").await;
    let alert: Value = serde_json::from_str(&alert).expect("JSON");
    for field in ["timestamp", "level", "target", "message", "alert.id", "topics", "title", "url", "feed"] {
        assert!(alert[field].is_string(), "{field}: {alert:#}");
    }
    assert!(alert["title"].as_str().is_some_and(|title| title.contains("forged")), "{alert:#}");
    daemon.signal(Signal::TERM);
    let (_, log) = daemon.end().await;
    for line in &log {
        assert!(serde_json::from_str::<Value>(line).is_ok_and(|line| line.is_object()), "{line}");
    }
}

#[tokio::test]
async fn the_first_failure_of_a_kind_is_told_then_only_changes() {
    let site = Site::start().await;
    let home = Home::new(&Config::new().every(&site, "/news.xml", "1h"));
    let works = Answer::feed(&[]);
    let polls = [
        (works.clone(), Some("read a feed for the first time")),
        (works.clone(), None),
        (Answer::status(500), Some("outcome=http_error")),
        (Answer::status(500), None),
        (Answer::status(404), None),
        (Answer::Reset, Some("outcome=network_error")),
        (Answer::Reset, None),
        (works.clone(), Some("feed recovered")),
        (works, None),
    ];
    for (answer, told) in polls {
        site.set("/news.xml", answer.clone());
        let log = home.run(&["once"]).await.stderr;
        let lines: Vec<_> = log.lines().filter(|line| !line.contains("database")).collect();
        match told {
            None => assert!(lines.is_empty(), "{answer:?}: {lines:#?}"),
            Some(line) => assert!(lines.len() == 1 && lines[0].contains(line), "{line}: {lines:#?}"),
        }
    }
}

#[tokio::test]
async fn ten_polls_of_fifty_healthy_feeds_are_no_reason_to_log() {
    let site = Site::start().await;
    let config = (0..50).fold(Config::new(), |config, n| {
        site.publish(&format!("/{n}.xml"), &[]);
        config.feed(&site, &format!("/{n}.xml"))
    });
    let home = Home::new(&config);
    let daemon = home.start().await;
    let least = || (0..50).map(|n| site.visits(&format!("/{n}.xml")).len()).min().unwrap_or_default();
    holds("each was asked twice", || least() >= 2).await;
    let before = daemon.log().len();
    holds("and six times more", || least() >= 8).await;
    assert_eq!(daemon.log().len(), before, "{:#?}", daemon.log());
    daemon.stop().await;
}
