//! Manners and limits on the wire: specs/polling.md §7.

use std::io::Write;

use flate2::{Compression, write::GzEncoder};

use crate::support::{Answer, Article, Config, Home, Site, feeds};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect("memory can be written");
    encoder.finish().expect("memory can be written")
}

fn packed(coding: &str, bytes: Vec<u8>) -> Answer {
    Answer::Body(bytes, vec![("content-encoding", coding.to_owned())])
}

#[tokio::test]
async fn a_request_is_the_same_each_time_and_says_what_it_can_read() {
    let site = Site::start().await;
    site.set("/a.xml?x=1&y=%20", Answer::page(&[("set-cookie", "id=1"), ("etag", "\"1\"")]));
    let home = Home::new(&Config::new().every(&site, "/a.xml?x=1&y=%20#part", "1h"));
    for _ in 0..3 {
        home.run(&["once"]).await;
    }
    let visits = site.all_visits();
    assert_eq!(visits.len(), 3);
    for visit in &visits {
        let request = &visit.request;
        assert_eq!((request.method.as_str(), request.path.as_str()), ("GET", "/a.xml?x=1&y=%20"));
        assert_eq!(
            request.header("accept"),
            Some(
                "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9, \
                 application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.7, */*;q=0.1"
            )
        );
        assert_eq!(request.header("accept-encoding"), Some("gzip, br, zstd, deflate"));
        let mut names = request.header_names();
        names.retain(|name| !matches!(name.as_str(), "if-none-match" | "accept" | "accept-encoding"));
        names.sort_unstable();
        assert_eq!(names, ["host", "user-agent"], "nothing of a browser, no cookie");
    }
}

#[tokio::test]
async fn packed_bodies_are_read_and_wrongly_packed_ones_fail_once() {
    let site = Site::start().await;
    let plain = feeds::rss("Test News", &[Article::new("one", "Nothing in particular")]).into_bytes();
    let cases = [
        ("gzip", packed("gzip", gzip(&plain)), "new"),
        ("x-gzip", packed("x-gzip", gzip(&plain)), "new"),
        ("identity", packed("identity", plain.clone()), "new"),
        ("gzip that is plain", packed("gzip", plain.clone()), "unreadable"),
        ("gzip twice", packed("gzip", gzip(&gzip(&plain))), "unreadable"),
        ("gzip, gzip", packed("gzip, gzip", gzip(&gzip(&plain))), "unreadable"),
        ("cut gzip", packed("gzip", gzip(&plain)[..60].to_vec()), "unreadable"),
        ("unknown", packed("snappy", plain.clone()), "unreadable"),
    ];
    let path = |n: usize| format!("/{n}.xml");
    let mut config = Config::new();
    for (n, (_, answer, _)) in cases.iter().enumerate() {
        site.set(&path(n), answer.clone());
        config = config.every(&site, &path(n), "1h");
    }
    let home = Home::new(&config);
    home.run(&["once"]).await;
    for (n, (what, _, outcome)) in cases.iter().enumerate() {
        let feed = home.feed(&site.url(&path(n))).await;
        assert_eq!(feed["last_outcome"], *outcome, "{what}: {feed:#}");
        assert_eq!(site.visits(&path(n)).len(), 1, "{what}");
    }
}

#[tokio::test]
async fn what_is_too_large_is_refused() {
    let site = Site::start().await;
    let large = vec![b' '; 70_000];
    let zeros = vec![b' '; 300_000];
    let long = "x".repeat(9_000);
    let names = ["x-0", "x-1", "x-2", "x-3", "x-4", "x-5", "x-6", "x-7"];
    let head = names.map(|name| (name, long.as_str()));
    let many: Vec<(&'static str, &str)> = vec![("x-many", "1"); 120];
    let cases = [
        ("as sent", Answer::Body(large, Vec::new()), "too_large", "max_wire"),
        ("unpacked", packed("gzip", gzip(&zeros)), "too_large", "max_body"),
        ("a head of 72 kB", Answer::page(&head), "too_large", "head"),
        ("120 headers", Answer::page(&many), "network_error", "HTTP"),
    ];
    let path = |n: usize| format!("/{n}.xml");
    let mut config = Config::new().http("timeout = \"3s\"\nmax_wire = \"64KiB\"\nmax_body = \"256KiB\"");
    for (n, (_, answer, ..)) in cases.iter().enumerate() {
        site.set(&path(n), answer.clone());
        config = config.every(&site, &path(n), "1h");
    }
    let home = Home::new(&config);
    home.run(&["once"]).await;
    for (n, (what, _, outcome, says)) in cases.iter().enumerate() {
        let feed = home.feed(&site.url(&path(n))).await;
        assert_eq!(feed["last_outcome"], *outcome, "{what}: {feed:#}");
        assert!(feed["error"].as_str().is_some_and(|error| error.contains(says)), "{what}: {feed:#}");
    }
}
