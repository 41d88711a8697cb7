//! A term, compiled: its words and how they may join in a text (specs/matching.md §4).

use super::{
    chars,
    decode::decoded,
    entry::Spec,
    forms,
    gap::{self, Gap},
    hash,
    tokens::{Kind, Token, Tokens},
};
use crate::model::CaseRule;

/// A term of the watchlist, ready to be found.
#[derive(Debug)]
pub(super) struct Term {
    /// As written.
    pub written: Box<str>,
    /// What to look for.
    pub shape: Shape,
}

/// The two kinds of terms.
#[derive(Debug)]
pub(super) enum Shape {
    /// Words, numbers, designators.
    Words(Words),
    /// A regular expression on the raw field.
    Regex(Box<regex::Regex>),
}

/// A sequence of tokens.
#[derive(Debug)]
pub(super) struct Words {
    /// The tokens, never empty.
    pub parts: Box<[Part]>,
    /// Their folded words, one after the other.
    folded: Box<str>,
    /// Written with `=`: the very characters from the first token to the last.
    pub exact: Option<Box<Box<str>>>,
    /// Whether the last token is only the beginning of a word.
    pub prefix: bool,
    /// What the case of the text must be.
    pub case: Case,
}

/// One token of a term. Small, because a watchlist may hold hundreds of thousands.
#[derive(Debug)]
pub(super) struct Part {
    /// Hash of the folded word.
    pub hash: u64,
    rare: Option<Box<Rare>>,
    folded_at: u16,
    folded_len: u16,
    /// What it is made of.
    pub kind: Kind,
    /// How it joins the token before it.
    pub join: Join,
    /// Whether it stands at a junction of letters and digits.
    pub at_junction: bool,
}

/// What few tokens have.
#[derive(Debug, Default)]
struct Rare {
    /// The word with case kept; only for `Case::Kept`.
    kept: Option<Box<str>>,
    /// Hashes of its Latin readings, if it is a short Cyrillic word at a junction.
    latin: Box<[u64]>,
    /// The gap before it in the term, in its normal spelling, if a text may or must have it too.
    gap: Option<Box<str>>,
}

/// How a token of a term joins the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Join {
    /// It is the first.
    First,
    /// Words of a phrase (rule 2), or the gap of the term itself.
    Phrase,
    /// An apostrophe, as in `Xi'an`.
    Apostrophe,
    /// Exactly the gap of the term.
    Same,
    /// A script without blanks (rule 3), or the gap of the term itself; `blank` allows one.
    Touch {
        /// Whether one blank may stand between.
        blank: bool,
    },
    /// Letters and digits of a designator (rule 6).
    Junction {
        /// Whether the term itself has a blank here.
        blank: bool,
        /// Whether it has several.
        wide: bool,
    },
}

/// What the case of a text must be (rule 9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Case {
    /// Nothing is asked.
    Any,
    /// All letters are capitals.
    Capitals,
    /// The first letter is upper case.
    Initial,
    /// As written.
    Kept,
}

impl Words {
    /// Compiles the words of an entry.
    pub fn compile(spec: Spec<'_>, case: CaseRule) -> Self {
        Self::compile_with(spec, case, &mut Tokens::default())
    }

    /// The same with a buffer that is kept.
    pub fn compile_with(spec: Spec<'_>, case: CaseRule, tokens: &mut Tokens) -> Self {
        tokens.clear();
        tokens.push_field(0, spec.body);
        let tokens = &*tokens;
        let list = &tokens.list;
        let joins: Vec<(Join, Option<Box<str>>)> =
            (0..list.len()).map(|i| join(spec.body, list, i)).collect();
        let is_junction = |i: usize| matches!(joins.get(i), Some((Join::Junction { .. }, _)));
        let case = if spec.exact { Case::Any } else { case_of(&spec, tokens, case) };
        let mut folded = String::new();
        let parts = list.iter().enumerate().map(|(i, token)| {
            let at_junction = !spec.exact && (is_junction(i) || is_junction(i + 1));
            let start = folded.len();
            tokens.with_folded(spec.body, token, |word| folded.push_str(word));
            let word = folded.get(start..).unwrap_or_default();
            let rare = Rare {
                kept: (case == Case::Kept)
                    .then(|| kept(tokens.raw(spec.body, token)).collect::<String>().into()),
                latin: if at_junction { latin_hashes(word) } else { Box::default() },
                gap: joins[i].1.clone(),
            };
            let small = |n: usize| u16::try_from(n).expect("a term has at most 256 bytes");
            Part {
                hash: token.hash,
                rare: rare.is_some().then(|| Box::new(rare)),
                folded_at: small(start),
                folded_len: small(word.len()),
                kind: token.kind,
                join: joins[i].0,
                at_junction,
            }
        });
        let parts = parts.collect();
        let exact = spec.exact.then(|| Box::new(from_first_to_last(spec.body, list).into()));
        Self { parts, folded: folded.into(), exact, prefix: spec.prefix, case }
    }

    /// The folded word at `index`.
    pub fn folded(&self, index: usize) -> &str {
        let part = &self.parts[index];
        let start = usize::from(part.folded_at);
        self.folded.get(start..start + usize::from(part.folded_len)).unwrap_or_default()
    }

    /// Whether the last token begins a longer word, or is the word.
    pub fn is_prefix(&self, part: usize) -> bool {
        self.prefix && part + 1 == self.parts.len()
    }

    /// Whether the term begins with a junction of letters and digits.
    pub fn begins_with_junction(&self) -> bool {
        self.parts.get(1).is_some_and(|part| matches!(part.join, Join::Junction { .. }))
    }
}

impl Part {
    /// The hashes under which a text may hold this token; other readings of the text's own words are found there too.
    pub fn hashes(&self) -> impl Iterator<Item = u64> {
        std::iter::once(self.hash).chain(self.latin().iter().copied())
    }

    /// Hashes of its Latin readings, if it is a short Cyrillic word at a junction.
    pub fn latin(&self) -> &[u64] {
        self.rare.as_ref().map_or(&[], |rare| &rare.latin)
    }

    /// The word with case kept, if a text must have it so.
    pub fn kept(&self) -> Option<&str> {
        self.rare.as_ref()?.kept.as_deref()
    }

    /// The gap before it in the term, if a text may or must have it too.
    pub fn gap(&self) -> Option<&str> {
        self.rare.as_ref()?.gap.as_deref()
    }
}

impl Rare {
    fn is_some(&self) -> bool {
        self.kept.is_some() || self.gap.is_some() || !self.latin.is_empty()
    }
}

/// The letters of a token with case kept, ignored characters and marks left out.
pub(super) fn kept(raw: &str) -> impl Iterator<Item = char> {
    decoded(raw).filter(|(c, ..)| chars::info(*c).is_in_token()).flat_map(|(c, ..)| chars::keep_case(c))
}

/// Whether all letters of a token are capitals.
pub(super) fn is_capitals(raw: &str) -> bool {
    let mut letters = decoded(raw).filter(|(c, ..)| chars::info(*c).is_in_token());
    letters.all(|(c, ..)| chars::info(c).upper)
}

fn latin_hashes(folded: &str) -> Box<[u64]> {
    forms::in_latin(folded).iter().map(|form| hash::of(form).hash).collect()
}

/// How a token joins the one before it, and the gap of the term if that matters.
fn join(body: &str, list: &[Token], index: usize) -> (Join, Option<Box<str>>) {
    let Some(before) = index.checked_sub(1).and_then(|before| list.get(before)) else {
        return (Join::First, None);
    };
    let token = &list[index];
    let raw = body.get(before.end as usize..token.start as usize).unwrap_or_default();
    let (gap, same) = (Gap::of(raw), || gap::normal(raw).collect::<String>().into_boxed_str());
    let blank = !raw.is_empty() && gap::normal(raw).eq([' ']);
    let junction = matches!(gap, Gap::Nothing | Gap::OneHyphen) || blank;
    match (before.kind, token.kind) {
        _ if gap == Gap::OneApostrophe => (Join::Apostrophe, None),
        (Kind::Number, Kind::Number) => (Join::Same, Some(same())),
        (Kind::Word, Kind::Word) => (Join::Phrase, (!gap::joins_words(raw)).then(same)),
        (Kind::Number, _) | (_, Kind::Number) if junction => {
            (Join::Junction { blank, wide: blank && gap != Gap::OneBlank }, None)
        }
        (Kind::Number, _) | (_, Kind::Number) => (Join::Same, Some(same())),
        (left, right) => {
            let blank = left != Kind::Single || right != Kind::Single;
            (Join::Touch { blank }, (gap != Gap::Nothing).then(same))
        }
    }
}

/// Rule 9: a short word in capitals wants them in the text too.
fn case_of(spec: &Spec<'_>, tokens: &Tokens, rule: CaseRule) -> Case {
    match (rule, tokens.list.as_slice()) {
        (CaseRule::Exact, _) => Case::Kept,
        (CaseRule::Auto, [word]) if word.kind == Kind::Word && !spec.prefix => {
            let raw = tokens.raw(spec.body, word);
            match kept(raw).count() {
                2 | 3 if is_capitals(raw) => Case::Capitals,
                4 if is_capitals(raw) => Case::Initial,
                _ => Case::Any,
            }
        }
        _ => Case::Any,
    }
}

fn from_first_to_last<'a>(body: &'a str, list: &[Token]) -> &'a str {
    let start = list.first().map_or(0, |token| token.start as usize);
    let end = list.last().map_or(0, |token| token.end as usize);
    body.get(start..end).unwrap_or_default()
}
