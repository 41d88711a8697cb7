//! A line of a file as it may be shown: where it may hold a secret, every string is `"…"`.

use std::{borrow::Cow, ops::Range};

use toml_parser::lexer::TokenKind;

use super::{raw, source::Source, statements::Statement};

/// A line for showing, and a span in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shown {
    /// The line without its end.
    pub(super) text: String,
    /// Bytes of `text` to point at.
    pub(super) span: Range<usize>,
}

/// The line that holds the start of a span, fit for showing.
pub(super) fn show(source: &Source, span: &Range<usize>) -> Shown {
    let line = source.line_span(source.line_of(span.start));
    // A span of several lines is shown by its first.
    let span = span.start.min(line.end)..span.end.min(line.end);
    if source.is_secret(&line) {
        return masked(source, &line, &span);
    }
    let text = source.text().get(line.clone()).unwrap_or_default().to_owned();
    Shown { text, span: span.start - line.start..span.end - line.start }
}

fn masked(source: &Source, line: &Range<usize>, span: &Range<usize>) -> Shown {
    let mut text = String::new();
    let (mut start, mut end) = (None, None);
    let mut in_value = begins_in_value(source, line);
    for token in source.statements().tokens_of(line) {
        let part = token.span().start().max(line.start)..token.span().end().min(line.end);
        let written = source.text().get(part.clone()).unwrap_or_default();
        let before = text.len();
        text.push_str(&mask(token.kind(), written, in_value));
        in_value |= token.kind() == TokenKind::Equals;
        if (part.start..part.end).contains(&span.start) {
            let is_as_written = text.get(before..) == Some(written);
            start = Some(before + if is_as_written { span.start - part.start } else { 0 });
        }
        if part.start < span.end && span.end <= part.end {
            end = Some(text.len());
        }
    }
    let start = start.unwrap_or(text.len());
    let end = end.unwrap_or(start).max(start);
    Shown { text, span: start..end }
}

/// Whether a line begins within a value, as those of a list over several lines do. In a broken file nothing is
/// surely a key: a lost quote turns values into keys.
fn begins_in_value(source: &Source, line: &Range<usize>) -> bool {
    let before = source.statements().at(line.start);
    let is_inside =
        |statement: &Statement| line.start > statement.span.start && line.start < statement.span.end;
    source.is_broken() || before.is_some_and(is_inside)
}

fn mask(kind: TokenKind, text: &str, in_value: bool) -> Cow<'_, str> {
    match kind {
        TokenKind::BasicString | TokenKind::LiteralString => "\"…\"".into(),
        TokenKind::MlBasicString | TokenKind::MlLiteralString if !text.is_empty() => "\"…\"".into(),
        TokenKind::Comment => "# …".into(),
        TokenKind::Atom if in_value && !raw::is_known_key(text) => "…".into(),
        _ => text.into(),
    }
}
