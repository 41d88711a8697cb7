//! The pages for people: no script, nothing from elsewhere, readable in the dark and on a phone.

mod alert;
mod alerts;
mod feeds;
mod notifiers;
mod spark;
pub mod text;
mod topics;

use maud::{DOCTYPE, Markup, html};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{
    overview::Overview,
    verdict::{Level, Verdict},
    words,
};
use crate::{model::Timestamp, store::AlertView};

pub use alert::page as alert_page;

/// The one style sheet.
pub const STYLE: &str = include_str!("style.css");
/// Seconds between two reloads of the page.
pub const REFRESH: u32 = 30;

/// Characters in the title of a tab.
const TITLE: usize = 120;

/// What stays as it is in a link of ours; the rest is escaped.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b':')
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'?')
    .remove(b'=');

/// What was asked for, and how to ask again.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// Only alerts of this topic.
    pub topic: Option<String>,
    /// Only this feed and its alerts.
    pub feed: Option<String>,
    /// The page of the list of feeds, from 1.
    pub number: usize,
    /// Whether the page reloads itself.
    pub refreshes: bool,
}

impl View {
    /// A link to the page with another filter.
    fn link(&self, key: &str, value: Option<&str>) -> String {
        let mut query: Vec<String> = Vec::new();
        if let Some(value) = value {
            query.push(format!("{key}={}", utf8_percent_encode(value, QUERY)));
        }
        if !self.refreshes {
            query.push("refresh=off".to_owned());
        }
        if query.is_empty() { "/".to_owned() } else { format!("/?{}", query.join("&")) }
    }

    /// A link to the page with all that was asked for, but for one thing.
    fn again(&self, refreshes: bool, number: usize) -> String {
        let mut query: Vec<String> = Vec::new();
        let filters = [("topic", &self.topic), ("feed", &self.feed)];
        for (key, value) in filters.into_iter().filter_map(|(key, value)| Some((key, value.as_ref()?))) {
            query.push(format!("{key}={}", utf8_percent_encode(value, QUERY)));
        }
        if number > 1 {
            query.push(format!("page={number}"));
        }
        if !refreshes {
            query.push("refresh=off".to_owned());
        }
        if query.is_empty() { "/".to_owned() } else { format!("/?{}", query.join("&")) }
    }

    /// The feed of alerts with the same filter.
    fn atom(&self) -> String {
        match (&self.topic, &self.feed) {
            (Some(topic), _) => format!("/alerts.atom?topic={}", utf8_percent_encode(topic, QUERY)),
            (None, Some(feed)) => format!("/alerts.atom?feed={}", utf8_percent_encode(feed, QUERY)),
            (None, None) => "/alerts.atom".to_owned(),
        }
    }
}

/// The status page.
pub fn status(
    overview: &Overview<'_>,
    alerts: &[AlertView],
    verdict: &Verdict,
    view: &View,
    now: Timestamp,
) -> Markup {
    let title = verdict.sentences.first().map_or("feedwatch", |(_, sentence)| sentence.as_str());
    let body = html! {
        header.top {
            a.brand href="/" { "feedwatch" }
            span.stamp {
                time datetime=(now.format("%Y-%m-%dT%H:%M:%SZ")) { (now.format("%H:%M:%S UTC")) }
                @if view.refreshes { " · every " (REFRESH) " s · " a href=(view.again(false, view.number)) { "stop" } }
                @else { " · stands still · " a href=(view.again(true, view.number)) { "refresh" } }
            }
        }
        main {
            h1.verdict.(verdict.level.as_str()) {
                @for (n, (level, sentence)) in verdict.sentences.iter().enumerate() { @if n > 0 { " " } span.(level.as_str()) { (sentence) } }
            }
            (feeds::asked_for(overview, view, now))
            div.columns {
                (alerts::section(overview, alerts, view, now))
                div.side {
                    (notifiers::section(&overview.notifiers, now))
                    (feeds::needy(overview, view, now))
                    (topics::section(overview, view))
                }
            }
            (feeds::section(overview, view, now))
        }
    };
    shell(title, verdict.level, &view.atom(), &body)
}

/// A page around something.
fn shell(title: &str, level: Level, atom: &str, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (text::short(title, TITLE)) " · feedwatch" }
                link rel="stylesheet" href="/style.css";
                link rel="icon" href=(icon(level));
                link rel="alternate" type="application/atom+xml" title="Alerts" href=(atom);
            }
            body { (body) }
        }
    }
}

/// A page that only says something.
pub fn notice(title: &str, level: Level, text: &str) -> Markup {
    let body = html! {
        header.top { a.brand href="/" { "feedwatch" } }
        main { h1.verdict.(level.as_str()) { span { (title) } } p.quiet { (text) } }
    };
    shell(title, level, "/alerts.atom", &body)
}

/// A dot in the colour of the judgement, for the tab.
fn icon(level: Level) -> String {
    let colour = match level {
        Level::Good => "2e8b57",
        Level::Fair => "b7791f",
        Level::Bad => "c53030",
    };
    format!(
        "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Ccircle cx='8' cy='8' r='6' fill='%23{colour}'/%3E%3C/svg%3E"
    )
}

/// A moment: how far from now; exactly, for those who ask.
fn moment(at: Timestamp, now: Timestamp) -> Markup {
    html! { time datetime=(at.format("%Y-%m-%dT%H:%MZ")) title={ (words::clock(at, now)) " UTC" } { (words::relative(at, now)) } }
}

/// A moment on the clock.
fn clock(at: Timestamp, now: Timestamp) -> Markup {
    html! { time datetime=(at.format("%Y-%m-%dT%H:%MZ")) title={ (words::clock(at, now)) " UTC" } { (words::clock(at, now)) } }
}
