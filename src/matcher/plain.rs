//! The slow and obvious matcher: every topic on every token, without index, table of places, order or early end. Only
//! tests and fuzzing have it, to hold the fast one against.

use std::ops::ControlFlow;

use super::{
    Problem, Text,
    article::{Article, Places},
    compile::{self, Compiled},
    evidence::{self, Found},
    fields::{FieldSet, slot},
    occur::Span,
    plan::{Body, Lists, Near, Node, NodeKind, Plan, TermId},
    regex,
    term::{Shape, Term},
    tokens::{SLOTS, Tokens},
};
use crate::model::{Aliases, Topic, TopicMentions, Within};

/// A watchlist without an index.
#[derive(Debug)]
pub struct PlainMatcher(Compiled);

/// Field, first byte, one past the last.
pub type Place = (usize, usize, usize);

/// The places that a topic of this name tells.
pub type Told = (String, Vec<Place>);

impl PlainMatcher {
    /// Compiles a watchlist, as [`Matcher::compile`](super::Matcher::compile) does.
    pub fn compile(topics: &[Topic], aliases: &Aliases) -> Result<Self, Vec<Problem>> {
        compile::compile(topics, aliases).map(Self)
    }

    /// Which topics the text mentions, and where.
    pub fn find(&self, text: &Text<'_>) -> Vec<Told> {
        let mut texts = [""; SLOTS];
        texts[slot::TITLE] = text.title;
        texts[slot::SUMMARY] = text.summary;
        texts[slot::CONTENT] = text.content;
        texts[slot::TEXT] = text.text;
        let mut tokens = Tokens::default();
        for (slot, text) in texts.iter().enumerate() {
            tokens.push_field(slot, text);
        }
        let article = Article { texts, tokens: &tokens, places: &Places::default() };
        let repeated = !text.summary.is_empty() && text.content.contains(text.summary);
        let plainly = Plainly { terms: &self.0.terms, article, repeated };
        let told = self.0.plans.iter().map(|plan| {
            let found = evidence::choose(plainly.found(plan)).into_iter();
            let place = |found: Found| {
                (usize::from(found.span.slot), found.span.start as usize, found.span.end as usize)
            };
            (plan.name.to_string(), found.map(place).collect())
        });
        told.filter(|(_, places): &Told| !places.is_empty()).collect()
    }
}

/// What the fast matcher found, in the same form.
pub fn told(found: Vec<TopicMentions>) -> Vec<Told> {
    let place =
        |topic: &TopicMentions| topic.mentions.iter().map(|m| (m.field as usize, m.start, m.end)).collect();
    found.into_iter().map(|topic| (topic.name.to_string(), place(&topic))).collect()
}

/// One article, looked at by one topic after the other.
struct Plainly<'a> {
    terms: &'a [Term],
    article: Article<'a>,
    repeated: bool,
}

impl Plainly<'_> {
    fn found(&self, plan: &Plan) -> Vec<Found> {
        let fields = self.fields(plan.fields);
        let mask = self.places(plan.mask(), fields);
        let found = match &plan.body {
            Body::Lists(lists) => self.lists(lists, fields, &mask),
            Body::Query(query) if self.holds(&query.root, true, fields, &mask) => {
                self.evidence(&query.root, fields, &mask)
            }
            Body::Query(_) => Vec::new(),
        };
        if self.places(plan.not(), fields).is_empty() { found } else { Vec::new() }
    }

    fn fields(&self, fields: FieldSet) -> FieldSet {
        let both = fields.has(slot::SUMMARY) && fields.has(slot::CONTENT);
        if both && self.repeated { fields.without(FieldSet::of(slot::SUMMARY)) } else { fields }
    }

    fn places(&self, terms: &[TermId], fields: FieldSet) -> Vec<Found> {
        let mut found = Vec::new();
        for &term in terms {
            match &self.terms[term as usize].shape {
                Shape::Words(words) => {
                    for first in 0..self.article.tokens.list.len() {
                        let Ok(last) = words.at(&self.article, first) else { continue };
                        let (from, to) = (self.article.token(first), self.article.token(last));
                        let small = |n: usize| u32::try_from(n).expect("short");
                        let span = Span {
                            slot: from.slot,
                            first: small(first),
                            last: small(last),
                            start: from.start,
                            end: to.end,
                        };
                        found.push(Found { span, term });
                    }
                }
                Shape::Regex(pattern) => {
                    let _ = regex::each(pattern, &self.article, fields, |span| {
                        found.push(Found { span, term });
                        ControlFlow::Continue(())
                    });
                }
            }
        }
        found.retain(|found| fields.has(usize::from(found.span.slot)));
        found
    }

    fn unmasked(&self, terms: &[TermId], fields: FieldSet, mask: &[Found]) -> Vec<Found> {
        let mut found = self.places(terms, fields);
        found.retain(|found| !mask.iter().any(|mask| mask.span.overlaps(&found.span)));
        found
    }

    fn lists(&self, lists: &Lists, fields: FieldSet, mask: &[Found]) -> Vec<Found> {
        let mut found = self.unmasked(&lists.any, fields, mask);
        let context = self.unmasked(&lists.context, fields, mask);
        let maybe = self.unmasked(&lists.maybe, fields, mask).into_iter();
        found.extend(
            maybe.filter(|maybe| context.iter().any(|context| self.reaches(maybe, context, lists.within))),
        );
        found
    }

    fn reaches(&self, a: &Found, b: &Found, within: Within) -> bool {
        let same_field = a.span.slot == b.span.slot;
        let apart = a.span.last < b.span.first || b.span.last < a.span.first;
        match within {
            Within::Article => !same_field || apart,
            Within::Field => same_field && apart,
            Within::Tokens(most) => self.between(a, b).is_some_and(|between| between <= usize::from(most)),
            Within::Sentence => {
                let (left, right) = if a.span.first < b.span.first { (a, b) } else { (b, a) };
                let mut gaps = left.span.last + 1..=right.span.first;
                let ends =
                    |index: u32| super::gap::ends_sentence(self.article.raw_gap_before(index as usize));
                same_field && apart && !gaps.any(ends)
            }
        }
    }

    fn between(&self, a: &Found, b: &Found) -> Option<usize> {
        let (left, right) = if a.span.first < b.span.first { (a, b) } else { (b, a) };
        let apart = left.span.slot == right.span.slot && left.span.last < right.span.first;
        let tokens = || &self.article.tokens.list[left.span.last as usize + 1..right.span.first as usize];
        apart.then(|| tokens().iter().filter(|token| !token.suffix).count())
    }

    /// The feed is not known here, so what asks for it asks nothing: it holds, and under a NOT it does not.
    fn holds(&self, node: &Node, positive: bool, fields: FieldSet, mask: &[Found]) -> bool {
        match &node.kind {
            NodeKind::And(parts) => parts
                .iter()
                .all(|node| self.holds(node, positive != node.negated, fields, mask) != node.negated),
            NodeKind::Or(branches) => branches.iter().any(|node| self.holds(node, positive, fields, mask)),
            NodeKind::Term(_, Some(own)) if own.has(slot::FEED) => positive,
            NodeKind::Term(..) | NodeKind::Near(_) => !self.evidence(node, fields, mask).is_empty(),
        }
    }

    fn evidence(&self, node: &Node, fields: FieldSet, mask: &[Found]) -> Vec<Found> {
        match &node.kind {
            NodeKind::Term(term, own) => {
                self.unmasked(&[*term], own.map_or(fields, |own| self.fields(own)), mask)
            }
            NodeKind::And(parts) => {
                let positive = parts.iter().filter(|node| !node.negated);
                positive.flat_map(|node| self.evidence(node, fields, mask)).collect()
            }
            NodeKind::Or(branches) => {
                let true_ones = branches.iter().filter(|node| self.holds(node, true, fields, mask));
                true_ones.flat_map(|node| self.evidence(node, fields, mask)).collect()
            }
            NodeKind::Near(near) => self.near(near, near.fields.map_or(fields, |own| self.fields(own)), mask),
        }
    }

    fn near(&self, near: &Near, fields: FieldSet, mask: &[Found]) -> Vec<Found> {
        let left = self.unmasked(&near.left, fields, mask);
        let right = self.unmasked(&near.right, fields, mask);
        let pairs = left.iter().flat_map(|left| right.iter().map(move |right| (left, right)));
        let in_reach = pairs.filter(|(left, right)| {
            let order = !near.ordered || left.span.first < right.span.first;
            order && self.between(left, right).is_some_and(|between| between <= usize::from(near.distance))
        });
        in_reach.flat_map(|(left, right)| [*left, *right]).collect()
    }
}
