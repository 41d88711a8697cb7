//! What is no feed, and what a person is told then (specs/reading.md §8).

use super::{rss, try_read};

#[track_caller]
fn check(body: &[u8], content_type: Option<&str>, parts: &[&str]) {
    let error = try_read(body, content_type).expect_err("no feed").to_string();
    assert!(parts.iter().all(|part| error.contains(part)), "{error} lacks one of {parts:?}");
}

#[test]
fn what_is_no_feed_is_named_with_what_to_do() {
    check(b"", None, &["empty body"]);
    check(b"\xEF\xBB\xBF \r\n\t\0\0", None, &["empty body"]);
    let page =
        b"<!DOCTYPE html><html><head><title>Log in &amp; go</title><script>'<rss><channel>'</script></head>";
    check(page, Some("application/rss+xml"), &["HTML page", "Log in & go", "try feedwatch discover URL"]);
    check(b"<body><h1>x", None, &["HTML page"]);
    check(b"{\"a\": 1}", None, &["JSON", "no items"]);
    check(b"{\"items\": [}", None, &["JSON", "line 1"]);
    check(b"<?xml version='1.0'?><urlset xmlns='x'/>", None, &["<urlset>", "not a feed"]);
    check(b"<opml version='2.0'><body/></opml>", None, &["<opml>", "not a feed"]);
    check(b"<Error><Code>AccessDenied</Code></Error>", None, &["<Error>", "not a feed"]);
    check(b"\x89PNG\r\n\x1a\n\0\0\0", Some("image/png"), &["not a feed", "image/png", "binary"]);
    check(
        b"Service temporarily unavailable",
        Some("text/plain"),
        &["not a feed", "text/plain", "Service temporarily"],
    );
}

#[test]
fn a_feed_is_a_feed_whatever_it_is_served_as() {
    for content_type in
        ["text/html", "text/plain", "image/png", "", ";;;", "application/octet-stream; charset=nonsense"]
    {
        let document =
            try_read(rss("<item><title>one</title></item>"), Some(content_type)).expect(content_type);
        assert_eq!(document.articles.len(), 1);
    }
    assert_eq!(try_read(rss(""), None).expect("a feed without articles is one").articles.len(), 0);
}
