//! What the grammar allows and the language does not: queries that match almost everything, and NEAR over anything
//! but terms.

use super::{
    super::{
        fields::{FieldSet, slot},
        problem::Fault,
    },
    Tree, TreeKind,
};

/// Every branch must hold a term of the article: a query of `feed:` alone has no evidence to tell.
pub(super) fn check_evidence(tree: &Tree<'_>) -> Result<(), Fault> {
    if has_evidence(tree) {
        return check_parts(tree);
    }
    let fault = Fault::new(
        "Q008",
        tree.start,
        tree.end - tree.start,
        "`feed:` alone matches every article of a feed",
    );
    Err(fault.help("add a term, or use the key `feeds`"))
}

fn check_parts(tree: &Tree<'_>) -> Result<(), Fault> {
    match &tree.kind {
        TreeKind::Term { .. } | TreeKind::Near { .. } => Ok(()),
        TreeKind::Or(branches) => branches.iter().try_for_each(check_evidence),
        TreeKind::And { all, .. } => all.iter().filter(|part| has_evidence(part)).try_for_each(check_parts),
    }
}

fn has_evidence(tree: &Tree<'_>) -> bool {
    match &tree.kind {
        TreeKind::Term { fields, .. } => *fields != Some(FieldSet::of(slot::FEED)),
        TreeKind::Near { left, .. } => has_evidence(left),
        TreeKind::Or(parts) | TreeKind::And { all: parts, .. } => parts.iter().any(has_evidence),
    }
}

/// Q009: operands of NEAR are terms or OR-groups of terms.
pub(super) fn check_near_operand(tree: &Tree<'_>) -> Result<(), Fault> {
    let what = match &tree.kind {
        TreeKind::Term { own_field: false, .. } => return Ok(()),
        TreeKind::Or(branches) => return branches.iter().try_for_each(check_near_operand),
        TreeKind::Term { .. } => "a field",
        TreeKind::And { none, .. } if none.is_empty() => "AND",
        TreeKind::And { .. } => "NOT",
        TreeKind::Near { .. } => "NEAR",
    };
    let fault =
        Fault::new("Q009", tree.start, tree.end - tree.start, format!("NEAR cannot stand over {what}"));
    Err(fault.help("NEAR takes terms, or terms joined by OR in parentheses; a field goes before the whole: title:(a NEAR b)"))
}
