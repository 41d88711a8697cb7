//! Whether delivery is healthy: one line of state for each notifier, one of its queue.

use std::time::Duration;

use maud::{Markup, html};

use super::{
    clock, moment, spark,
    text::{foreign, short},
};
use crate::{
    model::{NotifierState, Timestamp},
    store::Queue,
    web::overview::NotifierView,
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
        (Some(NotifierState::Active), _) => "good",
        (None | Some(NotifierState::Disabled), _) => "",
        _ => "fair",
    };
    let has_delivered = view.delivered.iter().any(|deliveries| *deliveries > 0);
    html! {
        div.item {
            p.name { (foreign(&short(view.name.as_str(), 60))) " " span.state.(class) { (view.word()) } }
            @if has_delivered { (spark::bars(&view.delivered, "deliveries an hour, last 24 h")) }
            @if let Some(queue) = view.queue {
                @if let Some(reason) = &queue.reason { p.error { (foreign(reason)) } }
                (figures(queue, now))
                @if queue.dead + queue.held_back > 0 { p.figures { code { "feedwatch redeliver --dead" } " sends them again" } }
            } @else { p.figures { "nothing was sent yet" } }
        }
    }
}

fn figures(queue: &Queue, now: Timestamp) -> Markup {
    html! {
        p.figures {
            @match (queue.pending, queue.oldest_pending_seconds) {
                (0, _) if queue.last_delivered.is_none() && queue.dead + queue.held_back == 0 => { "nothing was sent yet" },
                (0, _) => { "nothing waits" },
                (1, Some(age)) => { "1 waits since " (since(age, now)) },
                (more, Some(age)) => { (more) " wait, the oldest since " (since(age, now)) },
                (more, None) => { (more) " under way" },
            }
            @if let Some(next) = queue.next_attempt { " · next try " (moment(next, now)) }
            @if queue.dead > 0 { " · " span.bad { (queue.dead) " given up" } }
            @if queue.held_back > 0 { " · " span.bad { (queue.held_back) " held back" } }
            @if let Some(last) = queue.last_delivered { " · last success " (moment(last, now)) } @else if queue.pending > 0 { " · no success yet" }
        }
    }
}

/// The moment that is so many seconds ago.
fn since(seconds: u64, now: Timestamp) -> Markup {
    clock(now - Duration::from_secs(seconds), now)
}
