//! JSON text that is almost right: control characters and lone surrogates in strings, commas too many, a document that
//! ends too early. One linear pass.

use std::str::CharIndices;

/// A text that may be read instead.
#[derive(Debug, PartialEq)]
pub(super) struct Mended {
    pub text: String,
    /// Whether the end was missing; then all behind the last complete item is left out.
    pub is_cut: bool,
}

/// Mends a document whose top is an object; `None` if nothing complete is in it.
pub(super) fn mend(text: &str) -> Option<Mended> {
    let mut mender = Mender::default();
    let mut chars = text.char_indices();
    while let Some((_, c)) = chars.next() {
        if c == '"' {
            let Some(string) = rest_of_string(&mut chars, text) else { break };
            mender.string(&string);
        } else if mender.mark(c) {
            return Some(Mended { text: mender.out, is_cut: false });
        }
    }
    let end = mender.last_item?;
    mender.out.truncate(end);
    mender.out.push_str("]}");
    Some(Mended { text: mender.out, is_cut: true })
}

#[derive(Default)]
struct Mender {
    out: String,
    depth: usize,
    /// The last string on the top level: the key of what follows.
    key: String,
    /// Whether the list that is open on the second level is that of the items.
    in_items: bool,
    /// Where the last complete item ends in the output.
    last_item: Option<usize>,
}

impl Mender {
    fn string(&mut self, string: &str) {
        if self.depth == 1 {
            string.clone_into(&mut self.key);
        }
        self.part();
        self.out.push_str(string);
    }

    /// Puts the comma that is missing between two values.
    fn part(&mut self) {
        if self.out.trim_end().ends_with(['}', ']', '"']) {
            self.out.push(',');
        }
    }

    /// Takes a character outside of strings; whether the document is complete.
    fn mark(&mut self, c: char) -> bool {
        match c {
            '{' | '[' => {
                self.depth += 1;
                if self.depth == 2 {
                    self.in_items = c == '[' && self.key == "\"items\"";
                }
            }
            '}' | ']' => {
                let end = self.out.trim_end().len();
                if self.out.trim_end().ends_with(',') {
                    self.out.truncate(end - 1);
                }
                self.depth = self.depth.saturating_sub(1);
            }
            ',' if self.out.trim_end().ends_with([',', '{', '[']) => return false,
            c if c.is_control() && !c.is_whitespace() => return false,
            _ => {}
        }
        if matches!(c, '{' | '[') {
            self.part();
        }
        self.out.push(c);
        if c == '}' && self.depth == 2 && self.in_items {
            self.last_item = Some(self.out.len());
        }
        matches!(c, '}' | ']') && self.depth == 0
    }
}

/// A string with its quotes, mended.
pub(super) fn string(written: &str) -> Option<String> {
    let mut chars = written.char_indices();
    chars.next()?;
    rest_of_string(&mut chars, written)
}

/// A string behind its opening quote, with both quotes; `None` if it never ends. A quote behind which nothing comes that
/// may follow a string is a part of it.
fn rest_of_string(chars: &mut CharIndices<'_>, text: &str) -> Option<String> {
    let mut out = String::from('"');
    loop {
        let (at, c) = chars.next()?;
        match c {
            '"' if ends_string(chars.as_str()) => {
                out.push('"');
                return Some(out);
            }
            '"' => out.push_str("\\\""),
            '\\' => escape(chars, text, at, &mut out)?,
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
}

/// Whether what follows a quote may follow a string, or is the next string.
fn ends_string(rest: &str) -> bool {
    let rest = rest.trim_start();
    rest.is_empty() || rest.starts_with([',', ':', '}', ']', '"'])
}

/// What follows a backslash that stands at `at`. An escape that JSON does not have loses its backslash.
fn escape(chars: &mut CharIndices<'_>, text: &str, at: usize, out: &mut String) -> Option<()> {
    let (_, c) = chars.next()?;
    let unit = |at: usize| {
        let digits = text.get(at..)?.strip_prefix("\\u")?.get(..4)?;
        u16::from_str_radix(digits, 16).ok().filter(|_| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
    };
    match (c, unit(at)) {
        ('u', Some(high @ 0xD800..=0xDBFF)) => {
            let low = unit(at + 6).filter(|low| (0xDC00..=0xDFFF).contains(low));
            let pair = low.and_then(|low| char::decode_utf16([high, low]).next()?.ok());
            chars.nth(if pair.is_some() { 9 } else { 3 });
            out.push(pair.unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        ('u', Some(unit)) => {
            chars.nth(3);
            match char::from_u32(unit.into()) {
                // What would end the string or break it again stays an escape.
                Some(c) if c.is_control() || matches!(c, '"' | '\\') => {
                    out.extend(["\\u", text.get(at + 2..at + 6)?]);
                }
                c => out.push(c.unwrap_or(char::REPLACEMENT_CHARACTER)),
            }
        }
        ('"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't', _) => out.extend(['\\', c]),
        (c, _) if c.is_control() => out.push(' '),
        (c, _) => out.push(c),
    }
    Some(())
}
