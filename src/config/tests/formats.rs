//! What each format asks of a notifier, and what becomes of it.

use super::*;
use crate::model::{Format, Notifier, NotifierKind, Webhook};

fn text(lines: &str) -> String {
    format!(
        "[[feed]]\nurl = \"http://127.0.0.1/\"\n[[topic]]\nname = \"T\"\nany = [\"t\"]\n[[notifier]]\ntype = \"webhook\"\n{lines}"
    )
}

#[track_caller]
fn notifier(lines: &str) -> (Notifier, Webhook) {
    let notifier = good(&text(lines)).notify.notifiers.remove(0);
    let NotifierKind::Webhook(webhook) = &notifier.kind else { panic!("a webhook") };
    (notifier.clone(), webhook.clone())
}

#[track_caller]
fn check(lines: &str, format: Format, url: &str, to: Option<&str>, concurrency: usize) {
    let (notifier, webhook) = notifier(lines);
    let found = (
        notifier.format,
        webhook.url.expose().as_str(),
        webhook.to.as_ref().map(crate::secret::Secret::expose),
    );
    assert_eq!(found, (format, url, to));
    assert_eq!(notifier.concurrency, concurrency);
}

#[test]
fn every_format_goes_where_its_vendor_takes_it() {
    let hook = "https://hooks.example/x";
    let plain = |format: &str| format!("format = \"{format}\"\nurl = \"{hook}\"\n");
    check(&plain("standard"), Format::Standard, hook, None, 4);
    check(&plain("cloudevents"), Format::CloudEvents, hook, None, 4);
    check(&plain("slack"), Format::Slack, hook, None, 1);
    check(&plain("teams"), Format::Teams, hook, None, 1);
    check(&plain("mattermost"), Format::Mattermost, hook, None, 1);
    check(
        "format = \"discord\"\nurl = \"https://d.example/w/1?thread_id=7\"\nconcurrency = 2\n",
        Format::Discord,
        "https://d.example/w/1?thread_id=7&wait=true",
        None,
        2,
    );
    check(
        "format = \"ntfy\"\nurl = \"https://ntfy.example/news\"\n",
        Format::Ntfy,
        "https://ntfy.example/",
        Some("news"),
        1,
    );
    let bot = "https://api.telegram.org/bot1:x/sendMessage";
    check(
        &format!("format = \"telegram\"\nurl = \"{bot}\"\nto = \"-1001\"\n"),
        Format::Telegram,
        bot,
        Some("-1001"),
        1,
    );
    check(
        "format = \"pagerduty\"\nto = \"R0KEY\"\n",
        Format::PagerDuty,
        "https://events.pagerduty.com/v2/enqueue",
        Some("R0KEY"),
        4,
    );
    check(&format!("{}to = \"R0KEY\"\n", plain("pagerduty")), Format::PagerDuty, hook, Some("R0KEY"), 4);
}

#[test]
fn bodies_have_the_type_of_their_format() {
    let (_, standard) = notifier("url = \"http://127.0.0.1/\"\n");
    assert_eq!(standard.content_type, "application/json");
    let (_, events) = notifier("url = \"http://127.0.0.1/\"\nformat = \"cloudevents\"\n");
    assert_eq!(events.content_type, "application/cloudevents+json");
}

#[track_caller]
fn errors(lines: &str, expected: &[&str]) {
    let problems = one(&text(lines)).problems(Purpose::Check);
    let found: Vec<String> = problems
        .iter()
        .map(|problem| {
            let (line, column) = (problem.line.expect("line"), problem.column.expect("column"));
            format!("{}:{column} {}", line.saturating_sub(7), problem.message)
        })
        .collect();
    assert_eq!(found, expected, "{lines}");
    assert!(
        !problems.iter().any(|problem| format!("{problem}{problem:?}").contains("canary")),
        "{problems:?}"
    );
}

#[test]
fn what_a_format_lacks_is_named() {
    errors("format = \"slack\"\n", &["0:1 [[notifier]] of type \"webhook\" without url"]);
    errors(
        "url = \"https://x.example/\"\nformat = \"slak\"\n",
        &["2:10 notifier.format: \"slak\" is not known"],
    );
    let bot = "url = \"https://x.example/botcanary/sendMessage\"\n";
    errors(&format!("{bot}format = \"telegram\"\n"), &["2:10 notifier.format: telegram needs `to`"]);
    errors(
        &format!("{bot}format = \"telegram\"\nto = \"can ary\"\n"),
        &["3:6 notifier.to: is not what it should be"],
    );
    errors(
        "url = \"https://x.example/botcanary\"\nformat = \"telegram\"\nto = \"-1\"\n",
        &["1:7 notifier.url: does not end in /sendMessage"],
    );
    errors("format = \"pagerduty\"\n", &["1:10 notifier.format: pagerduty needs `to`"]);
    errors(
        "format = \"pagerduty\"\nto = \"env:NOTHING\"\n",
        &["2:6 notifier.to: the variable NOTHING is not set"],
    );
    let no_topic = "1:7 notifier.url: does not end in a topic of letters, digits, - and _";
    errors("url = \"https://ntfy.sh\"\nformat = \"ntfy\"\n", &[no_topic]);
    errors("url = \"https://ntfy.sh/can%20ary\"\nformat = \"ntfy\"\n", &[no_topic]);
    errors(
        "url = \"https://x.example/\"\nformat = \"slack\"\nto = \"#canary\"\n",
        &["3:6 notifier.to: is for telegram and pagerduty"],
    );
    errors(
        "url = \"https://x.example/\"\ncontent_type = \"text/plain\"\n",
        &["2:16 notifier.content_type: is for templates"],
    );
}

/// A configuration beside a template.
fn with_template(template: &str, more: &str) -> Files {
    let lines = format!("url = \"http://127.0.0.1/\"\ntemplate = \"t/body.j2\"\n{more}");
    Files::new(&[("feedwatch.toml", &text(&lines)), ("t/body.j2", template)])
}

#[track_caller]
fn template_error(template: &str, expected: &str) {
    let files = with_template(template, "");
    let problems = files.problems(Purpose::Check);
    let [problem] = problems.as_slice() else { panic!("{problems:?}") };
    assert_eq!(problem.key.as_deref(), Some("notifier.template"), "{problem}");
    let shown = files.relative(&problem.to_string());
    assert!(shown.starts_with(expected), "{shown}");
}

#[test]
fn a_template_is_tried_out() {
    let webhook = |template: &str, more: &str| {
        let loaded = with_template(template, more).load(Purpose::Run).expect("good");
        let NotifierKind::Webhook(webhook) = loaded.config.notify.notifiers[0].kind.clone() else {
            panic!("a webhook")
        };
        (webhook.content_type, webhook.template.expect("a template").is_json)
    };
    assert_eq!(webhook("{\"text\": {{ article.title }}}", ""), ("application/json".to_owned(), true));
    let text = "text/plain; charset=utf-8".to_owned();
    assert_eq!(webhook("{{ article.title }}", &format!("content_type = \"{text}\"\n")), (text, false));

    template_error(
        "{\n\"a\": {{ article.titel }}\n}",
        "t/body.j2:2:9: notifier.template: undefined value: `article.titel` is undefined",
    );
    template_error("{% if %}", "t/body.j2:1:7: notifier.template: syntax error");
    template_error(
        "{\"a\": \"{{ article.title }}\"}",
        "t/body.j2: notifier.template: what it gives is not JSON",
    );
    template_error("{{ article.url | length }}", "t/body.j2:1:18: notifier.template: invalid operation");
}

#[test]
fn a_template_that_does_not_do_for_events_is_warned_of_where_they_are_asked_for() {
    let warnings = |template: &str, events: &str| {
        let files = with_template(template, &format!("content_type = \"text/plain\"\nevents = {events}\n"));
        files.load(Purpose::Check).expect("good").warnings.len()
    };
    let (alerts, both) = (r#"["alert"]"#, r#"["alert", "feed.failing"]"#);
    assert_eq!(warnings("{{ article.title }}", alerts), 0);
    assert_eq!(warnings("{{ article.title }}", both), 1);
    assert_eq!(
        warnings("{% if type == 'alert' %}{{ article.title }}{% else %}{{ reason }}{% endif %}", both),
        0
    );
}

#[test]
fn a_template_that_cannot_be_used_is_named() {
    let url = "url = \"http://127.0.0.1/\"\n";
    let problems = one(&text(&format!("{url}template = \"no.j2\"\n"))).problems(Purpose::Check);
    assert!(
        problems[0].message.ends_with("no.j2: No such file or directory")
            || problems[0].message.contains("no.j2: "),
        "{problems:?}"
    );
    let files = with_template("x", "format = \"slack\"\n");
    let messages: Vec<String> =
        files.problems(Purpose::Check).into_iter().map(|problem| problem.message).collect();
    assert!(
        messages.contains(&"notifier.template: stands instead of notifier.format".to_owned()),
        "{messages:?}"
    );
    let files = with_template("x", "content_type = \"words\"\n");
    let messages: Vec<String> =
        files.problems(Purpose::Check).into_iter().map(|problem| problem.message).collect();
    assert_eq!(messages, ["notifier.content_type: \"words\" is not a media type"]);
}
