//! tracing to the journal, to stderr or as JSON.

/// What is logged and how (`[log]`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// A `tracing` filter, as in `info` or `feedwatch=debug`.
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
