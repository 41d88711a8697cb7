//! "Did you mean …?"

/// How alike two words must be (Jaro-Winkler).
const SIMILAR: f64 = 0.8;

/// Whether one word is probably the other, mistyped.
pub(super) fn is_similar(a: &str, b: &str) -> bool {
    strsim::jaro_winkler(a, b) >= SIMILAR
}

/// The word nearest to what was typed, if it is near enough.
pub(super) fn nearest<'a>(typed: &str, words: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let typed = typed.to_lowercase();
    words
        .into_iter()
        .map(|word| (strsim::jaro_winkler(&typed, &word.to_lowercase()), word))
        .filter(|(likeness, _)| *likeness >= SIMILAR)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, word)| word)
}

/// What to say about a word that is none of the known ones: the nearest, else all of them.
pub fn suggest(typed: &str, words: &[&str]) -> Option<String> {
    match nearest(typed, words.iter().copied()) {
        Some(word) => Some(format!("did you mean `{word}`?")),
        None if words.is_empty() => None,
        None => Some(format!("known: {}", words.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_suggested_else_all_are_named() {
        let known = ["max_body", "max_wire", "timeout"];
        assert_eq!(suggest("max_bdy", &known).as_deref(), Some("did you mean `max_body`?"));
        assert_eq!(suggest("Timeout", &known).as_deref(), Some("did you mean `timeout`?"));
        assert_eq!(suggest("zzz", &known).as_deref(), Some("known: max_body, max_wire, timeout"));
        assert_eq!(suggest("zzz", &[]), None);
    }
}
