use super::*;

#[track_caller]
fn check(format: Format, status: u16, body: &str, expected: Option<Verdict>) {
    let judged = verdict(format, status, body.as_bytes());
    assert_eq!(judged.map(|judged| judged.verdict), expected, "{format:?} {status} {body}");
}

#[test]
fn slack_says_it_in_a_word() {
    use Verdict::{Gone, NotifierRefused, PayloadRefused, Transient};
    for (status, body, expected) in [
        (200, "ok", None),
        (200, " ok\n", None),
        (200, "", None),
        (200, "<html>please log in</html>", Some(Transient)),
        (400, "invalid_payload", Some(PayloadRefused)),
        (400, "invalid_blocks", Some(PayloadRefused)),
        (400, "no_text", None),
        (400, "no_team", Some(NotifierRefused)),
        (400, "user_not_found", Some(NotifierRefused)),
        (403, "invalid_token", Some(NotifierRefused)),
        (404, "no_service", Some(NotifierRefused)),
        (410, "channel_is_archived", Some(Gone)),
        (500, "rollup_error", None),
        (429, "rate_limited", None),
    ] {
        check(Format::Slack, status, body, expected);
    }
}

#[test]
fn mattermost_answers_a_removed_hook_with_400() {
    let error = |id: &str| format!(r#"{{"id":"{id}","message":"x","status_code":400}}"#);
    check(Format::Mattermost, 200, "ok", None);
    check(Format::Mattermost, 200, "<html>", Some(Verdict::Transient));
    check(
        Format::Mattermost,
        400,
        &error("web.incoming_webhook.invalid.app_error"),
        Some(Verdict::NotifierRefused),
    );
    check(
        Format::Mattermost,
        501,
        &error("web.incoming_webhook.disabled.app_error"),
        Some(Verdict::NotifierRefused),
    );
    check(Format::Mattermost, 400, &error("web.incoming_webhook.text.app_error"), None);
    check(Format::Mattermost, 400, &error("web.incoming_webhook.parse.app_error"), None);
    check(Format::Mattermost, 400, "nonsense", None);
    check(Format::Mattermost, 500, &error("store.sql"), None);
}

#[test]
fn discord_numbers_its_errors() {
    check(Format::Discord, 200, r#"{"id":"1"}"#, None);
    check(
        Format::Discord,
        400,
        r#"{"code":50035,"message":"Invalid Form Body"}"#,
        Some(Verdict::PayloadRefused),
    );
    check(Format::Discord, 400, r#"{"code":50006}"#, Some(Verdict::PayloadRefused));
    check(Format::Discord, 400, r#"{"code":220001}"#, Some(Verdict::NotifierRefused));
    check(Format::Discord, 404, r#"{"code":10015}"#, Some(Verdict::NotifierRefused));
    check(Format::Discord, 400, "<html>", None);
    let limited = verdict(Format::Discord, 429, br#"{"message":"x","retry_after":0.65,"global":false}"#);
    assert_eq!(limited.and_then(|judged| judged.retry_after), Some(Duration::from_millis(650)));
    for odd in [r#"{"retry_after":-1}"#, r#"{"retry_after":"soon"}"#, r#"{"retry_after":1e300}"#, "x"] {
        let limited = verdict(Format::Discord, 429, odd.as_bytes()).expect("judged");
        assert_eq!((limited.verdict, limited.retry_after), (Verdict::RateLimited, None), "{odd}");
    }
}

#[test]
fn telegram_says_ok_or_why_not() {
    use Verdict::{NotifierRefused, PayloadRefused, RateLimited, Transient};
    let error = |code: u16, description: &str, parameters: &str| {
        format!(
            r#"{{"ok":false,"error_code":{code},"description":"{description}","parameters":{parameters}}}"#
        )
    };
    for (status, body, expected) in [
        (200, r#"{"ok":true,"result":{}}"#.to_owned(), None),
        (200, String::new(), None),
        (200, "<html>".to_owned(), Some(Transient)),
        (200, error(429, "Too Many Requests: retry after 3", r#"{"retry_after":3}"#), Some(RateLimited)),
        (400, error(400, "Bad Request: can't parse entities: x", "null"), Some(PayloadRefused)),
        (400, error(400, "Bad Request: message is too long", "null"), Some(PayloadRefused)),
        (400, error(400, "Bad Request: chat not found", "null"), Some(NotifierRefused)),
        (
            400,
            error(400, "Bad Request: group chat was upgraded", r#"{"migrate_to_chat_id":-1}"#),
            Some(NotifierRefused),
        ),
        (400, error(400, "Bad Request: something new", "null"), None),
        (401, error(401, "Unauthorized", "null"), Some(NotifierRefused)),
        (403, error(403, "Forbidden: bot was kicked", "null"), Some(NotifierRefused)),
        (404, error(404, "Not Found", "null"), Some(NotifierRefused)),
        (502, error(502, "Bad Gateway", "null"), None),
        (200, error(500, "Internal Server Error", "null"), Some(Transient)),
        (200, error(400, "Bad Request: something new", "null"), Some(Transient)),
        (200, r#"{"ok":false}"#.to_owned(), Some(Transient)),
    ] {
        check(Format::Telegram, status, &body, expected);
    }
    let limited = verdict(Format::Telegram, 429, error(429, "x", r#"{"retry_after":14}"#).as_bytes());
    assert_eq!(limited.and_then(|judged| judged.retry_after), Some(Duration::from_secs(14)));
}

#[test]
fn ntfy_says_which_limit_was_reached() {
    let error = |code: u32| format!(r#"{{"code":{code},"http":429,"error":"x"}}"#);
    for (status, code, expected) in [
        (429, 42901, Some((Verdict::RateLimited, Some(NTFY_PACE)))),
        (429, 42908, Some((Verdict::RateLimited, Some(NTFY_QUOTA)))),
        (429, 42905, None),
        (400, 40009, Some((Verdict::NotifierRefused, None))),
        (400, 40024, None),
        (413, 41303, None),
        (403, 40301, None),
    ] {
        let judged = verdict(Format::Ntfy, status, error(code).as_bytes());
        assert_eq!(judged.map(|judged| (judged.verdict, judged.retry_after)), expected, "{code}");
    }
}

#[test]
fn a_flow_that_is_off_is_no_fault_of_the_card() {
    let error = |code: &str| format!(r#"{{"error":{{"code":"{code}","message":"x"}}}}"#);
    check(Format::Teams, 202, "", None);
    check(Format::Teams, 400, &error("WorkflowTriggerIsNotEnabled"), Some(Verdict::NotifierRefused));
    check(Format::Teams, 400, &error("TriggerInputSchemaMismatch"), None);
    check(Format::Teams, 400, "", None);
}

#[test]
fn pagerduty_is_never_sent_a_refused_event_again() {
    check(Format::PagerDuty, 202, r#"{"status":"success"}"#, None);
    check(Format::PagerDuty, 200, r#"{"status":"success"}"#, None);
    check(Format::PagerDuty, 200, "<html>", Some(Verdict::Transient));
    check(Format::PagerDuty, 400, r#"{"status":"invalid event"}"#, Some(Verdict::PayloadRejected));
    check(Format::PagerDuty, 400, "", Some(Verdict::PayloadRejected));
    check(Format::PagerDuty, 429, "", None);
}

#[test]
fn the_standard_body_is_judged_by_the_status_line() {
    for format in [Format::Log, Format::Standard, Format::CloudEvents] {
        check(format, 200, "no_service", None);
        check(format, 400, r#"{"ok":false}"#, None);
    }
}
