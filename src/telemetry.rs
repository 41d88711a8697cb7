//! tracing to the journal, to a terminal or as JSON. One event is one line, whatever text it carries.

mod json;
mod line;

use std::{
    io::{self, IsTerminal},
    panic,
    time::Instant,
};

use tracing::{error, level_filters::LevelFilter};
use tracing_subscriber::{
    EnvFilter, Layer, Registry,
    filter::ParseError,
    fmt::{self, writer::BoxMakeWriter},
    layer::SubscriberExt,
    reload,
    util::SubscriberInitExt,
};

use crate::read;
use json::JsonLine;
use line::{Head, Line};

/// Crates whose debug lines may hold URLs and headers: never below info, whatever is asked for.
const CAPPED: [&str; 7] =
    ["hyper", "hyper_util", "h2", "reqwest", "rustls", "rustls_platform_verifier", "tokio_util"];

/// What is logged and how (`[log]`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// A `tracing` filter, as in `info` or `feedwatch=debug`; `RUST_LOG` wins.
    pub level: String,
    /// The form of a line.
    pub format: Format,
}

impl Default for Settings {
    fn default() -> Self {
        Self { level: "info".to_owned(), format: Format::Auto }
    }
}

/// The form of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Journal prefixes under systemd, else text.
    Auto,
    /// Time, level, message, fields.
    Text,
    /// A `<N>` priority prefix, no time: systemd adds it.
    Journal,
    /// One JSON object a line.
    Json,
}

/// Changes the level of a running program.
#[derive(Debug)]
pub struct Handle(reload::Handle<EnvFilter, Registry>);

impl Handle {
    /// Applies another level, unless `RUST_LOG` fixes it. A bad one was refused by `check`.
    pub fn set_level(&self, level: &str) {
        if let Ok(filter) = filter(level) {
            // Fails only if the subscriber is gone, at the very end of the program.
            let _ = self.0.reload(filter);
        }
    }
}

/// Whether a level can be read.
///
/// # Errors
/// Says what is wrong with it.
pub fn check_level(level: &str) -> Result<(), ParseError> {
    EnvFilter::builder().parse(level).map(drop)
}

/// Starts logging to stderr. Called once, by commands that run for a while.
///
/// # Errors
/// If the level cannot be read, or logging was started before.
pub fn start(settings: &Settings) -> anyhow::Result<Handle> {
    start_on(settings, BoxMakeWriter::new(io::stderr))
}

/// The same to somewhere else, for those who draw on stderr meanwhile. Each line is one call of `write`.
///
/// # Errors
/// See [`start`].
pub fn start_on(settings: &Settings, output: BoxMakeWriter) -> anyhow::Result<Handle> {
    let (filter, handle) = reload::Layer::new(filter(&settings.level)?);
    let is_terminal = io::stderr().is_terminal();
    let colours = is_terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let layer = match (settings.format, is_on_journal()) {
        (Format::Json, _) => fmt::layer().event_format(JsonLine).with_writer(output).boxed(),
        (Format::Journal, _) | (Format::Auto, true) => lines(Head::Priority, output),
        (Format::Text | Format::Auto, _) => lines(Head::Time { colours }, output),
    };
    tracing_subscriber::registry().with(filter).with(layer).try_init()?;
    panic::set_hook(Box::new(report_panic));
    Ok(Handle(handle))
}

fn lines<S>(head: Head, output: BoxMakeWriter) -> Box<dyn Layer<S> + Send + Sync>
where
    S: tracing::Subscriber + for<'a> tracing_subscriber::registry::LookupSpan<'a>,
{
    fmt::layer().event_format(Line::new(head)).with_writer(output).boxed()
}

fn filter(level: &str) -> Result<EnvFilter, ParseError> {
    let wanted = std::env::var("RUST_LOG").ok().filter(|filter| !filter.is_empty());
    let filter = EnvFilter::builder().parse(wanted.as_deref().unwrap_or(level))?;
    let capped = filter.max_level_hint().is_some_and(|level| level > LevelFilter::INFO);
    let caps = CAPPED.iter().filter(|_| capped).filter_map(|name| format!("{name}=info").parse().ok());
    Ok(caps.fold(filter, EnvFilter::add_directive))
}

/// How long something took, for a field.
pub fn took(begun: Instant) -> String {
    format!("{} ms", begun.elapsed().as_millis())
}

/// Whether stderr is the journal: `$JOURNAL_STREAM` names its device and inode (systemd.exec(5)).
pub fn is_on_journal() -> bool {
    use std::os::unix::fs::MetadataExt;
    let Ok(stream) = std::env::var("JOURNAL_STREAM") else { return false };
    let Ok(stderr) = std::fs::metadata("/proc/self/fd/2") else { return false };
    stream == format!("{}:{}", stderr.dev(), stderr.ino())
}

/// A panic is one error line. The reader's own are caught and recorded as the outcome of that poll, nothing more.
fn report_panic(info: &panic::PanicHookInfo<'_>) {
    if read::is_reading() {
        return;
    }
    let message = info.payload_as_str().unwrap_or("no message");
    let place = info.location().map(ToString::to_string).unwrap_or_default();
    error!(message, place, "panic: this is a fault of feedwatch, please report it");
}
