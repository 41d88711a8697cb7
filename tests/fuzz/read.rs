//! Any bytes as a document: articles or a reason, the same twice, every article once, its text clean.

#![no_main]

use std::collections::HashSet;

use feedwatch::read::{self, Limits, ReadError, Source};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    let limits = Limits { max_body: 1 << 20, max_entries: 50, ..Limits::default() };
    let read = || read::read(body, Source::default(), &limits);
    let document = match read() {
        Ok(document) => document,
        Err(ReadError::Panicked(message)) => panic!("{message}"),
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    assert_eq!(document.articles, read().expect("it was a feed a moment ago").articles);
    let mut keys = HashSet::new();
    for article in document.articles {
        assert!(keys.insert(article.key), "one key for two articles: {article:?}");
        let texts = [article.title, article.summary, article.content, article.author];
        for text in texts.into_iter().flatten().chain(article.tags) {
            assert!(!text.is_empty() && text.trim() == text, "{text:?}");
            assert!(!text.contains(|c: char| c.is_control() || matches!(c, '\u{202A}'..='\u{202E}')), "{text:?}");
        }
    }
});
