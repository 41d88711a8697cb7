//! Which words an article has at all: a small filter that turns away most topics before they are looked at.

use super::tokens::Tokens;

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
    /// Notes the words of an article, in all their readings, and forgets the last one's.
    pub fn fill(&mut self, tokens: &Tokens) {
        self.words.fill(0);
        let readings = tokens.readings.iter().map(|reading| reading.hash);
        for hash in tokens.list.iter().map(|token| token.hash).chain(readings) {
            let bit = bit_of(hash);
            self.words[usize::from(bit / 64)] |= 1 << (bit % 64);
        }
    }

    /// Whether the article may have what the guard asks for.
    pub fn admits(&self, guard: Guard) -> bool {
        guard == Guard::NONE || self.has(guard.0) || self.has(guard.1)
    }

    fn has(&self, bit: u16) -> bool {
        self.words.get(usize::from(bit / 64)).is_some_and(|word| word >> (bit % 64) & 1 == 1)
    }
}

/// What an article must have, besides the key of the index, for a topic to fire: one of two words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Guard(u16, u16);

impl Guard {
    /// Asks for nothing.
    pub const NONE: Self = Self(u16::MAX, u16::MAX);

    /// Asks for one of two words, by hash.
    pub fn one_of(a: u64, b: u64) -> Self {
        Self(bit_of(a), bit_of(b))
    }
}

fn bit_of(hash: u64) -> u16 {
    u16::try_from((hash >> 7) % BITS as u64).expect("the filter has 2^14 bits")
}
