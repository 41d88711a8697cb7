//! From the topics of a watchlist to a matcher; all problems at once (specs/matching.md §8).

use std::collections::HashMap;

use super::{
    aliases::Resolved,
    entry::{self, Entry},
    fields::FieldSet,
    plan::{Body, Limits, Lists, Near, Node, NodeKind, Plan, Query, ScopeRule, TermId},
    problem::{Fault, Place, Problem, Severity},
    query::{self, Tree, TreeKind},
    regex,
    term::{Shape, Term, Words},
    tokens::Tokens,
};
use crate::model::{Aliases, CaseRule, Topic};

/// What compiling yields before the index is built.
#[derive(Debug, Default)]
pub(super) struct Compiled {
    /// The topics, in watchlist order.
    pub plans: Vec<Plan>,
    /// Their terms, each once.
    pub terms: Vec<Term>,
}

/// Compiles a watchlist, or tells all that is wrong with it.
pub(super) fn compile(topics: &[Topic], aliases: &Aliases) -> Result<Compiled, Vec<Problem>> {
    let mut problems = Vec::new();
    let resolved = Resolved::new(aliases, &mut problems);
    let mut compiler = Compiler {
        aliases: &resolved,
        problems,
        interned: HashMap::with_capacity(topics.len()),
        terms: Vec::with_capacity(topics.len()),
        regexes: 0,
        buffer: Tokens::default(),
    };
    let plans = topics.iter().enumerate().map(|(index, topic)| compiler.topic(index, topic)).collect();
    if compiler.problems.is_empty() {
        Ok(Compiled { plans, terms: compiler.terms })
    } else {
        Err(compiler.problems)
    }
}

struct Compiler<'a> {
    aliases: &'a Resolved<'a>,
    problems: Vec<Problem>,
    interned: HashMap<(&'a str, u8), TermId>,
    terms: Vec<Term>,
    regexes: usize,
    buffer: Tokens,
}

impl<'a> Compiler<'a> {
    fn topic(&mut self, index: usize, topic: &'a Topic) -> Plan {
        self.check_keys(index, topic);
        let body = match &topic.query {
            Some(query) => Body::Query(Box::new(self.query(index, query, topic.case))),
            None => Body::Lists(Box::new(self.lists(index, topic))),
        };
        let mask = self.list(index, "mask", &topic.mask, topic.case);
        let not = self.list(index, "not", &topic.not, topic.case);
        let scoped = !topic.feeds.is_empty() || !topic.tags.is_empty();
        let scope = || ScopeRule { feeds: topic.feeds.clone().into(), tags: topic.tags.clone().into() };
        let limited = scoped || !mask.is_empty() || !not.is_empty();
        let limits = Limits { scope: scoped.then(scope), mask, not };
        Plan {
            name: topic.name.clone(),
            fields: FieldSet::searched(&topic.fields),
            limits: limited.then(|| Box::new(limits)),
            body,
        }
    }

    fn lists(&mut self, index: usize, topic: &'a Topic) -> Lists {
        let mut list = |key, items| self.list(index, key, items, topic.case);
        Lists {
            any: list("any", &topic.any),
            maybe: list("maybe", &topic.maybe),
            context: list("context", &topic.context),
            within: topic.within,
        }
    }

    fn query(&mut self, topic: usize, text: &'a str, case: CaseRule) -> Query {
        let place = Place { topic: Some(topic), alias: None, key: "query", item: None };
        let root = match query::parse(text) {
            Ok(tree) => self.node(&tree, case, place),
            Err(fault) => {
                self.problems.push(place.problem(fault, Severity::Error));
                Node { start: 0, end: 0, negated: false, kind: NodeKind::Or(Box::default()) }
            }
        };
        Query { text: text.into(), root }
    }

    fn node(&mut self, tree: &Tree<'a>, case: CaseRule, place: Place<'_>) -> Node {
        let small = |n: usize| u16::try_from(n).expect("a query has at most 16 KiB");
        let (start, end) = (small(tree.start), small(tree.end));
        let kind = match &tree.kind {
            TreeKind::Term { fields, .. } => {
                let leaf = |term| Node { start, end, negated: false, kind: NodeKind::Term(term, *fields) };
                match *self.leaf(tree, case, place) {
                    [term] => NodeKind::Term(term, *fields),
                    ref terms => NodeKind::Or(terms.iter().map(|&term| leaf(term)).collect()),
                }
            }
            TreeKind::Or(branches) => {
                NodeKind::Or(branches.iter().map(|tree| self.node(tree, case, place)).collect())
            }
            TreeKind::And { all, none } => {
                let wanted = all.iter().map(|tree| (tree, false));
                let parts = wanted.chain(none.iter().map(|(_, tree)| (tree, true)));
                NodeKind::And(
                    parts.map(|(tree, negated)| Node { negated, ..self.node(tree, case, place) }).collect(),
                )
            }
            TreeKind::Near { left, right, distance, ordered } => NodeKind::Near(Box::new(Near {
                left: self.group(left, case, place),
                right: self.group(right, case, place),
                distance: *distance,
                ordered: *ordered,
                fields: left.fields(),
            })),
        };
        Node { start, end, negated: false, kind }
    }

    /// The terms of an operand of NEAR.
    fn group(&mut self, tree: &Tree<'a>, case: CaseRule, place: Place<'_>) -> Box<[TermId]> {
        match &tree.kind {
            TreeKind::Or(branches) => {
                branches.iter().flat_map(|tree| self.group(tree, case, place)).collect()
            }
            _ => self.leaf(tree, case, place),
        }
    }

    fn leaf(&mut self, tree: &Tree<'a>, case: CaseRule, place: Place<'_>) -> Box<[TermId]> {
        let TreeKind::Term { text, .. } = tree.kind else { return Box::default() };
        let mut terms = Vec::new();
        if let Err(fault) = self.entry(text, case, &mut terms) {
            let fault = fault.shifted(tree.end - text.len());
            self.problems.push(place.problem(fault, Severity::Error));
        }
        terms.into()
    }

    /// T001 to T003: which keys go together.
    fn check_keys(&mut self, index: usize, topic: &Topic) {
        let mut fail = |key, code, message: &str| {
            let place = Place { topic: Some(index), alias: None, key, item: None };
            self.problems.push(place.problem(Fault::new(code, 0, 0, message), Severity::Error));
        };
        let lists = [("any", &topic.any), ("maybe", &topic.maybe), ("context", &topic.context)];
        if topic.query.is_some() {
            for (key, _) in lists.iter().filter(|(_, list)| !list.is_empty()) {
                fail(key, "T002", &format!("`{key}` cannot stand beside `query`"));
            }
            return;
        }
        if topic.any.is_empty() && topic.maybe.is_empty() && topic.context.is_empty() {
            fail("topic", "T001", "the topic has neither `any` nor `maybe` nor `query`: nothing to look for");
        }
        if topic.context.is_empty() && !topic.maybe.is_empty() {
            fail("maybe", "T003", "`maybe` needs `context`: words that must stand near");
        }
        if topic.maybe.is_empty() && !topic.context.is_empty() {
            fail("context", "T003", "`context` needs `maybe`: the words it must stand near");
        }
    }

    fn list(
        &mut self,
        topic: usize,
        key: &'static str,
        items: &'a [String],
        case: CaseRule,
    ) -> Box<[TermId]> {
        let mut terms = Vec::with_capacity(items.len());
        for (item, text) in items.iter().enumerate() {
            let place = Place { topic: Some(topic), alias: None, key, item: Some(item) };
            if let Err(fault) = self.entry(text, case, &mut terms) {
                self.problems.push(place.problem(fault, Severity::Error));
            }
        }
        terms.sort_unstable();
        terms.dedup();
        terms.into()
    }

    fn entry(&mut self, text: &'a str, case: CaseRule, terms: &mut Vec<TermId>) -> Result<(), Fault> {
        // Most terms of a large watchlist stand in many topics: they are read once.
        if let Some(&known) = self.interned.get(&(text.trim(), case as u8)) {
            terms.push(known);
            return Ok(());
        }
        let lead = text.len() - text.trim_start().len();
        match entry::list_entry_with(text, &mut self.buffer)? {
            Entry::Alias(name) => {
                for entry in
                    self.aliases.entries(name).map_err(|fault| fault.shifted(offset_in(text, name) - 1))?
                {
                    // A fault in an alias is told once, where the alias stands.
                    let _ = self.entry(entry, case, terms);
                }
            }
            Entry::Words(spec) => {
                let words = Words::compile_with(spec, case, &mut self.buffer);
                terms.push(self.intern(text.trim(), case, Shape::Words(words)));
            }
            Entry::Regex { offset, pattern } => {
                let regex = regex::compile(pattern).map_err(|fault| fault.shifted(lead + offset))?;
                self.regexes += 1;
                regex::check_count(self.regexes)?;
                terms.push(self.intern(text.trim(), case, Shape::Regex(regex)));
            }
        }
        Ok(())
    }

    fn intern(&mut self, written: &'a str, case: CaseRule, shape: Shape) -> TermId {
        let id = TermId::try_from(self.terms.len()).expect("fewer than 2^32 terms");
        self.interned.insert((written, case as u8), id);
        self.terms.push(Term { written: written.into(), shape });
        id
    }
}

/// Where a part of a string begins in it.
pub(super) fn offset_in(whole: &str, part: &str) -> usize {
    part.as_ptr() as usize - whole.as_ptr() as usize
}
