//! What the status line says (specs/delivery.md §4).

use crate::{
    delivery::case::{AIR, Case, Rules, case},
    support::{Reply, now},
};

use Reply::Status;

const WELL: Reply = Status(204);

pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for status in [200, 201, 202, 204, 299] {
        cases.push(case(format!("{status}"), [Status(status)]).arrives());
    }
    for status in [408, 425, 500, 501, 503, 505, 507, 511, 599, 999] {
        cases.push(case(format!("{status} once"), [Status(status), WELL]).arrives_second());
    }
    for status in [502, 504] {
        cases.push(case(format!("{status} once"), [Status(status), WELL]).arrives_second().gap(AIR));
    }
    for status in [300, 301, 302, 303, 304, 307, 308] {
        // To itself: a redirect that is followed is a second request.
        let moved = Reply::With(status, "location", "/elsewhere");
        cases.push(case(format!("{status}"), [moved, WELL]).waits_held("moved; update url"));
    }
    for (status, says) in [
        (401, "HTTP 401 Unauthorized (check url, secret and headers)"),
        (402, "HTTP 402 Payment Required"),
        (403, "HTTP 403 Forbidden (check url, secret and headers)"),
        (404, "HTTP 404 Not Found (check url)"),
        (405, "HTTP 405 Method Not Allowed (check url)"),
        (406, "HTTP 406 Not Acceptable"),
        (407, "HTTP 407 Proxy Authentication Required"),
        (409, "HTTP 409 Conflict"),
        (418, "HTTP 418 I'm a teapot"),
        (451, "HTTP 451 Unavailable For Legal Reasons"),
    ] {
        cases.push(case(format!("{status}"), [Status(status)]).waits_held(says));
    }
    cases.push(case("410", [Status(410)]).ends("pending", "gone", 1, 1, "HTTP 410 Gone"));
    cases.extend(payloads());
    cases.extend(clocks());
    cases.extend(ways_back());
    cases.extend(ends());
    cases
}

/// A body that is refused costs only itself: three attempts, then it is given up.
fn payloads() -> Vec<Case> {
    let mut cases = Vec::new();
    for status in [400, 411, 413, 414, 415, 422, 431] {
        let says = "the receiver refuses this alert: HTTP 4";
        cases.push(case(format!("{status}"), [Status(status)]).ends("dead", "active", 3, 3, says));
    }
    let cloud = case("415", [Status(415)]).format("cloudevents");
    cases.push(cloud.ends("dead", "active", 3, 3, "HTTP 415 Unsupported Media Type"));
    cases.push(case("410", [Status(410)]).format("cloudevents").ends(
        "pending",
        "gone",
        1,
        1,
        "HTTP 410 Gone",
    ));
    cases.push(case("204", [WELL]).format("cloudevents").arrives());
    cases.push(case("400 once", [Status(400), WELL]).arrives_second());
    let between = [Status(400), Status(500), Status(400), Status(400)];
    let between = case("only refusals count as refusals", between);
    cases.push(between.ends("dead", "active", 4, 4, "HTTP 400 Bad Request"));
    cases.push(case("500 always", [Status(500)]).ends(
        "pending",
        "open",
        5,
        5,
        "HTTP 500 Internal Server Error",
    ));
    cases
}

/// A receiver whose clock is wrong says so in `Date`.
fn clocks() -> Vec<Case> {
    let dated = |status, seconds: i64| {
        let date = now() + chrono::TimeDelta::seconds(seconds);
        let date = date.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
        Reply::Full(status, vec![("date", date)], "no")
    };
    vec![
        case("401 of a fast clock", [dated(401, 1000)]).waits_held("(clock differs by "),
        case("401 of a slow clock", [dated(401, -1000)]).waits_held("(clock differs by "),
        case("401 of a right clock", [dated(401, 60)]).waits_held("(check url, secret and headers): no"),
        case("400 of a slow clock", [dated(400, -1000)]).ends("dead", "active", 3, 3, "(clock differs by "),
        case("200 of a fast clock", [dated(200, 100_000)]).arrives(),
        case("403 of a fast clock", [dated(403, 1000)]).waits_held("(check url, secret and headers): no"),
    ]
}

/// Trouble that ends.
fn ways_back() -> Vec<Case> {
    let many = |status: u16, times: usize| [vec![Status(status); times], vec![WELL]].concat();
    let back = |name: &str, script: Vec<Reply>, requests| {
        let case = case(name, script).rules(Rules::Recover);
        case.ends("delivered", "active", u64::try_from(requests).expect("few"), requests, "")
    };
    vec![
        back("five 500", many(500, 5), 6),
        back("eight 500", many(500, 8), 9),
        back("two 403", many(403, 2), 3),
        back("a 404 while it is deployed", many(404, 1), 2),
        back("two 301", many(301, 2), 3),
        back("503 and 403 in turn", [503, 403, 503, 403, 204].map(Status).to_vec(), 5),
        case("429 without a word", many(429, 3)).rules(Rules::Recover).ends("delivered", "active", 1, 4, ""),
        case("gone for good", many(410, 1)).rules(Rules::Recover).ends(
            "pending",
            "gone",
            1,
            1,
            "HTTP 410 Gone",
        ),
        case("a silent one that speaks again", [Reply::Hang, WELL])
            .rules(Rules::Recover)
            .arrives_second()
            .gap(AIR),
    ]
}

/// Trouble that does not end: the last attempt is made at `max_age`.
fn ends() -> Vec<Case> {
    vec![
        case("500 for ever", [Status(500)]).expires("open", "HTTP 500"),
        case("403 for ever", [Status(403)]).expires("held", "HTTP 403"),
        case("302 for ever", [Status(302)]).expires("held", "HTTP 302"),
        case("silence for ever", [Reply::Hang])
            .expires("active", "gave up after 2s: no complete answer in time"),
        case("429 for ever", [Reply::With(429, "retry-after", "1")])
            .expires("active", "gave up after 2s: HTTP 429"),
        case("gone for ever", [Status(410)]).expires("gone", "HTTP 410"),
        case("nobody for ever", []).expires("open", "connection refused"),
        case("well at last", [Status(500), WELL]).rules(Rules::Expire).arrives_second(),
    ]
}
