//! An article as the matcher sees it while it works: field texts, tokens, and where each word stands.

use super::{
    gap::Gap,
    tokens::{SLOTS, Token, Tokens},
};

/// Words of an article by hash: chains of token indices in ascending order, built when first asked for.
#[derive(Debug, Default)]
pub(super) struct Places {
    heads: Vec<u32>,
    nodes: Vec<Node>,
}

#[derive(Debug, Clone, Copy)]
struct Node {
    hash: u64,
    token: u32,
    next: u32,
}

const END: u32 = u32::MAX;

impl Places {
    /// Fills the table with the tokens and their other readings.
    pub fn fill(&mut self, tokens: &Tokens) {
        let count = tokens.list.len() + tokens.readings.len();
        let size = (count * 2).next_power_of_two();
        self.heads.clear();
        self.heads.resize(size, END);
        self.nodes.clear();
        for reading in tokens.readings.iter().rev() {
            self.insert(reading.hash, reading.token);
        }
        for (index, token) in tokens.list.iter().enumerate().rev() {
            self.insert(token.hash, u32::try_from(index).unwrap_or(END));
        }
    }

    fn insert(&mut self, hash: u64, token: u32) {
        let node = u32::try_from(self.nodes.len()).unwrap_or(END);
        let slot = self.slot(hash);
        let head = &mut self.heads[slot];
        self.nodes.push(Node { hash, token, next: *head });
        *head = node;
    }

    /// The tokens that have this hash, in ascending order but for other readings, which come last.
    pub fn of(&self, hash: u64) -> impl Iterator<Item = usize> {
        let mut at = self.heads.get(self.slot(hash)).copied().unwrap_or(END);
        std::iter::from_fn(move || {
            let node = self.nodes.get(at as usize)?;
            at = node.next;
            Some(node)
        })
        .filter(move |node| node.hash == hash)
        .map(|node| node.token as usize)
    }

    fn slot(&self, hash: u64) -> usize {
        #[expect(clippy::cast_possible_truncation, reason = "the low bits are wanted")]
        let low = hash as usize;
        low & self.heads.len().wrapping_sub(1)
    }
}

/// The texts of an article with their tokens.
#[derive(Debug, Clone, Copy)]
pub(super) struct Article<'a> {
    /// The plain text of each field.
    pub texts: [&'a str; SLOTS],
    /// The tokens of the searched fields.
    pub tokens: &'a Tokens,
    /// Where each word stands.
    pub places: &'a Places,
}

impl<'a> Article<'a> {
    /// The token at `index`.
    pub fn token(&self, index: usize) -> &'a Token {
        &self.tokens.list[index]
    }

    /// The text of the field a token stands in.
    pub fn text_of(&self, token: &Token) -> &'a str {
        self.texts[usize::from(token.slot)]
    }

    /// The token's bytes as they stand.
    pub fn raw(&self, token: &Token) -> &'a str {
        self.tokens.raw(self.text_of(token), token)
    }

    /// Whether the folded token is this word.
    pub fn is_word(&self, token: &Token, folded: &str) -> bool {
        self.tokens.is_word(self.text_of(token), token, folded)
    }

    /// Whether the folded token begins with this.
    pub fn starts_with(&self, token: &Token, folded: &str) -> bool {
        self.tokens.starts_with(self.text_of(token), token, folded)
    }

    /// Calls `f` with the folded token.
    pub fn with_folded<R>(&self, token: &Token, f: impl FnOnce(&str) -> R) -> R {
        self.tokens.with_folded(self.text_of(token), token, f)
    }

    /// The token after `index` in the same field, suffix or not.
    pub fn next(&self, index: usize) -> Option<usize> {
        self.neighbour(index, index.checked_add(1))
    }

    /// The token before `index` in the same field, suffix or not.
    pub fn previous(&self, index: usize) -> Option<usize> {
        self.neighbour(index, index.checked_sub(1))
    }

    fn neighbour(&self, index: usize, other: Option<usize>) -> Option<usize> {
        let slot = self.token(index).slot;
        other.filter(|&other| self.tokens.list.get(other).is_some_and(|token| token.slot == slot))
    }

    /// The token after `index` that is no suffix.
    pub fn next_word(&self, index: usize) -> Option<usize> {
        let mut at = self.next(index)?;
        while self.token(at).suffix {
            at = self.next(at)?;
        }
        Some(at)
    }

    /// The characters between the token before `index` and the token itself.
    pub fn raw_gap_before(&self, index: usize) -> &'a str {
        let token = self.token(index);
        let end = self.previous(index).map_or(0, |before| self.token(before).end);
        self.text_of(token).get(end as usize..token.start as usize).unwrap_or_default()
    }

    /// The same gap, read.
    pub fn gap_before(&self, index: usize) -> Gap {
        Gap::of(self.raw_gap_before(index))
    }

    /// How many tokens stand between two token ranges, suffixes not counted; `None` if they overlap.
    pub fn tokens_between(&self, a: (usize, usize), b: (usize, usize)) -> Option<u32> {
        let (left, right) = if a.0 <= b.0 { (a, b) } else { (b, a) };
        if left.1 >= right.0 {
            return None;
        }
        let (last, first) = (self.token(left.1), self.token(right.0));
        Some(first.ordinal - last.ordinal - u32::from(!last.suffix))
    }
}
