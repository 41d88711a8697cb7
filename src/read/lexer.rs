//! Text to tags, character data and the rest, in one linear pass that nothing can make fail.

use memchr::memmem;

use super::{
    report::{Repair, Report},
    slice,
};

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

    /// Whether the text occurs anywhere among its attributes.
    pub fn has(&self, text: &str) -> bool {
        !self.attributes.is_empty() && memmem::find(self.attributes.as_bytes(), text.as_bytes()).is_some()
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

/// The result of the last search for something from a place on. While places only go forward, all searches of one
/// document together take linear time.
struct Ahead {
    /// The last search began here …
    searched_from: usize,
    /// … and ended here; at the greatest number if it found nothing.
    found: usize,
}

impl Ahead {
    fn new() -> Self {
        Self { searched_from: 1, found: 0 }
    }

    /// The first place at `from` or behind; `search` looks for it in what begins there.
    fn find(&mut self, text: &str, from: usize, search: impl FnOnce(&str) -> Option<usize>) -> Option<usize> {
        if !(self.searched_from..=self.found).contains(&from) {
            self.searched_from = from;
            self.found = search(slice(text, from, text.len())).map_or(usize::MAX, |at| from + at);
        }
        (self.found != usize::MAX).then_some(self.found)
    }
}

/// Finds one mark.
struct Mark(&'static str, Ahead);

impl Mark {
    fn new(mark: &'static str) -> Self {
        Self(mark, Ahead::new())
    }

    fn find(&mut self, text: &str, from: usize) -> Option<usize> {
        self.1.find(text, from, |rest| memmem::find(rest.as_bytes(), self.0.as_bytes()))
    }
}

/// Reads tokens from a place that can be set back.
pub(super) struct Lexer<'a> {
    text: &'a str,
    at: usize,
    data_start: Mark,
    data_end: Mark,
    comment_start: Mark,
    comment_end: Mark,
    instruction_end: Mark,
    article: Ahead,
    /// An article, and whether the comment that would hide it holds more starts of articles than ends, or fewer.
    unbalanced: (usize, bool),
    has_document_type: bool,
    /// The end of the element with this name, or of an article.
    element_end: (&'a str, Ahead),
    /// What the document type declares in brackets.
    subset: Option<&'a str>,
    /// Whether the text is the inside of one element: a CDATA section that never ends, ends with it.
    is_fragment: bool,
}

/// Bytes of the longest name that an end tag without its end may have.
const MAX_NAME: usize = 40;
const DATA: &str = "<![CDATA[";
const COMMENT: &str = "<!--";

impl<'a> Lexer<'a> {
    pub fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            data_start: Mark::new(DATA),
            data_end: Mark::new("]]>"),
            comment_start: Mark::new(COMMENT),
            comment_end: Mark::new("-->"),
            instruction_end: Mark::new("?>"),
            article: Ahead::new(),
            unbalanced: (usize::MAX, false),
            has_document_type: false,
            element_end: ("", Ahead::new()),
            subset: None,
            is_fragment: false,
        }
    }

    /// Reads the inside of one element.
    pub fn fragment(inner: &'a str) -> Self {
        Self { is_fragment: true, ..Self::new(inner) }
    }

    /// The whole text.
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// Where the next token begins, in bytes.
    pub fn position(&self) -> usize {
        self.at
    }

    /// Reads on from another place.
    pub fn set_position(&mut self, at: usize) {
        self.at = at;
    }

    /// What has not been read yet.
    pub fn rest(&self) -> &'a str {
        slice(self.text, self.at, self.text.len())
    }

    /// The declarations of the document type, if there were any so far.
    pub fn subset(&self) -> Option<&'a str> {
        self.subset
    }

    /// The next token. `inside` is the name of the element that it stands in, if that holds character data: a CDATA
    /// section that never ends, ends with it.
    pub fn next(&mut self, inside: &'a str, report: &mut Report) -> Option<Token<'a>> {
        while self.at < self.text.len() {
            let rest = self.rest();
            if rest.starts_with("<!") || rest.starts_with("<?") {
                if let Some(token) = self.declaration(rest, inside, report) {
                    return Some(token);
                }
            } else if let Some(tag) = tag(rest) {
                self.at += tag.raw.len();
                return Some(Token::Tag(tag));
            } else {
                return Some(self.plain(rest));
            }
        }
        None
    }

    fn plain(&mut self, rest: &'a str) -> Token<'a> {
        let first = rest.chars().next().map_or(0, char::len_utf8);
        let end = rest.as_bytes().get(first..).and_then(|rest| memchr::memchr(b'<', rest));
        let (text, _) = rest.split_at(end.map_or(rest.len(), |at| at + first));
        self.at += text.len();
        Token::Text(text)
    }

    /// Reads what begins with `<!` or `<?`: it may hold data, or be text that only looks so.
    fn declaration(&mut self, rest: &'a str, inside: &'a str, report: &mut Report) -> Option<Token<'a>> {
        if let Some(length) = data_start_length(rest) {
            return self.data(length, inside, report).map(Token::Data);
        }
        if rest.starts_with(COMMENT) {
            self.comment(report);
            return None;
        }
        let end = if rest.starts_with("<?") {
            self.instruction_end(rest)
        } else if rest.get(2..9).is_some_and(|name| name.eq_ignore_ascii_case("DOCTYPE")) {
            self.document_type_end(rest)
        } else {
            first_end(rest)
        };
        match end {
            Some(end) => self.at += end,
            None => return Some(self.plain(rest)),
        }
        None
    }

    /// An instruction ends with `?>`; where that is missing, so that articles come before the next one, with `>`.
    fn instruction_end(&mut self, rest: &str) -> Option<usize> {
        let is_named = rest.as_bytes().get(2).is_some_and(u8::is_ascii_alphabetic);
        let end = self.instruction_end.find(self.text, self.at).filter(|_| is_named);
        let article = self.article.find(self.text, self.at, structure_tag);
        let end = end.filter(|end| article.is_none_or(|article| article > *end));
        end.map(|end| end + 2 - self.at).or_else(|| first_end(rest))
    }

    /// The first document type that ends has the declarations.
    fn document_type_end(&mut self, rest: &'a str) -> Option<usize> {
        if self.has_document_type {
            return first_end(rest);
        }
        self.has_document_type = true;
        let Some((end, subset)) = document_type(rest) else { return first_end(rest) };
        self.subset = subset;
        Some(end)
    }

    /// Moves behind the end tag of an element, or to the end if there is none.
    pub fn skip_past(&mut self, name: &str) {
        let rest = self.rest();
        let end = end_tag(rest, &[name]).and_then(|at| Some(at + slice(rest, at, rest.len()).find('>')? + 1));
        self.at += end.unwrap_or(rest.len());
    }

    /// A CDATA section. Its end is missing if there is none, or if the element it stands in ends before it and another
    /// section starts in between: then it ends with the element.
    fn data(&mut self, length: usize, inside: &'a str, report: &mut Report) -> Option<&'a str> {
        let start = self.at + length;
        let end = self.data_end.find(self.text, start);
        let own_end = self.element_end(inside, start).filter(|at| end.is_none_or(|end| *at < end));
        let hides_articles = inside.is_empty()
            && !self.is_fragment
            && self
                .article
                .find(self.text, start, structure_tag)
                .is_some_and(|at| end.is_none_or(|end| at < end));
        match (own_end, end) {
            (Some(own_end), end) if end.is_none_or(|end| self.data_starts_between(own_end, end)) => {
                report.mended(Repair::Cdata);
                self.at = own_end;
                Some(without_half_end(slice(self.text, start, own_end)))
            }
            (_, Some(end)) if !hides_articles => {
                self.at = end + "]]>".len();
                Some(slice(self.text, start, end))
            }
            (_, None) if self.is_fragment => {
                self.at = self.text.len();
                Some(without_half_end(slice(self.text, start, self.text.len())))
            }
            _ => {
                report.mended(Repair::Cdata);
                self.at = start;
                None
            }
        }
    }

    /// Where the element that `from` stands in ends, or an article begins or ends.
    fn element_end(&mut self, inside: &'a str, from: usize) -> Option<usize> {
        if inside.is_empty() {
            return None;
        }
        if self.element_end.0 != inside {
            self.element_end = (inside, Ahead::new());
        }
        self.element_end.1.find(self.text, from, |rest| {
            let own = end_tag(rest, &[inside]);
            structure_tag(slice(rest, 0, own.unwrap_or(rest.len()))).or(own)
        })
    }

    fn data_starts_between(&mut self, from: usize, to: usize) -> bool {
        self.data_start.find(self.text, from).is_some_and(|at| at < to)
    }

    /// Skips a comment. Its end is missing if there is none, or if it would hide articles that are no comment: one starts
    /// or ends in it with another comment behind, or one starts in it and does not end.
    fn comment(&mut self, report: &mut Report) {
        let start = self.at + COMMENT.len();
        // `<!-->` and `<!--->` are whole comments (WHATWG HTML, comment start state).
        let end = self.comment_end.find(self.text, self.at + 2);
        if let Some(end) = end.filter(|end| !self.hides_articles(start, *end)) {
            self.at = end + "-->".len();
        } else {
            report.mended(Repair::Comment);
            self.at = start;
        }
    }

    fn hides_articles(&mut self, start: usize, end: usize) -> bool {
        let Some(article) = self.article.find(self.text, start, structure_tag).filter(|at| *at < end) else {
            return false;
        };
        if self.comment_start.find(self.text, article).is_some_and(|next| next < end) {
            return true;
        }
        // Comments that start before the same article and would end at the same place have one answer.
        if self.unbalanced.0 != article {
            let hidden = slice(self.text, article, end);
            // Without any end tag, it only speaks of articles.
            self.unbalanced = (article, hidden.contains("</") && !is_balanced(hidden));
        }
        self.unbalanced.1
    }
}

/// What a CDATA section without end holds: its end may be there in part.
fn without_half_end(data: &str) -> &str {
    data.strip_suffix("]>").or_else(|| data.strip_suffix("]]")).unwrap_or(data)
}

/// Where the first end tag with one of these names begins, whatever its case.
fn end_tag(text: &str, names: &[&str]) -> Option<usize> {
    memmem::find_iter(text.as_bytes(), "</").find(|at| is_named(slice(text, at + 2, text.len()), names))
}

/// Where the first tag of an article, a channel or a root begins, be it the start or the end of one.
fn structure_tag(text: &str) -> Option<usize> {
    const NAMES: [&str; 6] = ["item", "entry", "channel", "rss", "feed", "rdf:RDF"];
    memchr::memchr_iter(b'<', text.as_bytes()).find(|at| {
        let rest = slice(text, at + 1, text.len());
        is_named(rest.strip_prefix('/').unwrap_or(rest), &NAMES)
    })
}

/// Whether a tag of an article begins here.
fn is_article(bytes: &[u8]) -> bool {
    let rest = bytes.strip_prefix(b"</").or_else(|| bytes.strip_prefix(b"<")).unwrap_or_default();
    rest.starts_with(b"item") || rest.starts_with(b"entry")
}

/// Whether as many articles start in a text as end.
fn is_balanced(text: &str) -> bool {
    let tags = memchr::memchr_iter(b'<', text.as_bytes()).map(|at| slice(text, at + 1, text.len()));
    tags.fold(0_i64, |open, rest| match rest.strip_prefix('/') {
        Some(rest) => open - i64::from(is_named(rest, &["item", "entry"])),
        None => open + i64::from(is_named(rest, &["item", "entry"])),
    }) == 0
}

/// Bytes up to the `>` that comes before the next tag.
fn first_end(rest: &str) -> Option<usize> {
    let at = memchr::memchr2(b'>', b'<', rest.as_bytes().get(1..)?)? + 1;
    (rest.as_bytes().get(at) == Some(&b'>')).then_some(at + 1)
}

/// Bytes of the start of a CDATA section, also of one that is almost right.
fn data_start_length(rest: &str) -> Option<usize> {
    if rest.starts_with(DATA) {
        return Some(DATA.len());
    }
    let head = rest.strip_prefix("<!")?;
    let name = head.trim_start_matches(['[', ' ']);
    let (cdata, after) = name.split_at_checked(5)?;
    let blanks = after.len() - after.trim_start_matches(' ').len();
    let is_start = cdata.eq_ignore_ascii_case("CDATA") && after.trim_start_matches(' ').starts_with('[');
    (is_start && head.len() - name.len() < 5).then_some(rest.len() - after.len() + blanks + 1)
}

/// Bytes of a document type and its internal subset; quotes and comments may hold brackets (XML 1.0 §2.8).
fn document_type(rest: &str) -> Option<(usize, Option<&str>)> {
    let bytes = rest.as_bytes();
    let (mut at, mut subset_start, mut subset) = (2, None, None);
    loop {
        let after =
            |mark: &str| Some(at + 1 + memmem::find(bytes.get(at + 1..)?, mark.as_bytes())? + mark.len());
        at = match bytes.get(at)? {
            b'"' => after("\"")?,
            b'\'' => after("'")?,
            b'<' if slice(rest, at, rest.len()).starts_with(COMMENT) => after("-->")?,
            b'[' if subset_start.is_none() => {
                subset_start = Some(at + 1);
                at + 1
            }
            b']' if subset.is_none() => {
                subset = subset_start.map(|start| slice(rest, start, at));
                at + 1
            }
            b'>' if subset_start.is_none() || subset.is_some() => return Some((at + 1, subset)),
            _ => at + 1,
        };
    }
}

/// Whether what stands behind `<` or `</` is a tag with one of these names.
fn is_named(rest: &str, names: &[&str]) -> bool {
    names.iter().any(|name| {
        let after = rest.as_bytes().get(name.len());
        rest.get(..name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name))
            && after.is_none_or(|byte| byte.is_ascii_whitespace() || *byte == b'>')
    })
}

/// The tag that a text begins with.
fn tag(text: &str) -> Option<Tag<'_>> {
    let inner = text.strip_prefix('<')?;
    let (kind, named) =
        inner.strip_prefix('/').map_or((TagKind::Open, inner), |named| (TagKind::Close, named));
    if !named.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        return None;
    }
    let Some(end) = tag_end(named) else { return tag_without_end(text, named, kind) };
    let body = slice(named, 0, end);
    let (body, kind) = match body.strip_suffix('/') {
        Some(body) if kind == TagKind::Open => (body, TagKind::Empty),
        _ => (body, kind),
    };
    let name_end = body.find(|c: char| c.is_whitespace() || c == '/').unwrap_or(body.len());
    let (name, attributes) = body.split_at(name_end);
    let raw = slice(text, 0, text.len() - named.len() + end + 1);
    Some(Tag { raw, kind, name, attributes })
}

/// An end tag, or the start of an article, that lacks its `>`, so that the next tag follows at once.
fn tag_without_end<'a>(text: &'a str, named: &'a str, kind: TagKind) -> Option<Tag<'a>> {
    let (head, _) = slice(named, 0, named.floor_char_boundary(MAX_NAME)).split_once('<')?;
    let name = head.trim_end();
    let is_name = !name.contains(|c: char| c.is_whitespace() || c == '"');
    let is_expected = kind == TagKind::Close || ["item", "entry"].contains(&name);
    let raw = slice(text, 0, text.len() - named.len() + head.len());
    (is_name && is_expected).then_some(Tag { raw, kind, name, attributes: "" })
}

/// The `>` that ends a tag: the first outside quotes, or, where a quote is never closed, the first before the next
/// `<`. A value may hold markup; but if its first mark is `>` and a `<` follows, its quote was not closed.
fn tag_end(inside: &str) -> Option<usize> {
    let bytes = inside.as_bytes();
    let (mut at, mut first_end) = (0, None);
    while let Some(byte) = bytes.get(at) {
        at = match byte {
            b'>' => return Some(at),
            b'<' => return first_end,
            b'"' | b'\'' => match quoted(bytes, at + 1, *byte, &mut first_end) {
                Some(after) => after,
                None => return first_end,
            },
            _ => at + 1,
        };
    }
    first_end
}

/// What follows the closing quote; `None` if it is missing.
fn quoted(bytes: &[u8], from: usize, quote: u8, first_end: &mut Option<usize>) -> Option<usize> {
    let mut first = None;
    for at in memchr::memchr3_iter(b'>', b'<', quote, bytes.get(from..)?).map(|at| from + at) {
        match bytes.get(at)? {
            b'<' if first.is_some_and(|(_, is_end)| is_end) || is_article(bytes.get(at..)?) => break,
            mark @ (b'<' | b'>') => first = first.or(Some((at, *mark == b'>'))),
            _ => return Some(at + 1),
        }
    }
    *first_end = first_end.or(first.filter(|(_, is_end)| *is_end).map(|(at, _)| at));
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<String> {
        let (mut lexer, mut report) = (Lexer::new(text), Report::default());
        let show = |token| match token {
            Token::Text(text) => format!("text {text}"),
            Token::Data(data) => format!("data {data}"),
            Token::Tag(tag) => format!("{:?} {}", tag.kind, tag.name),
        };
        std::iter::from_fn(|| lexer.next("a", &mut report)).map(show).collect()
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
        check("<!--><a>", &["Open a"]);
        check("<!DOCTYPE a SYSTEM \"]>\" [ <!-- ]> ' --> <!ENTITY b ']>'> ] ><a>", &["Open a"]);
    }

    #[test]
    fn damage_stays_where_it_is() {
        check("5 < 6 <3 <a", &["text 5 ", "text < 6 ", "text <3 ", "text <a"]);
        check("<!-- x<a>", &["text  x", "Open a"]);
        check("<a b=\"c><d>", &["Open a", "Open d"]);
        check("x</a<d>", &["text x", "Close a", "Open d"]);
        check("<a b='x<y'><d>", &["Open a", "Open d"]);
        check("<a b='it' c=\"d'e\">t", &["Open a", "text t"]);
        check("<!-- x</item><b><!-- y --><c>", &["text  x", "Close item", "Open b", "Open c"]);
        check("<!-- x<!-- y --><c>", &["Open c"]);
        check("<?x <y <!DOCTYPE", &["text <?x ", "text <y ", "text <!DOCTYPE"]);
        check("<? x<a>?>", &["text <? x", "Open a", "text ?>"]);
        check("<?x><item>?></item>", &["Open item", "text ?>", "Close item"]);
        check(
            "<!-- x -- ><item><b>t</b> --> y</item>",
            &["text  x -- >", "Open item", "Open b", "text t", "Close b", "text  --> y", "Close item"],
        );
        check("<!-- <item>x</item> --><a>", &["Open a"]);
        check("<!-- nine more <entry> elements --><a>", &["Open a"]);
        check("<a b=\"x</item><c d=\"e\">", &["text <a b=\"x", "Close item", "Open c"]);
        check("<![ x<a>", &["text <![ x", "Open a"]);
        check("<item\n<a></item <b>", &["Open item", "Open a", "Close item", "Open b"]);
    }

    #[test]
    fn a_section_without_end_ends_with_its_element() {
        check("<![CDATA[x</a>", &["data x", "Close a"]);
        check("<![CDATA[x</a><a><![CDATA[y]]>", &["data x", "Close a", "Open a", "data y"]);
        check("<![CDATA[x</a >]]></a>", &["data x</a >", "Close a"]);
        check("<![CDATA[x</b>", &["text x", "Close b"]);
        check("<![cdata[x]]></a><!CDATA[y]></a>", &["data x", "Close a", "data y", "Close a"]);
        check("<![CDATA[x</b></item><a>y</a>", &["data x</b>", "Close item", "Open a", "text y", "Close a"]);
    }

    #[test]
    fn attributes_are_read_in_every_spelling() {
        let tag = tag("<a b='1 2' c = \"3\" d=4 e f=''/>").expect("a tag");
        let attributes: Vec<_> = tag.attributes().collect();
        assert_eq!(attributes, [("b", "1 2"), ("c", "3"), ("d", "4"), ("e", ""), ("f", "")]);
    }
}
