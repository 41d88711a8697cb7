//! An alert as one event of the log (DESIGN §4), and so an operational event.

use serde::Deserialize;
use serde_json::Value;
use tracing::{info, warn};

use super::answer::{Sent, Verdict};
use crate::{model::EventKind, render::LogBody};

/// Logs a stored body. A log that cannot be written is not noticed here, and never stops delivery.
pub fn log_alert(body: &[u8]) -> Sent {
    if let Ok(event) = serde_json::from_slice::<EventBody>(body) {
        return log_event(&event);
    }
    let Some(body) = read(body) else {
        return Sent::without_answer(
            Verdict::PayloadRefused,
            "the stored body is not one that can be logged",
        );
    };
    let topics = body.topics.join(", ");
    info!(
        target: "feedwatch::alert",
        { alert.id = %body.id, topics = %topics, title = %body.title, url = %body.url, feed = %body.feed },
        "alert"
    );
    Sent::without_answer(Verdict::Delivered, "logged")
}

/// An operational event, as its standard body has it.
#[derive(Deserialize)]
struct EventBody {
    #[serde(rename = "type")]
    kind: EventKind,
    data: EventData,
}

#[derive(Deserialize)]
struct EventData {
    id: String,
    feed: Option<Named>,
    notifier: Option<Named>,
    reason: String,
    since: String,
    count: u64,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

fn log_event(EventBody { kind, data }: &EventBody) -> Sent {
    let EventData { id, feed, notifier, reason, since, count } = data;
    let about = |named: &Option<Named>| named.as_ref().map(|named| named.name.clone()).unwrap_or_default();
    let (feed, notifier, kind_word) = (about(feed), about(notifier), kind.as_str());
    macro_rules! line {
        ($level:ident) => {
            $level!(
                target: "feedwatch::event",
                { event.id = %id, kind = kind_word, feed = %feed, notifier = %notifier, reason = %reason, since = %since, count },
                "event"
            )
        };
    }
    if *kind == EventKind::FeedRecovered {
        line!(info);
    } else {
        line!(warn);
    }
    Sent::without_answer(Verdict::Delivered, "logged")
}

/// The fields of the line; also from a standard body, which waits here if the notifier was a webhook before.
fn read(body: &[u8]) -> Option<LogBody> {
    serde_json::from_slice(body).ok().or_else(|| of_standard(&serde_json::from_slice(body).ok()?))
}

fn of_standard(body: &Value) -> Option<LogBody> {
    let data = body.get("data")?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let topics = data["topics"].as_array()?.iter().map(|topic| text(&topic["name"])).collect();
    Some(LogBody {
        id: data["id"].as_str()?.to_owned(),
        topics,
        title: text(&data["article"]["title"]),
        url: text(&data["article"]["url"]),
        feed: text(&data["feed"]["name"]),
    })
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::{Arc, Mutex},
    };

    use tracing_subscriber::fmt::MakeWriter;

    use super::*;
    use crate::{
        model::{Event, Format, Notifier, NotifierFilter, NotifierKind, NotifierState, Subject},
        notify::test_alert::test_alert,
        render::{Rendered, render},
    };

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("no panic").extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl<'a> MakeWriter<'a> for Lines {
        type Writer = Self;

        fn make_writer(&'a self) -> Self {
            self.clone()
        }
    }

    /// What is logged for this body, as JSON.
    fn logged(body: &[u8]) -> Value {
        let lines = Lines::default();
        let subscriber =
            tracing_subscriber::fmt().json().flatten_event(true).with_writer(lines.clone()).finish();
        let sent = tracing::subscriber::with_default(subscriber, || log_alert(body));
        assert_eq!(sent.verdict, Verdict::Delivered);
        let line = lines.0.lock().expect("no panic").clone();
        serde_json::from_slice(&line).expect("one line of JSON")
    }

    #[test]
    fn a_logged_alert_is_one_event_with_the_documented_fields() {
        let alert = test_alert("2026-11-23T18:00:00Z".parse().expect("time"));
        for format in [Format::Log, Format::Standard] {
            let line = logged(&render(format, &alert));
            assert_eq!((&line["target"], &line["level"]), (&"feedwatch::alert".into(), &"INFO".into()));
            assert_eq!(line["alert.id"], alert.id.as_str());
            assert_eq!(line["topics"], "feedwatch test");
            assert_eq!(line["title"], alert.article.title.as_deref().expect("title"));
            assert_eq!(line["url"], "https://github.com/feedwatch/feedwatch");
            assert_eq!(line["feed"], "feedwatch");
        }
    }

    #[test]
    fn an_operational_event_is_a_line_too() {
        let at = "2026-11-23T18:00:00Z".parse().expect("time");
        let subject = Subject::Notifier { name: "desk".into(), state: NotifierState::Held };
        let event = Event::new(EventKind::NotifierFailing, subject, at, at, "HTTP 404".to_owned(), 2);
        let line = logged(&Rendered::of(&notifier(), &event).body);
        assert_eq!((&line["target"], &line["level"]), (&"feedwatch::event".into(), &"WARN".into()));
        assert_eq!((&line["kind"], &line["notifier"]), (&"notifier.failing".into(), &"desk".into()));
        assert_eq!((&line["event.id"], &line["reason"]), (&event.id.as_str().into(), &"HTTP 404".into()));
    }

    fn notifier() -> Notifier {
        Notifier {
            name: "log".into(),
            kind: NotifierKind::Log,
            format: Format::Log,
            events: vec![],
            filter: NotifierFilter::default(),
            concurrency: 1,
            rate: None,
            enabled: true,
        }
    }

    #[test]
    fn a_body_that_cannot_be_read_is_refused() {
        for body in [&b""[..], b"{}", b"[1]", b"\xff"] {
            assert_eq!(log_alert(body).verdict, Verdict::PayloadRefused);
        }
    }
}
