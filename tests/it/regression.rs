//! What once went wrong with the real program, one test each.

use std::{fs::OpenOptions, process::Stdio};

use crate::support::{Config, Home, Site};

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
