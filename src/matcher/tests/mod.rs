//! Tests of the room as a whole: from topics and texts to mentions.

mod errors;
mod explain;
mod plain;
mod queries;
mod rules;
mod tables;

use super::{Matcher, Scope, Text};
use crate::model::{Aliases, Mention, Topic};

fn strings(list: &[&str]) -> Vec<String> {
    list.iter().map(|&text| text.to_owned()).collect()
}

fn topic(any: &[&str]) -> Topic {
    Topic { any: strings(any), ..Topic::named("topic") }
}

fn query(text: &str) -> Topic {
    Topic { query: Some(text.to_owned()), ..Topic::named("topic") }
}

fn matcher(topic: Topic) -> Matcher {
    Matcher::compile(&[topic], &Aliases::new()).expect("the watchlist is right")
}

fn mentions(topic: Topic, title: &str) -> Vec<Mention> {
    let text = Text { title, ..Text::default() };
    matcher(topic).find(&text, None).pop().map(|topic| topic.mentions).unwrap_or_default()
}
