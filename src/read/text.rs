//! HTML or plain text to the one kind of plain text that the rest of the program sees (specs/reading.md §6).

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

use super::references;

/// Tags that end a word.
const BLOCKS: [&str; 31] = [
    "p",
    "div",
    "br",
    "hr",
    "li",
    "dt",
    "dd",
    "td",
    "th",
    "tr",
    "table",
    "ul",
    "ol",
    "dl",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "blockquote",
    "pre",
    "section",
    "article",
    "header",
    "footer",
    "figure",
    "figcaption",
    "option",
    "caption",
    "summary",
];
/// Elements whose contents are no text.
const UNREAD: [&str; 3] = ["script", "style", "template"];

/// HTML as plain text: tags and what scripts and styles contain are dropped, block tags end a word, references are
/// undone once, then cleaned as [`from_plain`] does.
pub(super) fn from_html(html: &str) -> String {
    let mut walk = Walk { out: String::with_capacity(html.len()), quotes_close: true };
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        let (before, markup) = rest.split_at(at);
        walk.out.push_str(&references::resolve(before));
        rest = walk.markup(markup);
    }
    walk.out.push_str(&references::resolve(rest));
    from_plain(&walk.out)
}

/// Plain text with white space of every kind collapsed, invisible and direction characters removed, in NFC.
pub(super) fn from_plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut pending_space = false;
    for c in text.chars() {
        if c.is_whitespace() {
            pending_space = !out.is_empty();
        } else if !is_removed(c) {
            if pending_space {
                out.push(' ');
            }
            pending_space = false;
            out.push(c);
        }
    }
    if is_nfc_quick(out.chars()) == IsNormalized::Yes { out } else { out.nfc().collect() }
}

/// The text up to `max` bytes, cut at a character boundary.
pub(super) fn cut(mut text: String, max: usize) -> String {
    text.truncate(text.floor_char_boundary(max));
    text
}

/// Controls, soft hyphen, zero-width space, word joiner, byte order mark, direction overrides, embeddings and
/// isolates, non-characters. Joiners and direction marks stay: Persian, Arabic and emoji need them.
fn is_removed(c: char) -> bool {
    let code = u32::from(c);
    c.is_control()
        || matches!(c, '\u{AD}' | '\u{200B}' | '\u{2060}' | '\u{FEFF}')
        || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FDD0}'..='\u{FDEF}')
        || code & 0xFFFE == 0xFFFE
}

struct Walk {
    out: String,
    /// Whether a quote within a tag may be trusted: after one that never closed, tags end at the next `>`. So each
    /// byte is looked at a bounded number of times.
    quotes_close: bool,
}

impl Walk {
    /// Reads what begins with `<` and returns what follows it.
    fn markup<'a>(&mut self, markup: &'a str) -> &'a str {
        let inner = markup.strip_prefix('<').unwrap_or(markup);
        if let Some(comment) = inner.strip_prefix("!--") {
            return comment.split_once("-->").map_or("", |(_, after)| after);
        }
        if inner.starts_with(['!', '?']) {
            return inner.split_once('>').map_or("", |(_, after)| after);
        }
        let name = inner.strip_prefix('/').unwrap_or(inner);
        if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
            self.out.push('<');
            return inner;
        }
        let Some((tag, after)) = self.split_tag(inner) else { return "" };
        self.tag(tag, after)
    }

    fn tag<'a>(&mut self, tag: &str, after: &'a str) -> &'a str {
        let (closes, tag) = tag.strip_prefix('/').map_or((false, tag), |tag| (true, tag));
        let name = tag.split(|c: char| c.is_whitespace() || c == '/').next().unwrap_or_default();
        let name = name.rsplit(':').next().unwrap_or_default();
        let is = |known: &&str| known.eq_ignore_ascii_case(name);
        if BLOCKS.iter().any(&is) {
            self.out.push(' ');
        }
        match UNREAD.iter().find(|known| is(known)) {
            Some(name) if !closes && !tag.ends_with('/') => after_end_tag(after, name),
            _ => after,
        }
    }

    /// The tag up to its `>`, which may also stand inside a quoted attribute.
    fn split_tag<'a>(&mut self, inner: &'a str) -> Option<(&'a str, &'a str)> {
        if self.quotes_close {
            let mut quote = None;
            for (at, byte) in inner.bytes().enumerate() {
                match (quote, byte) {
                    (None, b'>') => return Some((inner.get(..at)?, inner.get(at + 1..)?)),
                    (None, b'"' | b'\'') => quote = Some(byte),
                    (Some(open), _) if open == byte => quote = None,
                    _ => {}
                }
            }
            self.quotes_close = false;
        }
        inner.split_once('>')
    }
}

/// What follows the end tag `name`; nothing if there is none.
fn after_end_tag<'a>(text: &'a str, name: &str) -> &'a str {
    let mut rest = text;
    while let Some((_, after)) = rest.split_once("</") {
        if after.get(..name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name)) {
            return after.split_once('>').map_or("", |(_, after)| after);
        }
        rest = after;
    }
    ""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(html: &str, expected: &str) {
        assert_eq!(from_html(html), expected, "{html}");
    }

    #[test]
    fn block_tags_end_a_word_and_inline_tags_do_not() {
        check("<p>one</p><p>two</p>", "one two");
        check("Pat<b>riot</b> <xhtml:br/>S<em class='a>b'>-400</em>", "Patriot S-400");
        check("a<BR>b<li>c<h2 id=x>d", "a b c d");
    }

    #[test]
    fn what_is_no_text_is_dropped() {
        check("a<script>if (x < 1) '</p>'</script>b<STYLE>p{}</Style>c<!-- <p>no</p> -->d", "abcd");
        check("<img alt='no' src=\"x>y\">yes<?php no ?><!doctype no>", "yes");
        check("before<script>never closed", "before");
        check("cut <a href=\"x", "cut");
    }

    #[test]
    fn a_bare_less_than_stays_text() {
        check("5 < 6 &lt; 7 <3", "5 < 6 < 7 <3");
        check("&amp;quot; &eacute;&nbsp;&nbsp;x", "&quot; é x");
    }

    #[test]
    fn an_unclosed_quote_costs_one_tag() {
        check("<a title=\"x>one</a> <b>two</b>", "one two");
    }

    #[test]
    fn white_space_and_invisible_characters_are_cleaned() {
        assert_eq!(from_plain(" a\t\n\u{A0}\u{3000}b \u{200B}"), "a b");
        assert_eq!(from_plain("S\u{AD}-4\u{2060}0\u{FEFF}0\u{202E}\u{2066}\u{0}\u{FFFF}"), "S-400");
        assert_eq!(from_plain("e\u{301}"), "é");
        assert_eq!(from_plain("می\u{200C}خواهم"), "می\u{200C}خواهم");
    }

    #[test]
    fn text_is_cut_between_characters() {
        assert_eq!(cut("aé".to_owned(), 2), "a");
        assert_eq!(cut("aé".to_owned(), 3), "aé");
    }
}
