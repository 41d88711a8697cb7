//! Text to tags, character data and the rest, in one linear pass that nothing can make fail.

use super::{
    marks::{
        Ahead, COMMENT, DATA, Mark, data_start_length, document_type, end_tag, first_end, is_balanced,
        structure_tag, without_half_end,
    },
    report::{Repair, Report},
    slice,
    tag::{Tag, tag},
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
        // Between elements nothing is a section: it must not hide what follows.
        let is_stray = inside.is_empty() && !self.is_fragment;
        let hides = is_stray && end.is_some_and(|end| self.hides_more(start, end));
        match (own_end, end) {
            (Some(own_end), end) if end.is_none_or(|end| self.data_starts_between(own_end, end)) => {
                report.mended(Repair::Cdata);
                self.at = own_end;
                Some(without_half_end(slice(self.text, start, own_end)))
            }
            (_, Some(end)) if !hides => {
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

    /// Whether an article or another section begins there.
    fn hides_more(&mut self, from: usize, to: usize) -> bool {
        let article = self.article.find(self.text, from, structure_tag);
        article.is_some_and(|at| at < to) || self.data_starts_between(from, to)
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
}
