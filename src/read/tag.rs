//! One tag as it is written, however badly.

use memchr::memmem;

use super::slice;

/// Bytes of the longest name that a tag without its end may have.
const MAX_NAME: usize = 40;

/// What a tag does.
#[derive(Debug, PartialEq, Clone, Copy)]
pub(super) enum TagKind {
    Open,
    Empty,
    Close,
}

/// A tag as written.
#[derive(Debug, PartialEq, Clone, Copy)]
pub(super) struct Tag<'a> {
    /// All of it, from `<` to `>`.
    pub raw: &'a str,
    pub kind: TagKind,
    /// The name with its prefix.
    pub name: &'a str,
    attributes: &'a str,
}

impl<'a> Tag<'a> {
    /// The prefix, empty if there is none.
    pub fn prefix(&self) -> &'a str {
        self.name.split_once(':').map_or("", |(prefix, _)| prefix)
    }

    /// The name without its prefix.
    pub fn local(&self) -> &'a str {
        self.name.split_once(':').map_or(self.name, |(_, local)| local)
    }

    /// Whether the text occurs anywhere among its attributes.
    pub fn has(&self, text: &str) -> bool {
        !self.attributes.is_empty() && memmem::find(self.attributes.as_bytes(), text.as_bytes()).is_some()
    }

    /// Names and values, as written.
    pub fn attributes(&self) -> Attributes<'a> {
        Attributes { rest: self.attributes }
    }
}

/// The attributes of a tag; quotes may be missing.
pub(super) struct Attributes<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Attributes<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let rest =
            self.rest.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '/' | '=' | '"' | '\''));
        let end = rest.find(|c: char| c.is_whitespace() || c == '=').unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        let (value, after) = match after.trim_start().strip_prefix('=') {
            Some(value) => split_value(value.trim_start()),
            None => ("", after),
        };
        self.rest = after;
        (!name.is_empty()).then_some((name, value))
    }
}

fn split_value(text: &str) -> (&str, &str) {
    for quote in ['"', '\''] {
        if let Some(quoted) = text.strip_prefix(quote) {
            return quoted.split_once(quote).unwrap_or((quoted, ""));
        }
    }
    text.split_at(text.find(char::is_whitespace).unwrap_or(text.len()))
}

/// The tag that a text begins with.
pub(super) fn tag(text: &str) -> Option<Tag<'_>> {
    let inner = text.strip_prefix('<')?;
    let (kind, named) =
        inner.strip_prefix('/').map_or((TagKind::Open, inner), |named| (TagKind::Close, named));
    if !named.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        return None;
    }
    let Some(end) = tag_end(named) else { return tag_without_end(text, named, kind) };
    let body = slice(named, 0, end);
    let (body, kind) = match body.strip_suffix('/') {
        Some(body) if kind == TagKind::Open => (body, TagKind::Empty),
        _ => (body, kind),
    };
    let name_end = body.find(|c: char| c.is_whitespace() || c == '/').unwrap_or(body.len());
    let (name, attributes) = body.split_at(name_end);
    let raw = slice(text, 0, text.len() - named.len() + end + 1);
    Some(Tag { raw, kind, name, attributes })
}

/// An end tag, or the start of an article, that lacks its `>`, so that the next tag follows at once.
fn tag_without_end<'a>(text: &'a str, named: &'a str, kind: TagKind) -> Option<Tag<'a>> {
    let (head, _) = slice(named, 0, named.floor_char_boundary(MAX_NAME)).split_once('<')?;
    let name = head.trim_end();
    let is_name = !name.contains(|c: char| c.is_whitespace() || c == '"');
    let is_expected = kind == TagKind::Close || ["item", "entry"].contains(&name);
    let raw = slice(text, 0, text.len() - named.len() + head.len());
    (is_name && is_expected).then_some(Tag { raw, kind, name, attributes: "" })
}

/// The `>` that ends a tag: the first outside quotes, or, where a quote is never closed, the first before the next
/// `<`. A value may hold markup; but if its first mark is `>` and a `<` follows, its quote was not closed.
fn tag_end(inside: &str) -> Option<usize> {
    let bytes = inside.as_bytes();
    let (mut at, mut first_end) = (0, None);
    while let Some(byte) = bytes.get(at) {
        at = match byte {
            b'>' => return Some(at),
            b'<' => return first_end,
            b'"' | b'\'' => match quoted(bytes, at + 1, *byte, &mut first_end) {
                Some(after) => after,
                None => return first_end,
            },
            _ => at + 1,
        };
    }
    first_end
}

/// What follows the closing quote; `None` if it is missing.
fn quoted(bytes: &[u8], from: usize, quote: u8, first_end: &mut Option<usize>) -> Option<usize> {
    let mut first = None;
    for at in memchr::memchr3_iter(b'>', b'<', quote, bytes.get(from..)?).map(|at| from + at) {
        match bytes.get(at)? {
            b'<' if first.is_some_and(|(_, is_end)| is_end) || is_article(bytes.get(at..)?) => break,
            mark @ (b'<' | b'>') => first = first.or(Some((at, *mark == b'>'))),
            _ => return Some(at + 1),
        }
    }
    *first_end = first_end.or(first.filter(|(_, is_end)| *is_end).map(|(at, _)| at));
    None
}

/// Whether a tag of an article begins here.
fn is_article(bytes: &[u8]) -> bool {
    let rest = bytes.strip_prefix(b"</").or_else(|| bytes.strip_prefix(b"<")).unwrap_or_default();
    rest.starts_with(b"item") || rest.starts_with(b"entry")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_read_in_every_spelling() {
        let tag = tag("<a b='1 2' c = \"3\" d=4 e f=''/>").expect("a tag");
        let attributes: Vec<_> = tag.attributes().collect();
        assert_eq!(attributes, [("b", "1 2"), ("c", "3"), ("d", "4"), ("e", ""), ("f", "")]);
    }
}
