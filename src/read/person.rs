//! Names of people in the forms that feeds use.

use super::{
    draft::Markup,
    element::{Element, Reading, characters},
    lexer::{Lexer, Token},
    report::Report,
    slice,
    tag::TagKind,
    text,
};

/// A person as an element names them: by a `name` or an `email` in it, else by its text.
pub(super) fn of<'a>(element: &Element<'a>, reading: &mut Reading<'a, '_>) -> Option<Person> {
    for child in ["name", "email"] {
        if let Some(inner) = child_text(element.inner, child) {
            let person = parse(&characters(inner, reading));
            if person.is_some() {
                return person;
            }
        }
    }
    parse(&element.characters(reading))
}

/// What a child element holds.
fn child_text<'a>(inner: &'a str, name: &'static str) -> Option<&'a str> {
    memchr::memchr(b'<', inner.as_bytes())?;
    let (mut lexer, mut ignored, mut start) = (Lexer::fragment(inner), Report::default(), None);
    loop {
        let at = lexer.position();
        let Token::Tag(tag) = lexer.next(name, &mut ignored)? else { continue };
        match (tag.kind, start) {
            (TagKind::Close, Some(start)) => return Some(slice(inner, start, at)),
            (TagKind::Open, None) if tag.local().eq_ignore_ascii_case(name) => start = Some(lexer.position()),
            _ => {}
        }
    }
}

/// Bytes of a name. It may stand in every article of a feed.
const MAX_NAME: usize = 1 << 10;

/// A person, by name or only by address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Person {
    Named(String),
    Address(String),
}

impl Person {
    /// What to show.
    pub fn into_text(self) -> String {
        match self {
            Self::Named(text) | Self::Address(text) => text,
        }
    }
}

/// The name in `mail (name)`, `name <mail>`, `name` or, if there is nothing else, the address.
pub(super) fn parse(text: &str) -> Option<Person> {
    let text = text.trim();
    if !text.contains('@') {
        let name = Markup::Html(text.into()).short()?;
        return Some(Person::Named(text::cut(name, MAX_NAME)));
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
    let plain = |name: &str| Some(text::cut(Markup::Plain(name.into()).short()?, MAX_NAME));
    match (named, glued()) {
        ("", None) => plain(text).map(Person::Address),
        ("", Some(name)) | (name, _) => plain(name).map(Person::Named),
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
            ("jo@example.org（山田）", "山田"),
            ("Иван «jo@example.org»", "Иван"),
            ("Jo &amp; Co", "Jo & Co"),
        ];
        for (text, expected) in cases {
            assert_eq!(parse(text), Some(Person::Named(expected.to_owned())), "{text}");
        }
        assert_eq!(parse("jo@example.org"), Some(Person::Address("jo@example.org".to_owned())));
        assert_eq!(parse("  "), None);
    }
}
