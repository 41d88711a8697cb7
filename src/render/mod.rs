//! An alert as the bytes that a receiver gets: one small file per format. Pure.
//!
//! Bodies are rendered once, in the poll that found the article, and stored; every attempt sends the same bytes
//! (specs/delivery.md §7).

mod cloudevents;
mod discord;
mod event;
#[cfg(test)]
mod event_tests;
mod fill;
#[cfg(test)]
mod format_tests;
#[cfg(any(test, fuzzing))]
pub mod grammar;
mod log;
mod mattermost;
mod message;
mod ntfy;
mod pagerduty;
mod slack;
mod standard;
mod teams;
mod telegram;
mod template;
mod text;

pub use event::Rendered;
pub use fill::fill;
pub use log::LogBody;
pub use template::{TemplateError, event_from_template, from_template};
pub use text::{cut, one_line, shown_link};

use crate::model::{Alert, Event, Format, Notifier, NotifierKind, Webhook};
use message::Message;

/// The body of an alert in the given format.
pub fn render(format: Format, alert: &Alert) -> Vec<u8> {
    match format {
        Format::Log => log::render(alert),
        Format::Standard => standard::render(alert),
        Format::CloudEvents => cloudevents::render(alert),
        _ => message(format, &Message::of(alert)),
    }
}

/// A message as people read it. Formats for machines have none: theirs is the standard body.
fn message(format: Format, message: &Message) -> Vec<u8> {
    let render = match format {
        Format::Log | Format::Standard | Format::CloudEvents => return Vec::new(),
        Format::Slack => slack::render,
        Format::Discord => discord::render,
        Format::Teams => teams::render,
        Format::Mattermost => mattermost::render,
        Format::Telegram => telegram::render,
        Format::Ntfy => ntfy::render,
        Format::PagerDuty => pagerduty::render,
    };
    render(message)
}

/// The body of an alert for a notifier: by its template, else in its format. A template that fails on this one alert
/// must not cost it: then it is the standard body, and what went wrong.
pub fn body(notifier: &Notifier, alert: &Alert) -> (Vec<u8>, Option<TemplateError>) {
    by_template(notifier, template::of_alert(alert), || render(notifier.format, alert))
}

/// The same of an operational event.
pub fn event_body(notifier: &Notifier, event: &Event) -> (Vec<u8>, Option<TemplateError>) {
    by_template(notifier, template::of_event(event), || event::render(notifier.format, event))
}

fn by_template(
    notifier: &Notifier,
    data: impl FnOnce() -> serde_json::Value,
    otherwise: impl FnOnce() -> Vec<u8>,
) -> (Vec<u8>, Option<TemplateError>) {
    let NotifierKind::Webhook(Webhook { template: Some(template), .. }) = &notifier.kind else {
        return (otherwise(), None);
    };
    match template::render(template, &data()) {
        Ok(body) => (body, None),
        Err(error) => (otherwise(), Some(error)),
    }
}

/// A plainer body, title and link without any markup, for the one retry after the receiver refused the other
/// (specs/delivery.md §8). `None`: the format has none.
pub fn plain(format: Format, alert: &Alert) -> Option<Vec<u8>> {
    plain_message(format, || Message::of(alert))
}

/// The same of an operational event.
pub fn plain_event(format: Format, event: &Event) -> Option<Vec<u8>> {
    plain_message(format, || Message::of_event(event))
}

fn plain_message(format: Format, message: impl FnOnce() -> Message) -> Option<Vec<u8>> {
    let render = match format {
        Format::Log | Format::Standard | Format::CloudEvents => return None,
        Format::Slack => slack::plain,
        Format::Discord => discord::plain,
        Format::Teams => teams::plain,
        Format::Mattermost => mattermost::plain,
        Format::Telegram => telegram::plain,
        Format::Ntfy => ntfy::plain,
        Format::PagerDuty => pagerduty::plain,
    };
    Some(render(&message()))
}

/// The `data` object of the standard body alone, as JSON: what is stored with the alert.
pub fn data(alert: &Alert) -> String {
    standard::data(alert)
}

/// The `data` object of an event's standard body alone, as JSON: what is stored with the event.
pub fn event_data(event: &Event) -> String {
    event::data(event)
}

#[cfg(test)]
pub(crate) mod tests {
    use url::Url;

    use crate::model::{
        Alert, AlertFeed, AlertId, Article, ArticleKey, FeedId, Field, Mention, TopicMentions, TopicName,
    };

    /// The alert of the examples: one article, one topic, one mention.
    pub(crate) fn example() -> Alert {
        let title = "Ankara seeks Russian S-400 snub";
        Alert {
            id: AlertId::new("alert_h4e72xfs2tgkuvyyhduu5czvmx"),
            feed_id: FeedId::from("https://example.org/world.xml"),
            feed: AlertFeed {
                name: "World".to_owned(),
                url: "https://example.org/world.xml".to_owned(),
                tags: vec!["world".to_owned()],
            },
            article: Article {
                link: Some(Url::parse("https://example.org/a?id=1").expect("url")),
                published: Some("2026-11-23T17:58:00Z".parse().expect("time")),
                summary: Some("Officials said the talks go on.".to_owned()),
                ..Article::titled(ArticleKey::derive(["guid", "1"]), title)
            },
            topics: vec![topic("S-400", vec![mention("S-400", "…seeks Russian S-400 snub")])],
            created: "2026-11-23T18:00:00.123Z".parse().expect("time"),
            test: false,
        }
    }

    pub(crate) fn topic(name: &str, mentions: Vec<Mention>) -> TopicMentions {
        TopicMentions { name: TopicName::from(name), mentions }
    }

    pub(crate) fn mention(term: &str, snippet: &str) -> Mention {
        Mention {
            term: term.to_owned(),
            field: Field::Title,
            start: 21,
            end: 26,
            text: term.to_owned(),
            snippet: snippet.to_owned(),
        }
    }
}
