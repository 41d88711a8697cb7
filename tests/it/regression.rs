//! What once went wrong with the real program, one test each.

use std::{fs::OpenOptions, process::Stdio};

use crate::support::{Config, Home, Site, now};

#[tokio::test]
async fn a_password_in_a_typed_url_is_not_shown() {
    let site = Site::start().await;
    let home = Home::new(&Config::new());
    let url = site.url("/missing.xml").replace("http://", "http://reader:canary@");
    for arguments in [&["parse", &url][..], &["parse", "--json", &url], &["match", &url]] {
        let output = home.run(arguments).await;
        assert_eq!(output.code, Some(1), "{output:#?}");
        let told = output.stdout + &output.stderr;
        assert!(told.contains("404") && !told.contains("canary"), "{told}");
        assert_eq!(told.matches("/missing.xml").count(), 1, "named once: {told}");
    }
}

#[tokio::test]
async fn a_feed_that_is_a_named_pipe_fails_and_holds_nobody_up() {
    let home = Home::new(&Config::new().add("[[feed]]\nurl = \"file:pipe\"\n"));
    let made = std::process::Command::new("mkfifo").arg(home.path().join("pipe")).status();
    assert!(made.is_ok_and(|status| status.success()), "mkfifo");
    let once = home.run(&["once"]).await;
    assert_eq!(once.code, Some(1), "{once:#?}");
    assert!(once.stdout.contains("not a regular file"), "{}", once.stdout);
}

#[tokio::test]
async fn output_that_cannot_be_written_is_told() {
    let home = Home::new(&Config::new());
    for command in ["check", "default-config"] {
        let full = OpenOptions::new().write(true).open("/dev/full").expect("Linux has it");
        let child = home.program(&[command]).stdout(Stdio::from(full)).spawn().expect("started");
        let output = child.wait_with_output().await.expect("a child can be waited for");
        assert_eq!(output.status.code(), Some(1));
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(stderr.contains("No space left"), "{command}: {stderr}");
    }
}

/// A fragment made a second feed of the same document: asked twice, alerted twice.
#[tokio::test]
async fn a_feed_is_one_feed_with_and_without_a_fragment() {
    let urls = ["https://example.org/feed.xml", "https://example.org/feed.xml#top"];
    let feeds = urls.map(|url| format!("[[feed]]\nurl = \"{url}\"\n")).concat();
    let home = Home::new(&Config::new().add(&feeds));
    let check = home.run(&["check"]).await;
    assert_eq!(check.code, Some(78), "{check:#?}");
    assert!((check.stdout + &check.stderr).contains("is configured already"));
}

/// An article went by another key when a neighbour with its guid came or went, and was alerted again.
#[tokio::test]
async fn an_article_is_alerted_once_whoever_shares_its_guid_beside_it() {
    let home = Home::new(&Config::new().add("[[feed]]\nurl = \"file:feed.xml\"\n"));
    let published = now().to_rfc2822();
    let item = |name: &str| {
        format!(
            "<item><guid>1</guid><link>http://x/page#{name}</link><title>S-400: {name}</title>\
             <pubDate>{published}</pubDate></item>"
        )
    };
    let documents: [(&[&str], usize); 7] = [
        (&["a"], 1),
        (&["a", "b"], 2),
        (&["a"], 2),
        (&["b"], 2),
        (&["b", "c"], 3),
        (&["c"], 3),
        (&["a", "b", "c"], 3),
    ];
    for (names, alerts_so_far) in documents {
        let items: String = names.iter().copied().map(item).collect();
        let document = format!("<rss version=\"2.0\"><channel><title>T</title>{items}</channel></rss>");
        std::fs::write(home.path().join("feed.xml"), document).expect("written");
        let once = home.run(&["once"]).await;
        assert_eq!(once.code, Some(0), "{once:#?}");
        let alerts = home.run(&["alerts", "--json"]).await;
        let alerts: serde_json::Value = serde_json::from_str(&alerts.stdout).expect("JSON");
        assert_eq!(alerts["alerts"].as_array().map(Vec::len), Some(alerts_so_far), "after {names:?}");
    }
}
