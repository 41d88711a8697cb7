//! What is watched, as the watchlist says it (specs/matching.md §1). The matcher compiles it.

use std::collections::BTreeMap;

use super::TopicName;

/// A topic of the watchlist. Terms are as written; `matcher` parses them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    /// Unique name.
    pub name: TopicName,
    /// Terms that fire alone.
    pub any: Vec<String>,
    /// Ambiguous terms that fire only near a `context` term.
    pub maybe: Vec<String>,
    /// What must be near a `maybe` term.
    pub context: Vec<String>,
    /// How near.
    pub within: Within,
    /// Spans that are never evidence.
    pub mask: Vec<String>,
    /// Terms that silence the topic for the article.
    pub not: Vec<String>,
    /// The Boolean form; excludes `any`, `maybe` and `context`.
    pub query: Option<String>,
    /// Where to look.
    pub fields: Vec<SearchField>,
    /// How upper and lower case are compared.
    pub case: CaseRule,
    /// Only articles of these feeds (name, id or URL); empty means all.
    pub feeds: Vec<String>,
    /// Only articles of feeds with one of these tags; empty means all.
    pub tags: Vec<String>,
}

impl Topic {
    /// A topic with the defaults of the schema and nothing to look for yet.
    pub fn named(name: &str) -> Self {
        Self {
            name: TopicName::from(name),
            any: Vec::new(),
            maybe: Vec::new(),
            context: Vec::new(),
            within: Within::default(),
            mask: Vec::new(),
            not: Vec::new(),
            query: None,
            fields: SearchField::DEFAULT.to_vec(),
            case: CaseRule::Auto,
            feeds: Vec::new(),
            tags: Vec::new(),
        }
    }
}

/// Named lists of terms, `$name` in a term (`[alias]` of a watchlist).
pub type Aliases = BTreeMap<String, Vec<String>>;

/// How near a `context` term must be to a `maybe` term.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Within {
    /// At most so many tokens strictly between them, in the same field.
    Tokens(u16),
    /// In the same sentence.
    Sentence,
    /// In the same field.
    Field,
    /// Anywhere in the searched fields.
    Article,
}

impl Default for Within {
    fn default() -> Self {
        Self::Tokens(10)
    }
}

/// A part of an article that a topic searches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SearchField {
    /// The title.
    Title,
    /// The short text.
    Summary,
    /// The long text.
    Content,
    /// Who wrote it.
    Author,
    /// The publisher's categories.
    Tags,
    /// The link.
    Url,
}

impl SearchField {
    /// What is searched if a topic does not say.
    pub const DEFAULT: [Self; 3] = [Self::Title, Self::Summary, Self::Content];
}

/// How upper and lower case are compared (specs/matching.md §4 rule 9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaseRule {
    /// Insensitive, except for short all-capitals words.
    Auto,
    /// As written.
    Exact,
    /// Insensitive always.
    Ignore,
}
