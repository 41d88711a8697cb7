//! A topic, compiled: which terms make it fire, and where it looks.

use super::fields::FieldSet;
use crate::model::{TopicName, Within};

/// The index of a term in the matcher.
pub(super) type TermId = u32;

/// A topic, ready to be evaluated.
#[derive(Debug)]
pub(super) struct Plan {
    /// Its name.
    pub name: TopicName,
    /// Where it looks.
    pub fields: FieldSet,
    /// What keeps it from firing, if anything does.
    pub limits: Option<Box<Limits>>,
    /// What makes it fire.
    pub body: Body,
}

/// What keeps a topic from firing.
#[derive(Debug, Default)]
pub(super) struct Limits {
    /// Feeds and tags it is limited to, if it is.
    pub scope: Option<ScopeRule>,
    /// Terms whose places are no evidence.
    pub mask: Box<[TermId]>,
    /// Terms that silence it.
    pub not: Box<[TermId]>,
}

/// What makes a topic fire.
#[derive(Debug)]
pub(super) enum Body {
    /// The lists of a topic without `query`.
    Lists(Box<Lists>),
    /// A Boolean query.
    Query(Box<Query>),
}

/// A query, compiled.
#[derive(Debug)]
pub(super) struct Query {
    /// As written; the nodes point into it.
    pub text: Box<str>,
    /// The whole of it.
    pub root: Node,
}

/// A part of a query.
#[derive(Debug)]
pub(super) struct Node {
    /// First byte in the query.
    pub start: u16,
    /// One past the last byte.
    pub end: u16,
    /// Whether it stands under a NOT of the AND around it.
    pub negated: bool,
    /// What it asks.
    pub kind: NodeKind,
}

/// What a part of a query asks.
#[derive(Debug)]
pub(super) enum NodeKind {
    /// The term occurs, in these fields or where the topic looks.
    Term(TermId, Option<FieldSet>),
    /// All of them hold, but for the negated, which must not.
    And(Box<[Node]>),
    /// One of them holds.
    Or(Box<[Node]>),
    /// Terms stand near each other.
    Near(Box<Near>),
}

/// NEAR and ONEAR.
#[derive(Debug)]
pub(super) struct Near {
    /// Terms on the left of the operator.
    pub left: Box<[TermId]>,
    /// Terms on the right of it.
    pub right: Box<[TermId]>,
    /// Most tokens between.
    pub distance: u16,
    /// Whether left comes first.
    pub ordered: bool,
    /// Where to look, if the query says so.
    pub fields: Option<FieldSet>,
}

/// `any`, `maybe`, `context` and `within`.
#[derive(Debug)]
pub(super) struct Lists {
    /// Each fires alone.
    pub any: Box<[TermId]>,
    /// Fire near a `context` term.
    pub maybe: Box<[TermId]>,
    /// What must be near a `maybe` term.
    pub context: Box<[TermId]>,
    /// How near.
    pub within: Within,
}

/// The feeds a topic is limited to.
#[derive(Debug)]
pub(super) struct ScopeRule {
    /// By name, id or URL; empty means all.
    pub feeds: Box<[String]>,
    /// By tag; empty means all.
    pub tags: Box<[String]>,
}

/// The feed an article comes from, for `feeds`, `tags` and `feed:`.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    /// The feed's id.
    pub id: &'a str,
    /// Its name as people see it.
    pub name: &'a str,
    /// Its address.
    pub url: &'a str,
    /// Its configured tags.
    pub tags: &'a [String],
}

impl Plan {
    /// Feeds and tags it is limited to, if it is.
    pub fn scope(&self) -> Option<&ScopeRule> {
        self.limits.as_ref()?.scope.as_ref()
    }

    /// Terms whose places are no evidence.
    pub fn mask(&self) -> &[TermId] {
        self.limits.as_ref().map_or(&[], |limits| &limits.mask)
    }

    /// Terms that silence it.
    pub fn not(&self) -> &[TermId] {
        self.limits.as_ref().map_or(&[], |limits| &limits.not)
    }

    /// Calls `f` for each term that may be evidence.
    pub fn each_positive_term(&self, f: &mut impl FnMut(TermId)) {
        match &self.body {
            Body::Lists(lists) => lists.any.iter().chain(&lists.maybe).for_each(|&term| f(term)),
            Body::Query(query) => query.root.each_positive_term(f),
        }
    }

    /// All fields that are looked at.
    pub fn all_fields(&self) -> FieldSet {
        match &self.body {
            Body::Lists(_) => self.fields,
            Body::Query(query) => self.fields.union(query.root.named_fields()),
        }
    }
}

impl Node {
    fn each_positive_term(&self, f: &mut impl FnMut(TermId)) {
        match &self.kind {
            NodeKind::Term(term, _) => f(*term),
            NodeKind::And(parts) | NodeKind::Or(parts) => {
                parts.iter().filter(|node| !node.negated).for_each(|node| node.each_positive_term(f));
            }
            NodeKind::Near(near) => near.left.iter().chain(&near.right).for_each(|&term| f(term)),
        }
    }

    /// The fields that the query names.
    fn named_fields(&self) -> FieldSet {
        match &self.kind {
            NodeKind::Term(_, fields) => fields.unwrap_or_default(),
            NodeKind::And(parts) | NodeKind::Or(parts) => {
                parts.iter().fold(FieldSet::default(), |set, node| set.union(node.named_fields()))
            }
            NodeKind::Near(near) => near.fields.unwrap_or_default(),
        }
    }
}

impl ScopeRule {
    /// Whether `feeds` holds.
    pub fn takes_feed(&self, scope: &Scope<'_>) -> bool {
        let named = |feed: &String| feed == scope.id || feed == scope.name || feed == scope.url;
        self.feeds.is_empty() || self.feeds.iter().any(named)
    }

    /// Whether `tags` holds.
    pub fn takes_tags(&self, scope: &Scope<'_>) -> bool {
        self.tags.is_empty() || self.tags.iter().any(|tag| scope.tags.contains(tag))
    }
}
