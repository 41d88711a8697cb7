//! Text and links from feeds, made fit to be sent (specs/delivery.md §13). Pure.

use unicode_segmentation::UnicodeSegmentation;
use url::Url;

/// The longest link that is sent, in characters.
const MAX_LINK: usize = 2048;
/// What a cut text ends in.
pub(super) const ELLIPSIS: &str = "…";

/// At most `max` graphemes of a text. What is cut ends in `…`, which counts as one.
pub fn cut(text: &str, max: usize) -> String {
    if text.len() <= max {
        return text.to_owned();
    }
    let mut borders = text.grapheme_indices(true).map(|(start, _)| start);
    let Some(last) = borders.nth(max.saturating_sub(1)) else { return text.to_owned() };
    match borders.next() {
        None => text.to_owned(),
        Some(_) => text.get(..last).unwrap_or_default().trim_end().to_owned() + ELLIPSIS,
    }
}

/// At most `max` bytes of a text, cut between graphemes and ending in `…`; less than an ellipsis is nothing.
pub fn cut_bytes(text: &str, max: usize) -> String {
    if text.len() <= max {
        return text.to_owned();
    }
    let room = max.saturating_sub(ELLIPSIS.len());
    let borders = text.grapheme_indices(true).map(|(start, _)| start);
    let end = borders.take_while(|start| *start <= room).last().unwrap_or(0);
    match end {
        0 => String::new(),
        end => text.get(..end).unwrap_or_default().trim_end().to_owned() + ELLIPSIS,
    }
}

/// The longest beginning of a text, between graphemes, that costs at most `max`. `cost` weighs one grapheme as the
/// destination counts it, escapes included; so what is cut is cut before it is escaped, and fits after. What is cut ends
/// in `…`.
pub(super) fn cut_to(text: &str, max: usize, cost: impl Fn(&str) -> usize) -> String {
    let room = max.saturating_sub(cost(ELLIPSIS));
    let (mut sum, mut end) = (0, 0);
    for (start, grapheme) in text.grapheme_indices(true) {
        if sum <= room {
            end = start;
        }
        sum += cost(grapheme);
        if sum > max {
            return text.get(..end).unwrap_or_default().trim_end().to_owned() + ELLIPSIS;
        }
    }
    text.to_owned()
}

/// An invisible character of no width that keeps two others from being one mark: after `@`, nobody is called.
pub(super) const WORD_JOINER: char = '\u{2060}';

/// The length of a text in UTF-16 units, as most vendors count.
pub(super) fn utf16(text: &str) -> usize {
    text.encode_utf16().count()
}

/// The text on one line: control characters are spaces, direction overrides and isolates are nothing. `read` has
/// done so already; what leaves the house is looked at once more.
pub fn one_line(text: &str) -> String {
    let overrides = |c: &char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let blank = |c: char| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c };
    text.chars().filter(|c| !overrides(c)).map(blank).collect()
}

/// A link as people may follow it: http or https, without credentials, not too long, written anew from what was
/// parsed.
pub fn shown_link(link: &Url) -> Option<String> {
    let is_web = matches!(link.scheme(), "http" | "https") && link.host().is_some();
    let mut link = link.clone();
    let is_clean = is_web && link.set_username("").is_ok() && link.set_password(None).is_ok();
    let shown = String::from(link);
    (is_clean && shown.len() <= MAX_LINK).then_some(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_cut(text: &str, max: usize, expected: &str) {
        assert_eq!(cut(text, max), expected);
    }

    #[test]
    fn a_text_is_cut_between_graphemes() {
        check_cut("abc", 3, "abc");
        check_cut("abcd", 3, "ab…");
        check_cut("ab cd", 4, "ab…");
        check_cut("äöü", 3, "äöü");
        check_cut("e\u{301}e\u{301}e\u{301}", 3, "e\u{301}e\u{301}e\u{301}");
        check_cut("e\u{301}e\u{301}e\u{301}", 2, "e\u{301}…");
        check_cut("👨‍👩‍👧👨‍👩‍👧👨‍👩‍👧", 2, "👨‍👩‍👧…");
        check_cut("🇹🇷🇺🇦", 1, "…");
        check_cut("", 0, "");
    }

    #[test]
    fn a_cut_by_bytes_stays_within_them_and_between_graphemes() {
        assert_eq!(cut_bytes("abcdef", 6), "abcdef");
        assert_eq!(cut_bytes("abcdefg", 6), "abc…");
        assert_eq!(cut_bytes("e\u{301}e\u{301}e\u{301}", 8), "e\u{301}…");
        assert_eq!(cut_bytes("👨‍👩‍👧👨‍👩‍👧", 12), "");
    }

    #[test]
    fn a_cut_by_cost_stays_within_it_and_between_graphemes() {
        assert_eq!(cut_to("abcdef", 6, utf16), "abcdef");
        assert_eq!(cut_to("abcdefg", 6, utf16), "abcde…");
        assert_eq!(cut_to("👍👍👍👍", 8, utf16), "👍👍👍👍");
        assert_eq!(cut_to("👍👍👍👍", 7, utf16), "👍👍👍…");
        assert_eq!(cut_to("👍👍👍👍", 6, utf16), "👍👍…");
        assert_eq!(cut_to("👨‍👩‍👧👨‍👩‍👧", 12, utf16), "👨‍👩‍👧…");
        assert_eq!(cut_to("👨‍👩‍👧👨‍👩‍👧", 3, utf16), "…");
        let escaped = |grapheme: &str| grapheme.len() + usize::from(grapheme == "*");
        assert_eq!(cut_to("a*b*", 8, escaped), "a*b*");
        assert_eq!(cut_to("a*b*c", 6, escaped), "a*…");
    }

    #[test]
    fn what_could_turn_a_line_around_or_end_it_is_taken_out() {
        assert_eq!(one_line("a\nb\tc\u{7}\u{85}d"), "a b c  d");
        assert_eq!(one_line("<0>\u{202e}evil\u{2066}!\u{200d}\u{200f}"), "<0>evil!\u{200d}\u{200f}");
        assert_eq!(one_line("x\u{2028}y"), "x y");
    }

    #[track_caller]
    fn check_link(link: &str, expected: Option<&str>) {
        assert_eq!(shown_link(&Url::parse(link).expect(link)).as_deref(), expected);
    }

    #[test]
    fn only_plain_web_links_are_shown() {
        check_link("HTTPS://Example.ORG/a b?q=ü#x", Some("https://example.org/a%20b?q=%C3%BC#x"));
        check_link("https://bank.example:pw@evil.example/", Some("https://evil.example/"));
        check_link("javascript:alert(1)", None);
        check_link("data:text/html,x", None);
        check_link("ftp://example.org/", None);
        check_link(&format!("https://example.org/{}", "a".repeat(2029)), None);
        let longest = format!("https://example.org/{}", "a".repeat(2028));
        check_link(&longest, Some(&longest));
    }
}
