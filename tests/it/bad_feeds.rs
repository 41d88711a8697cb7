//! One feed's trouble is that feed's trouble: the reason is in `status`, the others go on.

use std::fs;

use crate::support::{Answer, Article, Config, Home, Receiver, Site, feeds, holds};

/// A bad feed: what it does, how its poll must end, and words that the reason must hold.
struct Bad {
    path: &'static str,
    answer: Answer,
    outcome: &'static str,
    reason: &'static [&'static str],
}

fn bad(path: &'static str, answer: Answer, outcome: &'static str, reason: &'static [&'static str]) -> Bad {
    Bad { path, answer, outcome, reason }
}

/// Every way to be bad that we know. `elsewhere` is a loopback address that no feed names.
fn bad_feeds(site: &Site, elsewhere: &str) -> Vec<Bad> {
    let feed = feeds::rss("Fine", &[Article::about_s400("hidden")]);
    let noise: Vec<u8> =
        (0..20_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 11).to_le_bytes()[0]).collect();
    let page = "<!doctype html><html><head><title>Log in</title></head><body><h1>Log in</h1></body></html>";
    let not_packed = vec![("content-type", "text/xml".to_owned()), ("content-encoding", "gzip".to_owned())];
    vec![
        bad("/garbage", Answer::body("application/rss+xml", noise), "unreadable", &[]),
        bad("/html", Answer::body("text/html", page), "unreadable", &["HTML"]),
        bad("/empty", Answer::body("application/rss+xml", ""), "unreadable", &["empty"]),
        bad("/404", Answer::status(404), "http_error", &["404"]),
        bad("/500", Answer::status(500), "http_error", &["500"]),
        bad("/410", Answer::status(410), "gone", &["410"]),
        bad("/401", Answer::status(401), "blocked", &["401"]),
        bad("/429", Answer::Status(429, vec![("retry-after", "7200".to_owned())]), "limited", &["429"]),
        bad("/bomb", Answer::GzipBomb, "too_large", &["max_body"]),
        bad("/trickle", Answer::Trickle, "timeout", &["no complete answer"]),
        bad("/hang", Answer::Hang, "timeout", &["no complete answer"]),
        bad("/loop1", Answer::redirect(302, &site.url("/loop2")), "http_error", &["redirect"]),
        bad("/itself", Answer::redirect(301, &site.url("/itself")), "http_error", &["redirect"]),
        bad("/private", Answer::redirect(302, elsewhere), "blocked", &["loopback"]),
        bad("/metadata", Answer::redirect(302, "http://169.254.169.254/latest/"), "blocked", &["link-local"]),
        bad("/file", Answer::redirect(302, "file:///etc/passwd"), "http_error", &["file"]),
        bad("/reset", Answer::Reset, "network_error", &["reset"]),
        bad("/cut", Answer::Cut(feed.clone()), "network_error", &["before the end"]),
        bad("/plain", Answer::Body(feed.into_bytes(), not_packed), "unreadable", &["gzip"]),
    ]
}

#[tokio::test]
async fn a_bad_feed_shows_its_reason_and_the_others_go_on() {
    let (site, elsewhere, receiver) = (Site::start().await, Site::start().await, Receiver::start(1).await);
    elsewhere.publish("/inner.xml", &[Article::about_s400("inner")]);
    let bad_feeds = bad_feeds(&site, &elsewhere.url("/inner.xml"));
    site.set("/loop2", Answer::redirect(302, &site.url("/loop1")));
    site.publish("/good.xml", &[Article::about_s400("before")]);
    let mut config = Config::new().http("timeout = \"5s\"\nmax_body = \"1MiB\"").webhook("desk", &receiver);
    for bad in &bad_feeds {
        site.set(bad.path, bad.answer.clone());
        config = config.feed(&site, bad.path);
    }
    let home = Home::new(&config.feed(&site, "/good.xml"));
    let mut daemon = home.start().await;
    holds("the good feed alerts", || receiver.accepted().len() == 1).await;
    for bad in &bad_feeds {
        check(&home, &site.url(bad.path), bad).await;
    }
    site.publish("/good.xml", &[Article::about_s400("after"), Article::about_s400("before")]);
    holds("the good feed alerts again", || receiver.accepted().len() == 2).await;

    assert!(daemon.is_running());
    assert_eq!(elsewhere.connections(), 0, "a redirect led to a loopback address that nobody named");
    let peak = peak_memory_mib(daemon.pid());
    assert!(peak < 128, "a bomb of 200 MB took the daemon to {peak} MiB");
    let good = home.feed_once(&site.url("/good.xml"), |_| true).await;
    assert_eq!((&good["state"], &good["needs_person"]), (&"ok".into(), &false.into()), "{good:#}");
    let status = home.run(&["status"]).await;
    assert_eq!(status.code, Some(1), "a feed that never worked needs a person");
    for bad in &bad_feeds {
        assert!(status.stdout.contains(bad.path), "{} is not in {}", bad.path, status.stdout);
    }
    daemon.stop().await;
}

/// `status` shows the feed as failing, with the right class and a reason that holds the words.
async fn check(home: &Home, url: &str, bad: &Bad) {
    let feed = home.feed_once(url, |feed| feed["consecutive_failures"].as_u64() > Some(0)).await;
    assert_eq!(feed["last_outcome"], bad.outcome, "{feed:#}");
    assert_eq!(feed["state"], "failing", "{feed:#}");
    let reason = feed["error"].as_str().unwrap_or_default();
    assert!(!reason.is_empty() && !reason.contains('\n'), "one sentence: {feed:#}");
    for words in bad.reason {
        assert!(reason.contains(words), "{words:?} is not in {reason:?}");
    }
    assert!(feed["next_poll"].is_string(), "no feed is given up for one bad answer: {feed:#}");
}

/// The largest memory that a process ever had (Linux, `VmHWM`).
fn peak_memory_mib(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("the process runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("Linux tells the peak");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number of kB") / 1024
}

#[tokio::test]
async fn a_bad_answer_forgets_nothing_and_the_next_good_one_alerts_nothing_twice() {
    let (site, receiver) = (Site::start().await, Receiver::start(1).await);
    let articles = [Article::about_s400("one"), Article::about_s400("two")];
    site.publish("/news.xml", &articles);
    let home = Home::new(&Config::new().feed(&site, "/news.xml").webhook("desk", &receiver));
    let daemon = home.start().await;
    holds("both alerts", || receiver.accepted().len() == 2).await;
    site.set("/news.xml", Answer::body("text/html", "<html><body>Back soon</body></html>"));
    let url = site.url("/news.xml");
    let feed = home.feed_once(&url, |feed| feed["consecutive_failures"] == 1).await;
    assert_eq!(
        (&feed["etag"], &feed["state"]),
        (&true.into(), &"failing".into()),
        "validators are kept: {feed:#}"
    );
    daemon.stop().await;

    site.publish("/news.xml", &[Article::about_s400("three"), articles[1].clone(), articles[0].clone()]);
    let once = home.run(&["once"]).await;
    assert_eq!(once.code, Some(0), "{once:#?}");
    assert_eq!(receiver.articles().len(), 3);
    assert!(receiver.articles().values().all(|&times| times == 1), "{:?}", receiver.articles());
    let feed = home.feed_once(&url, |feed| feed["consecutive_failures"] == 0).await;
    assert_eq!(feed["state"], "ok", "{feed:#}");
}

#[tokio::test]
async fn a_feed_that_falls_empty_and_comes_back_alerts_nothing_twice() {
    let (site, receiver) = (Site::start().await, Receiver::start(1).await);
    let articles = [Article::about_s400("one"), Article::about_s400("two")];
    site.publish("/news.xml", &articles);
    let home = Home::new(&Config::new().feed(&site, "/news.xml").webhook("desk", &receiver));
    let daemon = home.start().await;
    holds("both alerts", || receiver.accepted().len() == 2).await;
    for articles in [&[][..], &articles[..1], &articles[..]] {
        site.publish("/news.xml", articles);
        let polls = site.visits("/news.xml").len();
        holds("two more polls", || site.visits("/news.xml").len() >= polls + 2).await;
    }
    daemon.stop().await;
    assert_eq!(receiver.attempts().len(), 2);
}

#[tokio::test]
async fn a_feed_that_asks_for_patience_gets_it_even_from_once() {
    let site = Site::start().await;
    site.set("/busy", Answer::Status(429, vec![("retry-after", "7200".to_owned())]));
    let home = Home::new(&Config::new().feed(&site, "/busy"));
    for _ in 0..2 {
        let once = home.run(&["once", "--json"]).await;
        assert_eq!(once.code, Some(1), "{once:#?}");
    }
    assert_eq!(site.visits("/busy").len(), 1);
    let feed = home.feed_once(&site.url("/busy"), |_| true).await;
    assert_eq!(feed["reason"], "retry-after", "{feed:#}");
}
