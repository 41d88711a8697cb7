//! Articles to mentions: which topics an article mentions, with the words that prove it. Pure.

/// The texts to search, plain text as `read` cleaned it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Text<'a> {
    /// The title.
    pub title: &'a str,
    /// The short text.
    pub summary: &'a str,
    /// The long text.
    pub content: &'a str,
    /// Who wrote it.
    pub author: &'a str,
    /// The publisher's categories.
    pub tags: &'a [String],
    /// The link.
    pub url: &'a str,
}
