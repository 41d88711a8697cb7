//! One source file, as far as the rules look at it: which rooms it uses, which names and texts it holds.
//! Comments are gone, and so is everything under `#[cfg(test)]`.

use std::iter::Peekable;

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree, token_stream::IntoIter};

/// Something found, and the line it stands on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The name or text.
    pub text: String,
    /// From 1.
    pub line: usize,
}

/// What a file says.
#[derive(Debug)]
pub struct Source {
    /// Path below `src/`.
    pub file: String,
    /// Module path: `["poll", "fetch"]` for `poll/fetch.rs`.
    pub module: Vec<String>,
    /// Rooms named by `crate::room`, `super::…::room` or, in `main.rs`, `feedwatch::room`.
    pub rooms: Vec<Found>,
    /// Every identifier.
    pub names: Vec<Found>,
    /// Every literal, as written.
    pub literals: Vec<Found>,
}

/// Whether a file holds only tests by its name: they live under `#[cfg(test)] mod …;`.
pub fn is_test_file(file: &str) -> bool {
    let name = file.rsplit('/').next().unwrap_or(file);
    name == "tests.rs" || name.ends_with("_tests.rs") || file.contains("/tests/")
}

impl Source {
    /// Reads a file. `file` is its path below `src/`.
    pub fn parse(file: &str, text: &str) -> Self {
        let tokens: TokenStream = text.parse().unwrap_or_else(|error| panic!("{file}: {error}"));
        let mut source = Self {
            file: file.to_owned(),
            module: module_of(file),
            rooms: Vec::new(),
            names: Vec::new(),
            literals: Vec::new(),
        };
        let depth = source.module.len();
        source.walk(tokens, depth);
        source
    }

    /// Goes through tokens that stand `depth` modules below the crate.
    fn walk(&mut self, tokens: TokenStream, depth: usize) {
        let mut tokens = tokens.into_iter().peekable();
        let mut after_mod = false;
        while let Some(token) = tokens.next() {
            let is_inline_mod = after_mod;
            after_mod = false;
            match token {
                TokenTree::Punct(punct) if punct.as_char() == '#' => self.attribute(&mut tokens, depth),
                TokenTree::Group(group) => self.walk(group.stream(), depth),
                TokenTree::Literal(literal) => {
                    let line = literal.span().start().line;
                    self.literals.push(Found { text: literal.to_string(), line });
                }
                TokenTree::Ident(ident) => {
                    let name = found(&ident);
                    if let Some(above) = self.climb(&name.text, &mut tokens, depth) {
                        self.rooms_of(&mut tokens, above);
                    }
                    if is_inline_mod && let Some(body) = next_group(&mut tokens, Delimiter::Brace) {
                        self.walk(body.stream(), depth + 1);
                    }
                    after_mod = name.text == "mod";
                    self.names.push(name);
                }
                TokenTree::Punct(_) => {}
            }
        }
    }

    /// Skips an attribute; with `#[cfg(test)]`, the item under it too.
    fn attribute(&mut self, tokens: &mut Peekable<IntoIter>, depth: usize) {
        tokens.next_if(|token| matches!(token, TokenTree::Punct(punct) if punct.as_char() == '!'));
        let Some(attribute) = next_group(tokens, Delimiter::Bracket) else { return };
        if attribute.stream().to_string().replace(' ', "") == "cfg(test)" {
            skip_item(tokens);
        } else if !attribute.stream().to_string().starts_with("doc") {
            self.walk(attribute.stream(), depth);
        }
    }

    /// Follows `crate` or `super::super` to how many modules below the crate the path goes on; `None` if this
    /// identifier begins no such path.
    fn climb(&self, name: &str, tokens: &mut Peekable<IntoIter>, depth: usize) -> Option<usize> {
        match name {
            "crate" => next_colons(tokens).then_some(0),
            "feedwatch" if self.file == "main.rs" => next_colons(tokens).then_some(0),
            "super" => {
                let mut above = depth.checked_sub(1)?;
                while next_colons(tokens) {
                    if tokens.next_if(|token| token.to_string() == "super").is_none() {
                        return Some(above);
                    }
                    above = above.checked_sub(1)?;
                }
                None
            }
            _ => None,
        }
    }

    /// Notes the room or the group of rooms that stands next, if the path has reached the crate itself.
    fn rooms_of(&mut self, tokens: &mut Peekable<IntoIter>, above: usize) {
        if above > 0 {
            return;
        }
        match tokens.peek() {
            Some(TokenTree::Ident(room)) => self.rooms.push(found(room)),
            Some(TokenTree::Group(group)) => {
                let mut starts = true;
                for token in group.stream() {
                    match token {
                        TokenTree::Ident(room) if starts => self.rooms.push(found(&room)),
                        TokenTree::Punct(punct) if punct.as_char() == ',' => {
                            starts = true;
                            continue;
                        }
                        _ => {}
                    }
                    starts = false;
                }
            }
            _ => {}
        }
    }
}

/// `poll/fetch/request.rs` is `poll::fetch::request`; `main.rs` and `lib.rs` are the crate itself.
fn module_of(file: &str) -> Vec<String> {
    let path = file.strip_suffix(".rs").unwrap_or(file);
    let path = path.strip_suffix("/mod").unwrap_or(path);
    path.split('/').filter(|part| !matches!(*part, "main" | "lib")).map(str::to_owned).collect()
}

fn found(ident: &proc_macro2::Ident) -> Found {
    Found { text: ident.to_string(), line: ident.span().start().line }
}

fn next_group(tokens: &mut Peekable<IntoIter>, delimiter: Delimiter) -> Option<Group> {
    let is_wanted =
        |token: &TokenTree| matches!(token, TokenTree::Group(group) if group.delimiter() == delimiter);
    match tokens.next_if(is_wanted) {
        Some(TokenTree::Group(group)) => Some(group),
        _ => None,
    }
}

fn next_colons(tokens: &mut Peekable<IntoIter>) -> bool {
    let mut colon =
        || tokens.next_if(|token| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ':'));
    colon().is_some() && colon().is_some()
}

/// Skips to the end of an item: its `;` or its braces, whichever comes first.
fn skip_item(tokens: &mut Peekable<IntoIter>) {
    for token in tokens {
        match token {
            TokenTree::Punct(punct) if punct.as_char() == ';' => return,
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => return,
            _ => {}
        }
    }
}
