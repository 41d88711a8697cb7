//! The short way from plain ASCII to tokens: 64 bytes at a time, and no folding but the hash's own.

use super::tokens::{Kind, Tokens};

/// Bytes whose classes are found together.
const BLOCK: usize = 64;

impl Tokens {
    /// Adds the tokens of an ASCII text without character references.
    pub(super) fn push_ascii(&mut self, slot: usize, text: &str) {
        let slot = u8::try_from(slot).expect("there are eight slots");
        let (bytes, first) = (text.as_bytes(), self.list.len());
        let mut runs = Runs::default();
        let mut push = |kind, start, end| self.push_raw(slot, kind, bytes, start..end, first);
        let (blocks, rest) = bytes.as_chunks::<BLOCK>();
        for block in blocks {
            runs.read(block, &mut push);
        }
        // Zeros are separators: they end what is open. The longest rest is a block less one.
        let mut last = [0; BLOCK];
        for (to, from) in last.iter_mut().zip(rest) {
            *to = *from;
        }
        runs.read(&last, &mut push);
    }
}

/// Runs of letters and of digits, block by block.
#[derive(Debug, Default)]
struct Runs {
    /// Where the block begins in the text.
    base: usize,
    /// Where the open run began; it is of letters or digits as the last bit says.
    start: usize,
    /// Whether the byte before the block was a letter, a digit.
    letter_before: u64,
    digit_before: u64,
}

impl Runs {
    /// Calls `push` with each run that ends in the block.
    #[inline]
    fn read(&mut self, block: &[u8; BLOCK], push: &mut impl FnMut(Kind, usize, usize)) {
        let (letters, digits) = classes(block);
        let letters_before = letters << 1 | self.letter_before;
        let digits_before = digits << 1 | self.digit_before;
        let letters_change = letters ^ letters_before;
        let digits_change = digits ^ digits_before;
        let ends = letters_change & letters_before | digits_change & digits_before;
        let starts = letters_change & letters | digits_change & digits;
        let mut borders = starts | ends;
        while borders != 0 {
            let bit = borders.trailing_zeros();
            let at = self.base + bit as usize;
            if ends >> bit & 1 == 1 {
                let kind = if letters_before >> bit & 1 == 1 { Kind::Word } else { Kind::Number };
                push(kind, self.start, at);
            }
            if starts >> bit & 1 == 1 {
                self.start = at;
            }
            borders &= borders - 1;
        }
        self.letter_before = letters >> (BLOCK - 1);
        self.digit_before = digits >> (BLOCK - 1);
        self.base += BLOCK;
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
