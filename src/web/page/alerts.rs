//! What was alerted last: the article, where the words stand in it, and what became of telling.

use maud::{Markup, html};

use super::{
    View, clock, moment,
    text::{foreign, link, marked, short},
};
use crate::{
    model::{DeliveryState, Timestamp},
    store::{AlertView, DeliveryView},
    web::{evidence::Evidence, overview::Overview},
};

/// Snippets of one alert in the list.
const SNIPPETS: usize = 2;

/// The list.
pub fn section(overview: &Overview<'_>, alerts: &[AlertView], view: &View, now: Timestamp) -> Markup {
    html! {
        section.alerts {
            div.head {
                h2 {
                    @match (&view.topic, &view.feed) {
                        (Some(topic), _) => { "Alerts for " (foreign(topic)) },
                        (None, Some(feed)) => { "Alerts from " (foreign(&name_of(overview, feed))) },
                        (None, None) => { "Latest alerts" },
                    }
                }
                @if view.topic.is_some() || view.feed.is_some() { a href=(view.link("", None)) { "show all" } }
                a.feed href=(view.atom()) { "Atom" }
            }
            @if alerts.is_empty() { p.quiet { (nothing(overview, view)) } }
            @for alert in alerts { (entry(alert, view, now)) }
        }
    }
}

fn name_of(overview: &Overview<'_>, id: &str) -> String {
    overview.feed(id).map_or_else(|| id.to_owned(), |feed| feed.name())
}

fn nothing(overview: &Overview<'_>, view: &View) -> &'static str {
    if view.topic.is_some() || view.feed.is_some() {
        "Nothing was found there yet."
    } else if overview.feed_count() == 0 {
        "Name feeds and topics in feedwatch.toml; what is found stands here."
    } else {
        "Nothing was found yet. What is, stands here as soon as a feed shows it."
    }
}

fn entry(alert: &AlertView, view: &View, now: Timestamp) -> Markup {
    let Some(evidence) = Evidence::of(alert) else { return html! {} };
    html! {
        article {
            p.when { (moment(alert.created, now)) }
            h3 { (headline(&evidence)) }
            @for (snippet, ranges) in evidence.snippets().iter().take(SNIPPETS) { p.snippet { (marked(snippet, ranges)) } }
            div.foot { p.meta {
                a href=(view.link("feed", Some(alert.feed.as_str()))) { (foreign(&short(&evidence.feed.name, 80))) }
                @for topic in &evidence.topics {
                    a.topic href=(view.link("topic", Some(topic.name.as_str()))) { (foreign(&short(topic.name.as_str(), 60))) }
                }
                a.more href={ "/alerts/" (alert.id) } { "evidence" }
            }
            @if !alert.deliveries.is_empty() { (deliveries(&alert.deliveries, now)) } }
        }
    }
}

/// The title with its words marked, linked to the article if that is on the web.
pub fn headline(evidence: &Evidence) -> Markup {
    let title = marked(evidence.title(), &evidence.marks_in_title());
    match evidence.article.url.as_deref().and_then(link) {
        Some(url) => html! { a href=(url) rel="noopener noreferrer" { (title) } },
        None => title,
    }
}

/// Where the deliveries stand; notifiers of which the same is to say stand together.
fn deliveries(deliveries: &[DeliveryView], now: Timestamp) -> Markup {
    let mut groups: Vec<(String, Markup, Vec<Markup>)> = Vec::new();
    for delivery in deliveries {
        let (state, name) = (state(delivery, now), foreign(&short(delivery.notifier.as_str(), 60)));
        let words = state.0.clone();
        match groups.iter_mut().find(|(known, ..)| *known == words) {
            Some((.., names)) => names.push(name),
            None => groups.push((words, state, vec![name])),
        }
    }
    html! {
        ul.deliveries { @for (_, state, names) in &groups {
            li { @for (n, name) in names.iter().enumerate() { @if n > 0 { ", " } (name) } " " (state) }
        } }
    }
}

/// Where a delivery stands, in words. Colour is for what is not as it should be.
pub fn state(delivery: &DeliveryView, now: Timestamp) -> Markup {
    let (class, words) = match delivery.state {
        DeliveryState::Delivered => (
            "",
            html! { "delivered" @if let Some(last) = delivery.history.last() { " " (clock(last.at, now)) } },
        ),
        DeliveryState::Sending => ("", html! { "under way" }),
        DeliveryState::Pending if delivery.attempts == 0 => ("", html! { "waiting" }),
        DeliveryState::Pending => {
            let next = delivery.next_attempt.map(|at| html! { " at " (clock(at, now)) });
            ("fair", html! { "retry " (delivery.attempts + 1) @if let Some(next) = next { (next) } })
        }
        DeliveryState::Dead => ("bad", html! { "given up" }),
        DeliveryState::HeldBack => ("bad", html! { "held back" }),
    };
    html! { span.state.(class) { (words) } }
}
