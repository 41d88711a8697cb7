//! What each character is to the matcher and what it folds to (specs/matching.md §3 rules 2–4 and 6).
//!
//! The answers are kept in pages of 256 characters, each filled when a text first needs it.

use std::sync::OnceLock;

use unicode_normalization::UnicodeNormalization;
use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

/// What a character does to the tokens around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// Part of a word.
    Letter,
    /// A mark that belongs to the letter before it, such as an Indic vowel sign.
    Mark,
    /// Part of a number.
    Digit,
    /// A letter that is a token alone: Han, Kana, Thai, Lao, Khmer, Myanmar.
    Single,
    /// As if it were not there.
    Ignored,
    /// As if it were not there, but it stays with the letter it stands on.
    IgnoredMark,
    /// White space.
    Blank,
    /// A line feed: a blank, two of them a hard break.
    LineFeed,
    /// The paragraph separator, a hard break.
    Break,
    /// A hyphen.
    Hyphen,
    /// A long dash: a hyphen within designators and numbers, a break between words.
    Dash,
    /// An apostrophe.
    Apostrophe,
    /// Punctuation that does not part the words of a phrase.
    Joiner,
    /// Everything else.
    Separator,
}

/// One character: class, case, and its fold.
#[derive(Debug, Clone, Copy)]
pub(super) struct Char {
    /// What it does.
    pub class: Class,
    /// Whether it is an upper-case letter.
    pub upper: bool,
    /// Whether it folds to several characters, as `ß` and ligatures do; rare.
    several: bool,
    /// What it folds to, or the first of it; `None`: it is not part of a token.
    fold: Option<char>,
}

impl Char {
    fn new(c: char) -> Self {
        let (class, mut folded) = (classify(c), String::new());
        if matches!(class, Class::Letter | Class::Mark | Class::Digit | Class::Single) {
            fold_into(c, &mut folded);
        }
        let mut chars = folded.chars();
        let (fold, several) = (chars.next(), chars.next().is_some());
        Self { class, upper: c.is_uppercase(), several, fold }
    }

    /// Whether it is part of a token.
    pub const fn is_in_token(self) -> bool {
        self.fold.is_some()
    }

    /// Adds what `c`, whose entry this is, folds to.
    #[inline]
    pub fn push_fold(self, c: char, out: &mut String) {
        if self.several {
            fold_into(c, out);
        } else if let Some(fold) = self.fold {
            out.push(fold);
        }
    }
}

/// Characters of a page.
const PAGE: usize = 256;

/// Looks a character up.
#[inline]
pub(super) fn info(c: char) -> Char {
    static PAGES: [OnceLock<[Char; PAGE]>; 0x1100] = [const { OnceLock::new() }; 0x1100];
    let code = c as usize;
    PAGES[code / PAGE].get_or_init(|| page(code / PAGE))[code % PAGE]
}

#[cold]
fn page(number: usize) -> [Char; PAGE] {
    let character = |code: usize| u32::try_from(code).ok().and_then(char::from_u32).unwrap_or(' ');
    std::array::from_fn(|low| Char::new(character(number * PAGE + low)))
}

/// The letter as it stands, without marks and compatibility forms, upper and lower case kept apart.
pub(super) fn keep_case(c: char) -> impl Iterator<Item = char> {
    c.nfkc().nfd().filter(|c| !is_ignored_mark(*c)).nfc()
}

/// Whether the letter has an upper and a lower case.
pub(super) fn has_case(c: char) -> bool {
    c.is_uppercase() || c.is_lowercase()
}

/// Whether it is a Cyrillic letter.
pub(super) const fn is_cyrillic(c: char) -> bool {
    matches!(c, '\u{400}'..='\u{52F}')
}

/// Rule 3: one character at a time, so that the way back to the bytes stays trivial.
fn fold_into(c: char, out: &mut String) {
    let start = out.len();
    match c {
        'I' | 'İ' | 'ı' | 'i' => out.push('i'),
        _ if c.is_ascii() => out.push(c.to_ascii_lowercase()),
        _ => match ascii_digit(c) {
            Some(digit) => out.push(digit),
            None => out.extend(c.nfkc().flat_map(fold_case).nfd().filter(|c| !is_ignored_mark(*c)).nfc()),
        },
    }
    if out.len() == start {
        out.push(c);
    }
}

/// Full case folding by way of upper case: `ß`, `ẞ` and `SS` meet, so do `ς` and `σ`.
fn fold_case(c: char) -> impl Iterator<Item = char> {
    let turkish = matches!(c, 'İ' | 'ı').then_some('i');
    let others = c.to_lowercase().flat_map(char::to_uppercase).flat_map(char::to_lowercase);
    turkish.into_iter().chain(others.filter(move |_| turkish.is_none()))
}

fn ascii_digit(c: char) -> Option<char> {
    [0x660, 0x6F0, 0x966, 0x9E6, 0xFF10].into_iter().find_map(|zero| {
        let digit = (c as u32).checked_sub(zero).filter(|&digit| digit < 10)?;
        char::from_digit(digit, 10)
    })
}

fn classify(c: char) -> Class {
    match c {
        '\u{AD}'
        | '\u{640}'
        | '\u{180E}'
        | '\u{200B}'..='\u{200F}'
        | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{2064}'
        | '\u{2066}'..='\u{2069}'
        | '\u{FE00}'..='\u{FE0F}'
        | '\u{FEFF}' => Class::Ignored,
        '\n' => Class::LineFeed,
        '\u{2029}' => Class::Break,
        '-' | '\u{5BE}' | '\u{2010}'..='\u{2013}' | '\u{2212}' | '\u{FE63}' | '\u{FF0D}' => Class::Hyphen,
        '\u{2014}' | '\u{2015}' => Class::Dash,
        '\'' | '`' | '‘' | '’' | 'ʼ' | 'ʻ' | '＇' | '´' | '′' => Class::Apostrophe,
        '"' | '“' | '”' | '„' | '«' | '»' | '‹' | '›' | ',' | '،' | '、' | '/' | '&' => {
            Class::Joiner
        }
        '(' | ')' | '[' | ']' | '_' | '*' | '#' | '@' | '+' => Class::Joiner,
        // Half-width voicing marks: a character of their own that belongs to the kana before it.
        '\u{FF9E}' | '\u{FF9F}' => Class::Mark,
        _ if is_ignored_mark(c) => Class::IgnoredMark,
        _ if c.is_whitespace() => Class::Blank,
        _ => by_category(c),
    }
}

fn by_category(c: char) -> Class {
    use unicode_properties::GeneralCategory::{DecimalNumber, LetterNumber};
    match (c.general_category(), c.general_category_group()) {
        (DecimalNumber, _) => Class::Digit,
        (LetterNumber, _) | (_, GeneralCategoryGroup::Letter) if is_single(c) => Class::Single,
        (LetterNumber, _) | (_, GeneralCategoryGroup::Letter) => Class::Letter,
        (_, GeneralCategoryGroup::Mark) => Class::Mark,
        _ => Class::Separator,
    }
}

/// Rule 2: accents, Hebrew points and Arabic vowel signs.
fn is_ignored_mark(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36F}' | '\u{483}'..='\u{487}' | '\u{610}'..='\u{61A}' | '\u{64B}'..='\u{65F}' | '\u{670}'
        | '\u{1AB0}'..='\u{1AFF}' | '\u{1DC0}'..='\u{1DFF}' | '\u{20D0}'..='\u{20FF}' | '\u{FE20}'..='\u{FE2F}')
        || matches!(c, '\u{591}'..='\u{5C7}') && c.general_category_group() == GeneralCategoryGroup::Mark
}

/// Whether the script writes no blanks between words.
fn is_single(c: char) -> bool {
    matches!(c,
        '\u{E00}'..='\u{EFF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{17FF}' | '\u{A9E0}'..='\u{A9FF}'
        | '\u{AA60}'..='\u{AA7F}' | '\u{3005}'..='\u{3007}' | '\u{3021}'..='\u{3029}' | '\u{3031}'..='\u{303C}'
        | '\u{3041}'..='\u{30FF}' | '\u{31F0}'..='\u{31FF}' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}'
        | '\u{F900}'..='\u{FAFF}' | '\u{FF66}'..='\u{FF9F}' | '\u{1B000}'..='\u{1B16F}' | '\u{20000}'..='\u{3FFFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, folded: &str) {
        let mut fold = String::new();
        text.chars().for_each(|c| info(c).push_fold(c, &mut fold));
        assert_eq!(fold, folded, "{text}");
    }

    #[test]
    fn case_accents_and_widths_fold_away() {
        check("PATRIOT", "patriot");
        check("İstanbul ıŞIK", "istanbulisik");
        check("Straße STRAẞE", "strassestrasse");
        check("Ёлка й", "елкаи");
        check("ＡＢ１２", "ab12");
        check("أإآ", "ااا");
        check("Σίσυφος", "σισυφοσ");
        check("٤٠٠ ۴۰۰ ४०० ৪০০", "400400400400");
        check("Lightning Ⅱ", "lightningii");
    }

    #[test]
    fn characters_have_the_class_the_rules_give_them() {
        use Class::*;
        let table = [
            ('a', Letter),
            ('Я', Letter),
            ('ⅷ', Letter),
            ('한', Letter),
            ('5', Digit),
            ('٥', Digit),
            ('制', Single),
            ('パ', Single),
            ('ー', Single),
            ('ท', Single),
            ('²', Separator),
            ('™', Separator),
            ('_', Joiner),
            ('\u{AD}', Ignored),
            ('\u{200B}', Ignored),
            ('\u{301}', IgnoredMark),
            ('\u{93F}', Mark),
            ('\u{A0}', Blank),
            ('\u{3000}', Blank),
            ('\n', LineFeed),
            ('\u{2029}', Break),
            ('‑', Hyphen),
            ('–', Hyphen),
            ('−', Hyphen),
            ('—', Dash),
            ('ʼ', Apostrophe),
            ('`', Apostrophe),
            ('،', Joiner),
            ('.', Separator),
            (':', Separator),
        ];
        for (c, class) in table {
            assert_eq!(info(c).class, class, "{c:?}");
        }
    }

    #[test]
    fn case_is_kept_where_a_topic_asks_for_it() {
        assert_eq!("Él".chars().flat_map(keep_case).collect::<String>(), "El");
    }
}
