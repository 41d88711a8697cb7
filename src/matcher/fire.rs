//! Whether a topic fires on an article (specs/matching.md §5).

use std::ops::ControlFlow;

use super::{
    article::Article,
    evidence::Found,
    fields::FieldSet,
    near,
    occur::Span,
    plan::{Body, Lists, Plan, Query, Scope, TermId},
    regex,
    term::{Shape, Term},
    truth::Truth,
};

/// A topic's look at one article.
#[derive(Debug, Clone, Copy)]
pub(super) struct Firing<'a> {
    /// All terms of the watchlist.
    pub terms: &'a [Term],
    /// The article.
    pub article: Article<'a>,
    /// Whether the content repeats the summary.
    pub summary_repeated: bool,
}

impl Firing<'_> {
    /// The evidence, if the topic fires; not chosen yet.
    pub fn fires(&self, plan: &Plan, scope: Option<&Scope<'_>>) -> Option<Vec<Found>> {
        let in_scope =
            |rule: &super::plan::ScopeRule, scope| rule.takes_feed(scope) && rule.takes_tags(scope);
        if let (Some(rule), Some(scope)) = (plan.scope(), scope)
            && !in_scope(rule, scope)
        {
            return None;
        }
        let fields = self.without_repetition(plan.fields);
        let found = match &plan.body {
            Body::Lists(lists) => self.lists(plan, lists, fields),
            Body::Query(query) => self.query(plan, query, fields, scope.is_some()),
        };
        (!found.is_empty() && !self.any_occurs(plan.not(), fields)).then_some(found)
    }

    /// Where to look: not in a summary that the content repeats, if the content is looked at too.
    pub fn without_repetition(&self, fields: FieldSet) -> FieldSet {
        if self.summary_repeated && fields.has_summary_and_content() {
            fields.without(FieldSet::of(super::fields::slot::SUMMARY))
        } else {
            fields
        }
    }

    /// The places of a query's true branches; none if it is false.
    fn query(&self, plan: &Plan, query: &Query, fields: FieldSet, feed_known: bool) -> Vec<Found> {
        let mask = self.places(plan.mask(), fields);
        let truth = Truth { firing: self, fields, mask: &mask, feed_known };
        let mut found = Vec::new();
        if truth.holds(&query.root, true) {
            truth.collect(&query.root, &mut found);
        }
        found
    }

    /// The unmasked places of `any`, and of `maybe` near its context.
    fn lists(&self, plan: &Plan, lists: &Lists, fields: FieldSet) -> Vec<Found> {
        let mut any = self.places(&lists.any, fields);
        let mut maybe = self.places(&lists.maybe, fields);
        if any.is_empty() && maybe.is_empty() {
            return any;
        }
        let mask = self.places(plan.mask(), fields);
        unmask(&mut any, &mask);
        unmask(&mut maybe, &mask);
        if !maybe.is_empty() {
            let mut context = self.places(&lists.context, fields);
            unmask(&mut context, &mask);
            near::keep_near(&self.article, &mut maybe, &context, lists.within);
            any.append(&mut maybe);
        }
        any
    }

    /// All places of these terms, sorted.
    pub fn places(&self, terms: &[TermId], fields: FieldSet) -> Vec<Found> {
        let mut found = Vec::new();
        for &term in terms {
            let _ = self.each(term, fields, |span| {
                found.push(Found { span, term });
                ControlFlow::Continue(())
            });
        }
        if terms.len() > 1 {
            found.sort_by_key(|f| (f.span.slot, f.span.start, f.span.end));
        }
        found
    }

    fn any_occurs(&self, terms: &[TermId], fields: FieldSet) -> bool {
        terms.iter().any(|&term| self.each(term, fields, |_| ControlFlow::Break(())).is_break())
    }

    /// Calls `f` for each place of a term in these fields, until it breaks.
    pub fn each(
        &self,
        term: TermId,
        fields: FieldSet,
        mut f: impl FnMut(Span) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        match &self.terms[term as usize].shape {
            Shape::Words(words) => words.each(&self.article, |span| {
                if fields.has(usize::from(span.slot)) { f(span) } else { ControlFlow::Continue(()) }
            }),
            Shape::Regex(regex) => regex::each(regex, &self.article, fields, f),
        }
    }
}

/// Drops the places that a mask covers, be it by one byte.
pub(super) fn unmask(found: &mut Vec<Found>, mask: &[Found]) {
    if !mask.is_empty() {
        found.retain(|f| near::covering(mask, &f.span).is_none());
    }
}
