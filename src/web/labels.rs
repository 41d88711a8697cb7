//! What a feed is called in `/metrics`: what the operator called it, never what the feed calls itself. Pure.

use std::collections::HashMap;

use data_encoding::HEXLOWER;

use crate::model::{Feed, FeedLocation, hash_parts};

/// One label for each feed, in order: its `id`, else its configured name, else host and path of its URL. Where several
/// have the same, each gets a `#` and six hexadecimal digits.
pub fn labels(feeds: &[Feed]) -> Vec<String> {
    let mut labels: Vec<String> = feeds.iter().map(label).collect();
    let mut count: HashMap<String, usize> = HashMap::new();
    for label in &labels {
        *count.entry(label.clone()).or_default() += 1;
    }
    for (label, feed) in labels.iter_mut().zip(feeds) {
        if count.get(label).is_some_and(|count| *count > 1) {
            let digest = hash_parts([feed.id.as_str()]);
            *label = format!("{label}#{}", HEXLOWER.encode(&digest[..3]));
        }
    }
    labels
}

fn label(feed: &Feed) -> String {
    let (id, name) = (feed.id.as_str(), feed.name.as_deref());
    match &feed.location {
        // Without an `id` in the configuration the URL as written is the identity.
        FeedLocation::Http(_) if !id.contains("://") => id.to_owned(),
        FeedLocation::Http(url) => name
            .map_or_else(|| format!("{}{}", url.host_str().unwrap_or_default(), url.path()), str::to_owned),
        FeedLocation::File(_) if !id.starts_with("file:") => id.to_owned(),
        FeedLocation::File(path) => name.map_or_else(|| path.display().to_string(), str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::*;
    use crate::model::{FeedId, HostKey};

    fn feed(id: &str, url: &str, name: Option<&str>) -> Feed {
        let location = FeedLocation::Http(Url::parse(url).expect("a URL"));
        let plain = Feed::at(FeedId::from(id), location, HostKey::from("example.org"));
        Feed { name: name.map(str::to_owned), ..plain }
    }

    #[test]
    fn a_label_is_what_the_operator_called_the_feed_and_never_a_query() {
        let url = "https://example.org:8443/a/rss.xml?key=canary#x";
        let feeds = [feed("bbc", url, Some("BBC")), feed(url, url, Some("World")), feed(url, url, None)];
        assert_eq!(labels(&feeds), ["bbc", "World", "example.org/a/rss.xml"]);
    }

    #[test]
    fn equal_labels_are_told_apart() {
        let (a, b) = ("https://example.org/rss?f=1", "https://example.org/rss?f=2");
        let labels = labels(&[feed(a, a, None), feed(b, b, None), feed("c", a, None)]);
        assert!(labels[0] != labels[1] && labels[2] == "c", "{labels:?}");
        for label in &labels[..2] {
            let digits = label.strip_prefix("example.org/rss#").expect("host and path");
            assert!(digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_hexdigit()), "{label}");
        }
    }
}
