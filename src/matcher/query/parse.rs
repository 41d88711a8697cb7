//! The grammar, by recursive descent. The first mistake ends it.

use super::{
    super::{fields::FieldSet, problem::Fault},
    Tree, TreeKind, faults,
    lex::{self, Kind, Lexeme},
};

/// Longest query, in bytes.
const QUERY_MAX_BYTES: usize = 16 * 1024;
/// Deepest nesting of parentheses.
const MAX_LEVELS: usize = 32;

/// Reads a query as a tree.
pub(super) fn parse(query: &str) -> Result<Tree<'_>, Fault> {
    if query.len() > QUERY_MAX_BYTES {
        let fault = Fault::new("Q015", 0, 0, format!("the query is longer than {QUERY_MAX_BYTES} bytes"));
        return Err(fault.help("name the lists of terms under [alias], or make several topics of it"));
    }
    let lexemes = lex::lexemes(query)?;
    if lexemes.is_empty() {
        return Err(Fault::new("Q001", 0, query.len(), "the query is empty").help("write a term"));
    }
    let mut parser = Parser { query, rest: &lexemes, levels: 0 };
    let tree = parser.level(None)?;
    match parser.peek() {
        Some(lexeme) => Err(faults::not_open(lexeme)),
        None => Ok(tree),
    }
}

struct Parser<'a, 'l> {
    query: &'a str,
    rest: &'l [Lexeme<'a>],
    levels: usize,
}

/// The operator that holds a level together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Glue {
    And,
    Or,
}

/// An operand of AND or OR, with the place of its NOT.
type Clause<'a> = (Option<usize>, Tree<'a>);

impl<'a> Parser<'a, '_> {
    fn peek(&self) -> Option<Lexeme<'a>> {
        self.rest.first().copied()
    }

    fn take(&mut self) -> Option<Lexeme<'a>> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    /// What stands between two parentheses, or all.
    fn level(&mut self, fields: Option<FieldSet>) -> Result<Tree<'a>, Fault> {
        let whole = self.rest;
        let mut clauses = vec![self.clause(fields)?];
        let mut glue: Option<(Glue, Lexeme<'a>)> = None;
        while let Some(lexeme) = self.peek().filter(|lexeme| lexeme.kind != Kind::Close) {
            let found = match lexeme.kind {
                Kind::And | Kind::Not => Glue::And,
                Kind::Or => Glue::Or,
                Kind::Near { .. } => return Err(faults::chained(lexeme)),
                Kind::Open | Kind::Field(_) | Kind::Term(_) => {
                    return Err(faults::side_by_side(lexeme, clauses.last().map(|(_, tree)| tree)));
                }
                Kind::Close => break,
            };
            match glue {
                Some((first, operator)) if first != found => {
                    return Err(faults::mixed(self.query, whole, operator, lexeme));
                }
                Some(_) => {}
                None => glue = Some((found, lexeme)),
            }
            if lexeme.kind != Kind::Not {
                self.take();
                self.expect_operand(lexeme)?;
            }
            clauses.push(self.clause(fields)?);
        }
        combine(clauses, glue.map_or(Glue::And, |(glue, _)| glue))
    }

    /// An operand, with or without NOT.
    fn clause(&mut self, fields: Option<FieldSet>) -> Result<Clause<'a>, Fault> {
        let not = self.peek().filter(|lexeme| lexeme.kind == Kind::Not);
        if let Some(not) = not {
            self.take();
            if self.peek().is_none_or(|next| next.kind == Kind::Not) {
                return Err(faults::without_operand(not, self.query));
            }
            self.expect_operand(not)?;
        }
        Ok((not.map(|not| not.start), self.near(fields)?))
    }

    fn expect_operand(&self, operator: Lexeme<'a>) -> Result<(), Fault> {
        match self.peek().map(|lexeme| lexeme.kind) {
            Some(Kind::Not) if operator.kind != Kind::Not => Ok(()),
            Some(kind) if !kind.is_operator() && kind != Kind::Close => Ok(()),
            _ => Err(faults::without_operand(operator, self.query)),
        }
    }

    fn near(&mut self, fields: Option<FieldSet>) -> Result<Tree<'a>, Fault> {
        let left = self.primary(fields)?;
        let Some((operator, distance, ordered)) = self.peek().and_then(|lexeme| match lexeme.kind {
            Kind::Near { distance, ordered } => Some((lexeme, distance, ordered)),
            _ => None,
        }) else {
            return Ok(left);
        };
        self.take();
        if let Some(not) = self.peek().filter(|lexeme| lexeme.kind == Kind::Not) {
            return Err(faults::near_not(not));
        }
        self.expect_operand(operator)?;
        let right = self.primary(fields)?;
        if let Some(second) = self.peek().filter(|lexeme| matches!(lexeme.kind, Kind::Near { .. })) {
            return Err(faults::chained(second));
        }
        super::check::check_near_operand(&left)?;
        super::check::check_near_operand(&right)?;
        let (start, end) = (left.start, right.end);
        Ok(Tree {
            start,
            end,
            kind: TreeKind::Near { left: left.into(), right: right.into(), distance, ordered },
        })
    }

    fn primary(&mut self, fields: Option<FieldSet>) -> Result<Tree<'a>, Fault> {
        let Some(lexeme) = self.take() else {
            return Err(
                Fault::new("Q007", self.query.len(), 0, "a term is missing here").help("write a term")
            );
        };
        match lexeme.kind {
            Kind::Open => self.group(lexeme, fields),
            Kind::Close => Err(faults::not_open(lexeme)),
            Kind::Field(set) => self.in_field(lexeme, set),
            Kind::Term(text) => {
                let kind = TreeKind::Term { text, fields, own_field: false };
                Ok(Tree { start: lexeme.start, end: lexeme.end, kind })
            }
            Kind::And | Kind::Or | Kind::Not | Kind::Near { .. } => {
                Err(faults::without_operand(lexeme, self.query))
            }
        }
    }

    fn in_field(&mut self, field: Lexeme<'a>, set: FieldSet) -> Result<Tree<'a>, Fault> {
        let operand = self.peek().is_some_and(|next| matches!(next.kind, Kind::Open | Kind::Term(_)));
        if !operand {
            let fault =
                Fault::new("Q007", field.start, field.end - field.start, "a term must follow the field");
            return Err(fault.help("title:sanctions, title:\"air defence\" or title:(sanctions OR embargo)"));
        }
        let mut tree = self.primary(Some(set))?;
        if let TreeKind::Term { own_field, .. } = &mut tree.kind {
            *own_field = true;
        }
        Ok(Tree { start: field.start, ..tree })
    }

    fn group(&mut self, open: Lexeme<'a>, fields: Option<FieldSet>) -> Result<Tree<'a>, Fault> {
        self.levels += 1;
        if self.levels > MAX_LEVELS {
            let message = format!("the query has more than {MAX_LEVELS} levels of parentheses");
            return Err(Fault::new("Q015", 0, 0, message).help("remove those that change nothing"));
        }
        match self.peek().map(|next| next.kind) {
            None => return Err(faults::never_closed(open)),
            Some(Kind::Close) => return Err(faults::empty_group(open)),
            Some(_) => {}
        }
        let tree = self.level(fields)?;
        let Some(close) = self.take() else {
            return Err(faults::never_closed(open));
        };
        self.levels -= 1;
        Ok(Tree { start: open.start, end: close.end, kind: tree.kind })
    }
}

fn combine(clauses: Vec<Clause<'_>>, glue: Glue) -> Result<Tree<'_>, Fault> {
    let start = clauses.first().map_or(0, |(not, tree)| not.unwrap_or(tree.start));
    let end = clauses.last().map_or(0, |(_, tree)| tree.end);
    if glue == Glue::Or {
        if let Some((Some(not), _)) = clauses.iter().find(|(not, _)| not.is_some()) {
            return Err(faults::alone(*not));
        }
        return Ok(Tree {
            start,
            end,
            kind: TreeKind::Or(clauses.into_iter().map(|(_, tree)| tree).collect()),
        });
    }
    let (mut all, mut none) = (Vec::new(), Vec::new());
    for (not, tree) in clauses {
        match not {
            Some(not) => none.push((not, tree)),
            None => all.push(tree),
        }
    }
    match (all.len(), none.as_slice()) {
        (1, []) => Ok(all.remove(0)),
        (0, [(not, _), ..]) => Err(faults::alone(*not)),
        _ => Ok(Tree { start, end, kind: TreeKind::And { all, none } }),
    }
}
