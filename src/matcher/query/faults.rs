//! What is told of mistakes in a query, with what to write instead.

use super::{
    super::problem::Fault,
    Tree, TreeKind,
    lex::{Kind, Lexeme},
};

/// Q004: the second of two kinds of operators in one level.
pub(super) fn mixed(query: &str, level: &[Lexeme<'_>], first: Lexeme<'_>, second: Lexeme<'_>) -> Fault {
    let first = match first.kind {
        Kind::Or => "an OR",
        Kind::Not => "a NOT",
        _ => "an AND",
    };
    let message = "AND and OR are mixed without parentheses";
    let fault = Fault::new("Q004", second.start, second.end - second.start, message);
    fault.label(format!("{first} stands before it")).help(with_parentheses(query, level))
}

/// Q005: a closing parenthesis without its partner.
pub(super) fn not_open(close: Lexeme<'_>) -> Fault {
    Fault::new("Q005", close.start, 1, "no parenthesis is open here").help("remove it, or open one before")
}

/// Q005: an opening parenthesis without its partner.
pub(super) fn never_closed(open: Lexeme<'_>) -> Fault {
    Fault::new("Q005", open.start, 1, "the parenthesis is never closed")
        .help("write `)` where the group ends")
}

/// Q005: `()`.
pub(super) fn empty_group(open: Lexeme<'_>) -> Fault {
    Fault::new("Q005", open.start, 2, "nothing stands between the parentheses")
        .help("write terms between them, or remove them")
}

/// Q008 for the NOT at this place.
pub(super) fn alone(not: usize) -> Fault {
    let fault = Fault::new("Q008", not, 3, "NOT has nothing to take away from");
    fault.help("join it to a term by AND: `sanctions NOT sport`")
}

/// Q009: a second NEAR after the first.
pub(super) fn chained(lexeme: Lexeme<'_>) -> Fault {
    let fault = Fault::new("Q009", lexeme.start, lexeme.end - lexeme.start, "NEAR cannot be chained");
    fault.help("write (a NEAR b) AND (b NEAR c)")
}

/// Q009: NEAR before NOT.
pub(super) fn near_not(not: Lexeme<'_>) -> Fault {
    let fault = Fault::new("Q009", not.start, not.end - not.start, "NEAR cannot stand before NOT");
    fault.help("NOT looks at the whole article: a NOT b")
}

/// Q007: an operator that stands alone.
pub(super) fn without_operand(operator: Lexeme<'_>, query: &str) -> Fault {
    let name = query.get(operator.start..operator.end).unwrap_or_default();
    let fault =
        Fault::new("Q007", operator.start, operator.end - operator.start, format!("`{name}` has no operand"));
    fault.help("write a term on both sides, or quote the word to search for it")
}

/// Q003: two terms without an operator.
pub(super) fn side_by_side(lexeme: Lexeme<'_>, before: Option<&Tree<'_>>) -> Fault {
    let fault = Fault::new("Q003", lexeme.start, lexeme.end - lexeme.start, "two terms stand side by side");
    match lexeme.kind {
        Kind::Term(word)
            if matches!(word.to_lowercase().as_str(), "and" | "or" | "not" | "near" | "onear") =>
        {
            fault.help(format!("operators are written in upper case: {}", word.to_uppercase()))
        }
        Kind::Term(word) if is_plain(word) => match before.map(|before| &before.kind) {
            Some(TreeKind::Term { text, .. }) if is_plain(text) => fault
                .help(format!("for the phrase write \"{text} {word}\"; else AND, OR or NEAR between them")),
            _ => fault.help("put AND, OR or NEAR between them, or quotes around a phrase"),
        },
        _ => fault.help("put AND, OR or NEAR between them, or quotes around a phrase"),
    }
}

/// Whether it is a word that a phrase can hold.
fn is_plain(term: &str) -> bool {
    term.starts_with(char::is_alphanumeric) && !term.starts_with("re:/")
}

/// The level with parentheses around each group of OR: one of the two readings, to choose from.
fn with_parentheses(query: &str, level: &[Lexeme<'_>]) -> String {
    let (mut out, mut depth, mut has_or) = (String::new(), 0_usize, false);
    let mut piece = level.first().map_or(0, |first| first.start)..0;
    let close = |out: &mut String, piece: &std::ops::Range<usize>, has_or: bool| {
        let text = query.get(piece.clone()).unwrap_or_default();
        if has_or {
            out.extend(["(", text, ")"]);
        } else {
            out.push_str(text);
        }
    };
    for (index, lexeme) in level.iter().enumerate() {
        match lexeme.kind {
            Kind::Close if depth == 0 => break,
            Kind::Open => depth += 1,
            Kind::Close => depth -= 1,
            Kind::Or if depth == 0 => has_or = true,
            Kind::And | Kind::Not if depth == 0 => {
                if piece.end > piece.start {
                    close(&mut out, &piece, has_or);
                    out.push(' ');
                }
                out.push_str(query.get(lexeme.start..lexeme.end).unwrap_or_default());
                out.push(' ');
                let next = level.get(index + 1).map_or(lexeme.end, |next| next.start);
                (piece, has_or) = (next..next, false);
                continue;
            }
            _ => {}
        }
        piece.end = lexeme.end;
    }
    close(&mut out, &piece, has_or);
    out
}
