//! Bytes that are UTF-8 for the most part.

use std::borrow::Cow;

use encoding_rs::WINDOWS_1252;

/// Valid sequences that no other encoding has by chance in a piece of text without an invalid one.
const SURELY_UTF8: usize = 4;

/// The pieces of a document that each begin with an article.
pub(super) fn articles(body: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(body);
    std::iter::from_fn(move || {
        let all = rest?;
        let starts = memchr::memchr_iter(b'<', all).skip_while(|at| *at == 0);
        let is_article = |at: &usize| {
            all.get(*at..).is_some_and(|rest| rest.starts_with(b"<item") || rest.starts_with(b"<entry"))
        };
        let (piece, after) = match starts.into_iter().find(is_article) {
            Some(at) => all.split_at(at),
            None => (all, [].as_slice()),
        };
        rest = Some(after).filter(|after| !after.is_empty());
        Some(piece)
    })
}

/// A piece of a document that is UTF-8 for the most part: damage stays in the article that has it.
pub(super) fn mixed<'a>(piece: &'a [u8], legacy: impl FnOnce() -> Cow<'a, str>) -> Cow<'a, str> {
    let quality = Utf8Quality::of(piece);
    if quality.good == 0 && quality.bad >= SURELY_UTF8 { legacy() } else { patched(piece).into() }
}

/// UTF-8 with wrong bytes in it: what is certain to be left of windows-1252 is read as that, others become U+FFFD.
pub(super) fn patched(body: &[u8]) -> String {
    let mut out = String::with_capacity(body.len());
    for chunk in body.utf8_chunks() {
        out.push_str(chunk.valid());
        let character = match chunk.invalid() {
            [] => continue,
            [byte] if is_windows_1252(*byte, chunk.valid()) => WINDOWS_1252.decode(&[*byte]).0.chars().next(),
            _ => None,
        };
        out.push(character.unwrap_or(char::REPLACEMENT_CHARACTER));
    }
    out.trim_start_matches('\u{FEFF}').to_owned()
}

/// Whether a byte on its own is a quotation mark or a dash, as word processors leave behind, or a letter behind a letter
/// of ASCII; not one with which letters of Latin scripts begin in UTF-8.
pub(super) fn is_windows_1252(byte: u8, before: &str) -> bool {
    match byte {
        0x82 | 0x84 | 0x85 | 0x8B | 0x91..=0x97 | 0x9B => !before.is_empty(),
        0xC2..=0xC5 | 0xCC | 0xCD | 0xE2 | 0xEF | 0xF0 => false,
        0xC0.. => before.ends_with(|c: char| c.is_ascii_alphabetic()),
        _ => false,
    }
}

/// How much of a body is UTF-8, beyond ASCII.
pub(super) struct Utf8Quality {
    pub good: usize,
    pub bad: usize,
}

impl Utf8Quality {
    pub fn of(body: &[u8]) -> Self {
        let (mut good, mut bad) = (0, 0);
        for chunk in body.utf8_chunks() {
            // Lead bytes of sequences: each is one character.
            good += chunk.valid().bytes().filter(|byte| *byte >= 0xC0).count();
            bad += usize::from(!chunk.invalid().is_empty());
        }
        Self { good, bad }
    }

    pub fn is_certain(&self) -> bool {
        self.bad == 0 && self.good >= SURELY_UTF8
    }

    /// Text in another encoding hardly ever has many valid sequences and few invalid ones.
    pub fn is_nearly_certain(&self) -> bool {
        self.bad > 0 && self.good >= 3 * self.bad
    }

    pub fn is_likely(&self) -> bool {
        self.good >= self.bad
    }
}
