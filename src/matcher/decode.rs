//! A text as characters with their bytes; character references left in it are read, one level (§3 rule 1).

use std::str::Chars;

/// Yields each character with the bytes it stands on; a reference stands on all of its bytes.
#[derive(Debug, Clone)]
pub(super) struct Decoded<'a> {
    text: &'a str,
    rest: Chars<'a>,
}

/// Starts at the first character.
pub(super) fn decoded(text: &str) -> Decoded<'_> {
    Decoded { text, rest: text.chars() }
}

/// Whether the text holds any reference at all.
pub(super) fn has_reference(text: &str) -> bool {
    text.match_indices('&').any(|(at, _)| reference(text.get(at..).unwrap_or_default()).is_some())
}

impl Iterator for Decoded<'_> {
    type Item = (char, usize, usize);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let whole = self.rest.as_str();
        let start = self.text.len() - whole.len();
        match self.rest.next()? {
            '&' => Some(self.after_ampersand(whole, start)),
            c => Some((c, start, start + c.len_utf8())),
        }
    }
}

impl<'a> Decoded<'a> {
    #[cold]
    fn after_ampersand(&mut self, whole: &'a str, start: usize) -> (char, usize, usize) {
        let (c, len) = reference(whole).unwrap_or(('&', 1));
        self.rest = whole.get(len..).unwrap_or_default().chars();
        (c, start, start + len)
    }
}

/// `&#8209;x` → the hyphen and 7 bytes.
fn reference(text: &str) -> Option<(char, usize)> {
    const LONGEST: usize = 10;
    let body = text.strip_prefix('&')?;
    let end = body.bytes().take(LONGEST).position(|b| b == b';')?;
    let body = body.get(..end)?;
    let c = match body.strip_prefix('#') {
        Some(number) => match number.strip_prefix(['x', 'X']) {
            Some(hex) => parse(hex, 16)?,
            None => parse(number, 10)?,
        },
        None => named(body)?,
    };
    Some((c, end + 2))
}

fn parse(digits: &str, radix: u32) -> Option<char> {
    let all_digits = digits.chars().all(|c| c.is_digit(radix));
    let code = u32::from_str_radix(digits, radix).ok().filter(|code| all_digits && *code != 0)?;
    char::from_u32(code)
}

fn named(name: &str) -> Option<char> {
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => '\u{A0}',
        "shy" => '\u{AD}',
        "ndash" => '–',
        "mdash" => '—',
        "minus" => '−',
        "lsquo" => '‘',
        "rsquo" => '’',
        "ldquo" => '“',
        "rdquo" => '”',
        "ensp" => '\u{2002}',
        "emsp" => '\u{2003}',
        "thinsp" => '\u{2009}',
        "zwj" => '\u{200D}',
        "zwnj" => '\u{200C}',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[(char, usize, usize)]) {
        assert_eq!(decoded(text).collect::<Vec<_>>(), expected, "{text}");
    }

    #[test]
    fn references_are_read_once_and_stand_on_all_their_bytes() {
        check("S&#8209;4", &[('S', 0, 1), ('‑', 1, 8), ('4', 8, 9)]);
        check("&#x2011;", &[('‑', 0, 8)]);
        check("é&nbsp;", &[('é', 0, 2), ('\u{A0}', 2, 8)]);
        check("&amp;lt;", &[('&', 0, 5), ('l', 5, 6), ('t', 6, 7), (';', 7, 8)]);
    }

    #[test]
    fn what_is_no_reference_stays_as_it_is() {
        for text in
            ["AT&T", "a & b;", "&#0;", "&#xD800;", "&#99999999999;", "&;", "&#;", "&#x;", "&#+5;", "&nosuch;"]
        {
            let chars: String = decoded(text).map(|(c, ..)| c).collect();
            assert_eq!(chars, text);
            assert!(!has_reference(text), "{text}");
        }
        assert!(has_reference("Q&A &amp; more"));
    }
}
