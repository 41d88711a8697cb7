//! One alert: every place where its words stand, and every attempt to tell.

use maud::{Markup, html};

use super::{
    View, alerts, clock, shell,
    text::{foreign, marked, short},
};
use crate::{
    model::{Mention, Timestamp},
    store::{AlertView, DeliveryView},
    web::{
        evidence::{Evidence, found},
        verdict::Level,
        words,
    },
};

/// The page; `None` if the alert tells of no article.
pub fn page(alert: &AlertView, now: Timestamp) -> Option<Markup> {
    let evidence = Evidence::of(alert)?;
    let view = View { refreshes: true, ..View::default() };
    let body = html! {
        header.top { a.brand href="/" { "feedwatch" } span.stamp { "seen " (words::full(alert.created)) } }
        main.alert {
            h1 { (alerts::headline(&evidence)) }
            p.meta {
                a href=(view.link("feed", Some(alert.feed.as_str()))) { (foreign(&evidence.feed.name)) }
                @if let Some(at) = evidence.article.published { " · published " (clock(at, now)) }
                @if let Some(author) = &evidence.article.author { " · " (foreign(author)) }
            }
            @if let Some(summary) = &evidence.article.summary { p.snippet { (foreign(summary)) } }
            section {
                div.head { h2 { "Evidence" } }
                @for topic in &evidence.topics {
                    h3 { a.topic href=(view.link("topic", Some(topic.name.as_str()))) { (foreign(topic.name.as_str())) } }
                    ul.mentions { @for mention in &topic.mentions { li { (evidence_of(mention)) } } }
                }
            }
            section {
                div.head { h2 { "Deliveries" } }
                @if alert.deliveries.is_empty() { p.quiet { "No notifier takes it." } }
                @for delivery in &alert.deliveries { (attempts(delivery, now)) }
            }
            p.quiet { "id " code { (alert.id) } }
        }
    };
    Some(shell(evidence.title(), Level::Good, "/alerts.atom", &body))
}

fn evidence_of(mention: &Mention) -> Markup {
    let ranges: Vec<_> = found(&mention.snippet, mention).into_iter().collect();
    html! {
        span.place { (mention.field.as_str()) " " (mention.start) "–" (mention.end) }
        @if mention.snippet.is_empty() { mark { (foreign(&mention.text)) } } @else { (marked(&mention.snippet, &ranges)) }
        @if mention.term != mention.text { small { "term " (foreign(&mention.term)) } }
    }
}

fn attempts(delivery: &DeliveryView, now: Timestamp) -> Markup {
    html! {
        p.name { (foreign(&short(delivery.notifier.as_str(), 60))) " " (alerts::state(delivery, now)) }
        @if let Some(reason) = &delivery.reason { p.error { (foreign(reason)) } }
        @if !delivery.history.is_empty() {
            ol.attempts { @for attempt in &delivery.history {
                li {
                    time datetime=(attempt.at.format("%Y-%m-%dT%H:%M:%SZ")) { (attempt.at.format("%Y-%m-%d %H:%M:%S UTC")) }
                    " · " (attempt.took_ms) " ms"
                    @if let Some(status) = attempt.status { " · status " (status) }
                    " · " (foreign(&attempt.answer))
                }
            } }
        }
    }
}
