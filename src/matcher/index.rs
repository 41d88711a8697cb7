//! Which topics an article may mention: an index from words, pairs of words and prefixes to topics
//! (specs/matching.md §10). It proposes too much, never too little; the topics themselves decide.

use super::{
    filter::Filter,
    hash,
    presence::{Guard, Presence},
    tokens::{Token, Tokens},
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
    words: Filter,
    pairs: Filter,
    prefixes: Filter,
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
    codes: Vec<u64>,
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

impl Index {
    /// Builds the index of keys and topics; regular expressions are left out.
    pub fn build(entries: &[(Key, Posting)]) -> Self {
        let mut prefix_lengths: Vec<u8> = entries.iter().filter_map(|(key, _)| key.prefix_length()).collect();
        prefix_lengths.sort_unstable();
        prefix_lengths.dedup();
        let entries = || entries.iter().filter(|(key, _)| !matches!(key, Key::Regex(_)));
        let mut coded: Vec<(u64, Posting)> = entries().map(|(key, posting)| (key.code(), *posting)).collect();
        coded.sort_unstable();
        coded.dedup();
        let keys = coded.chunk_by(|a, b| a.0 == b.0).count();
        let filter = |wanted: fn(&Key) -> bool| {
            let of_kind = || entries().filter(|(key, _)| wanted(key)).map(|(key, _)| key.code());
            let mut filter = Filter::new(of_kind().count());
            of_kind().for_each(|code| filter.admit(code));
            filter
        };
        let mut index = Self {
            words: filter(|key| matches!(key, Key::Word(_))),
            pairs: filter(|key| matches!(key, Key::Pair(..))),
            prefixes: filter(|key| matches!(key, Key::Prefix(..))),
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
        let Proposals { codes, presence } = scratch;
        codes.clear();
        self.filter_all(tokens, codes);
        // All slots after all filters: so the waits for memory overlap.
        let mut is_filled = false;
        for slot in codes.iter().filter_map(|&code| self.find(code)) {
            let postings = &self.postings[slot.start as usize..(slot.start + slot.len) as usize];
            for posting in postings {
                if posting.guard != Guard::NONE && !is_filled {
                    presence.fill(tokens);
                    is_filled = true;
                }
                if presence.admits(posting.guard) {
                    topics.push(posting.topic);
                }
            }
        }
    }

    /// Notes every key of the tokens that passes the filters.
    fn filter_all(&self, tokens: &Tokens, codes: &mut Vec<u64>) {
        for field in tokens.each_field() {
            let words = || field.iter().filter(|token| !token.suffix);
            if !self.words.is_empty() {
                words().for_each(|token| note(&self.words, token.hash, codes));
            }
            if !self.prefixes.is_empty() {
                words().for_each(|token| self.filter_prefixes(token.head, token.folded_len(), codes));
            }
            if !self.pairs.is_empty() {
                self.filter_pairs(field, codes);
            }
        }
        self.filter_readings(tokens, codes);
    }

    /// Tokens that follow each other, and words with only suffixes between.
    fn filter_pairs(&self, field: &[Token], codes: &mut Vec<u64>) {
        for (index, pair) in field.windows(2).enumerate() {
            note(&self.pairs, hash::pair(pair[0].hash, pair[1].hash), codes);
            if pair[0].suffix
                && !pair[1].suffix
                && let Some(word) = field[..index].iter().rfind(|token| !token.suffix)
            {
                note(&self.pairs, hash::pair(word.hash, pair[1].hash), codes);
            }
        }
    }

    /// The same for other readings of a word, alone and with the words around it.
    fn filter_readings(&self, tokens: &Tokens, codes: &mut Vec<u64>) {
        for reading in &tokens.readings {
            note(&self.words, reading.hash, codes);
            self.filter_prefixes(reading.head, u32::MAX, codes);
            let at = reading.token as usize;
            for left in around(tokens, at, -1) {
                note(&self.pairs, hash::pair(left, reading.hash), codes);
            }
            for right in around(tokens, at, 1) {
                note(&self.pairs, hash::pair(reading.hash, right), codes);
            }
        }
    }

    /// A word begins with no prefix that is longer than itself.
    fn filter_prefixes(&self, head: u64, word_len: u32, codes: &mut Vec<u64>) {
        for &len in self.prefix_lengths.iter().take_while(|&&len| u32::from(len) <= word_len) {
            note(&self.prefixes, hash::prefix(head, usize::from(len)), codes);
        }
    }

    fn find(&self, code: u64) -> Option<Slot> {
        let mask = self.slots.len() - 1;
        let mut at = slot_of(code) & mask;
        while self.slots[at].len > 0 {
            if self.slots[at].code == code {
                return Some(self.slots[at]);
            }
            at = (at + 1) & mask;
        }
        None
    }

    fn insert(&mut self, code: u64, start: usize, len: usize) {
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

#[inline]
fn note(filter: &Filter, code: u64, codes: &mut Vec<u64>) {
    if filter.passes(code) {
        codes.push(code);
    }
}

#[inline]
fn slot_of(code: u64) -> usize {
    (code >> 32) as usize
}
