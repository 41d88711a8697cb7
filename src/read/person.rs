//! Names of people in the forms that feeds use.

use super::{draft::Markup, element::HIDDEN_AT};

/// The name in `mail (name)`, `name <mail>`, `name` or, if there is nothing else, the address.
pub(super) fn name(text: &str) -> Option<String> {
    let text = text.replace(HIDDEN_AT, "@");
    let text = text.trim();
    if !text.contains('@') {
        return Markup::Html(text).short();
    }
    let is_address = |word: &&str| word.contains('@');
    let words: Vec<&str> = text.split_whitespace().filter(|word| !is_address(word)).collect();
    let rest = words.join(" ");
    let named =
        rest.trim_matches(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | '<' | '>' | '"' | ','));
    let glued = || {
        text.split(['(', '（', '«', '<'])
            .map(|part| part.trim_matches([')', '）', '»', '>', ' ']))
            .find(|part| !is_address(part) && !part.is_empty())
    };
    match named {
        "" => glued().or(Some(text)).and_then(|name| Markup::Plain(name).short()),
        named => Markup::Plain(named).short(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_mail_address_with_a_name_the_name_is_taken() {
        let cases = [
            ("jo@example.org (Jo Doe)", "Jo Doe"),
            ("Jo Doe <jo@example.org>", "Jo Doe"),
            ("jo\u{E000}example.org（山田）", "山田"),
            ("Иван «jo@example.org»", "Иван"),
            ("Jo &amp; Co", "Jo & Co"),
            ("jo@example.org", "jo@example.org"),
        ];
        for (text, expected) in cases {
            assert_eq!(name(text).as_deref(), Some(expected), "{text}");
        }
        assert_eq!(name("  "), None);
    }
}
