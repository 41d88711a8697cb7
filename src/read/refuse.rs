//! Finding the root of a feed, or saying what was seen instead and what to do (specs/reading.md §8).

use super::{
    Limits, ReadError,
    lexer::{Lexer, Token},
    report::{Repair, Report},
    tag::{Tag, TagKind},
    text,
    vocabulary::Format,
};

/// Characters of a document that are shown in an error.
const SHOWN: usize = 60;
/// The root tag of a feed, and what follows it.
pub(super) struct Root<'a> {
    /// The element that stands around it or before it, if there is one.
    pub behind: Option<&'a str>,
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
    let (mut other, mut has_junk) = (None, false);
    let mut lone: Option<(Tag<'_>, Format, usize)> = None;
    while let Some(token) = lexer.next("", report) {
        let Token::Tag(tag) = token else {
            has_junk |= lone.is_none() && !matches!(token, Token::Text(text) if text.trim().is_empty());
            continue;
        };
        let local = tag.local();
        let is_any = |names: &[&str]| names.iter().any(|name| name.eq_ignore_ascii_case(local));
        let format = Format::of_root(local).filter(|_| tag.kind != TagKind::Close);
        match format {
            Some(format) if is_any(&["rss", "RDF", "feed"]) => {
                if has_junk || other.is_some() || lone.is_some() {
                    report.mended(Repair::Junk);
                }
                return Ok(Root { behind: other, tag, format, lexer });
            }
            // A channel or an entry may be all there is; a root behind it is a better one.
            Some(format) => lone = lone.or(Some((tag, format, lexer.position()))),
            None if lone.is_none() && is_page(local, other) => {
                return Err(web_page(lexer.rest()));
            }
            None if is_any(&["script", "style"]) => lexer.skip_past(local),
            None => other = other.or((lone.is_none() && tag.kind != TagKind::Close).then_some(tag.name)),
        }
    }
    if let Some((tag, format, position)) = lone {
        lexer.set_position(position);
        return Ok(Root { behind: other, tag, format, lexer });
    }
    let has_controls = report.repairs.contains_key(&Repair::Character);
    Err(other.map_or_else(|| no_markup(text, content_type, has_controls), other_root))
}

/// Whether an element is a part of a web page, and nothing else came before.
fn is_page(local: &str, other: Option<&str>) -> bool {
    let is = |name: &str| name.eq_ignore_ascii_case(local);
    is("html") || other.is_none() && (is("head") || is("body"))
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

/// A document of another kind.
pub(super) fn other_root(name: &str) -> ReadError {
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
            "</rss><table class='xdebug'><tr><td>x</table><script>'<rss'</script><rss>",
            "<root><rss>",
            "<entry/><rss>",
            "<channel>",
        ];
        for text in feeds {
            assert!(find_root(text, None, &mut Report::default()).is_ok(), "{text}");
        }
    }
}
