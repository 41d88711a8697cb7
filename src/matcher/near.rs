//! Distances between places (specs/matching.md §5 rule 2, §6).

use super::{article::Article, evidence::Found, gap, occur::Span};
use crate::model::Within;

/// Keeps the places that have a context in reach. Both lists are sorted by place.
pub(super) fn keep_near(article: &Article<'_>, maybe: &mut Vec<Found>, context: &[Found], within: Within) {
    if context.is_empty() {
        return maybe.clear();
    }
    let sentences = (within == Within::Sentence).then(|| sentence_numbers(article));
    maybe.retain(|found| in_reach(article, &found.span, context, within, sentences.as_deref()));
}

fn in_reach(
    article: &Article<'_>,
    span: &Span,
    context: &[Found],
    within: Within,
    sentences: Option<&[u32]>,
) -> bool {
    let neighbours = Neighbours::of(context, span);
    match within {
        Within::Article => neighbours.any_field || neighbours.iter().next().is_some(),
        Within::Field => neighbours.iter().next().is_some(),
        Within::Tokens(most) => neighbours
            .iter()
            .any(|other| tokens_between(article, span, other).is_some_and(|n| n <= u32::from(most))),
        Within::Sentence => neighbours.iter().any(|other| {
            let (left, right) = if span.first < other.first { (span, other) } else { (other, span) };
            let number = |token: u32| sentences.and_then(|numbers| numbers.get(token as usize));
            number(left.last) == number(right.first)
        }),
    }
}

/// Tokens strictly between two places of one field, suffixes not counted; `None` if they overlap or stand in
/// different fields.
pub(super) fn tokens_between(article: &Article<'_>, a: &Span, b: &Span) -> Option<u32> {
    let range = |span: &Span| (span.first as usize, span.last as usize);
    if a.slot == b.slot { article.tokens_between(range(a), range(b)) } else { None }
}

/// The nearest places on both sides of one, in the same field and of other tokens.
pub(super) struct Neighbours<'a> {
    /// The nearest before it.
    pub before: Option<&'a Span>,
    /// The nearest after it.
    pub after: Option<&'a Span>,
    any_field: bool,
}

impl<'a> Neighbours<'a> {
    /// Looks a place up among others, which are sorted by place.
    pub fn of(others: &'a [Found], span: &Span) -> Self {
        let field = in_field(others, span.slot);
        let after_at = field.partition_point(|other| other.span.first <= span.last);
        let before_end = field.partition_point(|other| other.span.first < span.first);
        // Ends are not sorted, but terms are short: few places reach into the span.
        let before = field[..before_end].iter().rev().filter(|other| other.span.last < span.first);
        Self {
            before: before
                .map(|other| &other.span)
                .take(super::entry::TERM_MAX_TOKENS)
                .max_by_key(|other| other.last),
            after: field.get(after_at).map(|other| &other.span),
            any_field: field.len() < others.len(),
        }
    }

    /// The neighbours there are.
    pub fn iter(&self) -> impl Iterator<Item = &'a Span> {
        [self.before, self.after].into_iter().flatten()
    }
}

/// The first of sorted places that shares a byte with `span`.
pub(super) fn covering<'a>(sorted: &'a [Found], span: &Span) -> Option<&'a Found> {
    let field = in_field(sorted, span.slot);
    let end = field.partition_point(|other| other.span.start < span.end);
    field[..end].iter().rev().take(COVERING_MAX).find(|other| other.span.overlaps(span))
}

/// How many places are looked at for one that reaches into another: a place begins at most sixteen tokens before the
/// end of its term, and few masks begin at the same token.
const COVERING_MAX: usize = 256;

fn in_field(sorted: &[Found], slot: u8) -> &[Found] {
    let start = sorted.partition_point(|found| found.span.slot < slot);
    let end = sorted.partition_point(|found| found.span.slot <= slot);
    &sorted[start..end]
}

/// The number of the sentence each token stands in.
fn sentence_numbers(article: &Article<'_>) -> Vec<u32> {
    let mut number = 0;
    let numbers = (0..article.tokens.list.len()).map(|index| {
        let begins = article.previous(index).is_none() || gap::ends_sentence(article.raw_gap_before(index));
        number += u32::from(begins);
        number
    });
    numbers.collect()
}
