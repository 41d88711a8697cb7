//! What a publisher sees: validators and credentials where they belong, patience where it is asked for.
//!
//! The modules follow specs/polling.md, part 1. A poll is a run of `once`, which asks everything that may be asked; planned
//! times are read from `status --json` instead of waited for.

mod answers;
mod completeness;
mod gates;
mod guard;
mod once;
mod redirects;
mod restart;
mod simulation;
mod validators;
mod wire;

use serde_json::Value;

use crate::support::{Answer, Article, Config, Home, Site, feeds, holds};

fn feed() -> String {
    feeds::rss("Test News", &[Article::about_s400("one")])
}

fn with_headers(headers: Vec<(&'static str, String)>) -> Answer {
    Answer::Body(feed().into_bytes(), headers)
}

#[tokio::test]
async fn both_validators_are_sent_back_byte_for_byte() {
    let site = Site::start().await;
    let (etag, modified) = ("W/\"odd value; ✓\"", "yesterday, about noon");
    let headers = vec![("etag", etag.to_owned()), ("last-modified", modified.to_owned())];
    site.set("/odd.xml", with_headers(headers));
    let home = Home::new(&Config::new().feed(&site, "/odd.xml"));
    let daemon = home.start().await;
    holds("a second poll", || site.visits("/odd.xml").len() >= 2).await;
    daemon.stop().await;

    let second = &site.visits("/odd.xml")[1].request;
    assert_eq!(second.header("if-none-match"), Some(etag));
    assert_eq!(second.header("if-modified-since"), Some(modified));
}

#[tokio::test]
async fn a_request_has_the_manners_of_a_reader_and_nothing_of_a_browser() {
    let site = Site::start().await;
    site.publish("/a.xml", &[Article::about_s400("one")]);
    let config = Config::new().http("contact = \"desk@example.org\"").feed(&site, "/a.xml");
    let home = Home::new(&config);
    let daemon = home.start().await;
    holds("a poll", || !site.visits("/a.xml").is_empty()).await;
    daemon.stop().await;

    let request = &site.visits("/a.xml")[0].request;
    let agent = request.header("user-agent").expect("it says who it is");
    assert!(agent.starts_with("feedwatch/") && agent.ends_with("; desk@example.org)"), "{agent}");
    assert!(request.header("accept").is_some_and(|types| types.starts_with("application/atom+xml")));
    for name in ["cookie", "referer", "range", "pragma", "cache-control", "if-none-match"] {
        assert_eq!(request.header(name), None, "{name}");
    }
}

#[tokio::test]
async fn validators_follow_a_redirect_only_to_the_address_that_gave_them() {
    let site = Site::start().await;
    site.set("/old.xml", Answer::redirect(302, "/new.xml"));
    site.publish("/new.xml", &[Article::about_s400("one")]);
    let home = Home::new(&Config::new().feed(&site, "/old.xml"));
    let daemon = home.start().await;
    holds("a second poll", || site.visits("/new.xml").len() >= 2).await;
    daemon.stop().await;

    for visit in site.visits("/old.xml") {
        assert_eq!(visit.request.header("if-none-match"), None);
    }
    let statuses: Vec<_> = site.visits("/new.xml").iter().map(|visit| visit.status).collect();
    assert_eq!(statuses[..2], [Some(200), Some(304)]);
}

#[tokio::test]
async fn credentials_and_configured_headers_do_not_follow_a_redirect_to_another_origin() {
    let (site, other) = (Site::start().await, Site::start().await);
    site.set("/a.xml", Answer::redirect(302, &other.url("/b.xml")));
    site.set("/local.xml", Answer::redirect(302, "/end.xml"));
    let feed = |path: &str| {
        let url = site.url(path).replace("http://", "http://user:pass@");
        format!("[[feed]]\nurl = \"{url}\"\ninterval = \"1s\"\nheaders = {{ \"X-Key\" = \"canary\" }}\n")
    };
    // The other site has the same address but another port: another origin, admitted by its network.
    let config =
        Config::new().http("allow_private = [\"127.0.0.0/8\"]").add(&feed("/a.xml")).add(&feed("/local.xml"));
    let home = Home::new(&config);
    let daemon = home.start().await;
    holds("both redirects are followed", || {
        !other.visits("/b.xml").is_empty() && !site.visits("/end.xml").is_empty()
    })
    .await;
    daemon.stop().await;

    for (visit, is_own) in [(&site.visits("/end.xml")[0], true), (&other.visits("/b.xml")[0], false)] {
        let basic = is_own.then_some("Basic dXNlcjpwYXNz");
        assert_eq!(visit.request.header("authorization"), basic);
        assert_eq!(visit.request.header("x-key"), is_own.then_some("canary"));
    }
}

#[tokio::test]
async fn a_server_that_asks_for_patience_gets_it_and_status_says_so() {
    let site = Site::start().await;
    site.set("/busy.xml", Answer::Status(429, vec![("retry-after", "7200".to_owned())]));
    let home = Home::new(&Config::new().feed(&site, "/busy.xml"));
    let daemon = home.start().await;
    let url = site.url("/busy.xml");
    let feed = home.feed_once(&url, |feed| feed["last_status"] == 429).await;
    daemon.stop().await;

    assert_eq!(feed["reason"], "retry-after");
    check_wait(&feed, 7200, 7200 + 600, "retry-after");
    let daemon = home.start().await;
    let after_restart = home.feed_once(&url, |_| true).await;
    daemon.stop().await;
    assert_eq!(after_restart["next_poll"], feed["next_poll"], "a restart forgets no wait");
    assert_eq!(site.visits("/busy.xml").len(), 1);
}

/// Seconds from the last attempt to the next poll.
#[track_caller]
fn wait_of(feed: &Value) -> i64 {
    let time = |key: &str| {
        let text = feed[key].as_str().unwrap_or_else(|| panic!("{key} in {feed:#}"));
        text.parse::<feedwatch::model::Timestamp>().expect("RFC 3339")
    };
    (time("next_poll") - time("last_attempt")).num_seconds()
}

/// The next poll is so many seconds after the last attempt, give or take what printing whole seconds costs.
#[track_caller]
fn check_wait(feed: &Value, at_least: i64, at_most: i64, rule: &str) {
    let wait = wait_of(feed);
    assert!((at_least - 1..=at_most + 4).contains(&wait), "{rule}: {wait} s in {feed:#}");
}
