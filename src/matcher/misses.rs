//! Places where a term almost stands: what `--explain` tells when nothing was found.

use super::{
    article::Article,
    fields::FieldSet,
    occur::{Refusal, Span, step},
    term::{Shape, Term, Words},
    tokens::Kind,
};

/// A place where a term almost stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Miss {
    /// The place.
    pub span: Span,
    /// What keeps the term from standing there.
    pub why: &'static str,
    /// How far off it is: 0 is right but for its surroundings.
    pub distance: u8,
}

/// The nearest miss of a term, the first of those equally near.
pub(super) fn nearest(term: &Term, article: &Article<'_>, fields: FieldSet) -> Option<Miss> {
    let Shape::Words(words) = &term.shape else { return None };
    let firsts = fields.iter().flat_map(|slot| article.tokens.of_field(slot));
    firsts.filter_map(|first| miss(words, article, first)).min_by_key(|miss| miss.distance)
}

fn miss(words: &Words, article: &Article<'_>, first: usize) -> Option<Miss> {
    let (last, why, distance) = match words.at(article, first).err()? {
        Refusal::Word => return other_word(words, article, first),
        Refusal::Suffix => {
            let same = words.is_same_word(article, 0, article.token(first)) && words.parts.len() == 1;
            return same.then(|| of_span(article, first, first, "an apostrophe suffix is no word", 1));
        }
        Refusal::Gap => (end_of(words, article, first), "its words are parted", 1),
        Refusal::Case => (end_of(words, article, first), "the case differs", 0),
        Refusal::Exact => (end_of(words, article, first), "it is not written exactly so", 0),
        Refusal::NumberGoesOn => (end_of(words, article, first), "the number continues", 0),
        Refusal::Attached => (end_of(words, article, first), "it is attached to what stands before it", 0),
        Refusal::Unit => (end_of(words, article, first), "a unit or other letters follow the number", 0),
        Refusal::Counting => {
            (end_of(words, article, first), "it reads as a label or a count, not as a name", 0)
        }
    };
    Some(of_span(article, first, last, why, distance))
}

/// The last word is another one that contains the right one: `F-350` for `F-35`, `compatriot` for `patriot`.
fn other_word(words: &Words, article: &Article<'_>, first: usize) -> Option<Miss> {
    let (part, last) = (words.parts.len() - 1, end_of(words, article, first));
    let (wanted, token) = (&words.parts[part], article.token(last));
    let folded = words.folded(part);
    if last - first != part || wanted.kind != token.kind || wanted.kind == Kind::Single {
        return None;
    }
    let mut before = (0..part).zip(first..);
    if !before.all(|(part, at)| words.is_same_word(article, part, article.token(at))) {
        return None;
    }
    let contained = article.with_folded(token, |word| match wanted.kind {
        Kind::Number => word.starts_with(folded),
        _ => word.contains(folded),
    });
    let why = if wanted.kind == Kind::Number { "the number continues" } else { "it is another word" };
    contained.then(|| of_span(article, first, last, why, if wanted.kind == Kind::Number { 1 } else { 2 }))
}

/// Where the term would end if it stood here.
fn end_of(words: &Words, article: &Article<'_>, first: usize) -> usize {
    let joins = words.parts.iter().skip(1).map(|part| part.join);
    joins.fold(first, |last, join| step(article, join, last).unwrap_or(last))
}

fn of_span(article: &Article<'_>, first: usize, last: usize, why: &'static str, distance: u8) -> Miss {
    Miss { span: super::occur::span(article, first, last), why, distance }
}
