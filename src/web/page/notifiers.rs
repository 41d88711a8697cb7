//! Whether delivery is healthy: one line of state for each notifier, one of its queue.

use maud::{Markup, html};

use super::{
    moment, spark,
    text::{foreign, short},
};
use crate::{
    model::{NotifierState, Timestamp},
    store::Queue,
    web::{overview::NotifierView, words::count},
};

/// All of them.
pub fn section(notifiers: &[NotifierView<'_>], now: Timestamp) -> Markup {
    html! {
        section.notifiers {
            div.head { h2 { "Delivery" } }
            @if notifiers.is_empty() { p.quiet { "No notifier is configured." } }
            @for view in notifiers { (entry(view, now)) }
        }
    }
}

fn entry(view: &NotifierView<'_>, now: Timestamp) -> Markup {
    let class = match (view.state(), view.needs_person()) {
        (_, true) => "bad",
        (NotifierState::Active, _) => "good",
        (NotifierState::Disabled, _) => "",
        _ => "fair",
    };
    html! {
        div.item {
            p.name { (foreign(&short(view.notifier.name.as_str(), 60))) " " span.state.(class) { (view.state().as_str()) } }
            @if view.queue.is_some() { (spark::bars(&view.delivered, "deliveries an hour, last 24 h")) }
            @if let Some(queue) = &view.queue { (figures(queue, now)) } @else { p.figures { "nothing was sent yet" } }
            @if let Some(reason) = view.queue.as_ref().and_then(|queue| queue.reason.as_deref()) {
                p.error { (foreign(reason)) }
            }
        }
    }
}

fn figures(queue: &Queue, now: Timestamp) -> Markup {
    html! {
        p.figures {
            @if queue.pending == 0 { "nothing waits" } @else {
                (count(queue.pending, "waits").replace("waitss", "wait"))
                @if let Some(age) = queue.oldest_pending_seconds {
                    ", oldest " (moment(now - std::time::Duration::from_secs(age), now))
                }
                @if let Some(next) = queue.next_attempt { ", next try " (moment(next, now)) }
            }
            @if queue.dead > 0 { " · " (queue.dead) " dead" }
            @if queue.held_back > 0 { " · " (queue.held_back) " held back" }
            @if let Some(last) = queue.last_delivered { " · last success " (moment(last, now)) } @else { " · no success yet" }
        }
    }
}
