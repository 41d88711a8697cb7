//! Finds the statements of a file in its tokens.

use toml_parser::lexer::{Token, TokenKind};

use super::{
    super::{raw, secret_keys},
    Kind, Secrecy, Statement, Unclosed,
};

/// Goes through the tokens of a file.
pub(super) struct Finder<'a> {
    text: &'a str,
    tokens: &'a [Token],
    next: usize,
    table: Vec<String>,
    list: Vec<Statement>,
}

/// A `key = value` as far as it was read.
struct Reading {
    statement: Statement,
    /// Words since the last comma or bracket: keys, if `=` follows.
    words: Vec<String>,
    /// Where brackets open that are not closed yet.
    opened: Vec<usize>,
    in_value: bool,
}

impl<'a> Finder<'a> {
    pub(super) fn new(text: &'a str, tokens: &'a [Token]) -> Self {
        Self { text, tokens, next: 0, table: Vec::new(), list: Vec::new() }
    }

    pub(super) fn run(mut self) -> Vec<Statement> {
        while let Some(token) = self.tokens.get(self.next) {
            match token.kind() {
                TokenKind::Whitespace | TokenKind::Newline | TokenKind::Comment | TokenKind::Eof => {
                    self.next += 1;
                }
                TokenKind::LeftSquareBracket => self.header(token.span().start()),
                _ => self.key_value(token.span().start()),
            }
        }
        self.list
    }

    fn header(&mut self, start: usize) {
        let line = self.rest_of_line();
        let name = line.iter().take_while(|token| token.kind() != TokenKind::RightSquareBracket);
        self.table = name.filter(|token| is_word(token.kind())).map(|token| self.name(token)).collect();
        let (kind, secrecy) = match is_header(line) {
            // More than `[name]`: no header, or something else slipped onto its line.
            false => (Kind::Fragment, Secrecy::Secret),
            true if self.table.first().is_some_and(|name| raw::is_table(name)) => {
                (Kind::Header, Secrecy::Plain)
            }
            true => (Kind::Header, Secrecy::Doubtful),
        };
        let end = line.last().map_or(start, |token| token.span().end());
        self.next += line.len();
        let path = self.table.clone();
        self.list.push(Statement { kind, span: start..end, path, secrecy, unclosed: None });
    }

    fn key_value(&mut self, start: usize) {
        let mut reading = Reading::new(start, self.table.clone());
        while let Some(token) = self.tokens.get(self.next) {
            match token.kind() {
                TokenKind::Eof => break,
                TokenKind::Newline if reading.opened.is_empty() => break,
                // A bracket was forgotten: what looks like a header is one.
                TokenKind::LeftSquareBracket if self.is_header_line() => break,
                kind => reading.take(kind, token.span().start(), self.slice(token)),
            }
            reading.statement.span.end = token.span().end();
            self.next += 1;
        }
        self.list.push(reading.finish());
    }

    /// Whether the token here begins a line that heads a known table: not just any list in a list.
    fn is_header_line(&self) -> bool {
        let before = self.tokens.iter().take(self.next).rev();
        let mut before = before.skip_while(|token| token.kind() == TokenKind::Whitespace);
        if before.next().is_some_and(|token| token.kind() != TokenKind::Newline) {
            return false;
        }
        let line = self.rest_of_line();
        let name = line.iter().find(|token| is_word(token.kind())).map(|token| self.name(token));
        is_header(line) && name.is_some_and(|name| raw::is_table(&name))
    }

    fn rest_of_line(&self) -> &'a [Token] {
        let rest = self.tokens.get(self.next..).unwrap_or_default();
        let end = rest.iter().position(|token| matches!(token.kind(), TokenKind::Newline | TokenKind::Eof));
        rest.get(..end.unwrap_or(rest.len())).unwrap_or_default()
    }

    fn slice(&self, token: &Token) -> &'a str {
        self.text.get(token.span().start()..token.span().end()).unwrap_or_default()
    }

    fn name(&self, token: &Token) -> String {
        unquoted(self.slice(token))
    }
}

impl Reading {
    fn new(start: usize, path: Vec<String>) -> Self {
        let (kind, secrecy) = (Kind::KeyValue, Secrecy::Plain);
        let statement = Statement { kind, span: start..start, path, secrecy, unclosed: None };
        Self { statement, words: Vec::new(), opened: Vec::new(), in_value: false }
    }

    fn take(&mut self, kind: TokenKind, start: usize, text: &str) {
        match kind {
            TokenKind::Equals => self.take_key(),
            TokenKind::LeftSquareBracket | TokenKind::LeftCurlyBracket => {
                self.opened.push(start);
                self.words.clear();
            }
            TokenKind::RightSquareBracket | TokenKind::RightCurlyBracket => drop(self.opened.pop()),
            TokenKind::Comma => self.words.clear(),
            TokenKind::MlBasicString | TokenKind::MlLiteralString => self.take_long_string(start, text),
            kind if is_word(kind) => {
                self.words.push(unquoted(text));
                if secret_keys::holds_credentials(text) {
                    self.raise(Secrecy::Secret);
                }
            }
            _ => {}
        }
    }

    /// The words before a `=` are a key, in the value too: an inline table has keys of its own.
    fn take_key(&mut self) {
        let keys = std::mem::take(&mut self.words);
        if keys.last().is_none_or(|key| secret_keys::is_doubtful(key)) {
            self.raise(Secrecy::Doubtful);
        }
        let path: Vec<String> = self.statement.path.iter().cloned().chain(keys).collect();
        if secret_keys::is_secret(&path) {
            self.raise(Secrecy::Secret);
        }
        if !self.in_value {
            self.statement.path = path;
            self.in_value = true;
        }
    }

    /// A string of several lines may have swallowed a part of the file, if quotes were forgotten.
    fn take_long_string(&mut self, start: usize, text: &str) {
        let is_closed = text.len() >= 6 && (text.ends_with("\"\"\"") || text.ends_with("'''"));
        if !is_closed {
            self.statement.unclosed = Some(Unclosed::String(start));
        }
        if !is_closed || secret_keys::is_named_in(text) {
            self.raise(Secrecy::Secret);
        }
    }

    fn raise(&mut self, secrecy: Secrecy) {
        self.statement.secrecy = self.statement.secrecy.max(secrecy);
    }

    fn finish(mut self) -> Statement {
        if let Some(&at) = self.opened.first() {
            self.statement.unclosed.get_or_insert(Unclosed::Bracket(at));
        }
        if !self.in_value {
            // Without `=` it may be a secret that slipped onto a line of its own.
            self.statement.kind = Kind::Fragment;
            self.raise(Secrecy::Secret);
        }
        self.statement
    }
}

/// Whether the tokens of a line are a header: `[name]` or `[[name]]`, then nothing or a comment.
fn is_header(line: &[Token]) -> bool {
    use TokenKind::{Comment, Dot, LeftSquareBracket as Open, RightSquareBracket as Close, Whitespace};
    let kinds = line.iter().map(Token::kind).filter(|kind| !matches!(kind, Whitespace | Comment));
    match kinds.collect::<Vec<_>>().as_slice() {
        [Open, Open, name @ .., Close, Close] | [Open, name @ .., Close] => {
            name.len() % 2 == 1
                && name.iter().step_by(2).all(|kind| is_word(*kind))
                && name.iter().skip(1).step_by(2).all(|kind| *kind == Dot)
        }
        _ => false,
    }
}

fn is_word(kind: TokenKind) -> bool {
    matches!(kind, TokenKind::Atom | TokenKind::BasicString | TokenKind::LiteralString)
}

fn unquoted(text: &str) -> String {
    text.trim_matches(['"', '\'']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::Statements;

    /// The statements of a text: `path kind secrecy`.
    fn found(text: &str) -> Vec<String> {
        let describe = |statement: &super::Statement| {
            format!("{} {:?} {:?}", statement.path.join("."), statement.kind, statement.secrecy)
        };
        Statements::of(text).iter().map(describe).collect()
    }

    #[test]
    fn statements_are_headers_and_keys_with_values() {
        let text = "a = 1 # b = 2\n[[notifier]]\ntype = 'x'\nheaders.X = [\n'a',\n'b']\n[notifier.headers]\nY = ''\n";
        assert_eq!(
            found(text),
            [
                "a KeyValue Secret",
                "notifier Header Plain",
                "notifier.type KeyValue Plain",
                "notifier.headers.X KeyValue Secret",
                "notifier.headers Header Plain",
                "notifier.headers.Y KeyValue Secret",
            ]
        );
    }

    #[test]
    fn a_forgotten_bracket_ends_where_the_next_table_begins() {
        let text = "[poll]\nx = [1,\n  [2],\n[http]\ncontact = 'a'\n";
        assert_eq!(
            found(text),
            [
                "poll Header Plain",
                "poll.x KeyValue Secret",
                "http Header Plain",
                "http.contact KeyValue Plain"
            ]
        );
    }

    #[test]
    fn what_is_neither_is_a_fragment() {
        assert_eq!(found("whsec_abc\n[poll] x\n"), [" Fragment Secret", "poll Fragment Secret"]);
    }
}
