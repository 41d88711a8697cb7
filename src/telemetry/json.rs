//! One event as one JSON object on a line: time, level, message, target, and the fields beside them.

use std::fmt::{self, Debug};

use serde_json::{Map, Value};
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    fmt::{FmtContext, FormatEvent, FormatFields, format::Writer},
    registry::LookupSpan,
};

use super::line::LINE_MAX_BYTES;
use crate::clock::{Clock, SystemClock};

/// Formats events.
#[derive(Debug)]
pub(super) struct JsonLine;

impl<S, N> FormatEvent<S, N> for JsonLine
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut out: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let metadata = event.metadata();
        let mut fields = Fields::default();
        fields.put("timestamp", SystemClock.now().format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string());
        fields.put("level", metadata.level().as_str());
        fields.put("target", metadata.target());
        event.record(&mut fields);
        writeln!(out, "{}", within(fields.0, LINE_MAX_BYTES))
    }
}

/// The object, its longest texts cut with a mark until the line is short enough.
fn within(mut object: Map<String, Value>, limit: usize) -> String {
    let mut longest = limit;
    loop {
        let line = Value::Object(object.clone()).to_string();
        if line.len() <= limit || longest == 0 {
            return line;
        }
        longest /= 2;
        for value in object.values_mut() {
            if let Value::String(text) = value
                && text.len() > longest
            {
                text.truncate(text.floor_char_boundary(longest));
                text.push('…');
            }
        }
    }
}

#[derive(Debug, Default)]
struct Fields(Map<String, Value>);

impl Fields {
    fn put(&mut self, name: &str, value: impl Into<Value>) {
        self.0.insert(name.to_owned(), value.into());
    }
}

impl Visit for Fields {
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field.name(), value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field.name(), value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field.name(), value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field.name(), value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field.name(), value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.put(field.name(), format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tracing::{info, warn};

    use super::{super::line::tests::logged_by, *};

    fn logged(event: impl FnOnce()) -> Value {
        let line = logged_by(JsonLine, event);
        assert_eq!(line.lines().count(), 1, "{line:?}");
        assert!(line.len() <= LINE_MAX_BYTES + 1, "{}", line.len());
        serde_json::from_str(&line).expect("a line is JSON")
    }

    #[test]
    fn fields_stand_beside_the_message_with_their_types() {
        let mut line =
            logged(|| warn!(feed = "https://example.org/", failures = 3, ok = false, "feed failing"));
        let time = line.as_object_mut().and_then(|line| line.remove("timestamp")).expect("a time");
        assert!(time.as_str().is_some_and(|time| time.ends_with('Z')), "{time}");
        let expected = json!({
            "level": "WARN", "target": "feedwatch::telemetry::json::tests", "message": "feed failing",
            "feed": "https://example.org/", "failures": 3, "ok": false,
        });
        assert_eq!(line, expected);
    }

    #[test]
    fn hostile_and_long_text_stays_one_short_object() {
        let title = "one\n<0>two\u{0}".repeat(3000);
        let line = logged(|| info!(title, url = "https://example.org/", "alert"));
        assert!(
            line["title"].as_str().is_some_and(|title| title.starts_with("one\n<0>") && title.ends_with('…'))
        );
        assert_eq!((&line["url"], &line["message"]), (&json!("https://example.org/"), &json!("alert")));
    }
}
