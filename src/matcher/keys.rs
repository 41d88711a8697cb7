//! Under which key a term stands in the index: its rarest word, pair of words or prefix.

use std::{collections::HashMap, iter::Sum};

use super::{
    fields::slot,
    hash,
    index::Key,
    plan::{Body, Node, NodeKind, Plan, TermId},
    presence::Guard,
    rarity::{self, Rarities},
    term::{Join, Part, Shape, Term, Words},
    tokens::Kind,
};

/// The keys under which a topic or a term is found, one of which every text that has it has, each with a guard; and
/// a guess of how often texts have one (an ordinary word of seven letters: 4).
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Keys {
    /// The keys.
    pub keys: Vec<(Key, Guard)>,
    /// How common they are.
    pub cost: f32,
}

/// Chooses the keys of topics: those of the rarest terms that the topic cannot fire without.
#[derive(Debug)]
pub(super) struct Chooser<'a> {
    terms: &'a [Term],
    rarities: Rarities,
    /// In how many topics each term stands.
    uses: Vec<u32>,
    /// In how many terms each pair of characters stands, of scripts without blanks.
    pairs: HashMap<u64, u16>,
}

impl<'a> Chooser<'a> {
    /// Counts in how many topics each term stands: what many topics ask for is common, and would propose them all.
    pub fn new(terms: &'a [Term], plans: &[Plan]) -> Self {
        let mut uses = vec![0; terms.len()];
        for plan in plans {
            plan.each_positive_term(&mut |term| uses[term as usize] += 1);
        }
        let mut pairs = HashMap::new();
        let words = terms.iter().filter_map(|term| match &term.shape {
            Shape::Words(words) => Some(words),
            Shape::Regex(_) => None,
        });
        for code in words.flat_map(pairs_of_singles) {
            let count: &mut u16 = pairs.entry(code).or_default();
            *count = count.saturating_add(1);
        }
        Self { terms, rarities: Rarities::of(terms), uses, pairs }
    }

    /// The keys of a topic.
    pub fn of_plan(&self, plan: &Plan) -> Vec<(Key, Guard)> {
        match &plan.body {
            Body::Lists(lists) => self.one_of(lists.any.iter().chain(&lists.maybe)).keys,
            Body::Query(query) => self.of_node(&query.root).map(|keys| keys.keys).unwrap_or_default(),
        }
    }

    /// The keys of a part of a query; `None` if it can hold without any word of the article.
    fn of_node(&self, node: &Node) -> Option<Keys> {
        match &node.kind {
            NodeKind::Term(_, Some(fields)) if fields.has(slot::FEED) => None,
            NodeKind::Term(term, _) => Some(self.of_term(*term)),
            NodeKind::And(parts) => self.of_and(parts),
            NodeKind::Or(branches) => branches.iter().map(|node| self.of_node(node)).sum(),
            NodeKind::Near(near) => {
                let (left, right) = (self.one_of(near.left.iter()), self.one_of(near.right.iter()));
                let (best, other) =
                    if right.cost < left.cost { (right, &near.left) } else { (left, &near.right) };
                Some(best.guarded(self.guard_of(other)))
            }
        }
    }

    /// The rarest part proposes, another guards.
    fn of_and(&self, parts: &[Node]) -> Option<Keys> {
        let wanted = || parts.iter().enumerate().filter(|(_, node)| !node.negated);
        let keys = wanted().filter_map(|(index, node)| Some((index, self.of_node(node)?)));
        let (best, keys) = keys.min_by(|a, b| a.1.cost.total_cmp(&b.1.cost))?;
        let others = wanted().filter(|(index, _)| *index != best);
        let guard = others.map(|(_, node)| self.guard_of_node(node)).find(|guard| *guard != Guard::NONE);
        Some(keys.guarded(guard.unwrap_or(Guard::NONE)))
    }

    fn guard_of_node(&self, node: &Node) -> Guard {
        match &node.kind {
            NodeKind::Term(_, Some(fields)) if fields.has(slot::FEED) => Guard::NONE,
            NodeKind::Term(term, _) => self.guard_of(&[*term]),
            NodeKind::Near(near) => match self.guard_of(&near.left) {
                Guard::NONE => self.guard_of(&near.right),
                guard => guard,
            },
            NodeKind::Or(branches) => {
                let terms = branches.iter().map(|node| match node.kind {
                    NodeKind::Term(term, fields) if !fields.is_some_and(|fields| fields.has(slot::FEED)) => {
                        Some(term)
                    }
                    _ => None,
                });
                terms.collect::<Option<Vec<TermId>>>().map_or(Guard::NONE, |terms| self.guard_of(&terms))
            }
            NodeKind::And(_) => Guard::NONE,
        }
    }

    /// A guard for one of these terms, if they are few enough and plain words.
    fn guard_of(&self, terms: &[TermId]) -> Guard {
        let hash = |term: &TermId| match &self.terms[*term as usize].shape {
            Shape::Words(words) => guarding_hash(words, self.rarities.of_term(*term)),
            Shape::Regex(_) => None,
        };
        match *terms {
            [ref one] => hash(one).map_or(Guard::NONE, |hash| Guard::one_of(hash, hash)),
            [ref one, ref other] => {
                hash(one).zip(hash(other)).map_or(Guard::NONE, |(a, b)| Guard::one_of(a, b))
            }
            _ => Guard::NONE,
        }
    }

    fn one_of<'t>(&self, terms: impl Iterator<Item = &'t TermId>) -> Keys {
        terms.map(|&term| self.of_term(term)).sum()
    }

    fn of_term(&self, term: TermId) -> Keys {
        #[expect(clippy::cast_precision_loss, reason = "a guess needs no precision")]
        let uses = self.uses[term as usize].max(1) as f32;
        let mut keys = match &self.terms[term as usize].shape {
            Shape::Words(words) => self.of_words(words, self.rarities.of_term(term)),
            Shape::Regex(_) => Keys { keys: vec![(Key::Regex(term), Guard::NONE)], cost: REGEX_COST },
        };
        keys.cost *= uses;
        keys
    }

    /// Chooses the keys of a term: of its rarest token or pair of tokens.
    fn of_words(&self, words: &Words, rarities: &[f32]) -> Keys {
        let rarest = |a: &(usize, f32), b: &(usize, f32)| a.1.total_cmp(&b.1);
        let parts = (0..words.parts.len()).map(|index| (index, part_cost(words, rarities, index)));
        let pairs =
            (0..words.parts.len()).filter_map(|index| Some((index, self.pair_cost(words, rarities, index)?)));
        let part = parts.min_by(rarest).expect("a term has at least one token");
        let (keys, cost) = match pairs.min_by(rarest).filter(|pair| pair.1 < part.1) {
            Some((index, cost)) => (pair_keys(words, index), cost),
            None => (part_keys(words, part.0), part.1),
        };
        let guard = last_pair_of_singles(words).map_or(Guard::NONE, |pair| Guard::one_of(pair, pair));
        Keys { keys: keys.into_iter().map(|key| (key, guard)).collect(), cost }
    }

    fn pair_cost(&self, words: &Words, rarities: &[f32], index: usize) -> Option<f32> {
        let (left, right) = (&words.parts[index], words.parts.get(index + 1)?);
        let cost = 1.0 + rarities[index] * rarities[index + 1] / 1000.0;
        let uses = self.pairs.get(&hash::pair(left.hash, right.hash)).copied().unwrap_or(1);
        (!words.is_prefix(index + 1)).then(|| cost * f32::from(uses))
    }
}

/// A regular expression reads every article if it must; any word is better.
const REGEX_COST: f32 = 400.0;

impl Keys {
    /// The same keys under this guard, if it is one.
    fn guarded(mut self, guard: Guard) -> Self {
        if guard != Guard::NONE {
            self.keys.iter_mut().for_each(|(_, own)| *own = guard);
        }
        self
    }
}

/// One of several: all their keys.
impl Sum for Keys {
    fn sum<I: Iterator<Item = Self>>(parts: I) -> Self {
        let nothing = Self { keys: Vec::new(), cost: 0.0 };
        parts.fold(nothing, |mut all, mut part| {
            all.keys.append(&mut part.keys);
            Self { cost: all.cost + part.cost, ..all }
        })
    }
}

/// The hash of something that every text with the term has, if it is spelled in one way only: of the last pair of
/// characters where a script has no blanks, for one character stands everywhere; else of the rarest word.
fn guarding_hash(words: &Words, rarities: &[f32]) -> Option<u64> {
    if let Some(pair) = last_pair_of_singles(words) {
        return Some(pair);
    }
    let plain = |(index, part): &(usize, &Part)| !words.is_prefix(*index) && part.latin().is_empty();
    let plain = words.parts.iter().enumerate().filter(plain);
    let rarest = plain.min_by(|a, b| rarities[a.0].total_cmp(&rarities[b.0]));
    rarest.map(|(_, part)| part.hash)
}

fn last_pair_of_singles(words: &Words) -> Option<u64> {
    pairs_of_singles(words).last()
}

fn pairs_of_singles(words: &Words) -> impl Iterator<Item = u64> {
    let singles = |pair: &&[Part]| pair.iter().all(|part| part.kind == Kind::Single);
    words.parts.windows(2).filter(singles).map(|pair| hash::pair(pair[0].hash, pair[1].hash))
}

fn part_cost(words: &Words, rarities: &[f32], index: usize) -> f32 {
    if words.is_prefix(index) {
        rarity::of_prefix(words.folded(index))
    } else if may_be_suffix(&words.parts[index]) {
        f32::INFINITY
    } else {
        rarities[index]
    }
}

fn part_keys(words: &Words, index: usize) -> Vec<Key> {
    if words.is_prefix(index) {
        vec![prefix_key(words.folded(index))]
    } else {
        words.parts[index].hashes().map(Key::Word).collect()
    }
}

fn pair_keys(words: &Words, index: usize) -> Vec<Key> {
    let (left, right) = (&words.parts[index], &words.parts[index + 1]);
    left.hashes().flat_map(|l| right.hashes().map(move |r| Key::Pair(l, r))).collect()
}

/// A suffix starts no occurrence, so the index does not hold it alone.
fn may_be_suffix(part: &Part) -> bool {
    part.join == Join::Apostrophe
}

fn prefix_key(folded: &str) -> Key {
    const LENGTHS: [u8; 5] = [8, 6, 4, 3, 2];
    let len = LENGTHS.into_iter().find(|&len| usize::from(len) <= folded.len()).unwrap_or(1);
    Key::Prefix(hash::of(folded).head & hash::keep(usize::from(len)), len)
}
