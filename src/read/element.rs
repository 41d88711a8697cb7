//! One element as it stands in a document, and what it says.

use std::borrow::Cow;

use url::Url;

use super::{
    draft::{self, Markup},
    lexer::{Lexer, Token},
    references::Entities,
    report::{Limit, Repair, Report},
    slice,
    tag::Tag,
    vocabulary::{Field, Namespace},
};

/// A part of an article or of the feed's head, not yet interpreted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Element<'a> {
    pub field: Field,
    pub namespace: Namespace,
    pub tag: Tag<'a>,
    /// What stands between its tags.
    pub inner: &'a str,
}

/// What interpreting elements needs and leaves behind.
pub(super) struct Reading<'a, 'r> {
    pub entities: Entities<'a>,
    pub max_attributes: usize,
    pub report: &'r mut Report,
}

impl<'a> Element<'a> {
    /// The value of an attribute, references undone; `None` if it is missing or blank.
    pub fn attribute(&self, name: &str, reading: &mut Reading<'a, '_>) -> Option<Cow<'a, str>> {
        attribute(self.tag, name, reading)
    }

    /// All inside as text: references undone once, tags left as they are.
    pub fn characters(&self, reading: &mut Reading<'a, '_>) -> Cow<'a, str> {
        characters(self.inner, reading)
    }

    /// All inside as one word: an address, an identifier or a date. What follows a tag in it belongs to something else.
    pub fn word(&self, reading: &mut Reading<'a, '_>) -> Cow<'a, str> {
        let text = characters(until_tag(self.inner), reading);
        let trimmed = text.trim();
        // A section that was escaped, or wrapped twice.
        let unwrapped = trimmed.trim_start_matches("<![CDATA[").trim_end_matches("]]>");
        if unwrapped.len() == trimmed.len() { text } else { Cow::Owned(unwrapped.to_owned()) }
    }

    /// What it says, and how that is to be read: RSS is HTML whether it says so or not, Atom is what it says.
    /// `None` for what is no text.
    pub fn markup(&self, reading: &mut Reading<'a, '_>) -> Option<Markup<'a>> {
        if self.namespace == Namespace::Xhtml {
            return Some(Markup::Html(Cow::Borrowed(self.inner)));
        }
        if self.namespace != Namespace::Atom {
            return Some(Markup::Html(self.characters(reading)));
        }
        if self.inner.is_empty() {
            return None;
        }
        let media_type = self.attribute("type", reading).unwrap_or_default();
        let mode = self.attribute("mode", reading).unwrap_or_default();
        let kind = self.text_kind(&media_type, &mode, reading.report);
        let characters = |reading: &mut Reading<'a, '_>| self.characters(reading);
        match kind? {
            TextKind::Plain => Some(Markup::Plain(characters(reading))),
            TextKind::Html => Some(Markup::Html(characters(reading))),
            TextKind::Xhtml => Some(Markup::Html(reading.entities.expand(self.inner, reading.report))),
            TextKind::Base64(is_html) => {
                let text = decode_base64(&characters(reading))?;
                Some(if is_html { Markup::Html(text.into()) } else { Markup::Plain(text.into()) })
            }
        }
    }

    /// How an Atom text is to be read (RFC 4287 §3.1.1, §4.1.3.3; `mode` is Atom 0.3). Markup that stands there
    /// unescaped is meant as markup, whatever the type.
    fn text_kind(&self, media_type: &str, mode: &str, report: &mut Report) -> Option<TextKind> {
        let essence = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let is_standard = matches!(essence.as_str(), "" | "text" | "html" | "xhtml");
        let is_text = essence.starts_with("text/") || !essence.contains('/');
        let is_xml = essence.ends_with("xml");
        let is_html = essence.contains("html");
        if mode.eq_ignore_ascii_case("base64") {
            return (is_text || is_xml).then_some(TextKind::Base64(is_html || is_xml));
        }
        let is_escaped = mode.eq_ignore_ascii_case("escaped");
        if !is_standard && self.field != Field::Content && mode.is_empty() {
            report.mended(Repair::Type);
        }
        if is_xml && !is_escaped || essence == "xhtml" {
            return Some(TextKind::Xhtml);
        }
        if !is_text && !is_xml {
            return None;
        }
        let is_markup = is_html || is_xml || has_tags(self.inner);
        Some(if is_markup { TextKind::Html } else { TextKind::Plain })
    }
}

enum TextKind {
    Plain,
    Html,
    /// Markup as it stands.
    Xhtml,
    /// HTML if true.
    Base64(bool),
}

/// Whether markup stands unescaped in a text.
fn has_tags(inner: &str) -> bool {
    let (mut lexer, mut report) = (Lexer::fragment(inner), Report::default());
    memchr::memchr(b'<', inner.as_bytes()).is_some()
        && std::iter::from_fn(|| lexer.next("", &mut report)).any(|token| matches!(token, Token::Tag(_)))
}

fn decode_base64(text: &str) -> Option<String> {
    let packed: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let bytes = data_encoding::BASE64.decode(&packed).ok()?;
    String::from_utf8(bytes).ok()
}

/// The value of an attribute, references undone; `None` if it is missing or blank.
pub(super) fn attribute<'a>(tag: Tag<'a>, name: &str, reading: &mut Reading<'a, '_>) -> Option<Cow<'a, str>> {
    let max = reading.max_attributes;
    let (at, (_, value)) = tag
        .attributes()
        .enumerate()
        .find(|(at, (known, _))| *at >= max || known.eq_ignore_ascii_case(name))?;
    if at >= max {
        reading.report.limited(Limit::Attributes);
        return None;
    }
    let value = value.trim();
    (!value.is_empty()).then(|| reading.entities.resolve(value, reading.report))
}

/// The base address within an element (XML Base); one that is no address is ignored.
pub(super) fn base_of<'a>(tag: Tag<'a>, outer: Option<&Url>, reading: &mut Reading<'a, '_>) -> Option<Url> {
    let outer = outer.cloned();
    let base = attribute(tag, "xml:base", reading).filter(|base| base.len() <= draft::MAX_SHORT);
    let Some(base) = base else { return outer };
    let joined = match Url::parse(&base) {
        Err(url::ParseError::RelativeUrlWithoutBase) => {
            outer.as_ref().map(|outer| outer.join(&base)).transpose()
        }
        parsed => parsed.map(Some),
    };
    joined.unwrap_or_else(|_| {
        reading.report.mended(Repair::Base);
        outer
    })
}

/// What stands before the first tag behind some text.
fn until_tag(inner: &str) -> &str {
    let (mut lexer, mut ignored) = (Lexer::fragment(inner), Report::default());
    loop {
        let at = lexer.position();
        match lexer.next("", &mut ignored) {
            Some(Token::Tag(_)) if !slice(inner, 0, at).trim().is_empty() => return slice(inner, 0, at),
            Some(_) => {}
            None => return inner,
        }
    }
}

/// The text in some markup: references undone once, CDATA as it is, tags left as they are.
pub(super) fn characters<'a>(inner: &'a str, reading: &mut Reading<'a, '_>) -> Cow<'a, str> {
    if memchr::memchr(b'<', inner.as_bytes()).is_none() {
        return reading.entities.resolve(inner, reading.report);
    }
    let (mut lexer, mut out, mut blank) = (Lexer::fragment(inner), Cow::Borrowed(""), "");
    // What has no end was counted when the extent of the element was found.
    let mut ignored = Report::default();
    while let Some(token) = lexer.next("", &mut ignored) {
        let piece = match token {
            Token::Text(text) if text.trim().is_empty() => {
                // Blanks around a single section need no copy of it.
                blank = text;
                continue;
            }
            Token::Text(text) => reading.entities.resolve(text, reading.report),
            Token::Data(data) => Cow::Borrowed(data),
            Token::Tag(tag) => Cow::Borrowed(tag.raw),
        };
        if out.is_empty() {
            out = piece;
        } else {
            out.to_mut().extend([blank, &piece]);
        }
        blank = "";
    }
    out
}
