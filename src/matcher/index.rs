//! Which topics an article may mention: an index from words, pairs of words and prefixes to topics
//! (specs/matching.md §10). It proposes too much, never too little; the topics themselves decide.

use super::{
    hash,
    presence::{Guard, Presence},
    tokens::Tokens,
};

/// A key of the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Key {
    /// The hash of a word.
    Word(u64),
    /// The hashes of two words that follow each other.
    Pair(u64, u64),
    /// The first bytes of a word: head and length.
    Prefix(u64, u8),
    /// A regular expression, by term. Kept apart from the index of words.
    Regex(u32),
}

impl Key {
    fn code(self) -> u64 {
        match self {
            Self::Word(hash) => hash,
            Self::Pair(left, right) => hash::pair(left, right),
            Self::Prefix(head, len) => hash::prefix(head, usize::from(len)),
            Self::Regex(term) => u64::from(term),
        }
    }
}

/// From keys to topics. Built once.
#[derive(Debug)]
pub(super) struct Index {
    filter: Box<[u64]>,
    slots: Box<[Slot]>,
    postings: Box<[Posting]>,
    prefix_lengths: Box<[u8]>,
}

#[derive(Debug, Clone, Copy)]
struct Slot {
    code: u64,
    start: u32,
    len: u32,
}

/// Buffers of the search for topics.
#[derive(Debug, Default)]
pub(super) struct Proposals {
    hits: Vec<Slot>,
    presence: Presence,
}

/// A topic, and what else it asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Posting {
    /// The topic.
    pub topic: u32,
    /// A word that the article must have too.
    pub guard: Guard,
}

/// A slot with `len` 0 is free: no key is without topics.
const FREE: Slot = Slot { code: 0, start: 0, len: 0 };

/// Bits of the filter per key.
const FILTER_BITS: usize = 16;

impl Index {
    /// Builds the index of keys and topics; regular expressions are left out.
    pub fn build(entries: &[(Key, Posting)]) -> Self {
        let mut prefix_lengths: Vec<u8> = entries.iter().filter_map(|(key, _)| key.prefix_length()).collect();
        prefix_lengths.sort_unstable();
        prefix_lengths.dedup();
        let words = entries.iter().filter(|(key, _)| !matches!(key, Key::Regex(_)));
        let mut coded: Vec<(u64, Posting)> = words.map(|(key, posting)| (key.code(), *posting)).collect();
        coded.sort_unstable();
        coded.dedup();
        let keys = coded.chunk_by(|a, b| a.0 == b.0).count();
        let mut index = Self {
            filter: vec![0; (keys * FILTER_BITS / 64).next_power_of_two().max(1)].into(),
            slots: vec![FREE; (keys * 2).next_power_of_two()].into(),
            postings: coded.iter().map(|&(_, posting)| posting).collect(),
            prefix_lengths: prefix_lengths.into(),
        };
        let mut start = 0;
        for group in coded.chunk_by(|a, b| a.0 == b.0) {
            index.insert(group[0].0, start, group.len());
            start += group.len();
        }
        index
    }

    /// Adds to `topics` every topic that the tokens may concern, in no order and more than once.
    pub fn candidates(&self, tokens: &Tokens, scratch: &mut Proposals, topics: &mut Vec<u32>) {
        scratch.hits.clear();
        self.look_up_all(tokens, &mut scratch.hits);
        if scratch.hits.is_empty() {
            return;
        }
        scratch.presence.fill(tokens);
        for hit in &scratch.hits {
            let postings = &self.postings[hit.start as usize..(hit.start + hit.len) as usize];
            let admitted = postings.iter().filter(|posting| scratch.presence.admits(posting.guard));
            topics.extend(admitted.map(|posting| posting.topic));
        }
    }

    /// Notes the slot of every key that the tokens have.
    fn look_up_all(&self, tokens: &Tokens, hits: &mut Vec<Slot>) {
        let mut previous: Option<(u8, u64)> = None;
        let mut word: Option<(u8, u64)> = None;
        for token in &tokens.list {
            let same_field = |left: &(u8, u64)| left.0 == token.slot;
            if let Some((_, left)) = previous.filter(same_field) {
                self.look_up(hash::pair(left, token.hash), hits);
            }
            if token.suffix {
                previous = Some((token.slot, token.hash));
                continue;
            }
            if let Some((_, left)) = word.filter(|word| previous != Some(*word)).filter(same_field) {
                self.look_up(hash::pair(left, token.hash), hits);
            }
            self.look_up(token.hash, hits);
            self.look_up_prefixes(token.head, hits);
            previous = Some((token.slot, token.hash));
            word = previous;
        }
        self.look_up_readings(tokens, hits);
    }

    /// The same for other readings of a word, alone and with the words around it.
    fn look_up_readings(&self, tokens: &Tokens, hits: &mut Vec<Slot>) {
        for reading in &tokens.readings {
            self.look_up(reading.hash, hits);
            self.look_up_prefixes(reading.head, hits);
            let at = reading.token as usize;
            for left in around(tokens, at, -1) {
                self.look_up(hash::pair(left, reading.hash), hits);
            }
            for right in around(tokens, at, 1) {
                self.look_up(hash::pair(reading.hash, right), hits);
            }
        }
    }

    fn look_up_prefixes(&self, head: u64, hits: &mut Vec<Slot>) {
        for &len in &self.prefix_lengths {
            self.look_up(hash::prefix(head, usize::from(len)), hits);
        }
    }

    #[inline]
    fn look_up(&self, code: u64, hits: &mut Vec<Slot>) {
        let (word, bits) = filter_place(code, self.filter.len());
        if self.filter[word] & bits == bits {
            self.look_up_slot(code, hits);
        }
    }

    fn look_up_slot(&self, code: u64, hits: &mut Vec<Slot>) {
        let mask = self.slots.len() - 1;
        let mut at = slot_of(code) & mask;
        while self.slots[at].len > 0 {
            let slot = self.slots[at];
            if slot.code == code {
                return hits.push(slot);
            }
            at = (at + 1) & mask;
        }
    }

    fn insert(&mut self, code: u64, start: usize, len: usize) {
        let (word, bits) = filter_place(code, self.filter.len());
        self.filter[word] |= bits;
        let mask = self.slots.len() - 1;
        let mut at = slot_of(code) & mask;
        while self.slots[at].len > 0 {
            at = (at + 1) & mask;
        }
        let small = |n: usize| u32::try_from(n).expect("fewer than 2^32 postings");
        self.slots[at] = Slot { code, start: small(start), len: small(len) };
    }
}

impl Key {
    const fn prefix_length(&self) -> Option<u8> {
        match self {
            Self::Prefix(_, len) => Some(*len),
            _ => None,
        }
    }
}

/// Hashes of the neighbour of a token in all its readings, stepping over suffixes and not.
fn around(tokens: &Tokens, at: usize, step: isize) -> impl Iterator<Item = u64> {
    let slot = tokens.list[at].slot;
    let neighbour = move |index: usize| {
        let next = index.checked_add_signed(step)?;
        tokens.list.get(next).filter(|token| token.slot == slot).map(|_| next)
    };
    let near = neighbour(at);
    let mut far = near;
    while let Some(index) = far.filter(|&index| tokens.list[index].suffix) {
        far = neighbour(index);
    }
    let far = far.filter(|_| near != far);
    [near, far].into_iter().flatten().flat_map(|index| {
        let readings = tokens.readings_of(index).iter().map(|reading| reading.hash);
        std::iter::once(tokens.list[index].hash).chain(readings)
    })
}

/// Two bits in one word of the filter.
#[inline]
fn filter_place(code: u64, words: usize) -> (usize, u64) {
    let word = (code >> 12) as usize & (words - 1);
    (word, 1 << (code & 63) | 1 << (code >> 6 & 63))
}

#[inline]
fn slot_of(code: u64) -> usize {
    (code >> 32) as usize
}
