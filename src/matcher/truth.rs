//! Whether a query is true of an article, and which places make it so (specs/matching.md §6).

use std::ops::ControlFlow;

use super::{
    evidence::Found,
    fields::{FieldSet, slot},
    fire::{self, Firing},
    near::{self, Neighbours},
    plan::{Near, Node, NodeKind, TermId},
};

/// A query's look at one article.
#[derive(Debug, Clone, Copy)]
pub(super) struct Truth<'f, 'a> {
    /// The topic's look at the article.
    pub firing: &'f Firing<'a>,
    /// Where it looks if the query does not say.
    pub fields: FieldSet,
    /// Places that are no evidence, sorted.
    pub mask: &'f [Found],
    /// Whether the feed is known; if not, `feed:` asks nothing.
    pub feed_known: bool,
}

impl Truth<'_, '_> {
    /// Whether the node holds. `positive` is false under an odd number of NOTs.
    pub fn holds(&self, node: &Node, positive: bool) -> bool {
        match &node.kind {
            NodeKind::Term(_, Some(fields)) if fields.has(slot::FEED) && !self.feed_known => positive,
            NodeKind::Term(term, fields) => self.occurs(*term, *fields),
            NodeKind::And(parts) => {
                parts.iter().all(|node| self.holds(node, positive != node.negated) != node.negated)
            }
            NodeKind::Or(branches) => branches.iter().any(|node| self.holds(node, positive)),
            NodeKind::Near(near) => !self.near(near).is_empty(),
        }
    }

    /// Adds the places of the positive terms in the branches that are true. The node itself holds.
    pub fn collect(&self, node: &Node, found: &mut Vec<Found>) {
        match &node.kind {
            NodeKind::Term(_, Some(fields)) if fields.has(slot::FEED) => {}
            NodeKind::Term(term, fields) => found.append(&mut self.places(&[*term], *fields)),
            NodeKind::And(parts) => {
                parts.iter().filter(|node| !node.negated).for_each(|node| self.collect(node, found));
            }
            NodeKind::Or(branches) => {
                branches
                    .iter()
                    .filter(|node| self.holds(node, true))
                    .for_each(|node| self.collect(node, found));
            }
            NodeKind::Near(near) => found.append(&mut self.near(near)),
        }
    }

    fn occurs(&self, term: TermId, fields: Option<FieldSet>) -> bool {
        let visit = |span| {
            if near::covering(self.mask, &span).is_some() {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        };
        self.firing.each(term, self.look_in(fields), visit).is_break()
    }

    fn places(&self, terms: &[TermId], fields: Option<FieldSet>) -> Vec<Found> {
        let mut found = self.firing.places(terms, self.look_in(fields));
        fire::unmask(&mut found, self.mask);
        found
    }

    fn look_in(&self, fields: Option<FieldSet>) -> FieldSet {
        fields.map_or(self.fields, |fields| self.firing.without_repetition(fields))
    }

    /// The places of both sides that have the other in reach.
    fn near(&self, near: &Near) -> Vec<Found> {
        let left = self.places(&near.left, near.fields);
        if left.is_empty() {
            return left;
        }
        let right = self.places(&near.right, near.fields);
        let mut found = self.reaching(near, &left, &right, true);
        if !found.is_empty() {
            found.append(&mut self.reaching(near, &right, &left, false));
        }
        found
    }

    /// The places of `own` that have one of `others` in reach; `others` come after if `own` is left and order counts.
    fn reaching(&self, near: &Near, own: &[Found], others: &[Found], own_is_left: bool) -> Vec<Found> {
        let article = &self.firing.article;
        let reaches = |found: &&Found| {
            let neighbours = Neighbours::of(others, &found.span);
            let mut sides = if !near.ordered {
                [neighbours.before, neighbours.after]
            } else if own_is_left {
                [None, neighbours.after]
            } else {
                [neighbours.before, None]
            }
            .into_iter()
            .flatten();
            sides.any(|other| {
                near::tokens_between(article, &found.span, other)
                    .is_some_and(|between| between <= u32::from(near.distance))
            })
        };
        own.iter().filter(reaches).copied().collect()
    }
}
