//! Text to tokens (specs/matching.md §3): one table of tokens for all fields of an article.
//!
//! Plain ASCII has a short way of its own (`ascii.rs`), all else a long one (`unicode.rs`); both yield the same tokens.

use std::ops::Range;

use super::{ascii::Runs, decode};

/// What a token is made of. A token never mixes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A run of letters.
    Word,
    /// A run of digits.
    Number,
    /// One letter of a script without blanks.
    Single,
}

/// One token of a text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token {
    /// First eight folded bytes.
    pub head: u64,
    /// Hash of the folded word.
    pub hash: u64,
    /// First byte in the field.
    pub start: u32,
    /// One past its last byte.
    pub end: u32,
    /// Tokens before it in the article, suffixes not counted.
    pub ordinal: u32,
    /// Where its folded form begins; `RAW`: the field's bytes are the folded form but for case.
    pub(super) fold_at: u32,
    pub(super) fold_len: u32,
    /// The field, as an index of `Tokens::fields`.
    pub slot: u8,
    /// What it is made of.
    pub kind: Kind,
    /// Whether it begins with an upper-case letter.
    pub upper: bool,
    /// Whether it is an apostrophe suffix (§3 rule 7).
    pub suffix: bool,
    /// Whether it may be read in other ways too (`Tokens::readings`).
    pub readings: bool,
}

impl Token {
    /// Bytes of its folded form.
    #[inline]
    pub const fn folded_len(&self) -> u32 {
        if self.fold_at == RAW { self.end - self.start } else { self.fold_len }
    }
}

/// The folded form of the token is its bytes in the text, but for case.
pub(super) const RAW: u32 = u32::MAX;

/// Another way to read a token: without the Arabic article, or a short Cyrillic word in Latin letters.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reading {
    /// Index of the token.
    pub token: u32,
    /// First eight bytes of this reading.
    pub head: u64,
    /// Its hash.
    pub hash: u64,
}

/// The number of fields a text can have.
pub(super) const SLOTS: usize = 8;

/// Longest part of a field that is searched, in bytes. Bodies are capped far below; this keeps offsets in 32 bits.
const FIELD_MAX_BYTES: usize = 1 << 30;

/// The tokens of all fields of an article, in order of the fields. Kept between articles for its buffers.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    /// The tokens.
    pub list: Vec<Token>,
    /// Other readings, in order of their tokens.
    pub readings: Vec<Reading>,
    fields: [Range<usize>; SLOTS],
    pub(super) folded: String,
    pub(super) runs: Runs,
}

impl Tokens {
    /// Forgets the last article.
    pub fn clear(&mut self) {
        self.list.clear();
        self.readings.clear();
        self.folded.clear();
        self.fields = Default::default();
    }

    /// Adds the tokens of a field. Fields are added in ascending order of `slot`, each once.
    pub fn push_field(&mut self, slot: usize, text: &str) {
        let text = text.get(..text.floor_char_boundary(FIELD_MAX_BYTES)).unwrap_or_default();
        let first = self.list.len();
        if text.is_ascii() && !decode::has_reference(text) {
            self.push_ascii(slot, text);
        } else {
            self.push_decoded(slot, text);
        }
        self.fields[slot] = first..self.list.len();
    }

    /// Which tokens belong to a field.
    pub fn of_field(&self, slot: usize) -> Range<usize> {
        self.fields[slot].clone()
    }

    /// The tokens, field by field.
    pub fn each_field(&self) -> impl Iterator<Item = &[Token]> {
        self.fields.iter().map(|range| &self.list[range.clone()])
    }

    /// The other readings of the token at `index`.
    pub fn readings_of(&self, index: usize) -> &[Reading] {
        let start = self.readings.partition_point(|reading| (reading.token as usize) < index);
        let end = self.readings.partition_point(|reading| reading.token as usize <= index);
        &self.readings[start..end]
    }

    /// Whether the folded form of a token of `text` is `folded`.
    pub fn is_word(&self, text: &str, token: &Token, folded: &str) -> bool {
        if token.fold_at == RAW {
            self.raw(text, token).eq_ignore_ascii_case(folded)
        } else {
            self.arena(token) == folded
        }
    }

    /// Whether the folded form of a token of `text` begins with `folded`.
    pub fn starts_with(&self, text: &str, token: &Token, folded: &str) -> bool {
        if token.fold_at == RAW {
            let start = self.raw(text, token).get(..folded.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(folded))
        } else {
            self.arena(token).starts_with(folded)
        }
    }

    /// Calls `f` with the folded form of a token of `text`.
    pub fn with_folded<R>(&self, text: &str, token: &Token, f: impl FnOnce(&str) -> R) -> R {
        if token.fold_at == RAW {
            f(&self.raw(text, token).to_ascii_lowercase())
        } else {
            f(self.arena(token))
        }
    }

    /// The bytes of the token as they stand.
    #[expect(clippy::unused_self, reason = "reads beside `is_word` and `with_folded`")]
    pub fn raw<'a>(&self, text: &'a str, token: &Token) -> &'a str {
        text.get(token.start as usize..token.end as usize).unwrap_or_default()
    }

    /// The folded form of a token that does not lie in the text itself.
    pub(super) fn arena(&self, token: &Token) -> &str {
        let start = token.fold_at as usize;
        self.folded.get(start..start + token.fold_len as usize).unwrap_or_default()
    }

    /// Whether letters right after an apostrophe are a suffix of the last token of an ASCII field.
    #[cold]
    pub(super) fn is_suffix(&self, text: &[u8], word: &[u8]) -> bool {
        let Some(stem) = self.list.last() else { return false };
        let stem_text = &text[stem.start as usize..stem.end as usize];
        let lower = |bytes: &[u8]| String::from_utf8_lossy(bytes).to_ascii_lowercase();
        suffix_rule(stem.kind, stem.upper, &lower(stem_text), &lower(word))
    }

    #[inline]
    pub(super) fn next_ordinal(&self) -> u32 {
        self.list.last().map_or(0, |last| last.ordinal + u32::from(!last.suffix))
    }
}

/// §3 rule 7: whether letters after token + apostrophe are a suffix of it.
pub(super) fn suffix_rule(stem_kind: Kind, stem_upper: bool, stem: &str, letters: &str) -> bool {
    const ELISIONS: [&str; 21] = [
        "l", "d", "j", "m", "n", "s", "t", "c", "o", "qu", "gl", "jusqu", "lorsqu", "puisqu", "quoiqu",
        "dell", "all", "nell", "sull", "dall", "coll",
    ];
    const SUFFIXES: [&str; 7] = ["s", "d", "t", "m", "re", "ve", "ll"];
    if ELISIONS.contains(&stem) {
        return false;
    }
    stem_kind == Kind::Number || stem_upper || SUFFIXES.contains(&letters)
}

/// A position in 32 bits; fields are cut so that it fits.
pub(super) fn offset(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
