//! What a page shows of a snapshot: feeds and notifiers by what is configured and what is known of them. Pure.

use super::{
    snapshot::{Known, Snapshot},
    words::full,
};
use crate::{
    model::{Feed, Notifier, NotifierName, NotifierState, Reason, Timestamp, TopicName},
    store::{FeedCondition, Queue, activity::HOURS, congestion},
};

/// A feed and what is known of it.
#[derive(Debug, Clone, Copy)]
pub struct FeedView<'a> {
    /// As it is configured.
    pub feed: &'a Feed,
    /// What is known.
    pub known: &'a Known,
}

/// A notifier and what is known of it.
#[derive(Debug)]
pub struct NotifierView<'a> {
    /// Its name.
    pub name: &'a NotifierName,
    /// Its queue; `None`: nothing was ever owed to it.
    pub queue: Option<&'a Queue>,
    /// Deliveries by hour.
    pub delivered: [u64; HOURS],
    /// `None`: it left the configuration, with something owed to it.
    configured: Option<&'a Notifier>,
}

/// All feeds and notifiers.
#[derive(Debug)]
pub struct Overview<'a> {
    snapshot: &'a Snapshot,
    /// Those that need a person first, then in the order of the configuration, then those that left it.
    pub notifiers: Vec<NotifierView<'a>>,
}

impl<'a> Overview<'a> {
    /// What is to be shown of this.
    pub fn of(snapshot: &'a Snapshot) -> Self {
        let queue = |name: &NotifierName| snapshot.queues.iter().find(|queue| queue.notifier == *name);
        let view = |name: &'a NotifierName, configured| NotifierView {
            name,
            configured,
            queue: queue(name),
            delivered: snapshot
                .deliveries
                .iter()
                .find(|one| one.notifier == *name)
                .map_or([0; HOURS], |one| one.delivered),
        };
        let watched = &snapshot.watched.notifiers;
        let removed =
            snapshot.queues.iter().filter(|queue| watched.iter().all(|one| one.name != queue.notifier));
        let mut notifiers: Vec<NotifierView<'a>> = watched
            .iter()
            .map(|notifier| view(&notifier.name, Some(notifier)))
            .chain(removed.map(|queue| view(&queue.notifier, None)))
            .collect();
        notifiers.sort_by_key(|notifier| (!notifier.needs_person(), !notifier.is_trouble()));
        Self { snapshot, notifiers }
    }

    /// The topics, in the order of the configuration.
    pub fn topics(&self) -> &'a [TopicName] {
        &self.snapshot.watched.topics
    }

    /// How many deliveries wait, if they are so many that nothing is polled; and how many may.
    pub fn congestion(&self) -> Option<(u64, usize)> {
        let most = self.snapshot.watched.max_pending;
        congestion(&self.snapshot.queues, most).map(|waiting| (waiting, most))
    }

    /// How many feeds there are.
    pub fn feed_count(&self) -> usize {
        self.snapshot.feeds.len()
    }

    /// How many of them need a person.
    pub fn needy_count(&self) -> usize {
        self.snapshot.needy
    }

    /// How many of them are in this condition.
    pub fn count(&self, condition: FeedCondition) -> u64 {
        self.snapshot.count(condition)
    }

    /// The feeds from a place in the list on: those that need a person come first, then those that fail.
    pub fn feeds(&self, from: usize) -> impl Iterator<Item = FeedView<'a>> {
        let snapshot = self.snapshot;
        let view =
            |known: &'a Known| Some(FeedView { feed: snapshot.watched.feeds.get(known.place)?, known });
        snapshot.feeds.iter().skip(from).filter_map(view)
    }

    /// The feed of that id.
    pub fn feed(&self, id: &str) -> Option<FeedView<'a>> {
        self.feeds(0).find(|view| view.feed.id.as_str() == id)
    }
}

impl FeedView<'_> {
    /// What people call it.
    pub fn name(&self) -> String {
        let name = self.feed.name.as_ref().or(self.known.state.title.as_ref());
        name.cloned().unwrap_or_else(|| self.feed.display_url())
    }

    /// Its state in a word.
    pub const fn word(&self) -> &'static str {
        self.known.health.condition.as_str()
    }

    /// The next poll, and why then.
    pub fn next(&self, now: Timestamp) -> (Option<Timestamp>, Reason) {
        let state = &self.known.state;
        if self.feed.enabled { state.next(now) } else { (None, state.reason) }
    }

    /// What a person should read about it: why it fails, or what is wrong with its documents.
    pub fn complaint(&self) -> Option<String> {
        let (condition, state) = (self.known.health.condition, &self.known.state);
        if condition == FeedCondition::Disabled {
            return None;
        }
        let is_bad = matches!(condition, FeedCondition::Failing | FeedCondition::Gone);
        let error = state.error.clone().filter(|_| is_bad);
        let troubles = state.memory.reading_troubles();
        let trouble = error.or_else(|| troubles.first().map(|trouble| trouble.as_str().to_owned()));
        let silent = state.memory.episodes.silent.filter(|_| condition == FeedCondition::Silent);
        trouble
            .or_else(|| silent.map(|since| format!("no new article since {}, longer than ever", full(since))))
    }
}

impl NotifierView<'_> {
    /// Whether somebody has to do something about it. That it was removed was the operator's own doing.
    pub fn needs_person(&self) -> bool {
        self.configured.is_some() && self.queue.is_some_and(Queue::needs_person)
    }

    /// Whether its receiver takes nothing at the moment.
    pub fn is_trouble(&self) -> bool {
        self.is_enabled() && self.queue.is_some_and(|queue| queue.health.is_trouble())
    }

    /// Whether it is sent to.
    pub fn is_enabled(&self) -> bool {
        self.configured.is_some_and(|notifier| notifier.enabled)
    }

    /// Its state in a word. A change of the configuration that the store has not seen yet is told as it is written.
    pub fn word(&self) -> &'static str {
        self.state().map_or("removed", NotifierState::as_str)
    }

    /// Its state; `None`: it was removed.
    pub fn state(&self) -> Option<NotifierState> {
        let notifier = self.configured?;
        Some(match self.queue.map_or(NotifierState::Active, |queue| queue.health.state) {
            _ if !notifier.enabled => NotifierState::Disabled,
            NotifierState::Disabled => NotifierState::Active,
            state => state,
        })
    }
}
