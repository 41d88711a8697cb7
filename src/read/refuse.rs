//! Finding the root of a feed, or saying what was seen instead and what to do (specs/reading.md §8).

use super::{
    Limits, ReadError,
    lexer::{Lexer, Tag, TagKind, Token},
    report::{Repair, Report},
    text,
    vocabulary::Format,
};

/// Characters of a document that are shown in an error.
const SHOWN: usize = 60;
/// Elements that an error message of the server puts before the feed.
const JUNK: [&str; 8] = ["br", "b", "i", "p", "div", "font", "strong", "pre"];

/// The root tag of a feed, and what follows it.
pub(super) struct Root<'a> {
    pub tag: Tag<'a>,
    pub format: Format,
    pub lexer: Lexer<'a>,
}

/// Finds the root of a feed; `Err` says what the document is instead.
pub(super) fn find_root<'a>(
    text: &'a str,
    content_type: Option<&str>,
    report: &mut Report,
) -> Result<Root<'a>, ReadError> {
    let mut lexer = Lexer::new(text);
    let (mut junk, mut has_text) = (None, false);
    while let Some(token) = lexer.next("", report) {
        let Token::Tag(tag) = token else {
            has_text |= !matches!(token, Token::Text(text) if text.trim().is_empty());
            continue;
        };
        let local = tag.local();
        let is_any = |names: &[&str]| names.iter().any(|name| name.eq_ignore_ascii_case(local));
        if let Some(format) = Format::of_root(local).filter(|_| tag.kind != TagKind::Close) {
            if has_text || junk.is_some() {
                report.mended(Repair::Junk);
            }
            return Ok(Root { tag, format, lexer });
        }
        if is_any(&["html", "head", "body"]) {
            return Err(web_page(lexer.rest()));
        }
        if !is_any(&JUNK) {
            return Err(other_root(tag.name));
        }
        junk = Some(tag.name);
    }
    let has_controls = report.repairs.contains_key(&Repair::Character);
    Err(junk.map_or_else(|| no_markup(text, content_type, has_controls), other_root))
}

/// A body over `max_body`.
pub(super) fn too_large(limits: &Limits) -> ReadError {
    let max = limits.max_body;
    let size = if max.is_multiple_of(1 << 20) { format!("{}MiB", max >> 20) } else { format!("{max} bytes") };
    ReadError::TooLarge(format!("body is larger than max_body ({size})"))
}

/// JSON that is broken, or whose `items` are missing.
pub(super) fn json(what: &str) -> ReadError {
    ReadError::NotAFeed(format!("JSON, but not a feed: {what}"))
}

fn web_page(rest: &str) -> ReadError {
    let title = title(rest).map(|title| format!(" \"{title}\"")).unwrap_or_default();
    ReadError::WebPage(format!("HTML page{title}, not a feed; try feedwatch discover URL"))
}

/// The title of a page.
fn title(rest: &str) -> Option<String> {
    let (mut lexer, mut ignored) = (Lexer::new(rest), Report::default());
    let is = |tag: &Tag, name: &str| tag.kind == TagKind::Open && tag.name.eq_ignore_ascii_case(name);
    loop {
        match lexer.next("", &mut ignored)? {
            Token::Tag(tag) if is(&tag, "title") => break,
            Token::Tag(tag) if is(&tag, "body") => return None,
            _ => {}
        }
    }
    let Some(Token::Text(title)) = lexer.next("", &mut ignored) else { return None };
    Some(excerpt(&text::from_html(title))).filter(|title| !title.is_empty())
}

fn other_root(name: &str) -> ReadError {
    ReadError::NotAFeed(format!("XML with the root <{}>, not a feed", excerpt(&text::from_plain(name))))
}

fn no_markup(document: &str, content_type: Option<&str>, has_controls: bool) -> ReadError {
    let media_type = content_type.and_then(|value| value.split(';').next()).map(str::trim);
    let served =
        media_type.filter(|value| !value.is_empty()).map(|value| format!(" (served as {})", excerpt(value)));
    let served = served.unwrap_or_default();
    let head: String = document.chars().take(4 * SHOWN).collect();
    let is_binary = has_controls || head.contains(char::REPLACEMENT_CHARACTER);
    let seen = if is_binary {
        "binary data".to_owned()
    } else {
        format!("text: {}", excerpt(&text::from_plain(&head)))
    };
    ReadError::NotAFeed(format!("not a feed{served}: it is {seen}"))
}

fn excerpt(text: &str) -> String {
    let mut short: String = text.chars().take(SHOWN).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let error = find_root(text, Some("text/plain; charset=utf-8"), &mut Report::default())
            .err()
            .expect(text)
            .to_string();
        assert_eq!(error, expected);
    }

    #[test]
    fn what_is_no_feed_is_named() {
        check(
            "<!DOCTYPE html><html><head><title>News &amp;\n more</title><script>'<rss>'</script>",
            "HTML page \"News & more\", not a feed; try feedwatch discover URL",
        );
        check("<body>hello", "HTML page, not a feed; try feedwatch discover URL");
        check("<?xml version='1.0'?><opml version='2.0'>", "XML with the root <opml>, not a feed");
        check("just words", "not a feed (served as text/plain): it is text: just words");
    }

    #[test]
    fn a_root_is_found_behind_junk_and_a_wrong_document_type() {
        let feeds = [
            "<!DOCTYPE html><feed>",
            "<br />\n<b>Warning</b>: x<?xml?><rss>",
            "junk <rdf:RDF>",
            "<!--c--><ATOM:Feed>",
        ];
        for text in feeds {
            assert!(find_root(text, None, &mut Report::default()).is_ok(), "{text}");
        }
    }
}
