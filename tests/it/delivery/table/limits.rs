//! How a receiver asks for patience: `Retry-After` in every form, and in the words of vendors (specs/delivery.md §5, §8).

use std::time::Duration;

use chrono::TimeDelta;

use crate::{
    delivery::case::{Case, case},
    support::{Reply, now},
};

const WELL: Reply = Reply::Status(204);
const SECOND: Duration = Duration::from_secs(1);

fn after(status: u16, wait: &'static str) -> Reply {
    Reply::With(status, "retry-after", wait)
}

/// A date in one of the three forms of HTTP (RFC 9110 §5.6.7), relative to the receiver's own clock, which is wrong.
fn dated(form: &str, wait_s: i64) -> Reply {
    let theirs = now() - TimeDelta::hours(5);
    let until = theirs + TimeDelta::seconds(wait_s);
    let date = theirs.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    Reply::Full(429, vec![("date", date), ("retry-after", until.format(form).to_string())], "")
}

pub fn cases() -> Vec<Case> {
    let pauses = |name: &str, first: Reply, pause| case(name, [first, WELL]).arrives_after_a_pause(pause);
    let two = vec![("retry-after", "1".to_owned()), ("retry-after", "2".to_owned())];
    let mut cases = vec![
        pauses("429, 1 second", after(429, "1"), SECOND),
        pauses("429, 1.5 seconds", after(429, "1.5"), Duration::from_millis(1500)),
        pauses("429, nothing to wait for", after(429, "0"), Duration::ZERO),
        pauses("503, 1 second", after(503, "1"), SECOND),
        pauses("429, two headers", Reply::Full(429, two, ""), 2 * SECOND),
        pauses("429, IMF-fixdate", dated("%a, %d %b %Y %H:%M:%S GMT", 2), 2 * SECOND),
        pauses("429, RFC 850", dated("%A, %d-%b-%y %H:%M:%S GMT", 2), 2 * SECOND),
        pauses("429, asctime", dated("%a %b %e %H:%M:%S %Y", 2), 2 * SECOND),
        pauses("429, a date in the past", dated("%a, %d %b %Y %H:%M:%S GMT", -100), Duration::ZERO),
        case("500, 1 second", [after(500, "1"), WELL]).arrives_second().gap(SECOND),
    ];
    // What cannot be read is nothing: then the breaker's own pause, here of a minute.
    for wait in ["", "-5", "nan", "1e3", "soon", "5s"] {
        let name = format!("429, {wait:?} is no time").replace('"', "'");
        cases.push(case(name, [after(429, wait)]).ends(
            "pending",
            "paused",
            0,
            1,
            "HTTP 429 Too Many Requests",
        ));
    }
    let year = case("429, a year", [after(429, "31536000")]);
    cases.push(year.ends("pending", "paused", 0, 1, "HTTP 429 Too Many Requests"));
    cases.extend(vendors());
    cases
}

/// Vendors that say it in the body, one of them with a 200.
fn vendors() -> Vec<Case> {
    let pauses = |format, name: &str, first: Reply, second: Reply, pause| {
        case(name, [first, second]).format(format).arrives_after_a_pause(pause)
    };
    let discord = r#"{"message":"You are being rate limited.","retry_after":1.25,"global":false}"#;
    let telegram = r#"{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 1","parameters":{"retry_after":1}}"#;
    let longer = Reply::Full(429, vec![("retry-after", "2".to_owned())], discord);
    let ok = |body| Reply::says(200, body);
    vec![
        pauses("slack", "429", after(429, "1"), ok("ok"), SECOND),
        pauses(
            "discord",
            "429 in the body",
            Reply::says(429, discord),
            ok("{}"),
            Duration::from_millis(1250),
        ),
        pauses("discord", "429, the longer of two", longer, ok("{}"), 2 * SECOND),
        pauses(
            "discord",
            "429 in its own header",
            Reply::With(429, "x-ratelimit-reset-after", "1.5"),
            ok("{}"),
            Duration::from_millis(1500),
        ),
        pauses("telegram", "429 in the body", Reply::says(429, telegram), ok(r#"{"ok":true}"#), SECOND),
        pauses("telegram", "429 in the body of a 200", ok(telegram), ok(r#"{"ok":true}"#), SECOND),
        pauses("teams", "429", after(429, "1"), Reply::Status(202), SECOND),
        pauses("mattermost", "429", after(429, "1"), ok("ok"), SECOND),
        pauses("pagerduty", "429", after(429, "1"), Reply::Status(202), SECOND),
        pauses("cloudevents", "429", after(429, "1"), WELL, SECOND),
        pauses("ntfy", "429 of its pace", Reply::says(429, r#"{"code":42901}"#), ok("{}"), 5 * SECOND),
        case("429 of the day's quota", [Reply::says(429, r#"{"code":42908}"#)])
            .format("ntfy")
            .ends("pending", "paused", 0, 1, "HTTP 429"),
    ]
}
