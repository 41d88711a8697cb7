//! `alerts`: what was alerted, to whom, and how that went.

mod deliveries;
mod events;

use std::{fmt::Write, process::ExitCode, time::Duration};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use self::deliveries::DeliveryLine;
use super::{
    Context, Outcome,
    output::{self, Clean},
};
use crate::{
    app,
    config::Purpose,
    model::{TopicName, rfc3339},
    store::{AlertQuery, AlertView, Store},
};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Only alerts of this last while, as in 1d, 12h, 30m
    #[arg(long, value_name = "TIME", default_value = "1d", value_parser = humantime::parse_duration)]
    since: Duration,
    /// Only alerts that name this topic
    #[arg(long, value_name = "NAME")]
    topic: Option<String>,
    /// Operational events instead: feeds and notifiers that needed somebody
    #[arg(long, conflicts_with = "topic")]
    events: bool,
    /// Each attempt to deliver, too
    #[arg(long)]
    attempts: bool,
    /// At most so many, the newest
    #[arg(long, value_name = "N", default_value_t = 1000)]
    limit: usize,
    /// Print JSON for machines
    #[arg(long)]
    json: bool,
}

/// An alert as `--json` prints it (specs/delivery.md §11).
#[derive(Debug, Serialize)]
struct AlertLine<'a> {
    id: &'a str,
    time: String,
    feed: &'a RawValue,
    article: &'a RawValue,
    topics: &'a RawValue,
    deliveries: Vec<DeliveryLine<'a>>,
}

/// The parts of the stored `data` object, passed through as they are.
#[derive(Debug, Deserialize)]
struct Parts<'a> {
    #[serde(borrow)]
    feed: &'a RawValue,
    #[serde(borrow)]
    article: &'a RawValue,
    #[serde(borrow)]
    topics: &'a RawValue,
}

/// What people are shown of the `data` object.
#[derive(Debug, Deserialize)]
struct Shown {
    feed: Named,
    article: Headline,
    topics: Vec<Named>,
}

#[derive(Debug, Deserialize)]
struct Named {
    name: String,
}

#[derive(Debug, Deserialize)]
struct Headline {
    title: Option<String>,
    url: Option<String>,
}

pub(super) async fn run(context: &Context, arguments: Arguments) -> Outcome {
    let config = context.config(Purpose::Look)?;
    let store = app::open_store_to_read(&config.store).await?;
    if arguments.events {
        return events::print(&store, &arguments).await;
    }
    let query = AlertQuery {
        within: Some(arguments.since),
        topic: arguments.topic.map(TopicName::new),
        feed: None,
        id: None,
        limit: arguments.limit,
    };
    let alerts = store.alerts(&query).await?;
    if arguments.json {
        let lines: Result<Vec<_>, _> = alerts.iter().map(line).collect();
        output::json(&serde_json::json!({ "alerts": lines? }))?;
    } else if alerts.is_empty() {
        output::text("No alerts.\n")?;
    } else {
        let mut text = String::new();
        for alert in &alerts {
            describe(&mut text, alert, arguments.attempts)?;
        }
        output::text(Clean(&text))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn line(alert: &AlertView) -> Result<AlertLine<'_>, serde_json::Error> {
    let Parts { feed, article, topics } = serde_json::from_str(alert.data.get())?;
    let deliveries = alert.deliveries.iter().map(DeliveryLine::of).collect();
    Ok(AlertLine { id: alert.id.as_str(), time: rfc3339(alert.created), feed, article, topics, deliveries })
}

fn describe(text: &mut String, alert: &AlertView, with_attempts: bool) -> Result<(), serde_json::Error> {
    let shown: Shown = serde_json::from_str(alert.data.get())?;
    let topics: Vec<&str> = shown.topics.iter().map(|topic| topic.name.as_str()).collect();
    let title = shown.article.title.as_deref().unwrap_or("(no title)");
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{}  {}  [{}]", rfc3339(alert.created), title, topics.join(", "));
    let _ =
        writeln!(text, "    {}  {}", shown.feed.name, shown.article.url.as_deref().unwrap_or("(no link)"));
    let _ = writeln!(text, "    {}", alert.id);
    for delivery in &alert.deliveries {
        deliveries::describe(text, delivery, with_attempts);
    }
    Ok(())
}
