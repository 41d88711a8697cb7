//! The alert that `notify-test` sends.

use crate::model::{
    Alert, AlertFeed, AlertId, Article, ArticleKey, FeedId, Field, Mention, Timestamp, TopicMentions,
    TopicName, rfc3339,
};

const TITLE: &str = "feedwatch test: this notifier works";
const TERM: &str = "feedwatch test";
const PROJECT_URL: &str = "https://github.com/feedwatch/feedwatch";

/// An alert that is clearly marked as a test, `"test":true`; one of its own for each moment.
pub fn test_alert(now: Timestamp) -> Alert {
    let id = AlertId::for_test(&now.timestamp_micros().to_string());
    let mention = Mention {
        term: TERM.to_owned(),
        field: Field::Title,
        start: 0,
        end: TERM.len(),
        text: TERM.to_owned(),
        snippet: TITLE.to_owned(),
    };
    let feed = AlertFeed { name: "feedwatch".to_owned(), url: PROJECT_URL.to_owned(), tags: vec![] };
    Alert {
        feed_id: FeedId::from(PROJECT_URL),
        feed,
        article: article(&id, now),
        topics: vec![TopicMentions { name: TopicName::from(TERM), mentions: vec![mention] }],
        id,
        created: now,
        test: true,
    }
}

fn article(id: &AlertId, now: Timestamp) -> Article {
    Article {
        link: PROJECT_URL.parse().ok(),
        published: Some(now),
        summary: Some(format!(
            "Sent by notify-test at {}. Nothing happened, nothing is to be done.",
            rfc3339(now)
        )),
        ..Article::titled(ArticleKey::derive(["test", id.as_str()]), TITLE)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::{model::Format, render::render};

    #[test]
    fn it_is_marked_as_a_test_and_its_evidence_is_right() {
        let alert = test_alert("2026-11-23T18:00:00Z".parse().expect("time"));
        let body: Value = serde_json::from_slice(&render(Format::Standard, &alert)).expect("JSON");
        assert_eq!(body["data"]["test"], true);
        let mention = &alert.topics[0].mentions[0];
        assert_eq!(TITLE.get(mention.start..mention.end), Some(mention.text.as_str()));
    }
}
