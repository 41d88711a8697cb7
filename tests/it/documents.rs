//! `parse` and `match`: what is read in a document and what the watchlist flags, from a file, a URL or stdin.

use serde_json::{Value, json};

use crate::{
    commands::{check_members, check_time},
    support::{Answer, Article, Config, Home, Site, feeds, feeds::ALL_FOUR},
};

#[tokio::test]
async fn parse_shows_what_is_read_from_a_file_a_url_or_stdin() {
    let site = Site::start().await;
    let article = Article::about_all_four("one");
    let document = feeds::rss("Test News", std::slice::from_ref(&article));
    site.set("/news.xml", Answer::Feed(document.clone()));
    let home = Home::new(&Config::new());
    home.write("news.xml", &document);
    let outputs = [
        home.run(&["parse", "news.xml", "--json"]).await,
        home.run(&["parse", &site.url("/news.xml"), "--json"]).await,
        home.run_with(&["parse", "-", "--json"], document.as_bytes()).await,
    ];
    for output in &outputs {
        assert_eq!(output.code, Some(0), "{output:#?}");
        let parsed = output.json();
        assert_eq!((&parsed["ok"], &parsed["error"]), (&json!(true), &Value::Null), "{parsed:#}");
        assert_eq!(parsed["title"], "Test News");
        let entry = &parsed["entries"][0];
        check_members(entry, &["id", "published", "updated", "summary", "content", "author", "tags"]);
        assert_eq!((&entry["title"], &entry["link"]), (&json!(ALL_FOUR), &json!(article.link())));
        check_time(&entry["published"]);
        assert_eq!(parsed, outputs[0].json(), "the same document reads the same from anywhere");
    }
}

#[tokio::test]
async fn parse_says_why_it_cannot_read() {
    let home = Home::new(&Config::new());
    home.write("page.html", "<!doctype html><html><body>Hello</body></html>");
    for document in ["page.html", "missing.xml"] {
        let output = home.run(&["parse", document, "--json"]).await;
        assert_eq!(output.code, Some(1), "{output:#?}");
        let parsed = output.json();
        assert_eq!((&parsed["ok"], &parsed["entries"]), (&json!(false), &json!([])), "{parsed:#}");
        assert!(parsed["error"].as_str().is_some_and(|error| !error.is_empty()), "{parsed:#}");
        let text = home.run(&["parse", document]).await;
        assert_eq!((text.code, text.stdout.as_str()), (Some(1), ""), "{text:#?}");
        assert!(text.stderr.contains(document), "{}", text.stderr);
    }
}

#[tokio::test]
async fn text_from_a_feed_cannot_command_a_terminal() {
    let home = Home::new(&Config::new());
    let hostile = Article::new("x", "S-400 \u{1b}]0;owned\u{7} \u{202e}desrever");
    home.write("news.xml", feeds::rss("\u{9b}31m News", &[hostile]));
    for arguments in [&["parse", "news.xml"], &["match", "news.xml"]] {
        let output = home.run(arguments).await;
        assert_eq!(output.code, Some(0), "{output:#?}");
        let commands = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!output.stdout.contains(commands), "{:?}", output.stdout);
    }
}

#[tokio::test]
async fn match_shows_what_the_watchlist_flags_and_why() {
    // A file with nothing but topics is enough.
    let home = Home::with("[[topic]]\nname = \"S-400\"\nany = [\"S-400\"]\n");
    let articles = [Article::new("calm", "A quiet day"), Article::about_all_four("one")];
    home.write("news.xml", feeds::rss("Test News", &articles));
    let output = home.run(&["match", "news.xml", "--json"]).await;
    assert_eq!(output.code, Some(0), "{output:#?}");
    let matched = output.json();
    assert_eq!(matched["articles"].as_array().map(Vec::len), Some(1), "{matched:#}");
    let article = &matched["articles"][0];
    assert_eq!((&article["title"], &article["link"]), (&json!(ALL_FOUR), &json!(articles[1].link())));
    let mention = &article["topics"][0]["mentions"][0];
    check_members(mention, &["term", "field", "start", "end", "text", "snippet"]);
    assert_eq!((&article["topics"][0]["name"], &mention["text"]), (&json!("S-400"), &json!("S-400")));
    let text = home.run(&["match", "news.xml"]).await;
    assert!(text.stdout.contains("1 of 2 articles") && text.stdout.contains(ALL_FOUR), "{}", text.stdout);
}

#[tokio::test]
async fn match_jsonl_answers_each_line() {
    let home = Home::with("[[topic]]\nname = \"F-35\"\nany = [\"F-35\"]\n");
    let input = "{\"title\":\"An F-35 lands\",\"text\":\"Nothing.\"}\n{\"title\":\"Calm\",\"text\":\"Two F-35s.\"}\n\
                 {\"title\":\"Calm\",\"text\":\"\"}\n";
    let output = home.run_with(&["match", "--jsonl", "-"], input.as_bytes()).await;
    assert_eq!(output.code, Some(0), "{output:#?}");
    let lines: Vec<Value> =
        output.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines.len(), 3, "{output:#?}");
    let mention = &lines[0]["topics"][0]["mentions"][0];
    assert_eq!(
        (&mention["field"], &mention["start"], &mention["end"]),
        (&json!("title"), &json!(3), &json!(7))
    );
    assert_eq!(lines[1]["topics"][0]["mentions"][0]["field"], "text");
    assert_eq!(lines[2]["topics"], json!([]));
}
