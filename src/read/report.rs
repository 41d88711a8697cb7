//! What had to be done to read a document, and what could not be read; for people (specs/reading.md §3, §8).

use std::collections::BTreeMap;

use super::draft::Draft;
use crate::model::Timestamp;

/// A kind of damage that was mended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Repair {
    /// Bytes that are wrong in the encoding of the document.
    Encoding,
    /// Something stands before the root element, or text between elements.
    Junk,
    /// The root element, its case, its version or its place.
    Root,
    /// A namespace that is misspelt, old, or declared nowhere.
    Namespace,
    /// The name of an element in the wrong case.
    Case,
    /// Characters that no document may hold.
    Character,
    /// An ampersand that begins no reference, or a reference that is not declared.
    Ampersand,
    /// A comment that never ends.
    Comment,
    /// A CDATA section that never ends.
    Cdata,
    /// An element whose end tag is missing.
    Unclosed,
    /// An end tag without an element.
    Stray,
    /// An article outside the place where articles stand.
    Misplaced,
    /// A media type that the format does not have.
    Type,
    /// A base address that is none.
    Base,
    /// JSON text with characters that JSON does not allow.
    Json,
    /// The document ends too early.
    Truncated,
}

impl Repair {
    /// The word used in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Encoding => "encoding",
            Self::Junk => "junk",
            Self::Root => "root",
            Self::Namespace => "namespace",
            Self::Case => "case",
            Self::Character => "character",
            Self::Ampersand => "ampersand",
            Self::Comment => "comment",
            Self::Cdata => "cdata",
            Self::Unclosed => "unclosed",
            Self::Stray => "stray",
            Self::Misplaced => "misplaced",
            Self::Type => "type",
            Self::Base => "base",
            Self::Json => "json",
            Self::Truncated => "truncated",
        }
    }

    /// What it was, for people.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Encoding => "bytes that are wrong in the encoding were replaced",
            Self::Junk => "text outside of the elements was skipped",
            Self::Root => "a root element that is not as the format has it was read all the same",
            Self::Namespace => "a namespace was misspelt or not declared",
            Self::Case => "names of elements were in the wrong case",
            Self::Character => "characters that no document may hold were removed",
            Self::Ampersand => "ampersands that begin no known reference were taken as text",
            Self::Comment => "a comment never ended",
            Self::Cdata => "a CDATA section never ended",
            Self::Unclosed => "the end tag of an element was missing",
            Self::Stray => "end tags without an element were ignored",
            Self::Misplaced => "entries outside their place were read",
            Self::Type => "media types that the format does not have were taken for the nearest one",
            Self::Base => "a base address that is none was ignored",
            Self::Json => "characters that JSON does not allow were replaced",
            Self::Truncated => "the document is cut short; an entry that is not whole is left out",
        }
    }
}

/// A limit of `[read]` that can bite while the document is still read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Limit {
    /// Articles of one document.
    Entries,
    /// Nested elements.
    Depth,
    /// Attributes of one tag.
    Attributes,
    /// Bytes of one text.
    Text,
    /// Categories of one article.
    Tags,
    /// Bytes of all internal entities.
    EntityText,
}

impl Limit {
    /// Its key in the configuration.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Entries => "read.max_entries",
            Self::Depth => "read.max_depth",
            Self::Attributes => "read.max_attributes",
            Self::Text => "read.max_text",
            Self::Tags => "read.max_tags",
            Self::EntityText => "read.max_entity_text",
        }
    }
}

/// What reading a document took.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// The encoding it was read as. A change between two polls explains a lot.
    pub encoding: &'static str,
    /// What was mended, and how often.
    pub repairs: BTreeMap<Repair, u32>,
    /// The limits that bit, and how often.
    pub limits: BTreeMap<Limit, u32>,
    /// The `max_entries` behind which entries were left out.
    pub cut_after: Option<usize>,
    /// Entries of which nothing could be read: cut short, or without title, text, link and id.
    pub unreadable: u32,
    /// Entries with a date that could not be read, and no other that could.
    pub undated: u32,
    /// The newest stamp of an entry.
    pub newest: Option<Timestamp>,
}

impl Report {
    /// Takes note of what the entries were.
    pub(super) fn count(&mut self, drafts: &[Draft]) {
        let blank = drafts.iter().filter(|draft| draft.is_blank()).count();
        self.unreadable += u32::try_from(blank).unwrap_or(u32::MAX);
        self.newest = drafts.iter().filter_map(|draft| draft.published.or(draft.updated)).max();
    }

    pub(super) fn mended(&mut self, repair: Repair) {
        *self.repairs.entry(repair).or_default() += 1;
    }

    /// Takes note that entries were left out behind the first `max_entries`.
    pub(super) fn cut(&mut self, max_entries: usize) {
        self.limited(Limit::Entries);
        self.cut_after = Some(max_entries);
    }

    pub(super) fn limited(&mut self, limit: Limit) {
        *self.limits.entry(limit).or_default() += 1;
    }
}
