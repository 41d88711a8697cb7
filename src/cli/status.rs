//! `status`: the health of feeds and notifiers.

mod feed;
mod screen;

use std::{collections::HashMap, fmt::Write};

use serde::Serialize;

use self::{feed::FeedStatus, screen::Room};
use super::{Context, Failure, Outcome, output};
use crate::{
    app,
    clock::{Clock, SystemClock},
    config::{Config, Purpose},
    model::{FeedId, Notifier, NotifierState, rfc3339},
    store::{FeedState, Queue, Store},
};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Show everything, whether it fits the screen or not
    #[arg(long, conflicts_with = "json")]
    all: bool,
    /// Print JSON for machines
    #[arg(long)]
    json: bool,
}

/// Everything `status` shows.
#[derive(Debug, Serialize)]
struct Status {
    /// Whether nothing needs a person.
    ok: bool,
    feeds: Vec<FeedStatus>,
    notifiers: Vec<NotifierStatus>,
}

#[derive(Debug, Serialize)]
struct NotifierStatus {
    name: String,
    state: &'static str,
    since: Option<String>,
    needs_person: bool,
    pending: u64,
    dead: u64,
    held_back: u64,
    oldest_pending_seconds: Option<u64>,
    next_attempt: Option<String>,
    last_delivered: Option<String>,
    reason: Option<String>,
}

pub(super) async fn run(context: &Context, arguments: Arguments) -> Outcome {
    let config = context.config(Purpose::Look)?;
    let status = collect(&config).await?;
    if arguments.json {
        output::json(&status)?;
    } else {
        let terminal = output::terminal().filter(|_| !arguments.all);
        let room = terminal.map_or(Room::Endless, |terminal| Room::Rows(terminal.rows));
        output::text_within(terminal, &status.to_text(room))?;
    }
    Ok(output::exit(status.ok))
}

/// Whether nothing needs a person.
pub(super) async fn is_well(config: &Config) -> Result<bool, Failure> {
    Ok(collect(config).await?.ok)
}

async fn collect(config: &Config) -> Result<Status, Failure> {
    let store = app::open_store_to_read(&config.store).await?;
    let states: HashMap<FeedId, FeedState> =
        store.feed_states().await?.into_iter().map(|state| (state.id.clone(), state)).collect();
    let queues = store.queues().await?;
    let (failing_after, now) = (config.poll.failing_after, SystemClock.now());
    let feeds: Vec<FeedStatus> = config
        .poll
        .feeds
        .iter()
        .map(|feed| FeedStatus::of(feed, states.get(&feed.id), failing_after, now))
        .collect();
    let notifiers: Vec<NotifierStatus> = config
        .notify
        .notifiers
        .iter()
        .map(|notifier| {
            let queue = queues.iter().find(|queue| queue.notifier == notifier.name);
            notifier_status(notifier, queue)
        })
        .collect();
    let ok = !feeds.iter().any(|feed| feed.needs_person)
        && !notifiers.iter().any(|notifier| notifier.needs_person);
    Ok(Status { ok, feeds, notifiers })
}

fn notifier_status(notifier: &Notifier, queue: Option<&Queue>) -> NotifierStatus {
    NotifierStatus {
        name: notifier.name.to_string(),
        state: state(notifier, queue),
        since: queue.and_then(|queue| queue.health.since).map(rfc3339),
        needs_person: queue.is_some_and(Queue::needs_person),
        pending: queue.map_or(0, |queue| queue.pending),
        dead: queue.map_or(0, |queue| queue.dead),
        held_back: queue.map_or(0, |queue| queue.held_back),
        oldest_pending_seconds: queue.and_then(|queue| queue.oldest_pending_seconds),
        next_attempt: queue.and_then(|queue| queue.next_attempt).map(rfc3339),
        last_delivered: queue.and_then(|queue| queue.last_delivered).map(rfc3339),
        reason: queue.and_then(|queue| queue.reason.clone()),
    }
}

/// A change of the configuration that no run has seen yet is told as it is written.
fn state(notifier: &Notifier, queue: Option<&Queue>) -> &'static str {
    match queue.map_or(NotifierState::Active, |queue| queue.health.state) {
        _ if !notifier.enabled => NotifierState::Disabled.as_str(),
        NotifierState::Disabled => NotifierState::Active.as_str(),
        state => state.as_str(),
    }
}

impl NotifierStatus {
    /// For people: how it is, what waits, and why.
    fn lines(&self) -> Vec<String> {
        let mark = if self.needs_person { '!' } else { ' ' };
        let mut line = format!("{mark} {:<8} {}: {} waiting", self.state, self.name, self.pending);
        if let Some(age) = self.oldest_pending_seconds {
            let _ = write!(line, " (oldest {age} s)");
        }
        if let Some(next) = &self.next_attempt {
            let _ = write!(line, ", next attempt {next}");
        }
        if self.dead > 0 {
            let _ = write!(line, ", {} dead (`feedwatch redeliver --dead`)", self.dead);
        }
        let reason = self.reason.as_ref().map(|reason| format!("    {reason}"));
        [line].into_iter().chain(reason).collect()
    }
}
