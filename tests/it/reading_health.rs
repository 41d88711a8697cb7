//! What is wrong with a feed that can be read is a state that a person sees, not silence (specs/reading.md §8).

use serde_json::{Value, json};

use crate::support::{Answer, Config, Home, Site};

/// One poll after another, each a run of `once`; then what `status` says of the feed, for machines and for people.
async fn after_polls(documents: &[&str], keys: &str) -> (Value, Value, String) {
    let site = Site::start().await;
    let answers = documents.iter().map(|document| Answer::Body(document.as_bytes().to_vec(), Vec::new()));
    site.set("/a.xml", Answer::Each(answers.collect()));
    let home = Home::new(&Config::new().every(&site, "/a.xml", "1h").add(keys));
    for _ in documents {
        home.run(&["once"]).await;
    }
    let status = home.run(&["status", "--json"]).await.json();
    let shown = home.run(&["status"]).await.stdout;
    (status["ok"].clone(), status["feeds"][0].clone(), shown)
}

fn rss(items: &str) -> String {
    format!("<rss version=\"2.0\"><channel><title>News</title>{items}</channel></rss>")
}

const ITEM: &str = "<item><title>one</title><guid>1</guid></item>";

#[track_caller]
fn check_trouble((ok, feed, shown): &(Value, Value, String), expected: &[&str]) {
    assert_eq!(feed["troubles"], json!(expected), "{feed:#}");
    assert_eq!((&feed["needs_person"], ok), (&json!(!expected.is_empty()), &json!(expected.is_empty())));
    assert!(expected.iter().all(|trouble| shown.contains(trouble)), "{shown}");
}

#[tokio::test]
async fn a_sound_feed_has_no_trouble() {
    let polled = after_polls(&[&rss(ITEM)], "").await;
    check_trouble(&polled, &[]);
    assert_eq!(polled.1["reading"]["encoding"], "UTF-8");
    assert_eq!((&polled.1["reading"]["repairs"], &polled.1["reading"]["limits"]), (&json!({}), &json!({})));
    assert!(!polled.2.contains("mended"), "{}", polled.2);
}

#[tokio::test]
async fn what_was_mended_is_shown_and_needs_nobody() {
    let polled = after_polls(&[&rss("<item><title>Q&A</title><guid>1</guid></item>")], "").await;
    check_trouble(&polled, &[]);
    assert_eq!(polled.1["reading"]["repairs"], json!({"ampersand": 1}));
    assert!(polled.2.contains("had to be mended: ampersand"), "{}", polled.2);
}

#[tokio::test]
async fn a_feed_that_had_articles_and_has_none_needs_a_person_until_they_return() {
    check_trouble(&after_polls(&[&rss("")], "").await, &[]);
    let emptied = after_polls(&[&rss(ITEM), &rss("")], "").await;
    check_trouble(&emptied, &["shows no article, though it had some"]);
    check_trouble(&after_polls(&[&rss(ITEM), &rss(""), &rss(ITEM)], "").await, &[]);
}

#[tokio::test]
async fn half_of_the_entries_unreadable_needs_a_person_at_once() {
    let half = rss(&format!("{ITEM}<item/><item><x>y</x></item>"));
    check_trouble(&after_polls(&[&half], "").await, &["at least half of its entries cannot be read"]);
    let json = r#"{"title": "News", "items": [7, "x", {"id": "1", "title": "one"}]}"#;
    let polled = after_polls(&[json], "").await;
    check_trouble(&polled, &["at least half of its entries cannot be read"]);
    assert_eq!(polled.1["reading"]["unreadable"], 2);
}

#[tokio::test]
async fn entries_that_stay_unreadable_need_a_person_after_three_documents() {
    let item = |n: usize| format!("<item><title>{n}</title><guid>{n}</guid></item>");
    let items = (1..9).map(item).collect::<Vec<_>>().concat();
    let cut = |n: usize| format!("<rss><channel>{items}<item><title>more {n}");
    let documents = [cut(1), cut(2), cut(3)];
    let [first, second, third] = [documents[0].as_str(), &documents[1], &documents[2]];
    check_trouble(&after_polls(&[first, second], "").await, &[]);
    let trouble = "some of its entries cannot be read, three documents in a row";
    check_trouble(&after_polls(&[first, second, third], "").await, &[trouble]);
    check_trouble(&after_polls(&[first, second, third, &rss(&items)], "").await, &[]);
}

#[tokio::test]
async fn a_limit_that_hides_articles_and_dates_that_nobody_reads_need_a_person() {
    let many = rss(&format!("{ITEM}<item><guid>2</guid></item><item><guid>3</guid></item>"));
    let limited = after_polls(&[&many], "[read]\nmax_entries = 2").await;
    check_trouble(&limited, &["has more entries than read.max_entries"]);
    assert_eq!(limited.1["reading"]["limits"], json!({"read.max_entries": 1}));
    assert!(limited.2.contains("left out by read.max_entries"), "{}", limited.2);
    let undated = rss("<item><guid>1</guid><title>one</title><pubDate>the day before</pubDate></item>");
    check_trouble(&after_polls(&[&undated], "").await, &["none of its dates can be read"]);
}

#[tokio::test]
async fn a_web_page_in_place_of_a_feed_says_what_to_do() {
    let page = "<!DOCTYPE html><html><head><title>Log in</title></head></html>";
    let (ok, feed, shown) = after_polls(&[&rss(ITEM), page], "").await;
    assert_eq!(
        (&ok, &feed["state"], &feed["last_outcome"]),
        (&json!(true), &json!("failing"), &json!("unreadable"))
    );
    assert!(shown.contains("HTML page \"Log in\"") && shown.contains("feedwatch discover"), "{shown}");
}

#[tokio::test]
async fn what_max_entries_left_out_is_read_once_it_is_raised() {
    let site = Site::start().await;
    let item = |n: u8| format!("<item><title>S-400: {n}</title><guid>{n}</guid></item>");
    let items = (1..5).map(item).collect::<Vec<_>>().concat();
    let document = rss(&items);
    site.set("/a.xml", Answer::Body(document.into_bytes(), vec![("etag", "\"1\"".to_owned())]));
    let config = |limit: usize| {
        Config::new().every(&site, "/a.xml", "1h").add(&format!("[read]\nmax_entries = {limit}\n")).text()
    };
    let home = Home::with(&config(2));
    let mut read = Vec::new();
    for limit in [2, 2, 3, 3, 9, 9] {
        home.write("feedwatch.toml", config(limit));
        home.run(&["once"]).await;
        let found = home.run(&["backtest", "--json"]).await.json();
        read.push(found["articles"].as_u64().expect("a number"));
    }
    assert_eq!(read, [2, 2, 3, 3, 4, 4]);
    let visits = site.visits("/a.xml");
    let conditional: Vec<bool> =
        visits.iter().map(|visit| visit.request.header("if-none-match").is_some()).collect();
    assert_eq!(conditional, [false, true, false, true, false, true]);
}
