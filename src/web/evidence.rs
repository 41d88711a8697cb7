//! What an alert is about, as it was stored: the `data` object of the standard body, read back. Pure.

use std::ops::Range;

use serde::Deserialize;

use crate::{
    model::{AlertFeed, Field, Mention, Timestamp, TopicMentions},
    store::AlertView,
};

/// An article with what was found in it.
#[derive(Debug, Clone, Deserialize)]
pub struct Evidence {
    /// The feed as a receiver sees it.
    pub feed: AlertFeed,
    /// The article.
    pub article: ArticleData,
    /// What was found.
    pub topics: Vec<TopicMentions>,
}

/// The article of an alert.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct ArticleData {
    /// The title.
    pub title: Option<String>,
    /// Where to read it.
    pub url: Option<String>,
    /// Who wrote it.
    pub author: Option<String>,
    /// When the publisher says it was published.
    pub published: Option<Timestamp>,
    /// The short text.
    pub summary: Option<String>,
}

impl Evidence {
    /// Reads it; `None` if it tells of no article.
    pub fn of(alert: &AlertView) -> Option<Self> {
        serde_json::from_str(alert.data.get()).ok()
    }

    /// The title, or what stands in for it.
    pub fn title(&self) -> &str {
        self.article.title.as_deref().filter(|title| !title.trim().is_empty()).unwrap_or("(no title)")
    }

    /// Where the mentions stand in the title.
    pub fn marks_in_title(&self) -> Vec<Range<usize>> {
        let title = self.title();
        let in_title = self.mentions().filter(|mention| mention.field == Field::Title);
        let range = |mention: &Mention| {
            let range = mention.start..mention.end;
            // A title that was cut or cleaned for receivers may have moved.
            if title.get(range.clone()) == Some(mention.text.as_str()) {
                Some(range)
            } else {
                found(title, mention)
            }
        };
        in_title.filter_map(range).collect()
    }

    /// Snippets from elsewhere than the title, each once, with the places of the words.
    pub fn snippets(&self) -> Vec<(&str, Vec<Range<usize>>)> {
        let mut snippets: Vec<(&str, Vec<Range<usize>>)> = Vec::new();
        for mention in
            self.mentions().filter(|mention| mention.field != Field::Title && !mention.snippet.is_empty())
        {
            let range = found(&mention.snippet, mention);
            match snippets.iter_mut().find(|(snippet, _)| *snippet == mention.snippet) {
                Some((_, ranges)) => ranges.extend(range),
                None => snippets.push((&mention.snippet, range.into_iter().collect())),
            }
        }
        snippets
    }

    fn mentions(&self) -> impl Iterator<Item = &Mention> {
        self.topics.iter().flat_map(|topic| &topic.mentions)
    }
}

/// Where the words of a mention stand in a text around it.
pub fn found(text: &str, mention: &Mention) -> Option<Range<usize>> {
    let start = text.find(&mention.text).filter(|_| !mention.text.is_empty())?;
    Some(start..start + mention.text.len())
}

#[cfg(test)]
#[expect(clippy::single_range_in_vec_init, reason = "lists of one place")]
mod tests {
    use super::*;
    use crate::model::TopicName;

    fn mention(field: Field, start: usize, text: &str, snippet: &str) -> Mention {
        let (term, text, snippet) = (text.to_owned(), text.to_owned(), snippet.to_owned());
        Mention { term, field, start, end: start + text.len(), text, snippet }
    }

    fn evidence(title: &str, mentions: Vec<Mention>) -> Evidence {
        let feed = AlertFeed { name: "n".to_owned(), url: "u".to_owned(), tags: Vec::new() };
        let article = ArticleData { title: Some(title.to_owned()), ..ArticleData::default() };
        Evidence { feed, article, topics: vec![TopicMentions { name: TopicName::from("t"), mentions }] }
    }

    #[test]
    fn words_are_marked_where_they_stand_even_if_the_title_moved() {
        let found = evidence("an S-400", vec![mention(Field::Title, 3, "S-400", "an S-400")]);
        assert_eq!(found.marks_in_title(), [3..8]);
        let moved = evidence("S-400", vec![mention(Field::Title, 3, "S-400", "")]);
        assert_eq!(moved.marks_in_title(), [0..5]);
        assert!(evidence("else", vec![mention(Field::Title, 3, "S-400", "")]).marks_in_title().is_empty());
        assert_eq!(evidence(" ", vec![]).title(), "(no title)");
    }

    #[test]
    fn a_snippet_is_shown_once_with_all_its_words() {
        let text = "S-400 and F-35";
        let mentions = vec![
            mention(Field::Summary, 0, "S-400", text),
            mention(Field::Summary, 10, "F-35", text),
            mention(Field::Title, 0, "S-400", "S-400 in the title"),
        ];
        assert_eq!(evidence("S-400 in the title", mentions).snippets(), [(text, vec![0..5, 10..14])]);
    }
}
