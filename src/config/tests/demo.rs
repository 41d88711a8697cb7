//! The demonstration shows what it promises.

use super::*;
use crate::matcher::{Matcher, Text};

/// The text between two marks, of every place where they stand.
fn between<'a>(text: &'a str, open: &str, close: &str) -> Vec<&'a str> {
    text.split(open).skip(1).filter_map(|rest| rest.split(close).next()).collect()
}

#[test]
fn the_demonstration_alerts_on_all_four_topics_and_on_no_trap() {
    let config =
        load(Path::new("config/demo.toml"), Purpose::Run, &Environment::of([])).expect("demo").config;
    let matcher = Matcher::compile(&config.topics, &config.aliases).expect("watchlist");
    let feed = include_str!("../../../config/demo-feed.xml");
    let mut flagged = Vec::new();
    for item in between(feed, "<item>", "</item>") {
        let first = |open, close| between(item, open, close).first().copied().unwrap_or_default();
        let text = Text {
            title: first("<title>", "</title>"),
            summary: first("<description>", "</description>"),
            ..Text::default()
        };
        flagged.push(matcher.find(&text, None).len());
    }
    assert_eq!(flagged, [4, 1, 1, 1, 1, 0, 0, 0]);
}
