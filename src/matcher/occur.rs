//! Where a term occurs in an article (specs/matching.md §4).

use std::ops::ControlFlow;

use super::{
    article::Article,
    chars,
    decode::decoded,
    edges, forms,
    gap::{self, Gap},
    hash,
    term::{self, Case, Join, Words},
    tokens::{Kind, Token},
};

/// One place where a term stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    /// The field.
    pub slot: u8,
    /// Index of its first token.
    pub first: u32,
    /// Index of its last token.
    pub last: u32,
    /// First byte in the field.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

/// Why a term does not occur at a place where its words might stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Another word.
    Word,
    /// What stands between its words parts them.
    Gap,
    /// The case is wrong (rule 9).
    Case,
    /// It is not written exactly so.
    Exact,
    /// An apostrophe suffix starts no occurrence.
    Suffix,
    /// The number goes on (rule 5).
    NumberGoesOn,
    /// It is attached to a letter or digit on its left (rules 5 and 6).
    Attached,
    /// A unit, or letters that make another word, follow the number (rule 5).
    Unit,
    /// Letter, blank, number after a label or before a counted noun (rule 8).
    Counting,
}

impl Words {
    /// Calls `f` for each occurrence in ascending order, until it breaks.
    pub fn each(&self, article: &Article<'_>, mut f: impl FnMut(Span) -> ControlFlow<()>) -> ControlFlow<()> {
        let mut visit = |first: usize| match self.at(article, first) {
            Ok(last) => f(span(article, first, last)),
            Err(_) => ControlFlow::Continue(()),
        };
        if self.parts.len() == 1 && self.prefix {
            return self.each_prefix(article, visit);
        }
        let first = &self.parts[0];
        if first.latin().is_empty() && article.tokens.readings.is_empty() {
            return article.places.of(first.hash).try_for_each(visit);
        }
        let mut starts: Vec<usize> = first.hashes().flat_map(|hash| article.places.of(hash)).collect();
        starts.sort_unstable();
        starts.dedup();
        starts.into_iter().try_for_each(&mut visit)
    }

    fn each_prefix(
        &self,
        article: &Article<'_>,
        mut visit: impl FnMut(usize) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let part = self.folded(0);
        let keep = hash::keep(part.len());
        let wanted = hash::of(part).head & keep;
        let mut readings = article.tokens.readings.iter().peekable();
        for (index, token) in article.tokens.list.iter().enumerate() {
            let mut candidate = token.head & keep == wanted;
            while let Some(reading) = readings.next_if(|reading| reading.token as usize <= index) {
                candidate |= reading.head & keep == wanted;
            }
            if candidate {
                visit(index)?;
            }
        }
        ControlFlow::Continue(())
    }

    /// Whether the term occurs with its first token at `first`; the index of its last token, or why not.
    pub fn at(&self, article: &Article<'_>, first: usize) -> Result<usize, Refusal> {
        if article.token(first).suffix {
            return Err(Refusal::Suffix);
        }
        self.check_part(article, 0, first)?;
        let mut last = first;
        let mut counting = false;
        for index in 1..self.parts.len() {
            let next = step(article, self.parts[index].join, last).ok_or(Refusal::Word)?;
            self.check_part(article, index, next)?;
            self.check_join(article, index, last, next)?;
            counting |= is_letter_blank_number(article, last, next);
            last = next;
        }
        self.check_whole(article, first, last)?;
        edges::check(self, article, first, last)?;
        if counting && self.exact.is_none() {
            edges::check_counting(article, first, last)?;
        }
        Ok(last)
    }

    fn check_part(&self, article: &Article<'_>, index: usize, at: usize) -> Result<(), Refusal> {
        let (part, token) = (&self.parts[index], article.token(at));
        if part.kind != token.kind || !self.is_same_word(article, index, token) {
            return Err(Refusal::Word);
        }
        match part.kept() {
            Some(kept) if !self.keeps_case(article, index, token, kept) => Err(Refusal::Case),
            _ => Ok(()),
        }
    }

    /// Whether a token is the word that stands at `index` in the term.
    pub fn is_same_word(&self, article: &Article<'_>, index: usize, token: &Token) -> bool {
        let part = &self.parts[index];
        let folded = self.folded(index);
        if self.is_prefix(index) {
            let stem_starts =
                |word: &str| forms::without_article(word).is_some_and(|stem| stem.starts_with(folded));
            return article.starts_with(token, folded)
                || (self.exact.is_none() && token.readings && article.with_folded(token, stem_starts));
        }
        if token.hash == part.hash && article.is_word(token, folded) {
            return true;
        }
        let other_readings = self.exact.is_none() && (token.readings || !part.latin().is_empty());
        other_readings
            && article.with_folded(token, |word| {
                forms::without_article(word) == Some(folded)
                    || (part.at_junction && part.kept().is_none() && forms::alike(word, folded))
            })
    }

    fn keeps_case(&self, article: &Article<'_>, index: usize, token: &Token, kept: &str) -> bool {
        let raw: String = term::kept(article.raw(token)).collect();
        let stem = forms::without_article(&raw);
        let same = |word: &str| if self.is_prefix(index) { word.starts_with(kept) } else { word == kept };
        same(&raw) || stem.is_some_and(same)
    }

    fn check_join(
        &self,
        article: &Article<'_>,
        index: usize,
        last: usize,
        next: usize,
    ) -> Result<(), Refusal> {
        let raw = article.raw_gap_before(next);
        let is_own = || self.parts[index].gap().is_some_and(|own| gap::is_same(raw, own));
        let holds = match self.parts[index].join {
            Join::First => true,
            Join::Phrase => gap::joins_words(raw) || is_own(),
            Join::Apostrophe => Gap::of(raw) == Gap::OneApostrophe,
            Join::Same => is_own(),
            Join::Touch { blank } => match Gap::of(raw) {
                Gap::Nothing => true,
                Gap::OneBlank if blank => true,
                _ => is_own(),
            },
            Join::Junction { blank, wide } => match Gap::of(raw) {
                Gap::Nothing | Gap::OneHyphen => true,
                Gap::OneBlank => self.blank_fits(article, index, blank, (last, next)),
                Gap::OneApostrophe | Gap::More { .. } => wide && gap::is_same(raw, " "),
            },
        };
        if holds { Ok(()) } else { Err(Refusal::Gap) }
    }

    /// Rule 6 (c): whether one blank may stand in a designator.
    fn blank_fits(&self, article: &Article<'_>, index: usize, in_term: bool, tokens: (usize, usize)) -> bool {
        const LONG_LETTERS: usize = 5;
        let left_is_number = self.parts[index].kind != Kind::Number;
        let letters = article.token(if left_is_number { tokens.1 } else { tokens.0 });
        let raw = article.raw(letters);
        let mut chars = decoded(raw).map(|(c, ..)| c).filter(|&c| chars::info(c).is_in_token());
        let count = chars.clone().count();
        if count == 1 && chars.clone().all(chars::is_cyrillic) {
            let own = &self.parts[if left_is_number { index } else { index - 1 }];
            return in_term && !own.latin().is_empty();
        }
        in_term || letters.upper || count >= LONG_LETTERS || !chars.any(chars::has_case)
    }

    fn check_whole(&self, article: &Article<'_>, first: usize, last: usize) -> Result<(), Refusal> {
        let (from, to) = (article.token(first), article.token(last));
        if let Some(exact) = self.exact.as_deref().map(AsRef::as_ref) {
            let raw = article.text_of(from).get(from.start as usize..to.end as usize).unwrap_or_default();
            let same = if self.prefix { raw.starts_with(exact) } else { raw == exact };
            return if same { Ok(()) } else { Err(Refusal::Exact) };
        }
        let fits = match self.case {
            Case::Any | Case::Kept => true,
            Case::Initial => from.upper,
            Case::Capitals => term::is_capitals(article.raw(from)),
        };
        if fits { Ok(()) } else { Err(Refusal::Case) }
    }
}

/// The token that would be next after `last`. Only a phrase steps over a suffix.
pub(super) fn step(article: &Article<'_>, join: Join, last: usize) -> Option<usize> {
    match join {
        Join::Phrase => article.next_word(last),
        Join::Apostrophe => article.next(last),
        _ => article.next(last).filter(|&next| !article.token(next).suffix),
    }
}

/// Whether the join is a letter, a blank and a number: a designator, or counting (rule 8).
fn is_letter_blank_number(article: &Article<'_>, last: usize, next: usize) -> bool {
    let (left, right) = (article.token(last), article.token(next));
    left.kind == Kind::Word
        && right.kind == Kind::Number
        && article.gap_before(next) == Gap::OneBlank
        && article.with_folded(left, |word| word.chars().nth(1).is_none())
}

/// The place from one token to another.
pub(super) fn span(article: &Article<'_>, first: usize, last: usize) -> Span {
    let (from, to) = (article.token(first), article.token(last));
    let index = |i: usize| u32::try_from(i).unwrap_or(u32::MAX);
    Span { slot: from.slot, first: index(first), last: index(last), start: from.start, end: to.end }
}
