//! The text of a configuration file, and places in it.

use std::{
    cell::{Cell, OnceCell},
    ops::Range,
    path::{Path, PathBuf},
    rc::Rc,
};

use toml_parser::lexer::TokenKind;

use super::{literal, secret_keys, statements::Statements};

/// A file as it was read.
pub(super) struct Source {
    path: PathBuf,
    text: String,
    line_starts: Vec<usize>,
    statements: OnceCell<Statements>,
    is_broken: Cell<bool>,
}

impl Source {
    /// Keeps a text for the places that will point into it.
    pub(super) fn new(path: &Path, text: String) -> Rc<Self> {
        let line_starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Rc::new(Self {
            path: path.to_owned(),
            text,
            line_starts,
            statements: OnceCell::new(),
            is_broken: Cell::new(false),
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The statements of the file, found once, when they are first asked for.
    pub(super) fn statements(&self) -> &Statements {
        self.statements.get_or_init(|| Statements::of(&self.text))
    }

    /// Remembers that the file has syntax errors. From then on more of it is hidden: a broken header may have put a
    /// secret into a table where none is expected.
    pub(super) fn mark_broken(&self) {
        self.is_broken.set(true);
    }

    pub(super) fn is_broken(&self) -> bool {
        self.is_broken.get()
    }

    /// Whether a line's strings and comment are not for showing.
    pub(super) fn is_secret(&self, line: &Range<usize>) -> bool {
        let is_named = |span: Range<usize>| secret_keys::is_named_in(self.text.get(span).unwrap_or_default());
        let mut tokens = self.statements().tokens_of(line);
        self.statements().is_secret(line, self.is_broken())
            || self.is_broken() && is_named(line.clone())
            || tokens.any(|token| {
                token.kind() == TokenKind::Comment && is_named(token.span().start()..token.span().end())
            })
    }

    /// The line that holds a byte, counted from 0.
    pub(super) fn line_of(&self, offset: usize) -> usize {
        self.line_starts.partition_point(|&start| start <= offset).saturating_sub(1)
    }

    /// The bytes of a line (counted from 0) without its line feed.
    pub(super) fn line_span(&self, line: usize) -> Range<usize> {
        let start = self.line_starts.get(line).copied().unwrap_or(self.text.len());
        let end = self.line_starts.get(line + 1).map_or(self.text.len(), |next| next - 1);
        let text = self.text.get(start..end).unwrap_or_default();
        start..start + text.trim_end_matches('\r').len()
    }
}

/// A span of a file.
#[derive(Clone)]
pub(super) struct Place {
    source: Rc<Source>,
    span: Range<usize>,
}

impl Place {
    pub(super) fn new(source: &Rc<Source>, span: Range<usize>) -> Self {
        Self { source: Rc::clone(source), span }
    }

    pub(super) fn source(&self) -> &Rc<Source> {
        &self.source
    }

    pub(super) fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// Line and column, both from 1; the column counts characters.
    pub(super) fn line_and_column(&self) -> (usize, usize) {
        let line = self.source.line_of(self.span.start);
        let start = self.source.line_span(line).start;
        let before = self.source.text.get(start..self.span.start).unwrap_or_default();
        (line + 1, before.chars().count() + 1)
    }

    /// The directory that relative paths written here start from.
    pub(super) fn directory(&self) -> &Path {
        self.source.path.parent().unwrap_or(Path::new(""))
    }

    /// A part of the string that stands here, given by bytes of its decoded value.
    pub(super) fn inside_string(&self, offset: usize, len: usize) -> Self {
        let raw = self.source.text.get(self.span.clone()).unwrap_or_default();
        let at = |decoded| self.span.start + literal::raw_offset(raw, decoded);
        Self { source: Rc::clone(&self.source), span: at(offset)..at(offset + len) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_characters_from_one() {
        let source = Source::new(Path::new("x.toml"), "a = 1\r\nб = \"é\" # x\n".to_owned());
        let at = |needle: &str| {
            let start = source.text().find(needle).expect("needle");
            Place::new(&source, start..start + needle.len()).line_and_column()
        };
        assert_eq!(at("a"), (1, 1));
        assert_eq!(at("б"), (2, 1));
        assert_eq!(at("# x"), (2, 9));
        assert_eq!(source.text().get(source.line_span(0)), Some("a = 1"));
        assert_eq!(Place::new(&source, source.text().len()..source.text().len()).line_and_column(), (3, 1));
    }
}
