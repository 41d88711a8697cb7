//! The Boolean form of a topic (specs/matching.md §6): from text to a tree, with every mistake in its place.

mod check;
mod faults;
mod lex;
mod parse;

use super::{fields::FieldSet, problem::Fault};

/// A part of a query and where it stands, in bytes of the query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tree<'a> {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// What it is.
    pub kind: TreeKind<'a>,
}

/// The kinds of parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TreeKind<'a> {
    /// A term as a list would have it: word, phrase, regular expression or alias.
    Term {
        /// As written.
        text: &'a str,
        /// Where it is looked for, if the query says so.
        fields: Option<FieldSet>,
        /// Whether the field stands right before this term.
        own_field: bool,
    },
    /// All of `all`, none of `none`.
    And {
        /// What must hold.
        all: Vec<Tree<'a>>,
        /// What must not; each with the place of its NOT.
        none: Vec<(usize, Tree<'a>)>,
    },
    /// One of them. A NOT among them is a mistake, kept for the message.
    Or(Vec<Tree<'a>>),
    /// Both within a distance.
    Near {
        /// What stands left in the query.
        left: Box<Tree<'a>>,
        /// What stands right in the query.
        right: Box<Tree<'a>>,
        /// Most tokens between.
        distance: u16,
        /// Whether left must come first.
        ordered: bool,
    },
}

impl Tree<'_> {
    /// The field written before a term or the group it stands in; of a group, that of its first term.
    pub fn fields(&self) -> Option<FieldSet> {
        match &self.kind {
            TreeKind::Term { fields, .. } => *fields,
            TreeKind::Or(parts) | TreeKind::And { all: parts, .. } => parts.first().and_then(Tree::fields),
            TreeKind::Near { left, .. } => left.fields(),
        }
    }
}

impl<'a> Tree<'a> {
    /// Calls `f` with each term and where it begins, in order.
    pub fn each_term(&self, f: &mut impl FnMut(&'a str, usize)) {
        match &self.kind {
            TreeKind::Term { text, .. } => f(text, self.end - text.len()),
            TreeKind::Or(parts) => parts.iter().for_each(|part| part.each_term(f)),
            TreeKind::And { all, none } => {
                all.iter().chain(none.iter().map(|(_, part)| part)).for_each(|part| part.each_term(f));
            }
            TreeKind::Near { left, right, .. } => {
                left.each_term(f);
                right.each_term(f);
            }
        }
    }
}

/// Reads a query.
pub(super) fn parse(query: &str) -> Result<Tree<'_>, Fault> {
    let tree = parse::parse(query)?;
    check::check_evidence(&tree)?;
    Ok(tree)
}
