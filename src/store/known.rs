//! Which article of a document is which known one (specs/reading.md §7). Pure but for the look-ups, which the databases
//! bring.

use std::collections::HashSet;

use crate::model::{Article, ArticleKey, ContentHash, OtherKeys, TopicName};

/// An article that may be known, by all that it can be known by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SoughtArticle {
    /// The key that it goes by in its document.
    pub key: ArticleKey,
    /// What else it may be known by.
    pub other_keys: OtherKeys,
    /// Its text.
    pub content_hash: ContentHash,
}

impl From<&Article> for SoughtArticle {
    fn from(article: &Article) -> Self {
        let Article { key, other_keys, content_hash, .. } = article;
        Self { key: *key, other_keys: other_keys.clone(), content_hash: *content_hash }
    }
}

/// An article of a feed that is known already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownArticle {
    /// The key under which it is known; differs from the asked one if it was found by its link.
    pub key: ArticleKey,
    /// Its text when it was last recorded.
    pub content_hash: ContentHash,
    /// The topics that it mentioned so far.
    pub topics: Vec<TopicName>,
}

/// Finds the articles of one document, in order. `by_key` looks a key up, `by_link` gives all known articles (or two of
/// them) that have a link.
///
/// - An article is known by its key or a finer one. A finer one goes first, unless the text under its key is its own: what
///   shared the key with it before may be another article.
/// - A key that it shares with others is its own only if its text is the one that is known.
/// - A link stands for an article only if it is the link of one known article, and that one is not in the document under a
///   key of its own: feeds whose entries all lead to one page would else hide their news.
///
/// # Errors
/// The first one of a look-up.
pub fn find_known<E>(
    sought: &[SoughtArticle],
    mut by_key: impl FnMut(&ArticleKey) -> Result<Option<KnownArticle>, E>,
    mut by_link: impl FnMut(&ArticleKey) -> Result<Vec<KnownArticle>, E>,
) -> Result<Vec<Option<KnownArticle>>, E> {
    let own_keys =
        |article: &SoughtArticle| [article.key].into_iter().chain(article.other_keys.finer.clone());
    let shown: HashSet<ArticleKey> = sought.iter().flat_map(own_keys).collect();
    let find = |article: &SoughtArticle| {
        if let Some(known) = find_by_keys(article, &mut by_key)? {
            return Ok(Some(known));
        }
        let Some(link) = &article.other_keys.link else { return Ok(None) };
        let mut found = by_link(link)?;
        Ok(found.pop().filter(|known| found.is_empty() && !shown.contains(&known.key)))
    };
    sought.iter().map(find).collect()
}

fn find_by_keys<E>(
    article: &SoughtArticle,
    mut by_key: impl FnMut(&ArticleKey) -> Result<Option<KnownArticle>, E>,
) -> Result<Option<KnownArticle>, E> {
    let is_same = |known: &KnownArticle| known.content_hash == article.content_hash;
    let by_own_key = by_key(&article.key)?;
    if by_own_key.as_ref().is_some_and(is_same) {
        return Ok(by_own_key);
    }
    for key in &article.other_keys.finer {
        if let Some(known) = by_key(key)? {
            return Ok(Some(known));
        }
    }
    if by_own_key.is_some() {
        return Ok(by_own_key);
    }
    for key in &article.other_keys.coarser {
        if let Some(known) = by_key(key)?.filter(is_same) {
            return Ok(Some(known));
        }
    }
    Ok(None)
}
