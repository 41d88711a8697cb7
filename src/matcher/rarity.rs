//! How common a word may be, guessed from the word alone: an ordinary word of seven letters is 4, `the` is 1,000.

use super::{common, term::Words, tokens::Kind};

/// How common words with this beginning are.
pub(super) fn of_prefix(folded: &str) -> f32 {
    match folded.chars().count() {
        0..=2 => 500.0,
        3 => 200.0,
        4 => 60.0,
        5 => 20.0,
        _ => 8.0,
    }
}

/// How common the word at `index` of a term is.
pub(super) fn of_word(words: &Words, index: usize) -> f32 {
    let folded = words.folded(index);
    match (words.parts[index].kind, folded.chars().count()) {
        (Kind::Word, _) if common::is_common(folded) => 1000.0,
        (Kind::Single, _) | (Kind::Number, 0..=2) => 100.0,
        (Kind::Number, 4) if folded.starts_with("19") || folded.starts_with("20") => 100.0,
        (Kind::Number, 3) => 40.0,
        (Kind::Number, _) => 10.0,
        (Kind::Word, 0..=2) => 200.0,
        (Kind::Word, 3) => 60.0,
        (Kind::Word, 4) => 30.0,
        (Kind::Word, 5) => 15.0,
        (Kind::Word, 6) => 8.0,
        (Kind::Word, _) => 4.0,
    }
}
