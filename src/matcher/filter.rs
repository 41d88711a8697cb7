//! Which keys an index may have at all: most words of an article are turned away by one look into a few cached bits.

/// Bits per key. With two of them set per key, one in sixty foreign words passes.
const BITS_PER_KEY: usize = 16;

/// A Bloom filter whose two bits lie in one word.
#[derive(Debug)]
pub(super) struct Filter {
    words: Box<[u64]>,
    is_empty: bool,
}

impl Filter {
    /// An empty filter for so many keys.
    pub fn new(keys: usize) -> Self {
        Self { words: vec![0; (keys * BITS_PER_KEY / 64).next_power_of_two()].into(), is_empty: keys == 0 }
    }

    /// Whether no key can pass.
    pub const fn is_empty(&self) -> bool {
        self.is_empty
    }

    /// Lets a key pass.
    pub fn admit(&mut self, code: u64) {
        let (word, bits) = self.place(code);
        self.words[word] |= bits;
    }

    /// Whether the key was admitted, or looks like one that was.
    #[inline]
    pub fn passes(&self, code: u64) -> bool {
        let (word, bits) = self.place(code);
        self.words[word] & bits == bits
    }

    #[inline]
    fn place(&self, code: u64) -> (usize, u64) {
        let word = (code >> 12) as usize & (self.words.len() - 1);
        (word, 1 << (code & 63) | 1 << (code >> 6 & 63))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_admitted_passes_and_little_else() {
        let code = |n: u64| n.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let mut filter = Filter::new(1_000);
        (0..1_000).for_each(|n| filter.admit(code(n)));
        assert!((0..1_000).all(|n| filter.passes(code(n))));
        let others = (1_000..11_000).filter(|&n| filter.passes(code(n))).count();
        assert!(others < 500, "{others} of 10,000 others pass");
        assert!(!Filter::new(0).passes(code(7)));
    }
}
