use super::*;
use crate::render::tests::{example, mention, topic};

fn json(alert: &Alert) -> Value {
    let body = render(alert);
    assert!(body.len() <= MAX_BODY, "{} bytes", body.len());
    serde_json::from_slice(&body).expect("JSON")
}

#[test]
fn the_body_is_the_one_of_the_design() {
    insta::assert_snapshot!(
        String::from_utf8(render(&example())).expect("UTF-8"),
        @r#"{"type":"alert","timestamp":"2026-11-23T18:00:00Z","data":{"id":"alert_h4e72xfs2tgkuvyyhduu5czvmx","test":false,"feed":{"name":"World","url":"https://example.org/world.xml","tags":["world"]},"article":{"id":"afdnr24fmha3cofwiaklzx4oiy","title":"Ankara seeks Russian S-400 snub","url":"https://example.org/a?id=1","author":null,"published":"2026-11-23T17:58:00Z","summary":"Officials said the talks go on."},"topics":[{"name":"S-400","mentions":[{"term":"S-400","field":"title","start":21,"end":26,"text":"S-400","snippet":"…seeks Russian S-400 snub"}]}]}}"#
    );
}

#[test]
fn the_stored_data_is_the_data_of_the_body() {
    let stored: Value = serde_json::from_str(&data(&example())).expect("JSON");
    assert_eq!(stored, json(&example())["data"]);
}

#[test]
fn hostile_titles_stay_text() {
    let mut alert = example();
    alert.article.title = Some("\"}],\u{7}<script>\n\u{202e}{{7*7}} \\u0000 <!channel> 👨‍👩‍👧".to_owned());
    alert.article.author = Some("a\r\nX-Header: b".to_owned());
    alert.article.link = Some("https://user:pw@example.org/?q=\"><b>".parse().expect("url"));
    let article = json(&alert)["data"]["article"].clone();
    assert_eq!(article["title"], "\"}], <script> {{7*7}} \\u0000 <!channel> 👨‍👩‍👧");
    assert_eq!(article["author"], "a  X-Header: b");
    assert_eq!(article["url"], "https://example.org/?q=%22%3E%3Cb%3E");
}

#[test]
fn what_an_article_lacks_is_null() {
    let mut alert = example();
    alert.article.title = None;
    alert.article.link = Some("javascript:alert(1)".parse().expect("url"));
    alert.article.published = None;
    alert.article.summary = None;
    let article = json(&alert)["data"]["article"].clone();
    for key in ["title", "url", "author", "published", "summary"] {
        assert_eq!(article[key], Value::Null, "{key}");
    }
}

#[test]
fn long_texts_are_cut_and_the_body_says_so() {
    let mut alert = example();
    alert.article.title = Some("ä".repeat(513));
    alert.article.author = Some("a".repeat(129));
    alert.article.summary = Some("b".repeat(4097));
    let data = json(&alert)["data"].clone();
    assert_eq!(data["truncated"], true);
    for (key, graphemes) in [("title", 512), ("author", 128), ("summary", 4096)] {
        let text = data["article"][key].as_str().expect("text");
        assert_eq!(text.chars().count(), graphemes, "{key}");
        assert!(text.ends_with('…'), "{key}");
    }
    assert_eq!(json(&example())["data"].get("truncated"), None);
}

/// 4096 graphemes of many bytes each.
fn stacked() -> String {
    format!("e{}", "\u{301}".repeat(30)).repeat(4096)
}

#[test]
fn a_body_that_is_too_large_loses_its_summary_first() {
    let mut alert = example();
    alert.article.summary = Some(stacked());
    let data = json(&alert)["data"].clone();
    let summary = data["article"]["summary"].as_str().expect("text");
    assert!(summary.ends_with("\u{301}…") && summary.len() > 60_000, "{}", summary.len());
    assert_eq!(data["topics"][0]["mentions"][0]["snippet"], "…seeks Russian S-400 snub");
}

#[test]
fn then_snippets_then_mentions_but_one_per_topic_stays() {
    let mut alert = example();
    let many = |snippet: &str, count| vec![mention("S-400", snippet); count];
    alert.topics = vec![topic("A", many(&"s".repeat(160), 300)), topic("B", many("short", 2))];
    let data = json(&alert)["data"].clone();
    assert_eq!(data["article"]["summary"], "");
    assert_eq!(data["topics"][0]["mentions"].as_array().map(Vec::len), Some(300));
    assert_eq!(data["topics"][0]["mentions"][0]["snippet"], "s".repeat(160));
    assert_eq!(data["topics"][0]["mentions"][1]["snippet"], "");

    alert.topics = (0..300).map(|n| topic(&n.to_string(), many("snippet", 20))).collect();
    let data = json(&alert)["data"].clone();
    let topics = data["topics"].as_array().expect("topics");
    assert_eq!(topics.len(), 300);
    assert!(topics.iter().all(|topic| topic["mentions"].as_array().is_some_and(|all| !all.is_empty())));
    assert_eq!(data["truncated"], true);
}

#[test]
fn the_cap_holds_even_against_hundreds_of_topics_and_endless_graphemes() {
    let mut alert = example();
    alert.article.title = Some(stacked());
    alert.feed.name = stacked();
    alert.topics = (0..800).map(|n| topic(&n.to_string(), vec![mention(&"\"".repeat(900), "s")])).collect();
    let data = json(&alert)["data"].clone();
    assert!(data["topics"].as_array().is_some_and(|topics| topics.len() > 20));
    assert!(super::data(&alert).len() < MAX_BODY);
}

proptest::proptest! {
    #[test]
    fn any_text_comes_back_as_its_cleaned_self(title: String, snippet: String) {
        let mut alert = example();
        alert.article.title = Some(title.clone());
        alert.topics = vec![topic("T", vec![mention("t", &snippet)])];
        let data = json(&alert)["data"].clone();
        let (title, snippet) = (cut(&one_line(&title), MAX_TITLE), one_line(&snippet));
        proptest::prop_assert_eq!(&data["article"]["title"], &title);
        proptest::prop_assert_eq!(&data["topics"][0]["mentions"][0]["snippet"], &snippet);
    }
}
