//! What each answer means, and when the next poll is: the tables of specs/polling.md §3, §4 and §5.

use serde_json::Value;

use super::{check_wait, wait_of};
use crate::support::{Answer, Config, Home, Site};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// A rule: what the server answers, what that is, which rule decides the next poll, and how long after the request.
struct Case {
    rule: &'static str,
    answer: Answer,
    outcome: &'static str,
    reason: &'static str,
    wait: i64,
}

fn case(rule: &'static str, answer: Answer, outcome: &'static str, reason: &'static str, wait: i64) -> Case {
    Case { rule, answer, outcome, reason, wait }
}

/// Lets each case be the answer to the first poll of a feed that is asked every hour.
async fn check(cases: Vec<Case>) {
    let site = Site::start().await;
    let path = |number: usize| format!("/{number}.xml");
    let mut config = Config::new().http("timeout = \"3s\"\nmax_body = \"1MiB\"");
    for (number, case) in cases.iter().enumerate() {
        site.set(&path(number), case.answer.clone());
        config = config.every(&site, &path(number), "1h");
    }
    let home = Home::new(&config);
    home.run(&["once"]).await;
    let status = home.status().await;
    for (number, (case, feed)) in cases.iter().zip(status["feeds"].as_array().expect("feeds")).enumerate() {
        let found = (&feed["last_outcome"], &feed["reason"]);
        assert_eq!(found, (&case.outcome.into(), &case.reason.into()), "{}: {feed:#}", case.rule);
        check_wait(feed, case.wait, case.wait + slack(case), case.rule);
        assert_eq!(site.visits(&path(number)).len(), 1, "{}: one poll is one attempt", case.rule);
        let failures = u32::from(!matches!(case.outcome, "new" | "unchanged"));
        assert_eq!(feed["consecutive_failures"], failures, "{}", case.rule);
        assert_eq!(feed["error"].is_null(), failures == 0, "{}", case.rule);
    }
}

/// The most that jitter may add.
fn slack(case: &Case) -> i64 {
    match case.reason {
        "backoff" if case.outcome != "limited" => case.wait / 4,
        _ => (case.wait / 10).min(10 * MINUTE),
    }
}

#[tokio::test]
async fn every_answer_has_its_outcome_and_its_wait() {
    let failing = |status| case("another status", Answer::status(status), "http_error", "backoff", HOUR);
    let refused = |status| case("a refusal", Answer::status(status), "blocked", "backoff", 4 * HOUR);
    let redirect =
        |rule, location| case(rule, Answer::redirect(302, location), "http_error", "backoff", HOUR);
    let html = "<!doctype html><html><head><title>Log in</title></head><body>Log in</body></html>";
    let mut cases = vec![
        case("200", Answer::page(&[]), "new", "interval", HOUR),
        case("304 without a condition", Answer::status(304), "http_error", "backoff", HOUR),
        case("410", Answer::status(410), "gone", "gone", DAY),
        case("a page", Answer::body("text/html", html), "unreadable", "backoff", HOUR),
        case("nothing", Answer::body("application/rss+xml", ""), "unreadable", "backoff", HOUR),
        case("JSON", Answer::body("application/json", "{\"error\":1}"), "unreadable", "backoff", HOUR),
        case("cut", Answer::Cut("<rss><channel>".repeat(50)), "network_error", "backoff", HOUR),
        case("reset", Answer::Reset, "network_error", "backoff", HOUR),
        case("hang", Answer::Hang, "timeout", "backoff", HOUR),
        case("trickle", Answer::Trickle, "timeout", "backoff", HOUR),
        case("bomb", Answer::GzipBomb, "too_large", "backoff", HOUR),
        case("no Location", Answer::status(302), "http_error", "backoff", HOUR),
        redirect("another scheme", "ftp://example.org/feed"),
        redirect("unusable Location", "http://[::1"),
        redirect("a redirect to itself", "/14.xml"),
    ];
    cases.extend([204, 206, 226, 400, 404, 418, 421, 500, 502, 503, 504, 599].map(failing));
    cases.extend([401, 402, 403, 406, 451].map(refused));
    check(cases).await;
}

#[tokio::test]
async fn a_server_that_asks_for_patience_gets_what_it_asks_for() {
    const DATE: (&str, &str) = ("date", "Mon, 23 Nov 2026 18:00:00 GMT");
    let asks = |rule, headers: &[(&'static str, &str)], reason, wait| {
        case(rule, Answer::with(429, headers), "limited", reason, wait)
    };
    let after = |value, reason, wait| asks(value, &[DATE, ("retry-after", value)], reason, wait);
    check(vec![
        after("7200", "retry-after", 2 * HOUR),
        after("Mon, 23 Nov 2026 20:00:00 GMT", "retry-after", 2 * HOUR),
        after("Monday, 23-Nov-26 20:00:00 GMT", "retry-after", 2 * HOUR),
        after("Mon Nov 23 20:00:00 2026", "retry-after", 2 * HOUR),
        after("Mon, 23 Nov 2026 20:00:00 +0000", "retry-after", 2 * HOUR),
        after("Tue, 1 Dec 2026 18:00:00 GMT", "retry-after", 7 * DAY),
        after("31536000", "retry-after", 7 * DAY),
        after("60", "interval", HOUR),
        after("0", "interval", HOUR),
        after("Mon, 23 Nov 2026 17:00:00 GMT", "interval", HOUR),
        after("soon", "interval", HOUR),
        asks("429 alone", &[], "backoff", 2 * HOUR),
        asks("X-RateLimit-Reset", &[("x-ratelimit-reset", "10800")], "retry-after", 3 * HOUR),
        asks("max-age of a limit", &[("cache-control", "max-age=172800")], "max-age", 2 * DAY),
        asks("... its cap", &[("cache-control", "max-age=31536000")], "max-age", 7 * DAY),
        case("503", Answer::with(503, &[("retry-after", "7200")]), "limited", "retry-after", 2 * HOUR),
        case("403", Answer::with(403, &[("retry-after", "7200")]), "limited", "retry-after", 2 * HOUR),
        case("403", Answer::with(403, &[("x-ratelimit-remaining", "0")]), "limited", "backoff", 2 * HOUR),
        case(
            "503 with max-age",
            Answer::with(503, &[("cache-control", "max-age=7200")]),
            "http_error",
            "max-age",
            2 * HOUR,
        ),
        case(
            "a patient redirect",
            Answer::with(301, &[("location", "/0.xml"), ("retry-after", "7200")]),
            "limited",
            "retry-after",
            2 * HOUR,
        ),
        case(
            "500 does not ask",
            Answer::with(500, &[("retry-after", "7200")]),
            "http_error",
            "backoff",
            HOUR,
        ),
        case("200 does not ask", Answer::page(&[("retry-after", "7200")]), "new", "interval", HOUR),
    ])
    .await;
}

#[tokio::test]
async fn hints_of_the_server_are_binding_and_capped() {
    const DATE: (&str, &str) = ("date", "Mon, 23 Nov 2026 18:00:00 GMT");
    const EXPIRES: (&str, &str) = ("expires", "Mon, 23 Nov 2026 20:00:00 GMT");
    let says = |rule, headers: &[(&'static str, &str)], reason, wait| {
        case(rule, Answer::page(headers), "new", reason, wait)
    };
    let cache = |value, reason, wait| says(value, &[("cache-control", value), DATE, EXPIRES], reason, wait);
    check(vec![
        cache("max-age=7200", "max-age", 2 * HOUR),
        cache("public, MAX-AGE=\"7200\"", "max-age", 2 * HOUR),
        cache("max-age=9000, max-age=7200", "max-age", 2 * HOUR),
        cache("max-age=60", "interval", HOUR),
        cache("max-age=31536000", "max-age", DAY),
        cache("max-age=99999999999999999999", "max-age", DAY),
        cache("max-age=0", "interval", HOUR),
        cache("max-age=-7200", "interval", HOUR),
        cache("max-age=soon", "interval", HOUR),
        cache("no-cache, max-age=7200", "interval", HOUR),
        cache("no-store", "interval", HOUR),
        cache("s-maxage=9000", "expires", 2 * HOUR),
        says("Age", &[("cache-control", "max-age=9000"), ("age", "1800")], "max-age", 2 * HOUR),
        says("Expires", &[DATE, EXPIRES], "expires", 2 * HOUR),
        says("its cap", &[DATE, ("expires", "Mon, 30 Nov 2026 18:00:00 GMT")], "expires", DAY),
        says("Expires in the past", &[DATE, ("expires", "Mon, 23 Nov 2026 17:00:00 GMT")], "interval", HOUR),
        says("Expires: 0", &[DATE, ("expires", "0")], "interval", HOUR),
        says("Last-Modified", &[("last-modified", "Mon, 23 Nov 2020 18:00:00 GMT")], "interval", HOUR),
    ])
    .await;
}

#[tokio::test]
async fn status_says_that_a_hint_is_capped_or_ignored() {
    let site = Site::start().await;
    let year = [("cache-control", "max-age=31536000")];
    site.set("/capped.xml", Answer::page(&year));
    site.set("/ignored.xml", Answer::page(&year));
    site.set("/limited.xml", Answer::with(429, &[("retry-after", "7200"), year[0]]));
    let ignoring = |path| {
        let url = site.url(path);
        format!("[[feed]]\nurl = \"{url}\"\ninterval = \"1h\"\nignore_cache_hints = true\n")
    };
    let config = Config::new()
        .every(&site, "/capped.xml", "1h")
        .add(&ignoring("/ignored.xml"))
        .add(&ignoring("/limited.xml"));
    let home = Home::new(&config);
    home.run(&["once"]).await;

    let [capped, ignored, limited] =
        ["/capped.xml", "/ignored.xml", "/limited.xml"].map(|path| site.url(path));
    let (capped, ignored) = (home.feed(&capped).await, home.feed(&ignored).await);
    assert_eq!(capped["hints"], serde_json::json!([{"rule": "max-age", "seconds": DAY, "capped": true}]));
    assert_eq!((&ignored["reason"], &ignored["hints_ignored"]), (&"interval".into(), &true.into()));
    let limited = home.feed(&limited).await;
    assert_eq!(limited["reason"], "retry-after", "Retry-After can never be ignored");
    check_wait(&limited, 2 * HOUR, 2 * HOUR + 10 * MINUTE, "retry-after");
    let text = home.run(&["status"]).await.stdout;
    assert!(text.contains("asks to wait: max-age 86400 s, capped\n"), "{text}");
    assert!(text.contains("asks to wait: max-age 86400 s, capped, ignored"), "{text}");
}

#[tokio::test]
async fn hints_stay_in_force_over_a_304_that_does_not_repeat_them() {
    let site = Site::start().await;
    let page = Answer::page(&[("etag", "\"1\""), ("cache-control", "max-age=7200")]);
    let not_modified = |headers| Answer::with(304, headers);
    site.set(
        "/a.xml",
        Answer::Each(vec![
            page,
            not_modified(&[]),
            not_modified(&[("cache-control", "max-age=10800")]),
            not_modified(&[("cache-control", "no-cache")]),
        ]),
    );
    let home = Home::new(&Config::new().every(&site, "/a.xml", "1h"));
    for (reason, wait) in
        [("max-age", 2 * HOUR), ("max-age", 2 * HOUR), ("max-age", 3 * HOUR), ("interval", HOUR)]
    {
        home.run(&["once"]).await;
        let feed = home.feed(&site.url("/a.xml")).await;
        assert_eq!(feed["reason"], reason, "{feed:#}");
        check_wait(&feed, wait, wait + 10 * MINUTE, reason);
    }
    let statuses: Vec<_> = site.visits("/a.xml").iter().map(|visit| visit.status).collect();
    assert_eq!(statuses, [Some(200), Some(304), Some(304), Some(304)], "once ignores hints");
}

#[tokio::test]
async fn back_off_doubles_and_a_good_answer_ends_it() {
    let site = Site::start().await;
    let failing = vec![Answer::status(500); 5];
    site.set("/a.xml", Answer::Each([failing, vec![Answer::page(&[])]].concat()));
    let home = Home::new(&Config::new().every(&site, "/a.xml", "1h"));
    for wait in [HOUR, 2 * HOUR, 4 * HOUR, 6 * HOUR, 6 * HOUR] {
        home.run(&["once"]).await;
        check_wait(&home.feed(&site.url("/a.xml")).await, wait, wait * 5 / 4, "back-off");
    }
    home.run(&["once"]).await;
    let feed = home.feed(&site.url("/a.xml")).await;
    assert_eq!((&feed["consecutive_failures"], &feed["reason"]), (&0.into(), &"interval".into()));
    assert_eq!((&feed["failing_since"], &feed["error"]), (&Value::Null, &Value::Null));
    check_wait(&feed, HOUR, HOUR + 6 * MINUTE, "all is well");
}

#[tokio::test]
async fn after_a_429_the_wait_grows_at_once_and_shrinks_slowly() {
    let site = Site::start().await;
    let limits = vec![Answer::status(429); 2];
    site.set("/a.xml", Answer::Each([limits, vec![Answer::page(&[("etag", "\"1\"")])]].concat()));
    let home = Home::new(&Config::new().every(&site, "/a.xml", "1h"));
    let mut waits = Vec::new();
    for _ in 0..5 {
        home.run(&["once"]).await;
        waits.push(wait_of(&home.feed(&site.url("/a.xml")).await));
    }
    for (wait, expected) in waits.iter().zip([7200, 14400, 12960, 11664, 10497]) {
        assert!((expected - 1..=expected + 601).contains(wait), "{waits:?}");
    }
}

#[tokio::test]
async fn a_second_410_is_believed_and_the_operator_can_ask_again() {
    let site = Site::start().await;
    site.set("/gone.xml", Answer::Each(vec![Answer::status(410), Answer::status(410), Answer::page(&[])]));
    site.set("/back.xml", Answer::Each(vec![Answer::status(410), Answer::status(500), Answer::status(410)]));
    let config = Config::new().every(&site, "/gone.xml", "1h").every(&site, "/back.xml", "1h");
    let home = Home::new(&config);
    home.run(&["once"]).await;
    let hurried = home.run(&["once"]).await;
    assert_eq!(site.all_visits().len(), 2, "a day lies between the first and the second: {}", hurried.stdout);
    for _ in 0..3 {
        super::restart::let_hours_pass(&home, 26);
        home.run(&["once"]).await;
    }
    let (gone, back) = (home.feed(&site.url("/gone.xml")).await, home.feed(&site.url("/back.xml")).await);
    assert_eq!(
        (&gone["state"], &gone["next_poll"], &gone["reason"]),
        (&"gone".into(), &Value::Null, &"gone".into())
    );
    assert_eq!(gone["needs_person"], true, "nothing ends silently");
    assert_eq!(site.visits("/gone.xml").len(), 2, "nobody asks after the second one");
    assert_eq!(site.visits("/back.xml").len(), 4);
    assert_eq!(back["state"], "gone", "only two in a row count");

    for enabled in ["false", "true"] {
        let feed = format!("[[feed]]\nurl = \"{}\"\nenabled = {enabled}\n", site.url("/gone.xml"));
        home.write("feedwatch.toml", Config::new().add(&feed).text());
        home.run(&["once"]).await;
    }
    assert_eq!(
        home.feed(&site.url("/gone.xml")).await["state"],
        "ok",
        "disabled and enabled, it is asked again"
    );
}

/// An RSS feed with one undated article, and this in its head.
fn with_head(head: &str) -> Answer {
    let feed = format!(
        "<rss version=\"2.0\" xmlns:sy=\"http://purl.org/rss/1.0/modules/syndication/\"><channel><title>Test</title>{head}\
         <item><guid>one</guid><title>Nothing in particular</title></item></channel></rss>"
    );
    Answer::body("application/rss+xml", feed)
}

#[tokio::test]
async fn hints_of_the_document_are_binding_and_capped() {
    let says = |head: &'static str, reason, wait| case(head, with_head(head), "new", reason, wait);
    check(vec![
        says("<ttl>120</ttl>", "ttl", 2 * HOUR),
        says("<ttl>1440</ttl>", "ttl", 6 * HOUR),
        says("<ttl>30</ttl>", "interval", HOUR),
        says("<ttl>0</ttl>", "interval", HOUR),
        says("<ttl>-5</ttl>", "interval", HOUR),
        says("<ttl>soon</ttl>", "interval", HOUR),
        says("<sy:updatePeriod>daily</sy:updatePeriod>", "sy", 6 * HOUR),
        says(
            "<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>8</sy:updateFrequency>",
            "sy",
            3 * HOUR,
        ),
        says("<sy:updatePeriod>hourly</sy:updatePeriod>", "interval", HOUR),
        says(
            "<skipDays><day>Monday</day><day>Tuesday</day><day>Wednesday</day><day>Thursday</day>\
              <day>Friday</day><day>Saturday</day><day>Sunday</day></skipDays>",
            "interval",
            HOUR,
        ),
    ])
    .await;
}

#[tokio::test]
async fn the_next_poll_is_at_the_first_hour_that_the_feed_does_not_skip() {
    let (site, now) = (Site::start().await, crate::support::now());
    let open = (now + chrono::TimeDelta::hours(5)).format("%H").to_string();
    let skipped = (0..24).filter(|hour| format!("{hour:02}") != open);
    let hours: Vec<String> = skipped.map(|hour| format!("<hour>{hour}</hour>")).collect();
    let head = format!("<skipHours>{}</skipHours>", hours.concat());
    site.set("/a.xml", Answer::Each(vec![with_head(&head), Answer::status(500)]));
    let home = Home::new(&Config::new().every(&site, "/a.xml", "1h"));
    for what in ["a good poll", "a failed one"] {
        home.run(&["once"]).await;
        let feed = home.feed(&site.url("/a.xml")).await;
        let next = feed["next_poll"].as_str().expect("a time");
        assert!(next.contains(&format!("T{open}:00:00")), "{what}: {next}, open from {open}:00");
        assert_eq!(feed["reason"], "skip");
        assert_eq!(feed["skip_hours"].as_array().map(Vec::len), Some(23));
    }
    let text = home.run(&["status"]).await.stdout;
    assert!(text.contains("skips (GMT) 0"), "{text}");
}

#[tokio::test]
async fn a_json_feed_that_expired_is_gone() {
    let site = Site::start().await;
    let item = r#"{"id":"one","title":"The last S-400 article","content_text":"x"}"#;
    let feed = format!(
        r#"{{"version":"https://jsonfeed.org/version/1.1","title":"T","expired":true,"items":[{item}]}}"#
    );
    site.set("/a.json", Answer::body("application/feed+json", feed));
    let home = Home::new(&Config::new().every(&site, "/a.json", "1h"));
    let log = home.run(&["once"]).await.stderr;
    assert!(log.contains("feed is gone") && log.contains("it was the last"), "{log}");
    home.run(&["once"]).await;
    let feed = home.feed(&site.url("/a.json")).await;
    assert_eq!(
        (&feed["state"], &feed["reason"], &feed["next_poll"]),
        (&"gone".into(), &"gone".into(), &Value::Null)
    );
    assert_eq!((site.visits("/a.json").len(), &feed["polls"]), (1, &1.into()), "its last articles were read");

    // Switched off and on it is asked once more, and the same document says the same again.
    let config = std::fs::read_to_string(home.path().join("feedwatch.toml")).expect("the configuration");
    let off = config.replacen("interval = ", "enabled = false\ninterval = ", 1);
    for text in [off, config] {
        home.write("feedwatch.toml", text);
        home.run(&["once"]).await;
    }
    let feed = home.feed(&site.url("/a.json")).await;
    assert_eq!((&feed["state"], site.visits("/a.json").len()), (&"gone".into(), 2));
}
