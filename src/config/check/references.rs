//! Names that one part of a configuration uses for another: topics, feeds and tags.

use std::collections::BTreeSet;

use super::{
    super::{
        raw::{At, RawNotifier},
        words,
    },
    Checker,
    topics::Topics,
};
use crate::model::Feed;

type List = At<Vec<At<String>>>;

/// What there is to refer to.
struct Names<'a> {
    topics: BTreeSet<&'a str>,
    feeds: BTreeSet<String>,
    tags: BTreeSet<&'a str>,
}

impl Checker<'_> {
    /// Filters that name nothing, and topics that nobody is told about.
    pub(super) fn references(&mut self, feeds: &[Feed], topics: &Topics, notifiers: &[At<RawNotifier>]) {
        if self.is_broken {
            return;
        }
        let names = Names {
            topics: topics.checked.iter().map(|topic| topic.name.as_str()).collect(),
            feeds: feeds.iter().flat_map(names_of).collect(),
            tags: feeds.iter().flat_map(|feed| &feed.tags).map(String::as_str).collect(),
        };
        for notifier in notifiers {
            self.known("topic", notifier.value.topics.as_ref(), &names.topics);
        }
        // A file with nothing but topics is complete; then its scopes cannot be judged.
        if !feeds.is_empty() {
            let of_notifiers =
                notifiers.iter().map(|raw| (raw.value.feeds.as_ref(), raw.value.tags.as_ref()));
            let of_topics =
                topics.places.topics.iter().map(|raw| (raw.value.feeds.as_ref(), raw.value.tags.as_ref()));
            let known_feeds: BTreeSet<&str> = names.feeds.iter().map(String::as_str).collect();
            for (feeds, tags) in of_notifiers.chain(of_topics) {
                self.known("feed", feeds, &known_feeds);
                self.known("tag", tags, &names.tags);
            }
        }
        self.unheard(topics, notifiers);
    }

    fn known(&mut self, what: &str, written: Option<&List>, known: &BTreeSet<&str>) {
        for name in written.iter().flat_map(|list| &list.value) {
            if !known.contains(name.value.as_str()) && !name.value.trim().is_empty() {
                let problem = name.error(format!("{}: there is no {what} {:?}", name.key, name.value));
                let nearest = words::nearest(&name.value, known.iter().copied());
                self.push(problem.maybe_help(nearest.map(|word| format!("did you mean {word:?}?"))));
            }
        }
    }

    /// Warns of topics that no notifier takes.
    fn unheard(&mut self, topics: &Topics, notifiers: &[At<RawNotifier>]) {
        let takes = |notifier: &At<RawNotifier>, name: &str| {
            let is_enabled = super::feeds::is_true(notifier.value.enabled.as_ref(), true);
            let wanted = notifier.value.topics.as_ref().filter(|topics| !topics.value.is_empty());
            is_enabled && wanted.is_none_or(|topics| topics.value.iter().any(|topic| topic.value == name))
        };
        for topic in topics.places.topics.iter().filter_map(|raw| raw.value.name.as_ref()) {
            if !notifiers.is_empty() && !notifiers.iter().any(|notifier| takes(notifier, &topic.value)) {
                let message = format!("no notifier takes the topic {:?}: it is never told", topic.value);
                self.push(topic.warning(message));
            }
        }
    }
}

/// What a feed can be called in a filter: its id, its name, its address.
fn names_of(feed: &Feed) -> impl Iterator<Item = String> {
    [Some(feed.id.as_str().to_owned()), feed.name.clone(), Some(feed.display_url())].into_iter().flatten()
}
