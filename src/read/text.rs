//! HTML or plain text to the one kind of plain text that the rest of the program sees (specs/reading.md §6).

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

use super::{
    lexer::{Lexer, Token},
    references,
    report::Report,
    slice,
    tag::{Tag, TagKind},
};

/// Tags that end a word.
const BLOCKS: [&str; 38] = [
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
    "details",
    "center",
    "main",
    "nav",
    "aside",
    "address",
    "form",
];
/// Elements whose contents are no text.
const UNREAD: [&str; 3] = ["script", "style", "template"];

/// HTML as plain text: tags and what scripts and styles contain are dropped, block tags end a word, references are
/// undone once, then cleaned as [`from_plain`] does.
pub(super) fn from_html(html: &str) -> String {
    let mut cleaner = Cleaner::with_capacity(html.len());
    write_html(html, &mut cleaner);
    cleaner.finish()
}

/// Plain text with white space of every kind collapsed, invisible and direction characters removed, in NFC.
pub(super) fn from_plain(text: &str) -> String {
    let mut cleaner = Cleaner::with_capacity(text.len());
    cleaner.push(text);
    cleaner.finish()
}

/// The text up to `max` bytes, cut at a character boundary.
pub(super) fn cut(mut text: String, max: usize) -> String {
    if text.len() > max {
        text.truncate(text.floor_char_boundary(max));
        // What was cut away must not stay in memory for every article.
        text.shrink_to_fit();
    }
    text
}

fn write_html(html: &str, cleaner: &mut Cleaner) {
    if memchr::memchr(b'<', html.as_bytes()).is_none() {
        return cleaner.push(&references::resolve(html));
    }
    let (mut lexer, mut ignored) = (Lexer::new(html), Report::default());
    while let Some(token) = lexer.next("", &mut ignored) {
        match token {
            // A section that a publisher wrapped twice leaves its end behind.
            Token::Text(text) if text.contains("]]>") => {
                cleaner.push(&references::resolve(&text.replace("]]>", "")));
            }
            Token::Text(text) => cleaner.push(&references::resolve(text)),
            // Its contents hold no further section with an end, so this goes one level deep.
            Token::Data(data) => write_html(data, cleaner),
            Token::Tag(tag) => write_tag(tag, &mut lexer, cleaner),
        }
    }
}

fn write_tag(tag: Tag<'_>, lexer: &mut Lexer<'_>, cleaner: &mut Cleaner) {
    let local = tag.name.rsplit(':').next().unwrap_or_default();
    let is = |known: &&&str| known.eq_ignore_ascii_case(local);
    if BLOCKS.iter().any(|known| is(&known)) {
        cleaner.space();
    }
    if let Some(name) = UNREAD.iter().find(is).filter(|_| tag.kind == TagKind::Open) {
        lexer.skip_past(name);
    }
}

/// Writes text without what does not belong there.
struct Cleaner {
    out: String,
    has_space: bool,
    /// Whether a character was written that may have to be composed.
    is_composed: bool,
}

/// What becomes of a character.
enum Class {
    Kept,
    /// Kept, and known to be in NFC whatever stands beside it.
    Plain,
    Space,
    Removed,
}

impl Cleaner {
    fn with_capacity(capacity: usize) -> Self {
        Self { out: String::with_capacity(capacity), has_space: false, is_composed: true }
    }

    /// Ends a word.
    fn space(&mut self) {
        self.has_space = !self.out.is_empty();
    }

    /// Copies runs of characters that are kept, single blanks in them too, at once.
    fn push(&mut self, text: &str) {
        let bytes = text.as_bytes();
        let is_plain = |at: usize| bytes.get(at).is_some_and(|byte| (b'!'..=b'~').contains(byte));
        // In UTF-8 these begin letters from U+00C0 on, none of which is white space.
        let begins_letter = |at: usize| bytes.get(at).is_some_and(|byte| (0xC3..=0xDF).contains(byte));
        let (mut run, mut at) = (0, 0);
        while at < bytes.len() {
            let is_blank = at > run && bytes.get(at) == Some(&b' ');
            if is_plain(at) || is_blank && (is_plain(at + 1) || begins_letter(at + 1)) {
                at += 1;
                continue;
            }
            let Some(c) = slice(text, at, bytes.len()).chars().next() else { return };
            let class = class(c);
            if matches!(class, Class::Plain | Class::Kept) {
                self.is_composed &= matches!(class, Class::Plain);
                at += c.len_utf8();
                continue;
            }
            self.write(slice(text, run, at));
            if matches!(class, Class::Space) {
                self.space();
            }
            at += c.len_utf8();
            run = at;
        }
        self.write(slice(text, run, at));
    }

    fn write(&mut self, run: &str) {
        if run.is_empty() {
            return;
        }
        if self.has_space {
            self.out.push(' ');
            self.has_space = false;
        }
        self.out.push_str(run);
    }

    fn finish(self) -> String {
        if self.is_composed || is_nfc_quick(self.out.chars()) == IsNormalized::Yes {
            self.out
        } else {
            self.out.nfc().collect()
        }
    }
}

/// Removed are controls, soft hyphen, zero-width space, word joiner, byte order mark, direction overrides, embeddings and
/// isolates, non-characters. Joiners and direction marks stay: Persian, Arabic and emoji need them.
fn class(c: char) -> Class {
    match c {
        // Latin, and the letters of Cyrillic, kana and ideographs, which no combining mark is among.
        '!'..='~'
        | '\u{A1}'..='\u{AC}'
        | '\u{AE}'..='\u{2FF}'
        | '\u{400}'..='\u{482}'
        | '\u{30A1}'..='\u{30FA}'
        | '\u{4E00}'..='\u{9FFF}' => Class::Plain,
        c if c.is_whitespace() => Class::Space,
        '\u{AD}'
        | '\u{200B}'
        | '\u{2060}'
        | '\u{FEFF}'
        | '\u{202A}'..='\u{202E}'
        | '\u{2066}'..='\u{2069}'
        | '\u{FDD0}'..='\u{FDEF}' => Class::Removed,
        c if c.is_control() || u32::from(c) & 0xFFFE == 0xFFFE => Class::Removed,
        _ => Class::Kept,
    }
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
    }

    #[test]
    fn a_bare_less_than_stays_text() {
        check("5 < 6 &lt; 7 <3", "5 < 6 < 7 <3");
        check("&amp;quot; &eacute;&nbsp;&nbsp;x", "&quot; é x");
        check("<?paul", "<?paul");
        check("<jo< at >x.org> <Привет>", "<jo< at >x.org> <Привет>");
    }

    #[test]
    fn a_section_that_was_wrapped_twice_is_read() {
        check("<![CDATA[<p>one</p>]]> <![CDATA[<![CDATA[two]]>]]> three]]>", "one two three");
    }

    #[test]
    fn an_unclosed_quote_costs_one_tag() {
        check("<a title=\"x>one</a> <b>two</b>", "one two");
    }

    #[test]
    fn white_space_and_invisible_characters_are_cleaned() {
        assert_eq!(from_plain(" a\t\n\u{A0}\u{3000}b  c \u{200B}"), "a b c");
        assert_eq!(from_plain("S\u{AD}-4\u{2060}0\u{FEFF}0\u{202E}\u{2066}\u{0}\u{FFFF}"), "S-400");
        assert_eq!(from_plain("می\u{200C}خواهم"), "می\u{200C}خواهم");
    }

    #[test]
    fn text_is_composed() {
        assert_eq!(from_plain("e\u{301}"), "é");
        assert_eq!(from_plain("и\u{306}"), "й");
        assert_eq!(from_plain("\u{30AB}\u{3099} \u{1100}\u{1161}"), "ガ 가");
        assert_eq!(from_plain("\u{212B}"), "Å");
    }

    #[test]
    fn text_is_cut_between_characters() {
        assert_eq!(cut("aé".to_owned(), 2), "a");
        assert_eq!(cut("aé".to_owned(), 3), "aé");
    }
}
