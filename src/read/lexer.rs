//! Text to tags, character data and the rest, in one linear pass that nothing can make fail.

/// A piece of a document. Comments, instructions and document types are never seen.
#[derive(Debug, PartialEq)]
pub(super) enum Token<'a> {
    /// Text with references in it.
    Text(&'a str),
    /// What a CDATA section holds.
    Data(&'a str),
    /// A tag.
    Tag(Tag<'a>),
}

/// What a tag does.
#[derive(Debug, PartialEq, Clone, Copy)]
pub(super) enum TagKind {
    Open,
    Empty,
    Close,
}

/// A tag as written.
#[derive(Debug, PartialEq, Clone, Copy)]
pub(super) struct Tag<'a> {
    /// All of it, from `<` to `>`.
    pub raw: &'a str,
    pub kind: TagKind,
    /// The name with its prefix.
    pub name: &'a str,
    attributes: &'a str,
}

impl<'a> Tag<'a> {
    /// The prefix, empty if there is none.
    pub fn prefix(&self) -> &'a str {
        self.name.split_once(':').map_or("", |(prefix, _)| prefix)
    }

    /// The name without its prefix.
    pub fn local(&self) -> &'a str {
        self.name.split_once(':').map_or(self.name, |(_, local)| local)
    }

    /// Names and values, as written.
    pub fn attributes(&self) -> Attributes<'a> {
        Attributes { rest: self.attributes }
    }
}

/// The attributes of a tag; quotes may be missing.
pub(super) struct Attributes<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Attributes<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let rest =
            self.rest.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '/' | '=' | '"' | '\''));
        let end = rest.find(|c: char| c.is_whitespace() || c == '=').unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        let (value, after) = match after.trim_start().strip_prefix('=') {
            Some(value) => split_value(value.trim_start()),
            None => ("", after),
        };
        self.rest = after;
        (!name.is_empty()).then_some((name, value))
    }
}

fn split_value(text: &str) -> (&str, &str) {
    for quote in ['"', '\''] {
        if let Some(quoted) = text.strip_prefix(quote) {
            return quoted.split_once(quote).unwrap_or((quoted, ""));
        }
    }
    text.split_at(text.find(char::is_whitespace).unwrap_or(text.len()))
}

/// Reads tokens. "There is no further `-->`" is remembered once found, so that every input takes linear time.
#[derive(Debug)]
pub(super) struct Lexer<'a> {
    rest: &'a str,
    missing: Vec<&'static str>,
}

impl<'a> Lexer<'a> {
    pub fn new(text: &'a str) -> Self {
        Self { rest: text, missing: Vec::new() }
    }

    /// What has not been read yet.
    pub fn rest(&self) -> &'a str {
        self.rest
    }

    /// What stands before `end`; moves behind it. `None`, and moves nowhere, if there is none.
    fn up_to(&mut self, from: &'a str, end: &'static str) -> Option<&'a str> {
        if self.missing.contains(&end) {
            return None;
        }
        let Some((inside, after)) = from.split_once(end) else {
            self.missing.push(end);
            return None;
        };
        self.rest = after;
        Some(inside)
    }

    /// Reads what begins with `<!` or `<?`, which may hold data.
    fn declaration(&mut self) -> Option<Token<'a>> {
        let all = self.rest;
        if let Some(inside) = all.strip_prefix("<![CDATA[") {
            // Unterminated, it ends with the element it stands in.
            self.rest = inside;
            return self.up_to(inside, "]]>").map(Token::Data);
        }
        if let Some(inside) = all.strip_prefix("<!--") {
            self.rest = inside;
            self.up_to(inside, "-->");
            return None;
        }
        let ends_itself = all.starts_with("<?") && self.up_to(all, "?>").is_some();
        let is_done = ends_itself || (has_subset(all) && self.up_to(all, "]>").is_some());
        if !is_done && self.up_to(all, ">").is_none() {
            self.rest = "";
        }
        None
    }

    fn text(&mut self) -> Token<'a> {
        let first = self.rest.chars().next().map_or(0, char::len_utf8);
        let end = self.rest.split_at(first).1.find('<').map_or(self.rest.len(), |at| at + first);
        let (text, rest) = self.rest.split_at(end);
        self.rest = rest;
        Token::Text(text)
    }
}

/// Whether a document type has declarations of its own in brackets.
fn has_subset(declaration: &str) -> bool {
    declaration.starts_with("<!") && declaration.bytes().take_while(|b| *b != b'>').any(|b| b == b'[')
}

impl<'a> Iterator for Lexer<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        while !self.rest.is_empty() {
            if self.rest.starts_with("<!") || self.rest.starts_with("<?") {
                if let Some(token) = self.declaration() {
                    return Some(token);
                }
            } else if let Some((tag, rest)) = tag(self.rest) {
                self.rest = rest;
                return Some(Token::Tag(tag));
            } else {
                return Some(self.text());
            }
        }
        None
    }
}

/// The tag that a text begins with. It ends before the next `<`, so a scan never passes one twice.
fn tag(text: &str) -> Option<(Tag<'_>, &str)> {
    let inner = text.strip_prefix('<')?;
    let (kind, named) =
        inner.strip_prefix('/').map_or((TagKind::Open, inner), |named| (TagKind::Close, named));
    if !named.starts_with(|c: char| c.is_alphabetic() || c == '_') {
        return None;
    }
    let inside = named.split('<').next().unwrap_or_default();
    let end = tag_end(inside)?;
    let body = inside.get(..end)?;
    let (body, kind) = match body.strip_suffix('/') {
        Some(body) if kind == TagKind::Open => (body, TagKind::Empty),
        _ => (body, kind),
    };
    let name_end = body.find(|c: char| c.is_whitespace() || c == '/').unwrap_or(body.len());
    let (name, attributes) = body.split_at(name_end);
    let (raw, rest) = text.split_at(text.len() - named.len() + end + 1);
    Some((Tag { raw, kind, name, attributes }, rest))
}

/// The first `>` outside quotes, else the first at all.
fn tag_end(inside: &str) -> Option<usize> {
    let mut quote = None;
    for (at, byte) in inside.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return Some(at),
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), _) if open == byte => quote = None,
            _ => {}
        }
    }
    inside.find('>')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<String> {
        let show = |token| match token {
            Token::Text(text) => format!("text {text}"),
            Token::Data(data) => format!("data {data}"),
            Token::Tag(tag) => format!("{:?} {}", tag.kind, tag.name),
        };
        Lexer::new(text).map(show).collect()
    }

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        assert_eq!(shown(text), expected, "{text}");
    }

    #[test]
    fn a_document_is_split_into_tokens() {
        check(
            "<?xml version='1.0'?><!-- <a> --><a:b c='>'>t<br/></a:b >",
            &["Open a:b", "text t", "Empty br", "Close a:b"],
        );
        check("<!DOCTYPE a [<!ENTITY b '>'>]><a><![CDATA[<b>]]></a>", &["Open a", "data <b>", "Close a"]);
    }

    #[test]
    fn damage_stays_where_it_is() {
        check("5 < 6 <3 <a", &["text 5 ", "text < 6 ", "text <3 ", "text <a"]);
        check("<![CDATA[x</a>", &["text x", "Close a"]);
        check("<!-- x<a>", &["text  x", "Open a"]);
        check("<a b=\"c><d>", &["Open a", "Open d"]);
    }

    #[test]
    fn attributes_are_read_in_every_spelling() {
        let Some(Token::Tag(tag)) = Lexer::new("<a b='1 2' c = \"3\" d=4 e f=''/>").next() else {
            panic!("no tag")
        };
        let attributes: Vec<_> = tag.attributes().collect();
        assert_eq!(attributes, [("b", "1 2"), ("c", "3"), ("d", "4"), ("e", ""), ("f", "")]);
    }
}
