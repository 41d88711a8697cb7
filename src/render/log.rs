//! The fields of a log line (DESIGN §4), as JSON: what a `log` notifier is owed.

use serde::{Deserialize, Serialize};

use super::{
    standard::{MAX_FEED_NAME, MAX_TITLE},
    text::{cut, one_line, shown_link},
};
use crate::model::Alert;

/// The fields of the one event that a logged alert is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogBody {
    /// The alert.
    pub id: String,
    /// Names of the topics.
    pub topics: Vec<String>,
    /// The article's title; empty if it has none.
    pub title: String,
    /// Where to read it; empty if there is no such place.
    pub url: String,
    /// The feed's name.
    pub feed: String,
}

pub(super) fn render(alert: &Alert) -> Vec<u8> {
    let title = alert.article.title.as_deref().unwrap_or_default();
    let body = LogBody {
        id: alert.id.to_string(),
        topics: alert.topics.iter().map(|topic| one_line(topic.name.as_str())).collect(),
        title: cut(&one_line(title), MAX_TITLE),
        url: alert.article.link.as_ref().and_then(shown_link).unwrap_or_default(),
        feed: cut(&one_line(&alert.feed.name), MAX_FEED_NAME),
    };
    serde_json::to_vec(&body).expect("texts and lists of texts are valid JSON")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::tests::{example, topic};

    #[test]
    fn a_log_body_holds_the_fields_of_a_line() {
        let mut alert = example();
        alert.topics.push(topic("Sanctions", vec![]));
        insta::assert_snapshot!(
            String::from_utf8(render(&alert)).expect("UTF-8"),
            @r#"{"id":"alert_h4e72xfs2tgkuvyyhduu5czvmx","topics":["S-400","Sanctions"],"title":"Ankara seeks Russian S-400 snub","url":"https://example.org/a?id=1","feed":"World"}"#
        );
    }

    #[test]
    fn a_body_can_be_read_back() {
        let mut alert = example();
        alert.article.title = None;
        alert.article.link = None;
        let body: LogBody = serde_json::from_slice(&render(&alert)).expect("JSON");
        assert_eq!((body.title.as_str(), body.url.as_str()), ("", ""));
        assert_eq!(body.id, alert.id.as_str());
    }
}
