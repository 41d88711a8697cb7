//! The short way from plain ASCII to tokens: 64 bytes at a time, and no folding but the hash's own.

use super::{
    hash,
    tokens::{Kind, RAW, Token, Tokens, offset},
};

/// Bytes whose classes are found together.
const BLOCK: usize = 64;

impl Tokens {
    /// Adds the tokens of an ASCII text without character references.
    pub(super) fn push_ascii(&mut self, slot: usize, text: &str) {
        let slot = u8::try_from(slot).expect("there are eight slots");
        let bytes = text.as_bytes();
        let mut runs = std::mem::take(&mut self.runs);
        runs.find(bytes);
        self.list.reserve(runs.starts.len());
        let mut ordinal = self.next_ordinal();
        let mut before: Option<usize> = None;
        for (&start, &end) in runs.starts.iter().zip(&runs.ends) {
            let (from, to) = (start as usize, end as usize);
            let kind = if bytes[from].is_ascii_digit() { Kind::Number } else { Kind::Word };
            let after_apostrophe =
                before.is_some_and(|gap| gap + 1 == from && matches!(bytes[gap], b'\'' | b'`'));
            let suffix = after_apostrophe && kind == Kind::Word && self.is_suffix(bytes, &bytes[from..to]);
            let word = hash::word(bytes, from, to);
            self.list.push(Token {
                head: word.head,
                hash: word.hash,
                start,
                end,
                ordinal,
                fold_at: RAW,
                fold_len: 0,
                slot,
                kind,
                upper: bytes[from].is_ascii_uppercase(),
                suffix,
                readings: false,
            });
            ordinal += u32::from(!suffix);
            before = Some(to);
        }
        self.runs = runs;
    }
}

/// Runs of letters and of digits. Their borders are found first and the tokens made afterwards: so neither loop has
/// a branch that depends on what the other found (a tenth faster than one loop).
#[derive(Debug, Default)]
pub(super) struct Runs {
    starts: Vec<u32>,
    ends: Vec<u32>,
}

impl Runs {
    /// Finds the runs of a text; forgets those of the last.
    fn find(&mut self, bytes: &[u8]) {
        self.starts.clear();
        self.ends.clear();
        let mut before = (0, 0);
        let (blocks, rest) = bytes.as_chunks::<BLOCK>();
        let mut base = 0;
        for block in blocks {
            before = self.read(block, base, before);
            base += BLOCK;
        }
        // Zeros are separators: they end what is open. The longest rest is a block less one.
        let mut last = [0; BLOCK];
        for (to, from) in last.iter_mut().zip(rest) {
            *to = *from;
        }
        self.read(&last, base, before);
    }

    /// Reads a block. `before` and the result: whether the last byte was a letter, a digit.
    #[inline]
    fn read(&mut self, block: &[u8; BLOCK], base: usize, before: (u64, u64)) -> (u64, u64) {
        let (letters, digits) = classes(block);
        let letters_before = letters << 1 | before.0;
        let digits_before = digits << 1 | before.1;
        let letters_change = letters ^ letters_before;
        let digits_change = digits ^ digits_before;
        let base = offset(base);
        push_bits(&mut self.ends, base, letters_change & letters_before | digits_change & digits_before);
        push_bits(&mut self.starts, base, letters_change & letters | digits_change & digits);
        (letters >> (BLOCK - 1), digits >> (BLOCK - 1))
    }
}

#[inline]
fn push_bits(out: &mut Vec<u32>, base: u32, mut bits: u64) {
    out.reserve(BLOCK);
    while bits != 0 {
        out.push(base + bits.trailing_zeros());
        bits &= bits - 1;
    }
}

/// A bit per byte: letters, digits.
#[inline]
fn classes(block: &[u8; BLOCK]) -> (u64, u64) {
    let (eights, _) = block.as_chunks::<8>();
    let (mut letters, mut digits) = (0, 0);
    for (index, eight) in eights.iter().enumerate() {
        let word = u64::from_le_bytes(*eight);
        letters |= bits(in_range(word | each(0x20), b'a', b'z')) << (index * 8);
        digits |= bits(in_range(word, b'0', b'9')) << (index * 8);
    }
    (letters, digits)
}

/// The same byte eight times.
const fn each(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// The high bit of each byte from `low` to `high`. All bytes are below 0x80, so no sum carries into the next byte.
#[inline]
const fn in_range(word: u64, low: u8, high: u8) -> u64 {
    (word + each(0x80 - low)) & !(word + each(0x7F - high)) & each(0x80)
}

/// The high bits of eight bytes as the low bits of one.
#[inline]
const fn bits(highs: u64) -> u64 {
    (highs >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_ascii_byte_has_its_class_at_every_place() {
        for byte in 0..128_u8 {
            for place in 0..BLOCK {
                let mut block = [b' '; BLOCK];
                block[place] = byte;
                let bit = |is: bool| u64::from(is) << place;
                assert_eq!(
                    classes(&block),
                    (bit(byte.is_ascii_alphabetic()), bit(byte.is_ascii_digit())),
                    "{byte} {place}"
                );
            }
        }
    }

    #[test]
    fn runs_are_found_across_blocks() {
        for before in 50..70 {
            for length in [1, 8, 63, 64, 65, 130] {
                let text = format!("{}{}{}", "-".repeat(before), "x".repeat(length), "7");
                let mut tokens = Tokens::default();
                tokens.push_ascii(0, &text);
                let found: Vec<_> =
                    tokens.list.iter().map(|t| (t.kind, t.start as usize, t.end as usize)).collect();
                let end = before + length;
                assert_eq!(
                    found,
                    [(Kind::Word, before, end), (Kind::Number, end, end + 1)],
                    "{before} {length}"
                );
            }
        }
    }
}
