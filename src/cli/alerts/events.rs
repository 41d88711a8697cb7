//! `alerts --events`: what was told of feeds and notifiers that needed somebody.

use std::{fmt::Write, process::ExitCode};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{
    Arguments, Outcome,
    deliveries::{self, DeliveryLine},
    output::{self, Clean},
};
use crate::{
    model::{EventKind, rfc3339},
    store::{EventView, Store},
};

/// An event as `--json` prints it.
#[derive(Debug, Serialize)]
struct EventLine<'a> {
    id: &'a str,
    #[serde(rename = "type")]
    kind: EventKind,
    time: String,
    data: &'a RawValue,
    deliveries: Vec<DeliveryLine<'a>>,
}

/// What people are shown of the `data` object.
#[derive(Debug, Deserialize)]
struct Shown {
    feed: Option<Named>,
    notifier: Option<Named>,
    reason: String,
}

#[derive(Debug, Deserialize)]
struct Named {
    name: String,
}

/// Prints the events of the last while.
pub(super) async fn print(store: &impl Store, arguments: &Arguments) -> Outcome {
    let events = store.events(arguments.since, arguments.limit).await?;
    if arguments.json {
        let lines: Vec<_> = events.iter().map(line).collect();
        output::json(&serde_json::json!({ "events": lines }))?;
    } else if events.is_empty() {
        output::text("No events.\n")?;
    } else {
        let mut text = String::new();
        for event in &events {
            describe(&mut text, event, arguments.attempts)?;
        }
        output::text(Clean(&text))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn line(event: &EventView) -> EventLine<'_> {
    EventLine {
        id: event.id.as_str(),
        kind: event.kind,
        time: rfc3339(event.created),
        data: &event.data,
        deliveries: event.deliveries.iter().map(DeliveryLine::of).collect(),
    }
}

fn describe(text: &mut String, event: &EventView, with_attempts: bool) -> Result<(), serde_json::Error> {
    let shown: Shown = serde_json::from_str(event.data.get())?;
    let about = shown.feed.or(shown.notifier).map_or_else(|| "many at once".to_owned(), |named| named.name);
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{}  {}  {about}", rfc3339(event.created), event.kind.as_str());
    let _ = writeln!(text, "    {}\n    {}", shown.reason, event.id);
    if event.deliveries.is_empty() {
        let _ = writeln!(text, "    told together with others");
    }
    for delivery in &event.deliveries {
        deliveries::describe(text, delivery, with_attempts);
    }
    Ok(())
}
