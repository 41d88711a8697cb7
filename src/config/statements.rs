//! The statements of a configuration file, found by its tokens alone, so that it works for broken files too.
//!
//! They answer two questions: which lines may hold a secret (O5 in specs/operations.md: no excerpt may show one),
//! and which part of a file a syntax error spoils.

mod finder;

use std::ops::Range;

use toml_parser::{Source, lexer::Token};

use super::raw;
use finder::Finder;

/// A piece of a file that stands by itself.
#[derive(Debug)]
pub(super) struct Statement {
    kind: Kind,
    /// Its bytes, from the first of its key to its last.
    pub(super) span: Range<usize>,
    /// The keys that lead to it, those of its table first.
    path: Vec<String>,
    secrecy: Secrecy,
    /// Where a bracket or a string opens that is never closed.
    pub(super) unclosed: Option<Unclosed>,
}

/// What a statement is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// `[table]` or `[[table]]`.
    Header,
    /// `key = value`.
    KeyValue,
    /// Neither: something that slipped onto a line of its own.
    Fragment,
}

/// Whether the strings of a statement may be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Secrecy {
    Plain,
    /// Not in a broken file, where nobody knows which table it belongs to.
    Doubtful,
    Secret,
}

impl Statement {
    /// The key in full, as far as it is one: what is no known key may be anything.
    pub(super) fn key(&self) -> String {
        let known: Vec<&str> =
            self.path.iter().map(String::as_str).take_while(|key| raw::is_known_key(key)).collect();
        known.join(".")
    }
}

/// What is never closed, and where it opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unclosed {
    /// `[` or `{`.
    Bracket(usize),
    /// `"""` or `'''`.
    String(usize),
}

/// All statements of a file, in order, and its tokens.
#[derive(Debug)]
pub(super) struct Statements {
    list: Vec<Statement>,
    tokens: Vec<Token>,
}

impl Statements {
    /// Finds the statements of a file.
    pub(super) fn of(text: &str) -> Self {
        let tokens: Vec<Token> = Source::new(text).lex().collect();
        Self { list: Finder::new(text, &tokens).run(), tokens }
    }

    /// All of them.
    pub(super) fn iter(&self) -> std::slice::Iter<'_, Statement> {
        self.list.iter()
    }

    /// What an error in a statement spoils: itself; of a header, or what may have been one, all that follows.
    pub(super) fn reach(&self, statement: &Statement) -> Range<usize> {
        let next =
            self.list.iter().find(|next| next.kind == Kind::Header && next.span.start > statement.span.start);
        match statement.kind {
            Kind::KeyValue => statement.span.clone(),
            Kind::Header | Kind::Fragment => {
                statement.span.start..next.map_or(usize::MAX, |next| next.span.start - 1)
            }
        }
    }

    /// The statement that holds a byte, or the last one that begins before it.
    pub(super) fn at(&self, offset: usize) -> Option<&Statement> {
        let after = self.list.partition_point(|statement| statement.span.start <= offset);
        after.checked_sub(1).and_then(|index| self.list.get(index))
    }

    /// Whether a line's strings are not for showing; in a broken file, more are not.
    pub(super) fn is_secret(&self, line: &Range<usize>, in_broken_file: bool) -> bool {
        let first = self.list.partition_point(|statement| statement.span.end < line.start);
        let touching = self.list.iter().skip(first).take_while(|statement| statement.span.start <= line.end);
        let shown = if in_broken_file { Secrecy::Plain } else { Secrecy::Doubtful };
        touching.into_iter().any(|statement| statement.secrecy > shown)
    }

    /// The tokens that touch a line.
    pub(super) fn tokens_of(&self, line: &Range<usize>) -> impl Iterator<Item = &Token> {
        let first = self.tokens.partition_point(|token| token.span().end() <= line.start);
        self.tokens.iter().skip(first).take_while(|token| token.span().start() < line.end)
    }
}
