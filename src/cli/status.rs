//! `status`: the health of feeds and notifiers.

mod feed;
mod notifier;
mod screen;

use std::collections::HashMap;

use serde::Serialize;

use self::{feed::FeedStatus, notifier::NotifierStatus, screen::Room};
use super::{Context, Failure, Outcome, output};
use crate::{
    app,
    clock::{Clock, SystemClock},
    config::{Config, Purpose},
    model::FeedId,
    store::{FeedState, Queue, Store, congestion},
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
    /// Why nothing is polled; `None`: polls are made.
    polling: Option<String>,
    feeds: Vec<FeedStatus>,
    notifiers: Vec<NotifierStatus>,
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
    let notifiers = notifier::all(&config.notify.notifiers, &queues);
    let polling = pause(&queues, config.notify.max_pending);
    let ok = polling.is_none()
        && !feeds.iter().any(|feed| feed.needs_person)
        && !notifiers.iter().any(|notifier| notifier.needs_person);
    Ok(Status { ok, polling, feeds, notifiers })
}

/// Too many deliveries wait (specs/delivery.md §9).
fn pause(queues: &[Queue], max_pending: usize) -> Option<String> {
    congestion(queues, max_pending).map(|waiting| {
        format!(
            "polling pauses: {waiting} deliveries wait, notify.max_pending is {max_pending}; mend their receivers, or raise it"
        )
    })
}
