//! `/alerts.atom`: the last alerts for any feed reader (RFC 4287). Only the handler waits; the rest is pure.

use axum::{
    extract::{Query, State as Extract},
    http::{
        HeaderMap, StatusCode,
        header::{CONTENT_TYPE, ETAG, HOST, IF_NONE_MATCH},
    },
    response::{IntoResponse, Response},
};
use data_encoding::HEXLOWER;
use maud::html;

use super::{
    State,
    evidence::{Evidence, found},
    health,
    page::text::{foreign, link, marked, short},
    status::Asked,
};
use crate::{
    clock::Clock,
    model::{FeedId, Mention, Timestamp, TopicName, hash_parts, rfc3339},
    store::{AlertQuery, AlertView, Store},
};

/// Alerts in the document.
const ALERTS: usize = 100;

/// The document, or 304 if the reader has it.
pub async fn atom<S: Store, C: Clock>(
    Extract(state): Extract<State<S, C>>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Response {
    let query = AlertQuery {
        within: None,
        topic: asked.topic.as_deref().map(TopicName::new),
        feed: asked.feed.as_deref().map(FeedId::new),
        id: None,
        limit: ALERTS,
    };
    let Some(store) = state.store() else {
        return health::text(StatusCode::SERVICE_UNAVAILABLE, "the store is not open yet\n".to_owned());
    };
    let alerts = match store.alerts(&query).await {
        Ok(alerts) => alerts,
        Err(error) => return health::text(StatusCode::SERVICE_UNAVAILABLE, format!("{error}\n")),
    };
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    let document = document(&alerts, &query, host, state.started());
    let tag = format!("\"{}\"", HEXLOWER.encode(&hash_parts([document.as_str()])[..12]));
    if headers.get_all(IF_NONE_MATCH).iter().any(|known| is_known(known.to_str().unwrap_or_default(), &tag)) {
        return (StatusCode::NOT_MODIFIED, [(ETAG, tag)]).into_response();
    }
    ([(CONTENT_TYPE, "application/atom+xml; charset=utf-8".to_owned()), (ETAG, tag)], document)
        .into_response()
}

/// Whether a list of tags names this one (RFC 9110 §13.1.2: compared weakly).
fn is_known(list: &str, tag: &str) -> bool {
    list.split(',')
        .map(str::trim)
        .any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

/// The whole document. Without alerts it was updated when the process began.
fn document(alerts: &[AlertView], query: &AlertQuery, host: &str, started: Timestamp) -> String {
    let updated = alerts.first().map_or(started, |alert| alert.created);
    let filters = [
        ("topic", query.topic.as_ref().map(TopicName::as_str)),
        ("feed", query.feed.as_ref().map(FeedId::as_str)),
    ];
    let filters: Vec<_> = filters.into_iter().filter_map(|(key, value)| Some((key, value?))).collect();
    let title = match filters.first() {
        Some((_, value)) => format!("feedwatch: {}", short(value, 120)),
        None => "feedwatch alerts".to_owned(),
    };
    let mut itself = String::new();
    // The name of the document is a URN, which has no query (RFC 8141 §2.3).
    let mut id = "urn:feedwatch:alerts".to_owned();
    for (n, (key, value)) in filters.iter().enumerate() {
        let value = encoded(value);
        itself.extend([if n == 0 { "?" } else { "&" }, key, "=", &value]);
        id.extend([":", key, ":", &value]);
    }
    let host = escape(host);
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\">\n\
         <title>{}</title>\n<id>{}</id>\n<updated>{}</updated>\n\
         <author><name>feedwatch</name></author>\n<link rel=\"self\" type=\"application/atom+xml\" href=\"http://{host}/alerts.atom{}\"/>\n\
         <link rel=\"alternate\" type=\"text/html\" href=\"http://{host}/{}\"/>\n",
        escape(&title),
        escape(&id),
        rfc3339(updated),
        escape(&itself),
        escape(&itself),
    );
    xml.extend(alerts.iter().filter_map(entry));
    xml.push_str("</feed>\n");
    xml
}

fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// One alert; nothing if it tells of no article.
fn entry(alert: &AlertView) -> Option<String> {
    let evidence = Evidence::of(alert)?;
    let title = short(evidence.title(), 300);
    let link = evidence
        .article
        .url
        .as_deref()
        .and_then(link)
        .map_or_else(String::new, |url| format!("<link rel=\"alternate\" href=\"{}\"/>\n", escape(&url)));
    let published = evidence
        .article
        .published
        .map_or_else(String::new, |at| format!("<published>{}</published>\n", rfc3339(at)));
    let category = |name: &str| format!("<category term=\"{}\"/>\n", escape(&short(name, 300)));
    let categories: Vec<String> = evidence.topics.iter().map(|topic| category(topic.name.as_str())).collect();
    let categories = categories.concat();
    Some(format!(
        "<entry>\n<title>{}</title>\n<id>urn:feedwatch:{}</id>\n<updated>{}</updated>\n{published}{link}{categories}\
         <content type=\"html\">{}</content>\n</entry>\n",
        escape(&title),
        escape(alert.id.as_str()),
        rfc3339(alert.created),
        escape(&content(&evidence)),
    ))
}

/// The evidence as HTML: the feed, and for each topic the snippets with their words marked.
fn content(evidence: &Evidence) -> String {
    let snippet = |mention: &Mention| {
        let text = if mention.snippet.is_empty() { &mention.text } else { &mention.snippet };
        marked(text, &found(text, mention).into_iter().collect::<Vec<_>>())
    };
    let html = html! {
        p { (foreign(&evidence.feed.name)) }
        @for topic in &evidence.topics {
            p { b { (foreign(topic.name.as_str())) } }
            ul { @for mention in &topic.mentions { li { (snippet(mention)) } } }
        }
    };
    html.into_string()
}

/// Text for XML and for attributes; characters that XML does not have are gone.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\t' | '\n' => escaped.push(c),
            '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' => {}
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;

    use super::*;
    use crate::{
        model::AlertId,
        read::{self, Limits, Source},
    };

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_timestamp(1_800_000_000 + seconds, 0).expect("a time")
    }

    fn alert(title: &str, url: &str) -> AlertView {
        let data = serde_json::json!({
            "feed": {"name": "A & <B>", "url": "https://example.org/rss", "tags": []},
            "article": {"id": "x", "title": title, "url": url, "published": "2026-11-24T12:00:00Z"},
            "topics": [{"name": "S-400", "mentions": [{"term": "S-400", "field": "title", "start": 3, "end": 8,
                "text": "S-400", "snippet": "an S-400 </content> ]]> <script>"}]}],
        });
        AlertView {
            id: AlertId::from("alert_a"),
            feed: FeedId::from("f"),
            created: at(0),
            data: RawValue::from_string(data.to_string()).expect("JSON"),
            deliveries: Vec::new(),
        }
    }

    fn all() -> AlertQuery {
        AlertQuery { within: None, topic: None, feed: None, id: None, limit: 100 }
    }

    #[test]
    fn our_own_reader_reads_it_whatever_stands_in_it() {
        let hostile = "an S-400 & <b>\u{202e}\u{0}\u{ffff}]]></title>";
        let alerts = [alert(hostile, "https://example.org/a?b=1&c=2"), alert("x", "javascript:alert(1)")];
        let xml = document(&alerts, &all(), "localhost:8686", at(9));
        let document = read::read(xml.as_bytes(), Source::default(), &Limits::default()).expect("a feed");
        assert!(
            document.report.repairs.is_empty(),
            "nothing had to be mended: {:?}\n{xml}",
            document.report.repairs
        );
        let article = &document.articles[0];
        assert_eq!(article.title.as_deref(), Some("an S-400 & <b> ]]></title>"));
        assert_eq!(article.link.as_ref().map(url::Url::as_str), Some("https://example.org/a?b=1&c=2"));
        assert_eq!(article.tags, ["S-400"]);
        assert_eq!((article.updated, document.title.as_deref()), (Some(at(0)), Some("feedwatch alerts")));
        assert!(
            article.content.as_deref().is_some_and(|text| text.contains("an S-400 </content> ]]> <script>"))
        );
        assert!(xml.contains("an &lt;mark&gt;S-400&lt;/mark&gt; &amp;lt;/content&amp;gt;"), "{xml}");
        assert!(!xml.contains("javascript:"), "{xml}");
    }

    #[test]
    fn an_empty_one_has_what_every_feed_must_have() {
        let query = AlertQuery { topic: Some(TopicName::from("a&b \"c\"")), ..all() };
        let xml = document(&[], &query, "localhost", at(9));
        for part in [
            "<id>urn:feedwatch:alerts:topic:a%26b%20%22c%22</id>",
            "<author>",
            "rel=\"self\"",
            "<title>feedwatch: a&amp;b &quot;c&quot;</title>",
        ] {
            assert!(xml.contains(part), "{part} is not in {xml}");
        }
        assert!(xml.contains(&format!("<updated>{}</updated>", rfc3339(at(9)))));
    }

    #[test]
    fn tags_are_compared_weakly() {
        for known in ["\"a\"", "W/\"a\"", "\"b\", \"a\"", "*"] {
            assert!(is_known(known, "\"a\""), "{known}");
        }
        assert!(!is_known("\"b\"", "\"a\"") && !is_known("", "\"a\""));
    }
}
