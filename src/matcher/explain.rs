//! Why a topic fires on an article, or does not: the first clause that fails (specs/matching.md §7).

use serde::Serialize;

use super::{
    evidence::{self, Found},
    fields::{FieldSet, field_of, slot},
    fire::{self, Firing},
    misses,
    near::{self, Neighbours},
    occur::Span,
    plan::{Body, Lists, Node, NodeKind, Plan, Query, Scope, TermId},
    truth::Truth,
};
use crate::model::{Field, Within};

/// The first clause of a topic that fails, in the order in which they are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The article's feed is not one of the topic's.
    Scope,
    /// No `any` or `maybe` term occurs.
    NoTerm,
    /// Every place is covered by a mask.
    Masked,
    /// No `context` stands near a `maybe`.
    NoContext,
    /// A `not` term occurs.
    Not,
    /// The query is false.
    Query,
    /// Nothing fails: the topic fires.
    Fired,
}

/// What a topic makes of an article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The topic.
    pub topic: String,
    /// Whether it fires.
    pub fired: bool,
    /// The first clause that fails.
    pub reason: Reason,
    /// The same for people.
    pub detail: String,
    /// The field of the place that decided, if there is one.
    pub field: Option<Field>,
    /// Its first byte.
    pub start: Option<usize>,
    /// One past its last byte.
    pub end: Option<usize>,
}

/// A reason, words for it, and the place that decided.
type Answer = (Reason, String, Option<Span>);

/// Explains what a topic makes of an article.
pub(super) fn explain(firing: &Firing<'_>, plan: &Plan, scope: Option<&Scope<'_>>) -> Explanation {
    let asked =
        Asked { firing, plan, fields: firing.without_repetition(plan.fields), feed_known: scope.is_some() };
    let failed = asked.scope(scope).or_else(|| match &plan.body {
        Body::Lists(lists) => asked.lists(lists).or_else(|| asked.not()),
        Body::Query(query) => asked.not().or_else(|| asked.query(query)),
    });
    let (reason, detail, span) = failed.unwrap_or_else(|| asked.fired(scope));
    Explanation {
        topic: plan.name.to_string(),
        fired: reason == Reason::Fired,
        reason,
        detail,
        field: span.map(|span| field_of(span.slot)),
        start: span.map(|span| span.start as usize),
        end: span.map(|span| span.end as usize),
    }
}

struct Asked<'f, 'a> {
    firing: &'f Firing<'a>,
    plan: &'f Plan,
    fields: FieldSet,
    feed_known: bool,
}

impl Asked<'_, '_> {
    fn scope(&self, scope: Option<&Scope<'_>>) -> Option<Answer> {
        let (rule, scope) = (self.plan.scope()?, scope?);
        let failed = if !rule.takes_feed(scope) {
            format!("`feeds` does not name the feed \"{}\"", scope.name)
        } else if !rule.takes_tags(scope) {
            format!("none of `tags` is a tag of the feed \"{}\"", scope.name)
        } else {
            return None;
        };
        Some((Reason::Scope, failed, None))
    }

    fn lists(&self, lists: &Lists) -> Option<Answer> {
        let mut any = self.firing.places(&lists.any, self.fields);
        let mut maybe = self.firing.places(&lists.maybe, self.fields);
        let mask = self.firing.places(self.plan.mask(), self.fields);
        let Some(first) = any.first().or(maybe.first()).copied() else { return Some(self.no_term(lists)) };
        fire::unmask(&mut any, &mask);
        fire::unmask(&mut maybe, &mask);
        if any.is_empty() && maybe.is_empty() {
            return Some(self.masked(&first, &mask));
        }
        let mut context = self.firing.places(&lists.context, self.fields);
        fire::unmask(&mut context, &mask);
        let mut near = maybe.clone();
        near::keep_near(&self.firing.article, &mut near, &context, lists.within);
        (any.is_empty() && near.is_empty()).then(|| self.no_context(&maybe, &context, lists.within))
    }

    fn no_term(&self, lists: &Lists) -> Answer {
        let terms = lists.any.iter().chain(&lists.maybe);
        match self.near_miss(terms) {
            Some((span, detail)) => (Reason::NoTerm, detail, Some(span)),
            None => (Reason::NoTerm, "no term of `any` or `maybe` occurs".to_owned(), None),
        }
    }

    /// The best of the places where a term almost stands.
    fn near_miss<'t>(&self, terms: impl Iterator<Item = &'t TermId>) -> Option<(Span, String)> {
        let found = terms.filter_map(|&term| {
            misses::nearest(&self.firing.terms[term as usize], &self.firing.article, self.fields)
        });
        let miss = found.min_by_key(|miss| miss.distance)?;
        Some((miss.span, format!("{}: {}", self.at(&miss.span), miss.why)))
    }

    fn masked(&self, found: &Found, mask: &[Found]) -> Answer {
        let by = near::covering(mask, &found.span).map_or("", |mask| self.written(mask.term));
        let detail = format!("the mask `{by}` covers {}", self.at(&found.span));
        (Reason::Masked, detail, Some(found.span))
    }

    fn no_context(&self, maybe: &[Found], context: &[Found], within: Within) -> Answer {
        let article = &self.firing.article;
        let pairs = maybe.iter().flat_map(|maybe| {
            let neighbours = Neighbours::of(context, &maybe.span);
            let both = [neighbours.before, neighbours.after].into_iter().flatten();
            both.filter_map(|other| Some((near::tokens_between(article, &maybe.span, other)?, maybe, *other)))
                .collect::<Vec<_>>()
        });
        let Some((between, maybe, other)) = pairs.min_by_key(|(between, ..)| *between) else {
            let Some(first) = maybe.first() else {
                return (Reason::NoContext, "no context".to_owned(), None);
            };
            let where_else = if context.is_empty() {
                "no `context` term occurs"
            } else {
                "`context` stands in other fields only"
            };
            return (Reason::NoContext, format!("{}: {where_else}", self.at(&first.span)), Some(first.span));
        };
        let term =
            context.iter().find(|found| found.span == other).map_or("", |found| self.written(found.term));
        let limit = match within {
            Within::Tokens(most) => format!("within is {most}"),
            Within::Sentence => "in another sentence".to_owned(),
            Within::Field | Within::Article => "in another field".to_owned(),
        };
        let detail = format!("{}: `{term}` is {between} tokens away, {limit}", self.at(&maybe.span));
        (Reason::NoContext, detail, Some(maybe.span))
    }

    fn not(&self) -> Option<Answer> {
        let found = self.firing.places(self.plan.not(), self.fields);
        let first = found.first()?;
        Some((
            Reason::Not,
            format!("`{}` occurs: {}", self.written(first.term), self.at(&first.span)),
            Some(first.span),
        ))
    }

    fn query(&self, query: &Query) -> Option<Answer> {
        let mask = self.firing.places(self.plan.mask(), self.fields);
        let truth =
            Truth { firing: self.firing, fields: self.fields, mask: &mask, feed_known: self.feed_known };
        if truth.holds(&query.root, true) {
            return None;
        }
        let clause = first_false(&truth, &query.root, true);
        let written =
            query.text.get(clause.node.start as usize..clause.node.end as usize).unwrap_or_default();
        if !clause.wanted {
            let mut found = Vec::new();
            truth.collect(clause.node, &mut found);
            let span = evidence::choose(found).first().map(|found| found.span);
            let place = span.map(|span| format!(": {}", self.at(&span))).unwrap_or_default();
            return Some((Reason::Query, format!("`NOT {written}` does not hold{place}"), span));
        }
        let miss = match &clause.node.kind {
            NodeKind::Term(term, fields) if *fields != Some(FieldSet::of(slot::FEED)) => {
                self.near_miss([*term].iter())
            }
            _ => None,
        };
        let (span, almost) = miss.unzip();
        let almost = almost.map(|almost| format!("; {almost}")).unwrap_or_default();
        Some((Reason::Query, format!("`{written}` does not hold{almost}"), span))
    }

    fn fired(&self, scope: Option<&Scope<'_>>) -> Answer {
        let found = self.firing.fires(self.plan, scope).map(evidence::choose).unwrap_or_default();
        let Some(first) = found.first() else { return (Reason::NoTerm, "no term occurs".to_owned(), None) };
        let detail = format!("`{}` occurs: {}", self.written(first.term), self.at(&first.span));
        (Reason::Fired, detail, Some(first.span))
    }

    fn written(&self, term: TermId) -> &str {
        &self.firing.terms[term as usize].written
    }

    /// "`F-350` at title 5..10".
    fn at(&self, span: &Span) -> String {
        let text = self.firing.article.texts[usize::from(span.slot)];
        let slice = text.get(span.start as usize..span.end as usize).unwrap_or_default();
        let field = field_of(span.slot).as_str();
        format!("`{slice}` at {field} {}..{}", span.start, span.end)
    }
}

/// A part of a query that decides, and whether it should have been true.
struct Clause<'n> {
    node: &'n Node,
    wanted: bool,
}

/// The first part that makes a false query false. Of alternatives, all together.
fn first_false<'n>(truth: &Truth<'_, '_>, node: &'n Node, positive: bool) -> Clause<'n> {
    let NodeKind::And(parts) = &node.kind else { return Clause { node, wanted: true } };
    let fails = |part: &&Node| truth.holds(part, positive != part.negated) == part.negated;
    match parts.iter().find(fails) {
        Some(part) if part.negated => Clause { node: part, wanted: false },
        Some(part) => first_false(truth, part, positive),
        None => Clause { node, wanted: true },
    }
}
