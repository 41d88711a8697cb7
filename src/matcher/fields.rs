//! The fields of an article and sets of them.

use super::tokens::SLOTS;
use crate::model::{Field, SearchField};

/// The field as an index, in the order in which mentions are told.
pub(super) mod slot {
    pub const TITLE: usize = 0;
    pub const SUMMARY: usize = 1;
    pub const CONTENT: usize = 2;
    pub const TEXT: usize = 3;
    pub const AUTHOR: usize = 4;
    pub const TAGS: usize = 5;
    pub const URL: usize = 6;
    /// Name and address of the feed; searched by `feed:` only and never evidence.
    pub const FEED: usize = 7;
}

/// A set of fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(super) struct FieldSet(u8);

impl FieldSet {
    /// Just one field.
    pub const fn of(slot: usize) -> Self {
        Self(1 << slot)
    }

    /// What a topic searches. The one text of a line stands for summary and content.
    pub fn searched(fields: &[SearchField]) -> Self {
        fields.iter().fold(Self::default(), |set, field| set.union(Self::of_search_field(*field)))
    }

    const fn of_search_field(field: SearchField) -> Self {
        match field {
            SearchField::Title => Self::of(slot::TITLE),
            SearchField::Summary => Self(1 << slot::SUMMARY | 1 << slot::TEXT),
            SearchField::Content => Self(1 << slot::CONTENT | 1 << slot::TEXT),
            SearchField::Author => Self::of(slot::AUTHOR),
            SearchField::Tags => Self::of(slot::TAGS),
            SearchField::Url => Self::of(slot::URL),
        }
    }

    /// Both sets.
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// This set without another.
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether the field is in the set.
    pub const fn has(self, slot: usize) -> bool {
        self.0 & 1 << slot != 0
    }

    /// Whether both summary and content are searched: then a summary that the content repeats is left out.
    pub const fn has_summary_and_content(self) -> bool {
        self.has(slot::SUMMARY) && self.has(slot::CONTENT)
    }

    /// The fields, in order.
    pub fn iter(self) -> impl Iterator<Item = usize> {
        (0..SLOTS).filter(move |&slot| self.has(slot))
    }
}

/// The name of a field as a mention tells it. The feed is never told.
pub(super) fn field_of(slot: u8) -> Field {
    match usize::from(slot) {
        slot::TITLE => Field::Title,
        slot::SUMMARY => Field::Summary,
        slot::CONTENT => Field::Content,
        slot::AUTHOR => Field::Author,
        slot::TAGS => Field::Tags,
        slot::URL => Field::Url,
        _ => Field::Text,
    }
}
