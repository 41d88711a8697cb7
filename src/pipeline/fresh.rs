//! Which articles of a document are news: not known, or edited since. Pure.

use crate::{
    model::{Article, ArticleKey, TopicName},
    store::KnownArticle,
};

/// The keys under which the articles of a document are known.
pub(super) fn seen_keys(articles: &[Article], known: &[Option<KnownArticle>]) -> Vec<ArticleKey> {
    let key =
        |(article, known): (&Article, &Option<KnownArticle>)| known.as_ref().map_or(article.key, |k| k.key);
    articles.iter().zip(known).map(key).collect()
}

/// An article that was not known, or was edited, with the topics that it mentioned before.
pub(super) struct Fresh {
    pub article: Article,
    pub is_known: bool,
    pub mentioned: Vec<TopicName>,
}

/// Leaves out what is known and unchanged. An article known by its link keeps the key under which it is known.
pub(super) fn fresh_articles(articles: Vec<Article>, known: Vec<Option<KnownArticle>>) -> Vec<Fresh> {
    let fresh = |(mut article, known): (Article, Option<KnownArticle>)| match known {
        None => Some(Fresh { article, is_known: false, mentioned: Vec::new() }),
        Some(known) if known.content_hash == article.content_hash => None,
        Some(known) => {
            article.key = known.key;
            Some(Fresh { article, is_known: true, mentioned: known.topics })
        }
    };
    articles.into_iter().zip(known).filter_map(fresh).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;

    fn article(id: &str, title: &str, published: Option<Timestamp>) -> Article {
        Article { published, ..Article::titled(ArticleKey::derive(["guid", id]), title) }
    }

    fn known(article: &Article, topics: &[&str]) -> KnownArticle {
        let topics = topics.iter().map(|&topic| TopicName::from(topic)).collect();
        KnownArticle { key: article.key, content_hash: article.content_hash, topics }
    }

    #[test]
    fn only_new_and_edited_articles_are_fresh() {
        let (old, edited, new) =
            (article("1", "a", None), article("2", "after", None), article("3", "c", None));
        let before = known(&article("2", "before", None), &["S-400"]);
        let fresh = fresh_articles(
            vec![old.clone(), edited.clone(), new.clone()],
            vec![Some(known(&old, &[])), Some(before), None],
        );
        let keys: Vec<ArticleKey> = fresh.iter().map(|fresh| fresh.article.key).collect();
        assert_eq!(keys, [edited.key, new.key]);
        assert_eq!(fresh[0].mentioned, [TopicName::from("S-400")]);
    }

    #[test]
    fn an_article_known_by_its_link_keeps_the_key_under_which_it_is_known() {
        let (seen, now) = (article("old guid", "before", None), article("new guid", "after", None));
        let known = vec![Some(known(&seen, &[]))];
        assert_eq!(seen_keys(std::slice::from_ref(&now), &known), [seen.key]);
        assert_eq!(fresh_articles(vec![now], known)[0].article.key, seen.key);
    }
}
