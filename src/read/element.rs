//! What becomes of one element on its way to feed-rs: its role, its name, how its parts are written.

use std::{borrow::Cow, collections::HashMap};

use super::{
    lexer::Tag,
    references,
    vocabulary::{self, Format},
};

/// Stands for `@` in the names of people: feed-rs panics on some mail addresses, so it is shown none.
pub(super) const HIDDEN_AT: char = '\u{E000}';

/// How an open element is treated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Role {
    /// Its tags are written, its children are read.
    Structure,
    /// All inside is character data.
    Leaf,
    /// Markup inside is kept.
    Xhtml,
    /// Its tags vanish, its children stay.
    Flat,
    /// It vanishes with its children.
    Silent,
}

/// The attributes of a tag, references undone.
pub(super) type Attributes<'a> = Vec<(&'a str, Cow<'a, str>)>;

/// The prefixes that a document has declared anywhere, and whether each ever meant Media RSS: once is enough, so that no
/// redeclaration can hide an element.
pub(super) struct Prefixes<'a>(HashMap<&'a str, bool>);

impl Default for Prefixes<'_> {
    fn default() -> Self {
        let xml = [("xml", false), ("xmlns", false)];
        Self(
            vocabulary::WELL_KNOWN
                .map(|(prefix, uri)| (prefix, uri == vocabulary::MEDIA))
                .into_iter()
                .chain(xml)
                .collect(),
        )
    }
}

impl<'a> Prefixes<'a> {
    /// Whether a name has no prefix or a declared one.
    pub fn are_declared_for(&self, name: &str) -> bool {
        name.split_once(':').is_none_or(|(prefix, _)| self.0.contains_key(prefix))
    }

    /// Whether a prefix ever meant Media RSS.
    pub fn is_media(&self, prefix: &str) -> bool {
        self.0.get(prefix) == Some(&true)
    }

    /// The first `max` attributes of a tag, each name once; takes note of the prefixes they declare.
    pub fn attributes(&mut self, tag: Tag<'a>, max: usize) -> Attributes<'a> {
        let mut attributes = Attributes::new();
        for (name, value) in tag.attributes().take(max) {
            if !is_name(name) || attributes.iter().any(|(known, _)| *known == name) {
                continue;
            }
            let mut value = references::resolve(value);
            if let Some(prefix) = name.strip_prefix("xmlns:") {
                value = Cow::Owned(vocabulary::canonical_namespace(&value).to_owned());
                *self.0.entry(prefix).or_default() |= value == vocabulary::MEDIA;
            }
            attributes.push((name, value));
        }
        attributes
    }
}

/// What is known of the place where an element stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub format: Format,
    /// The role of the element around it.
    pub outer: Role,
    /// Whether its prefix was ever declared.
    pub is_known: bool,
    /// Whether its prefix means Media RSS.
    pub is_media: bool,
}

impl Place {
    /// The role of an element here.
    pub fn role_of(self, tag: Tag<'_>, attributes: &Attributes<'_>) -> Role {
        let local = tag.local();
        match self.outer {
            Role::Silent => return Role::Silent,
            Role::Xhtml => return if is_name(local) { Role::Xhtml } else { Role::Flat },
            _ => {}
        }
        let value =
            |wanted: &str| attributes.iter().find(|(name, _)| *name == wanted).map(|(_, value)| &**value);
        let is_foreign =
            !self.is_known || value("xmlns").is_some_and(|uri| !vocabulary::is_core_namespace(uri));
        let is_unsafe = !is_name(local) || local.contains(':') || local.eq_ignore_ascii_case("duration");
        if is_foreign || is_unsafe {
            return Role::Silent;
        }
        if self.format == Format::Rss && local.eq_ignore_ascii_case("channel") {
            // The guard has opened one, so that articles before and behind the channel are in it too.
            return Role::Flat;
        }
        if self.is_media {
            media_role(local)
        } else {
            self.text_role(local, value("type").unwrap_or_default())
        }
    }

    fn text_role(self, local: &str, media_type: &str) -> Role {
        let Some(leaf) = vocabulary::leaf(local, self.format) else { return Role::Structure };
        let is_typed = ["title", "summary", "content", "subtitle", "rights"].contains(&leaf);
        if self.format != Format::Atom || !is_typed {
            return Role::Leaf;
        }
        match vocabulary::text_type(media_type) {
            Some("xhtml") => Role::Xhtml,
            Some(_) => Role::Leaf,
            None => Role::Silent,
        }
    }

    /// The name in the spelling that feed-rs knows; markup within a text loses its prefix.
    pub fn written_name(self, tag: Tag<'_>) -> Cow<'_, str> {
        let local = tag.local();
        if self.outer == Role::Xhtml {
            return Cow::Borrowed(local);
        }
        let known =
            vocabulary::leaf(local, self.format).or_else(|| vocabulary::structure(local)).unwrap_or(local);
        match tag.prefix() {
            "" => Cow::Borrowed(known),
            prefix => Cow::Owned(format!("{prefix}:{known}")),
        }
    }

    /// The value to write for an attribute of an element; `None` if the attribute is left out. `src`, a wrong
    /// `xml:base` or an unknown `type` make feed-rs refuse the whole document.
    pub fn written_value<'a>(self, name: &str, value: Cow<'a, str>, role: Role) -> Option<Cow<'a, str>> {
        match name {
            "type" if self.is_media => value.contains("html").then_some(Cow::Borrowed("html")),
            "type" if matches!(role, Role::Leaf | Role::Xhtml) => {
                Some(vocabulary::text_type(&value).map_or(value, Cow::Borrowed))
            }
            "xml:base" => Some(value).filter(|value| vocabulary::is_usable_base(value)),
            "src" => None,
            "xmlns" => {
                let is_atom = vocabulary::canonical_namespace(&value) == vocabulary::ATOM;
                is_atom.then_some(Cow::Borrowed(vocabulary::ATOM))
            }
            _ => Some(value),
        }
    }
}

/// Groups are flattened: feed-rs recurses into them. Of the rest only texts are of use.
fn media_role(local: &str) -> Role {
    match local {
        "group" | "content" => Role::Flat,
        "title" | "description" => Role::Leaf,
        _ => Role::Silent,
    }
}

/// Whether feed-rs's parser takes this as a name.
pub(super) fn is_name(name: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':');
    name.starts_with(|c: char| c.is_alphabetic() || c == '_') && name.chars().all(is_part)
}

/// Writes an attribute, escaped.
pub(super) fn write_attribute(out: &mut String, name: &str, value: &str) {
    out.push(' ');
    out.push_str(name);
    out.push_str("=\"");
    escape(out, value, false);
    out.push('"');
}

/// Writes text, escaped; `hides_at` puts [`HIDDEN_AT`] for `@`.
pub(super) fn escape(out: &mut String, text: &str, hides_at: bool) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '@' if hides_at => out.push(HIDDEN_AT),
            c => out.push(c),
        }
    }
}
