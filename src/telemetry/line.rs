//! The form of one line: head, message, `key=value`. Whatever text it carries, it stays one line.

use std::fmt::{self, Debug, Write};

use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    fmt::{FmtContext, FormatEvent, FormatFields, format::Writer},
    registry::LookupSpan,
};

use crate::clock::{Clock, SystemClock};

/// A line is cut here, with a mark (specs/operations.md §4).
pub(super) const LINE_MAX_BYTES: usize = 8 << 10;

/// What a line begins with.
#[derive(Debug, Clone, Copy)]
pub(super) enum Head {
    /// The priority for the journal: `<4>`.
    Priority,
    /// Time and level, for people.
    Time {
        /// Whether the level is coloured.
        colours: bool,
    },
}

/// Formats events.
#[derive(Debug)]
pub(super) struct Line {
    head: Head,
}

impl Line {
    pub(super) fn new(head: Head) -> Self {
        Self { head }
    }
}

impl<S, N> FormatEvent<S, N> for Line
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut out: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let level = *event.metadata().level();
        match self.head {
            Head::Priority => write!(out, "<{}>", priority(level))?,
            Head::Time { colours } => write_head(&mut out, level, colours)?,
        }
        let mut text = Text::default();
        event.record(&mut text);
        let (target, module) = (event.metadata().target(), event.metadata().module_path());
        if !target.starts_with("feedwatch") || module != Some(target) {
            write!(out, "{target}: ")?;
        }
        writeln!(out, "{}", text.cut())
    }
}

/// Priorities of syslog (RFC 5424 §6.2.1).
fn priority(level: Level) -> u8 {
    match level {
        Level::ERROR => 3,
        Level::WARN => 4,
        Level::INFO => 6,
        Level::DEBUG | Level::TRACE => 7,
    }
}

fn write_head(out: &mut Writer<'_>, level: Level, colours: bool) -> fmt::Result {
    let now = SystemClock.now().format("%Y-%m-%dT%H:%M:%SZ");
    let colour = match level {
        Level::ERROR => "31",
        Level::WARN => "33",
        Level::INFO => "32",
        Level::DEBUG | Level::TRACE => "2",
    };
    if colours {
        write!(out, "\x1b[2m{now}\x1b[0m \x1b[{colour}m{level:>5}\x1b[0m ")
    } else {
        write!(out, "{now} {level:>5} ")
    }
}

/// The message and the fields of an event.
#[derive(Debug, Default)]
struct Text {
    message: String,
    fields: String,
}

impl Text {
    fn cut(mut self) -> String {
        self.message.push_str(&self.fields);
        if self.message.len() > LINE_MAX_BYTES {
            self.message.truncate(self.message.floor_char_boundary(LINE_MAX_BYTES));
            self.message.push('…');
        }
        self.message
    }

    fn push(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            self.message.extend(value.chars().flat_map(escape_control));
        } else if value.is_empty() || value.chars().any(needs_quotes) {
            // Writing to a string cannot fail.
            let _ = write!(self.fields, " {}={value:?}", field.name());
        } else {
            let _ = write!(self.fields, " {}={value}", field.name());
        }
    }
}

impl Visit for Text {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.push(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.push(field, &format!("{value:?}"));
    }
}

fn needs_quotes(c: char) -> bool {
    c.is_whitespace() || c.is_control() || matches!(c, '"' | '=' | '\\') || is_bidi_control(c)
}

fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn escape_control(c: char) -> impl Iterator<Item = char> {
    let is_hostile = c.is_control() || is_bidi_control(c) || matches!(c, '\u{2028}' | '\u{2029}');
    let escaped = is_hostile.then(|| c.escape_default());
    let plain = (!is_hostile).then_some(c);
    plain.into_iter().chain(escaped.into_iter().flatten())
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::{Arc, Mutex};

    use tracing::{info, warn};
    use tracing_subscriber::{
        Registry,
        fmt::{MakeWriter, format::DefaultFields},
        layer::SubscriberExt,
    };

    use super::*;

    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    impl<'a> MakeWriter<'a> for Sink {
        type Writer = Self;

        fn make_writer(&'a self) -> Self {
            self.clone()
        }
    }

    fn logged(event: impl FnOnce()) -> String {
        logged_by(Line::new(Head::Priority), event)
    }

    /// What is logged in this form.
    pub fn logged_by<F>(form: F, event: impl FnOnce()) -> String
    where
        F: FormatEvent<Registry, DefaultFields> + Send + Sync + 'static,
    {
        let sink = Sink::default();
        let layer = tracing_subscriber::fmt::layer().event_format(form).with_writer(sink.clone());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), event);
        let bytes = sink.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_line_has_a_priority_a_message_and_fields() {
        let line = logged(|| warn!(feed = "https://example.org/", failures = 3, "feed failing"));
        assert_eq!(line, "<4>feed failing feed=https://example.org/ failures=3\n");
    }

    #[test]
    fn hostile_text_stays_on_its_line_and_cannot_forge_another() {
        let title = "one\n<0>two\x1b[2J \u{202e}three";
        let line = logged(|| info!(title, url = %"a b", "alert"));
        assert_eq!(line, "<6>alert title=\"one\\n<0>two\\u{1b}[2J \\u{202e}three\" url=\"a b\"\n");
        let line = logged(|| info!("{title}"));
        assert_eq!(line.lines().count(), 1, "{line:?}");
        assert!(!line.contains('\x1b'), "{line:?}");
    }

    #[test]
    fn a_long_line_is_cut_with_a_mark() {
        let line = logged(|| info!(title = "ж".repeat(20_000), "alert"));
        assert!(line.len() < LINE_MAX_BYTES + 10, "{}", line.len());
        assert!(line.ends_with("…\n"));
    }
}
