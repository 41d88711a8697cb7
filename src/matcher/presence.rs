//! Which words an article has at all: a small filter that turns away most topics before they are looked at.

use super::{
    hash,
    tokens::{Kind, Tokens},
};

/// Bits of the filter; short articles set a hundred of them.
const BITS: usize = 1 << 14;

/// The words of one article.
#[derive(Debug)]
pub(super) struct Presence {
    words: Box<[u64; BITS / 64]>,
}

impl Default for Presence {
    fn default() -> Self {
        Self { words: Box::new([0; BITS / 64]) }
    }
}

impl Presence {
    /// Notes the words of an article, in all their readings, and pairs of characters that are words alone; forgets
    /// the last article's.
    pub fn fill(&mut self, tokens: &Tokens) {
        self.words.fill(0);
        tokens.list.iter().for_each(|token| self.note(token.hash));
        tokens.readings.iter().for_each(|reading| self.note(reading.hash));
        for pair in tokens.list.windows(2) {
            if pair.iter().all(|token| token.kind == Kind::Single) {
                self.note(hash::pair(pair[0].hash, pair[1].hash));
            }
        }
    }

    fn note(&mut self, hash: u64) {
        let bit = bit_of(hash);
        self.words[usize::from(bit / 64)] |= 1 << (bit % 64);
    }

    /// Whether the article may have what the guard asks for.
    pub fn admits(&self, guard: Guard) -> bool {
        guard == Guard::NONE || self.has(guard.0) || self.has(guard.1)
    }

    fn has(&self, bit: u16) -> bool {
        self.words.get(usize::from(bit / 64)).is_some_and(|word| word >> (bit % 64) & 1 == 1)
    }
}

/// What an article must have, besides the key of the index, for a topic to fire: one of two words or pairs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Guard(u16, u16);

impl Guard {
    /// Asks for nothing.
    pub const NONE: Self = Self(u16::MAX, u16::MAX);

    /// Asks for one of two, by hash.
    pub fn one_of(a: u64, b: u64) -> Self {
        Self(bit_of(a), bit_of(b))
    }
}

fn bit_of(hash: u64) -> u16 {
    u16::try_from((hash >> 7) % BITS as u64).expect("the filter has 2^14 bits")
}
