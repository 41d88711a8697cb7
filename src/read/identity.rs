//! Which article is which, on every poll and machine (specs/reading.md §7).

use std::{
    array,
    collections::{HashMap, HashSet},
};

use url::Url;

use super::draft::Draft;
use crate::model::{Article, ArticleKey, ContentHash, OtherKeys};

/// Characters of text in the key of an article that has neither guid nor link.
const KEYED_TEXT: usize = 200;
/// Query parameters that say where a reader came from. Those that end in `_` are prefixes.
const TRACKING: [&str; 9] = ["utm_", "at_", "fbclid", "gclid", "maca", "partner", "cmpid", "xtor", "ns_"];

/// Gives each draft its identity. Drafts equal in all that identifies them are one article; those that only share a
/// guid or a link are told apart by what else they have, never by their place.
pub(super) fn articles(drafts: Vec<Draft>) -> Vec<Article> {
    let mut seen = HashSet::new();
    let mut named: Vec<(Names, Draft)> = drafts.into_iter().map(|draft| (Names::of(&draft), draft)).collect();
    named.retain(|(names, _)| seen.insert(names.keys[LEVELS - 1]));
    let counts: [_; LEVELS] = array::from_fn(|level| count(named.iter().map(|(names, _)| names.keys[level])));
    let link_counts = count(named.iter().filter_map(|(names, _)| names.link_key));
    let article = |(names, draft): (Names, Draft)| {
        let is_unique = |level: &usize| counts[*level].get(&names.keys[*level]) == Some(&1);
        let level = (0..LEVELS).find(is_unique).unwrap_or(LEVELS - 1);
        let (coarser, finer) = (&names.keys[..level], &names.keys[level + 1..]);
        let other_keys = OtherKeys {
            finer: finer.iter().rev().copied().collect(),
            coarser: coarser.iter().rev().copied().collect(),
            // A link that several articles share identifies none of them.
            link: names.link_key.filter(|key| link_counts.get(key) == Some(&1)),
        };
        finish(draft, names.keys[level], other_keys, names.content_hash)
    };
    named.into_iter().map(article).collect()
}

fn finish(draft: Draft, key: ArticleKey, other_keys: OtherKeys, content_hash: ContentHash) -> Article {
    let Draft { guid: _, link, title, summary, content, published, updated, author, tags } = draft;
    Article { key, other_keys, content_hash, title, link, published, updated, summary, content, author, tags }
}

/// Ways to name an article, from the plain one to the one that tells it from all others.
const LEVELS: usize = 4;

struct Names {
    keys: [ArticleKey; LEVELS],
    link_key: Option<ArticleKey>,
    content_hash: ContentHash,
}

impl Names {
    fn of(draft: &Draft) -> Self {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let (title, summary, content) = (text(&draft.title), text(&draft.summary), text(&draft.content));
        let excerpt: String = summary.chars().chain(content.chars()).take(KEYED_TEXT).collect();
        let link = draft.link.as_ref().map(normalised);
        let published = draft.link.as_ref().map(Url::as_str).unwrap_or_default();
        let mut parts = match (&draft.guid, &link) {
            (Some(guid), _) => vec!["guid", guid.as_str()],
            (None, Some(link)) => vec!["link", link.as_str()],
            (None, None) => vec!["text", &title, &excerpt],
        };
        let plain = ArticleKey::derive(parts.iter().copied());
        parts.extend(["link", link.as_deref().unwrap_or_default()]);
        let by_link = ArticleKey::derive(parts.iter().copied());
        parts.extend(["url", published]);
        let by_url = ArticleKey::derive(parts.iter().copied());
        parts.extend(["text", &title, &summary, &content]);
        let by_text = ArticleKey::derive(parts);
        Self {
            keys: [plain, by_link, by_url, by_text],
            link_key: link.as_deref().map(|link| ArticleKey::derive(["link", link])),
            content_hash: ContentHash::of([title.as_str(), &summary, &content]),
        }
    }
}

fn count(keys: impl Iterator<Item = ArticleKey>) -> HashMap<ArticleKey, usize> {
    let mut counts = HashMap::new();
    keys.for_each(|key| *counts.entry(key).or_default() += 1);
    counts
}

/// A link without what changes while the page stays the same: scheme, default port, final slash, tracking parameters
/// and fragment. For keys only.
fn normalised(link: &Url) -> String {
    let host = link.host_str().unwrap_or_default();
    let port = link.port().filter(|port| !matches!(port, 80 | 443)).map(|port| format!(":{port}"));
    let path = link.path().strip_suffix('/').unwrap_or(link.path());
    let is_kept = |parameter: &&str| !parameter.is_empty() && !is_tracking(parameter);
    let query: Vec<&str> = link.query().unwrap_or_default().split('&').filter(is_kept).collect();
    let query = if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) };
    format!("{host}{}{path}{query}", port.unwrap_or_default())
}

fn is_tracking(parameter: &str) -> bool {
    let name = parameter.split('=').next().unwrap_or_default().to_ascii_lowercase();
    TRACKING.iter().any(|known| if known.ends_with('_') { name.starts_with(known) } else { name == *known })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(guid: &str, link: &str, title: &str) -> Draft {
        let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        Draft { guid: text(guid), link: Url::parse(link).ok(), title: text(title), ..Draft::default() }
    }

    fn keys(drafts: Vec<Draft>) -> Vec<ArticleKey> {
        articles(drafts).iter().map(|article| article.key).collect()
    }

    #[test]
    fn a_key_comes_from_the_guid_else_the_link_else_the_text() {
        let keys =
            keys(vec![draft("1", "http://x/a", "t"), draft("", "http://x/b", "t"), draft("", "", "t")]);
        let expected = [["guid", "1"].as_slice(), &["link", "x/b"], &["text", "t", ""]];
        assert_eq!(keys, expected.map(|parts| ArticleKey::derive(parts.iter().copied())));
    }

    #[test]
    fn an_edited_title_keeps_the_key_and_changes_the_content_hash() {
        let (before, after) = (articles(vec![draft("1", "", "a")]), articles(vec![draft("1", "", "b")]));
        assert_eq!(before[0].key, after[0].key);
        assert_ne!(before[0].content_hash, after[0].content_hash);
    }

    #[test]
    fn articles_that_share_a_guid_are_told_apart_whatever_their_order() {
        let three = || {
            vec![
                draft("1", "http://x/a", "a"),
                draft("1", "http://x/b#1", "b"),
                draft("1", "http://x/b#2", "b"),
            ]
        };
        let (mut forward, mut backward) = (keys(three()), keys(three().into_iter().rev().collect()));
        backward.reverse();
        assert_eq!(forward, backward);
        forward.sort();
        forward.dedup();
        assert_eq!(forward.len(), 3);
    }

    #[test]
    fn articles_equal_in_all_are_one_with_its_plain_key() {
        let keys = keys(vec![draft("1", "http://x/a", "a"), draft("1", "http://x/a", "a")]);
        assert_eq!(keys, [ArticleKey::derive(["guid", "1"])]);
    }

    #[test]
    fn a_link_that_several_articles_share_identifies_none() {
        let articles = articles(vec![
            draft("1", "http://x/", "a"),
            draft("2", "https://x", "b"),
            draft("3", "http://x/c", "c"),
        ]);
        let known: Vec<bool> = articles.iter().map(|article| article.other_keys.link.is_some()).collect();
        assert_eq!(known, [false, false, true]);
    }

    #[test]
    fn links_that_mean_the_same_page_are_the_same() {
        let same = [
            "https://X.org/a/?b=1&utm_source=rss#top",
            "http://x.org:80/a?b=1&fbclid=2",
            "https://x.org:443/a?b=1",
        ];
        for link in same {
            assert_eq!(normalised(&Url::parse(link).expect("a URL")), "x.org/a?b=1", "{link}");
        }
        let other = Url::parse("https://x.org:8080/A?c=2&b=1").expect("a URL");
        assert_eq!(normalised(&other), "x.org:8080/A?c=2&b=1");
    }
}
