//! References of XML and HTML: `&#8217;`, `&amp;`, `&eacute;`, and the entities that a document declares itself.

use std::{borrow::Cow, collections::HashMap};

use super::{
    Limits,
    report::{Limit, Repair, Report},
};

/// Bytes of the longest reference that is looked at; the longest name of HTML has 32.
const MAX_REFERENCE: usize = 40;
/// Bytes of the longest entity that is taken from a document type.
const MAX_ENTITY: usize = 512;
/// The references that every XML document may use.
const PREDEFINED: [&str; 5] = ["amp", "lt", "gt", "quot", "apos"];

/// References that are understood without their semicolon, as HTML has it; the last two even where a word goes on.
const UNENDED: [&str; 5] = ["&amp", "&lt", "&gt", "&quot", "&nbsp"];

/// Replaces references of HTML by their characters, once. What is no known reference stays as written, and so do most
/// without their semicolon: in a URL `&copy=` is a parameter.
pub(super) fn resolve(text: &str) -> Cow<'_, str> {
    let length = |rest: &str| ended_length(rest).or_else(|| unended_length(rest));
    replace(text, length, character)
}

/// The entities that a document declares, and how much of their text may still be used.
#[derive(Debug)]
pub(super) struct Entities<'a> {
    declared: HashMap<&'a str, &'a str>,
    bytes_left: usize,
}

impl<'a> Entities<'a> {
    /// Reads the internal subset of a document type. External entities are never looked at.
    pub fn declared(subset: Option<&'a str>, limits: &Limits) -> Self {
        let declared = subset.into_iter().flat_map(|subset| subset.split("<!ENTITY").skip(1));
        let declared = declared.filter_map(declaration).filter(|(_, text)| text.len() <= MAX_ENTITY);
        // XML 1.0 §4.2: the first declaration is binding.
        let mut entities = HashMap::new();
        declared.for_each(|(name, text)| {
            entities.entry(name).or_insert(text);
        });
        Self { declared: entities, bytes_left: limits.max_entity_text }
    }

    /// Replaces references by what they stand for, once: an entity's text is not looked at again.
    pub fn resolve<'t>(&mut self, text: &'t str, report: &mut Report) -> Cow<'t, str> {
        replace(text, ended_length, |reference, out| {
            let name = reference.trim_matches(['&', ';']);
            if let Some(text) = self.declared.get(name).copied() {
                return self.entity(text, out, report);
            }
            if !name.starts_with('#') && !PREDEFINED.contains(&name) {
                report.mended(Repair::Ampersand);
            }
            character(reference, out)
        })
    }

    /// Replaces only the entities that the document declares, in markup that is not to be changed otherwise.
    pub fn expand<'t>(&mut self, markup: &'t str, report: &mut Report) -> Cow<'t, str> {
        if self.declared.is_empty() {
            return Cow::Borrowed(markup);
        }
        replace(markup, ended_length, |reference, out| {
            let declared = self.declared.get(reference.trim_matches(['&', ';'])).copied();
            declared.is_some_and(|text| self.entity(text, out, report))
        })
    }

    fn entity(&mut self, text: &str, out: &mut String, report: &mut Report) -> bool {
        if text.len() > self.bytes_left {
            report.limited(Limit::EntityText);
            return false;
        }
        self.bytes_left -= text.len();
        out.push_str(&resolve(text));
        true
    }
}

/// `name "text">`, as it follows `<!ENTITY`.
fn declaration(text: &str) -> Option<(&str, &str)> {
    let (name, rest) = text.trim_start().split_once(char::is_whitespace)?;
    let rest = rest.trim_start();
    let quote = rest.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    let (value, _) = rest.strip_prefix(quote)?.split_once(quote)?;
    Some((name, value))
}

/// Hands each reference, which has the length that `length` tells, to `meaning`, which writes what it means; nothing is
/// replaced where it does not know. An ampersand that begins nothing is handed over alone.
fn replace(
    text: &str,
    length: impl Fn(&str) -> Option<usize>,
    mut meaning: impl FnMut(&str, &mut String) -> bool,
) -> Cow<'_, str> {
    let Some(first) = memchr::memchr(b'&', text.as_bytes()) else { return Cow::Borrowed(text) };
    let mut out = String::with_capacity(text.len());
    let (before, mut rest) = text.split_at(first);
    out.push_str(before);
    while !rest.is_empty() {
        let (reference, after) = rest.split_at(length(rest).unwrap_or(1));
        if meaning(reference, &mut out) {
            rest = after;
        } else {
            out.push('&');
            rest = rest.split_at(1).1;
        }
        let (before, after) = rest.split_at(memchr::memchr(b'&', rest.as_bytes()).unwrap_or(rest.len()));
        out.push_str(before);
        rest = after;
    }
    Cow::Owned(out)
}

/// Bytes of the reference that a text begins with, `&` and `;` included.
fn ended_length(text: &str) -> Option<usize> {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"#.-_".contains(&byte) || byte >= 0x80;
    let bytes = text.as_bytes();
    let end = bytes.iter().take(MAX_REFERENCE).skip(1).position(|byte| !is_part(*byte))? + 1;
    (end > 1 && bytes.get(end) == Some(&b';')).then_some(end + 1)
}

/// Bytes of a reference that lacks its semicolon.
fn unended_length(text: &str) -> Option<usize> {
    if text.starts_with("&#") {
        return unended_number_length(text);
    }
    let at = UNENDED.iter().position(|known| text.starts_with(known))?;
    let length = UNENDED.get(at)?.len();
    let next = text.as_bytes().get(length).copied().unwrap_or(b' ');
    let goes_on = next == b'=' || (at < 3 && next.is_ascii_alphanumeric());
    (!goes_on).then_some(length)
}

/// Bytes of `&#8217` before something that is no digit.
fn unended_number_length(text: &str) -> Option<usize> {
    const MAX_DIGITS: usize = 7;
    let digits = text.bytes().skip(2).take_while(u8::is_ascii_digit).count();
    (1..=MAX_DIGITS).contains(&digits).then_some(digits + 2)
}

/// Writes the character that a reference of HTML means. A number that is no character means nothing.
fn character(reference: &str, out: &mut String) -> bool {
    if let Some(code) = reference.strip_prefix("&#").and_then(number) {
        out.extend(numbered(code));
        return true;
    }
    let found = htmlize::ENTITIES.get(reference.as_bytes()).and_then(|bytes| str::from_utf8(bytes).ok());
    out.push_str(found.unwrap_or_default());
    found.is_some()
}

/// The number in `8217;` or `x2019;`.
fn number(text: &str) -> Option<u32> {
    let number = text.strip_suffix(';').unwrap_or(text);
    let (digits, radix) = match number.strip_prefix(['x', 'X']) {
        Some(hex) => (hex, 16),
        None => (number, 10),
    };
    // A number that is too large is no character either.
    let is_number = !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(radix));
    is_number.then(|| u32::from_str_radix(digits, radix).unwrap_or(u32::MAX))
}

fn numbered(code: u32) -> Option<char> {
    // Numbers 128 to 159 mean windows-1252 (WHATWG HTML, numeric character reference end state).
    let character = match u8::try_from(code) {
        Ok(byte @ 0x80..=0x9F) => encoding_rs::WINDOWS_1252.decode(&[byte]).0.chars().next(),
        _ => char::from_u32(code),
    };
    character.filter(|c| !c.is_control() || c.is_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(resolve(text), expected, "{text}");
    }

    #[test]
    fn references_become_characters_once() {
        check("no reference", "no reference");
        check("&amp;quot; &lt;b&gt; &#65;&#x42;&#X43;", "&quot; <b> ABC");
        check("caf&eacute;&nbsp;&yuml;&hellip; &Omega;&Scaron;", "café\u{A0}ÿ… ΩŠ");
        check("&NotEqualTilde;&CounterClockwiseContourIntegral;", "≂\u{338}∳");
    }

    #[test]
    fn what_is_no_reference_stays_as_written() {
        check("AT&T & R&D; ?a=1&copy=2 &", "AT&T & R&D; ?a=1&copy=2 &");
        check("&unknown; &#; &#x; &-; &é;", "&unknown; &#; &#x; &-; &é;");
        check("it&#8217s &#39 &# &#x27 x", "it’s ' &# &#x27 x");
        check("&quotHi,&quot AT&amp T &ampere &nbsp=1 &amp", "\"Hi,\" AT& T &ampere &nbsp=1 &");
    }

    #[test]
    fn illegal_numbers_vanish_and_windows_numbers_mean_what_was_meant() {
        check("a&#0;b&#xD800;c&#99999999;d&#1;", "abcd");
        check("&#146;&#151;&#x80;", "’—€");
    }

    #[test]
    fn declared_entities_stand_for_their_text_and_not_for_more() {
        let subset = "<!ENTITY a 'A &amp; &#66;'> <!ENTITY b \"&a;&a;\"> <!ENTITY a 'second'> <!ENTITY c SYSTEM 'file:///x'>
            <!ENTITY % d 'x'>";
        let limits = Limits { max_entity_text: 30, ..Limits::default() };
        let (mut entities, mut report) = (Entities::declared(Some(subset), &limits), Report::default());
        assert_eq!(entities.resolve("&a; &b; &c; &amp;", &mut report), "A & B &a;&a; &c; &");
        assert_eq!(report.repairs.get(&Repair::Ampersand), Some(&1));
        assert_eq!(entities.resolve("&a;&a;", &mut report), "&a;&a;");
        assert_eq!(report.limits.get(&Limit::EntityText), Some(&2));
    }
}
