//! What vendors mean by their own words (specs/delivery.md §8).

use crate::{
    delivery::case::{Case, case},
    support::Reply,
};

pub fn cases() -> Vec<Case> {
    [slack(), discord(), teams(), mattermost(), telegram(), ntfy(), pagerduty()].concat()
}

fn says(status: u16, body: &'static str) -> Reply {
    Reply::says(status, body)
}

/// Refused once, and taken in the plain form; refused in both, and given up after two.
fn plain(format: &'static str, refusal: &Reply, well: &Reply, words: &'static str) -> [Case; 2] {
    [
        case("plain form taken", [refusal.clone(), well.clone()]).format(format).arrives_second(),
        case("plain form refused too", [refusal.clone()]).format(format).ends("dead", "active", 2, 2, words),
    ]
}

fn slack() -> Vec<Case> {
    let ok = says(200, "ok");
    let mut cases = vec![
        case("ok", [ok.clone()]).arrives(),
        case("200 without a word", [says(200, "")]).arrives(),
        case("200 of a login page", [says(200, "<html>log in</html>"), ok.clone()]).arrives_second(),
        case("403 invalid_token", [says(403, "invalid_token")]).waits_held("invalid_token"),
        case("404 no_service", [says(404, "no_service")]).waits_held("no_service"),
        case("400 no_team", [says(400, "no_team")]).waits_held("no_team"),
        case("200 no_service", [says(200, "no_service"), ok.clone()]).arrives_second(),
        case("410 archived", [says(410, "channel_is_archived")]).ends("pending", "gone", 1, 1, "archived"),
    ];
    cases = cases.into_iter().map(|case| case.format("slack")).collect();
    cases.extend(plain("slack", &says(400, "invalid_blocks"), &ok, "invalid_blocks"));
    cases
}

fn discord() -> Vec<Case> {
    let unknown = r#"{"message":"Unknown Webhook","code":10015}"#;
    let invalid = r#"{"code":50035,"message":"Invalid Form Body"}"#;
    let mut cases = vec![
        case("200", [says(200, r#"{"id":"1"}"#)]).format("discord").arrives(),
        case("404 10015", [says(404, unknown)]).format("discord").waits_held("Unknown Webhook"),
        case("401", [says(401, "{}")]).format("discord").waits_held("HTTP 401"),
    ];
    cases.extend(plain("discord", &says(400, invalid), &says(200, "{}"), "Invalid Form Body"));
    cases
}

fn teams() -> Vec<Case> {
    let off = r#"{"error":{"code":"WorkflowTriggerIsNotEnabled","message":"disabled"}}"#;
    let mut cases = vec![
        case("202", [says(202, "")]).format("teams").arrives(),
        case("a flow that is off", [says(400, off)])
            .format("teams")
            .waits_held("WorkflowTriggerIsNotEnabled"),
    ];
    cases.extend(plain("teams", &says(413, ""), &says(202, ""), "HTTP 413"));
    cases
}

fn mattermost() -> Vec<Case> {
    let removed =
        r#"{"id":"web.incoming_webhook.invalid.app_error","message":"Invalid webhook","status_code":400}"#;
    let long = r#"{"id":"web.incoming_webhook.text.app_error","message":"No text","status_code":400}"#;
    let mut cases = vec![
        case("ok", [says(200, "ok")]).format("mattermost").arrives(),
        case("a removed hook", [says(400, removed)]).format("mattermost").waits_held("Invalid webhook"),
    ];
    cases.extend(plain("mattermost", &says(400, long), &says(200, "ok"), "HTTP 400"));
    cases
}

fn telegram() -> Vec<Case> {
    let ok = says(200, r#"{"ok":true,"result":{}}"#);
    let parse = r#"{"ok":false,"error_code":400,"description":"Bad Request: can't parse entities: byte 7"}"#;
    let moved = r#"{"ok":false,"error_code":400,"description":"Bad Request: group chat was upgraded","parameters":{"migrate_to_chat_id":-1001}}"#;
    let kicked = r#"{"ok":false,"error_code":403,"description":"Forbidden: bot was kicked"}"#;
    let unsure = r#"{"ok":false,"error_code":500,"description":"Internal Server Error"}"#;
    let mut cases = vec![
        case("ok", [ok.clone()]).arrives(),
        case("a chat that moved", [says(400, moved)]).waits_held("upgraded"),
        case("401", [says(401, r#"{"ok":false,"error_code":401}"#)]).waits_held("HTTP 401"),
        case("403", [says(403, kicked)]).waits_held("kicked"),
        case("404", [says(404, r#"{"ok":false,"error_code":404}"#)]).waits_held("HTTP 404"),
        case("200 that is not ok", [says(200, unsure), ok.clone()]).arrives_second(),
    ];
    cases = cases.into_iter().map(|case| case.format("telegram")).collect();
    cases.extend(plain("telegram", &says(400, parse), &ok, "can't parse entities"));
    cases
}

fn ntfy() -> Vec<Case> {
    let mut cases = vec![
        case("200", [says(200, r#"{"id":"1"}"#)]).format("ntfy").arrives(),
        case("403", [says(403, r#"{"code":40301}"#)]).format("ntfy").waits_held("HTTP 403"),
    ];
    cases.extend(plain("ntfy", &says(413, "{}"), &says(200, "{}"), "HTTP 413"));
    cases
}

fn pagerduty() -> Vec<Case> {
    let invalid = r#"{"status":"invalid event","message":"Event object is invalid"}"#;
    let cases = vec![
        case("202", [says(202, r#"{"status":"success"}"#)]).arrives(),
        case("400 at once", [says(400, invalid)]).ends("dead", "active", 1, 1, "Event object is invalid"),
        case("200 of something else", [says(200, "<html>hello</html>"), says(202, "")]).arrives_second(),
        case("403", [says(403, "{}")]).waits_held("HTTP 403"),
    ];
    cases.into_iter().map(|case| case.format("pagerduty")).collect()
}
