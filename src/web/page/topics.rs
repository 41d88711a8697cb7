//! The topics: each a link to its alerts.

use maud::{Markup, html};

use super::{
    View,
    text::{foreign, short},
};
use crate::web::overview::Overview;

/// Topics that are named. A watchlist may have a hundred thousand.
const NAMED: usize = 40;

/// All of them, as far as they go on a page; nothing if there are none.
pub fn section(overview: &Overview<'_>, view: &View) -> Markup {
    let (topics, chosen) = (overview.topics(), view.topic.as_deref());
    let more = topics.len().saturating_sub(NAMED);
    html! {
        @if !topics.is_empty() {
            section.topics {
                div.head { h2 { "Topics" } }
                p {
                    @for topic in topics.iter().take(NAMED) {
                        @let name = foreign(&short(topic.as_str(), 60));
                        @if chosen == Some(topic.as_str()) { b { (name) } " " }
                        @else { a href=(view.link("topic", Some(topic.as_str()))) { (name) } " " }
                    }
                    @if more > 0 { "and " (more) " more" }
                }
            }
        }
    }
}
