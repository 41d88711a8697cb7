//! Text from elsewhere, made harmless for a page: escaped by the template, without what turns lines around, cut, and in
//! an element of its own direction. Pure.

use std::ops::Range;

use maud::{Markup, html};
use url::Url;

/// Characters of one text that are shown.
const MAX_CHARS: usize = 300;

/// A text in an element of its own.
pub fn foreign(text: &str) -> Markup {
    marked(text, &[])
}

/// The same with some parts marked. Ranges are bytes; those that do not fit are left out.
pub fn marked(text: &str, ranges: &[Range<usize>]) -> Markup {
    let pieces = pieces(text, ranges);
    html! {
        bdi { @for (piece, is_marked) in &pieces { @if *is_marked { mark class=[is_long(piece).then_some("long")] { (piece) } } @else { (piece) } } }
    }
}

/// Whether words must be broken at the end of a line; few are better not.
fn is_long(words: &str) -> bool {
    words.chars().count() > 24
}

/// The text cut into pieces, each marked or not, together not longer than allowed.
fn pieces(text: &str, ranges: &[Range<usize>]) -> Vec<(String, bool)> {
    let mut ranges: Vec<_> = ranges.iter().filter(|range| text.get((*range).clone()).is_some()).collect();
    ranges.sort_by_key(|range| range.start);
    let (mut pieces, mut done, mut room) = (Vec::new(), 0, MAX_CHARS);
    for range in ranges {
        if range.start >= done && range.end > range.start {
            push(&mut pieces, text.get(done..range.start), false, &mut room);
            push(&mut pieces, text.get(range.clone()), true, &mut room);
            done = range.end;
        }
    }
    push(&mut pieces, text.get(done..), false, &mut room);
    pieces
}

fn push(pieces: &mut Vec<(String, bool)>, piece: Option<&str>, is_marked: bool, room: &mut usize) {
    let piece = piece.unwrap_or_default();
    if piece.is_empty() || *room == 0 {
        return;
    }
    let mut shown: String = clean(piece).take(*room + 1).collect();
    let length = shown.chars().count();
    if length > *room {
        shown.pop();
        shown.push('…');
    }
    *room = room.saturating_sub(length);
    pieces.push((shown, is_marked));
}

/// At most so many characters of a text on one line, without what turns it around.
pub fn short(text: &str, most: usize) -> String {
    let mut shown: String = clean(text).take(most + 1).collect();
    if shown.chars().count() > most {
        shown.pop();
        shown.push('…');
    }
    shown
}

/// Control characters are spaces; overrides, isolates and marks of direction are nothing.
fn clean(text: &str) -> impl Iterator<Item = char> {
    let turns = |c: &char| matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().filter(move |c| !turns(c)).map(|c| {
        let is_blank = c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
        if is_blank { ' ' } else { c }
    })
}

/// A link that may be followed: http or https with a host, anything else is none.
pub fn link(url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    let is_web = matches!(url.scheme(), "http" | "https") && url.has_host();
    (is_web && url.username().is_empty() && url.password().is_none()).then(|| url.into())
}

#[cfg(test)]
#[expect(clippy::single_range_in_vec_init, reason = "lists of one place")]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_is_text() {
        let shown = foreign("</bdi><script>alert(1)</script>\u{202e}evil\u{2066}\n\u{0}x").into_string();
        assert_eq!(shown, "<bdi>&lt;/bdi&gt;&lt;script&gt;alert(1)&lt;/script&gt;evil  x</bdi>");
    }

    #[test]
    fn marks_stand_where_the_words_are() {
        let shown = |ranges: &[Range<usize>]| marked("a <b> S-400 c", ranges).into_string();
        assert_eq!(shown(&[6..11]), "<bdi>a &lt;b&gt; <mark>S-400</mark> c</bdi>");
        assert_eq!(shown(&[8..9, 6..11, 0..1]), "<bdi><mark>a</mark> &lt;b&gt; <mark>S-400</mark> c</bdi>");
        assert_eq!(shown(&[6..99]), "<bdi>a &lt;b&gt; S-400 c</bdi>");
        assert_eq!(marked("äb", &[1..2]).into_string(), "<bdi>äb</bdi>", "not inside a character");
    }

    #[test]
    fn a_long_text_is_cut_with_its_marks() {
        let long = format!("{} S-400 and more", "x".repeat(298));
        let pieces = pieces(&long, &[299..304]);
        let text: String = pieces.iter().map(|(piece, _)| piece.as_str()).collect();
        assert_eq!(text.chars().count(), 300 + 1, "{text}");
        assert!(pieces[1] == ("S…".to_owned(), true), "{pieces:?}");
        assert_eq!(short("abcd", 3), "abc…");
        assert_eq!(short("abc", 3), "abc");
    }

    #[test]
    fn only_web_links_are_links() {
        assert_eq!(link("https://example.org/a?b=\"c\"").as_deref(), Some("https://example.org/a?b=%22c%22"));
        for bad in [
            "javascript:alert(1)",
            "data:text/html,x",
            "/relative",
            "https://u:p@example.org/",
            "ftp://x/",
            "",
        ] {
            assert_eq!(link(bad), None, "{bad}");
        }
    }
}
