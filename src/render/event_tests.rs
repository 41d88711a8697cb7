//! Operational events in every format.

use std::fmt::Write;

use serde_json::Value;

use super::{
    event::{data, render},
    grammar::{self, FORMATS},
    message::Message,
    *,
};
use crate::model::{AlertFeed, AlertId, EventKind, FeedId, NotifierName, NotifierState, Subject, Timestamp};

fn at() -> Timestamp {
    "2026-11-23T18:00:00Z".parse().expect("time")
}

fn of(kind: EventKind, subject: Subject, reason: &str) -> Event {
    Event::new(kind, subject, at() - chrono::TimeDelta::hours(1), at(), reason.to_owned(), 3)
}

fn feed(name: &str) -> Subject {
    let url = "https://example.org/world.xml";
    let feed = AlertFeed { name: name.to_owned(), url: url.to_owned(), tags: vec!["world".to_owned()] };
    Subject::Feed { id: FeedId::from(url), feed }
}

fn notifier() -> Subject {
    Subject::Notifier { name: NotifierName::from("desk"), state: NotifierState::Held }
}

fn all() -> Vec<(&'static str, Event)> {
    vec![
        ("failing", of(EventKind::FeedFailing, feed("World"), "HTTP 500\nInternal\u{202e} Server Error")),
        ("recovered", of(EventKind::FeedRecovered, feed("World"), "it answers again")),
        (
            "silent",
            of(EventKind::FeedSilent, feed("World"), "no new article for 3 days; usually at most 5 h"),
        ),
        ("notifier", of(EventKind::NotifierFailing, notifier(), "HTTP 404 Not Found (check url)")),
        ("several", Event::of_several(EventKind::FeedFailing, at(), 5)),
    ]
}

#[test]
fn golden_events() {
    let formats = [Format::Standard, Format::CloudEvents].into_iter().chain(FORMATS);
    let mut page = String::new();
    for format in formats {
        for (name, event) in all() {
            let body: Value = serde_json::from_slice(&render(format, &event)).expect("JSON");
            writeln!(page, "# {format:?}, {name}\n{body}\n").expect("a text");
        }
        if let Some(plain) = plain_event(format, &all()[0].1) {
            let plain: Value = serde_json::from_slice(&plain).expect("JSON");
            writeln!(page, "# {format:?}, plain\n{plain}\n").expect("a text");
        }
    }
    insta::assert_snapshot!("events", page);
}

#[test]
fn the_stored_data_is_the_data_of_the_body() {
    for (_, event) in all() {
        let body: Value = serde_json::from_slice(&render(Format::Standard, &event)).expect("JSON");
        assert_eq!(serde_json::from_str::<Value>(&data(&event)).expect("JSON"), body["data"]);
        assert_eq!(body["type"], event.kind.as_str());
    }
}

#[test]
fn what_a_server_said_and_what_a_feed_is_called_stays_text() {
    const HOSTILE: &str =
        "@everyone <!channel> [x](https://evil.example) **b** {{7*7}} </a><b> /start `c` \u{202e}\u{7}";
    for format in FORMATS {
        for event in [
            of(EventKind::FeedFailing, feed(HOSTILE), HOSTILE),
            of(EventKind::FeedSilent, feed(&"*<&@".repeat(1000)), &"_[".repeat(1000)),
        ] {
            let body = render(format, &event);
            grammar::check_message(format, &Message::of_event(&event), &body)
                .unwrap_or_else(|error| panic!("{format:?}: {error}"));
        }
    }
}

#[test]
fn the_end_of_a_trouble_resolves_what_its_beginning_triggered() {
    let json =
        |event: &Event| -> Value { serde_json::from_slice(&render(Format::PagerDuty, event)).expect("JSON") };
    let (began, ended) = (json(&all()[0].1), json(&all()[1].1));
    assert_eq!((&began["event_action"], &ended["event_action"]), (&"trigger".into(), &"resolve".into()));
    assert_eq!(began["dedup_key"], ended["dedup_key"]);
    assert_eq!(began["dedup_key"], all()[0].1.id.as_str());
}

#[test]
fn many_in_one_hour_are_one_event() {
    let several = |minutes| {
        let at = at() + chrono::TimeDelta::minutes(minutes);
        Event::of_several(EventKind::FeedSilent, at, 5).id
    };
    assert_eq!(several(0), several(59));
    assert_ne!(several(0), several(60));
    assert_ne!(several(0), AlertId::for_event(EventKind::FeedFailing, "", at()));
}

#[test]
fn a_template_sees_the_type_and_may_lack_an_event() {
    let template = |source: &str| crate::model::Template {
        name: "t.j2".to_owned(),
        source: source.into(),
        is_json: false,
    };
    let event = &all()[0].1;
    let both =
        template("{% if type == 'alert' %}{{ article.title }}{% else %}{{ type }}: {{ reason }}{% endif %}");
    let body = event_from_template(&both, event).expect("a body");
    assert_eq!(body, b"feed.failing: HTTP 500 Internal Server Error");
    assert!(event_from_template(&template("{{ article.title }}"), event).is_err());
    assert!(!data(event).contains("article"));
}
