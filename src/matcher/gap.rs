//! What stands between two tokens (specs/matching.md §3 rule 6).

use super::{
    chars::{self, Class},
    decode::decoded,
};

/// The separators between two tokens, as far as the rules ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gap {
    /// Nothing at all: the tokens touch.
    Nothing,
    /// One white space character.
    OneBlank,
    /// One hyphen or dash.
    OneHyphen,
    /// One apostrophe.
    OneApostrophe,
    /// Anything else. `joins`: only what may stand between the words of a phrase.
    More {
        /// Whether the words of a phrase may be so far apart.
        joins: bool,
    },
}

impl Gap {
    /// Reads a gap.
    pub fn of(raw: &str) -> Self {
        match raw {
            "" => return Self::Nothing,
            " " => return Self::OneBlank,
            "-" => return Self::OneHyphen,
            _ => {}
        }
        let mut classes = classes(raw);
        let first = classes.next();
        match (first, classes.next()) {
            (None, _) => Self::Nothing,
            (Some(Class::Blank | Class::LineFeed), None) => Self::OneBlank,
            (Some(Class::Apostrophe), None) => Self::OneApostrophe,
            // A dash is a hyphen within designators only.
            (Some(Class::Hyphen | Class::Dash), None) => Self::OneHyphen,
            _ => Self::More { joins: joins_words(raw) },
        }
    }
}

/// Whether the words of a phrase may have this gap between them.
pub(super) fn joins_words(raw: &str) -> bool {
    let joins = |class| {
        matches!(class, Class::Blank | Class::LineFeed | Class::Hyphen | Class::Apostrophe | Class::Joiner)
    };
    raw == " " || (classes(raw).all(joins) && !has_hard_break(raw))
}

/// Whether two line feeds with only blanks between, or a paragraph separator, part the tokens.
pub(super) fn has_hard_break(raw: &str) -> bool {
    let mut feeds = 0;
    classes(raw).any(|class| {
        match class {
            Class::LineFeed => feeds += 1,
            Class::Break => feeds = 2,
            Class::Blank => {}
            _ => feeds = 0,
        }
        feeds >= 2
    })
}

/// Whether a sentence ends in the gap: a full stop and white space, a full-width stop, or a hard break.
pub(super) fn ends_sentence(raw: &str) -> bool {
    if raw == " " {
        return false;
    }
    let mut after_stop = false;
    let ends = decoded(raw).any(|(c, ..)| {
        let blank = matches!(chars::info(c).class, Class::Blank | Class::LineFeed | Class::Break);
        let ends = matches!(c, '。' | '！' | '？' | '；') || (after_stop && blank);
        after_stop = matches!(c, '.' | '!' | '?' | ';' | '…')
            || (after_stop && !blank && chars::info(c).class == Class::Ignored);
        ends
    });
    ends || has_hard_break(raw)
}

/// The gap in one spelling: hyphens alike, apostrophes alike, a run of blanks as one space.
pub(super) fn normal(raw: &str) -> impl Iterator<Item = char> {
    let mut blank_before = false;
    decoded(raw).filter_map(move |(c, ..)| {
        let normal = match chars::info(c).class {
            Class::Ignored | Class::IgnoredMark => return None,
            Class::Blank | Class::LineFeed => ' ',
            Class::Hyphen | Class::Dash => '-',
            Class::Apostrophe => '\'',
            _ => c,
        };
        let repeated = blank_before && normal == ' ';
        blank_before = normal == ' ';
        (!repeated).then_some(normal)
    })
}

/// Whether a gap is this normal spelling of a term's own gap.
pub(super) fn is_same(raw: &str, own: &str) -> bool {
    normal(raw).eq(own.chars()) && !has_hard_break(raw)
}

fn classes(raw: &str) -> impl Iterator<Item = Class> {
    let classes = decoded(raw).map(|(c, ..)| chars::info(c).class);
    classes.filter(|class| !matches!(class, Class::Ignored | Class::IgnoredMark))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_told_apart() {
        let table = [
            ("", Gap::Nothing),
            ("\u{200B}", Gap::Nothing),
            ("&shy;", Gap::Nothing),
            ("\n", Gap::OneBlank),
            ("\u{A0}", Gap::OneBlank),
            ("&nbsp;", Gap::OneBlank),
            ("‑", Gap::OneHyphen),
            ("&#8209;", Gap::OneHyphen),
            ("—", Gap::OneHyphen),
            ("’", Gap::OneApostrophe),
            ("  ", Gap::More { joins: true }),
            ("\" (", Gap::More { joins: true }),
            (". ", Gap::More { joins: false }),
            (" — ", Gap::More { joins: false }),
        ];
        for (raw, gap) in table {
            assert_eq!(Gap::of(raw), gap, "{raw:?}");
        }
    }

    #[test]
    fn two_line_feeds_are_a_hard_break_and_one_is_a_blank() {
        for raw in ["\n\n", "\n \t\n", "\u{2029}"] {
            assert!(has_hard_break(raw) && !joins_words(raw), "{raw:?}");
        }
        for raw in ["\n", " \n ", "\n-\n"] {
            assert!(!has_hard_break(raw) && joins_words(raw), "{raw:?}");
        }
    }

    #[test]
    fn a_sentence_ends_at_a_stop_and_a_blank() {
        for raw in [". ", "?! ", "。", "\n\n", ".\u{A0}", "… "] {
            assert!(ends_sentence(raw), "{raw:?}");
        }
        for raw in [" ", ".", ", ", "-", ".\" "] {
            assert!(!ends_sentence(raw), "{raw:?}");
        }
    }

    #[test]
    fn alike_gaps_have_one_spelling() {
        assert!(normal(" \u{A0}–’").eq(" -'".chars()));
    }
}
