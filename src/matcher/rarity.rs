//! How common a word may be, guessed from the word alone: an ordinary word of seven letters is 4, `the` is 1,000.

use super::{
    common,
    plan::TermId,
    term::{Shape, Term, Words},
    tokens::Kind,
};

/// How common the words of all terms may be: guessed once for each, though a term may stand in many topics.
#[derive(Debug)]
pub(super) struct Rarities {
    /// Where those of each term begin; one more at the end.
    starts: Vec<usize>,
    list: Vec<f32>,
}

impl Rarities {
    /// Guesses them.
    pub fn of(terms: &[Term]) -> Self {
        let (mut starts, mut list) = (vec![0], Vec::new());
        for term in terms {
            if let Shape::Words(words) = &term.shape {
                list.extend((0..words.parts.len()).map(|index| of_word(words, index)));
            }
            starts.push(list.len());
        }
        Self { starts, list }
    }

    /// Those of a term's words; none for a regular expression.
    pub fn of_term(&self, term: TermId) -> &[f32] {
        let term = term as usize;
        &self.list[self.starts[term]..self.starts[term + 1]]
    }
}

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
fn of_word(words: &Words, index: usize) -> f32 {
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
