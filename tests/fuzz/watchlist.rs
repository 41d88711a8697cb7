//! Any watchlist and any text: no panic, evidence that is a slice of its field on character borders, and the same as
//! the slow and obvious matcher finds.
//!
//! An input is lines of `key value` (`topic`, `any`, `maybe`, `context`, `within`, `mask`, `not`, `query`, `case`,
//! `in`), an empty line, the title, and then the text; `summary` and `content` are parted by a line of `---`.

#![no_main]

use feedwatch::{
    matcher::{
        Matcher, Scratch, Text,
        plain::{self, PlainMatcher},
    },
    model::{Aliases, CaseRule, Field, SearchField, Topic, Within},
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &str| {
    let (watchlist, article) = input.split_once("\n\n").unwrap_or((input, ""));
    let topics = topics(watchlist);
    let Ok(matcher) = Matcher::compile(&topics, &Aliases::new()) else { return };
    let slow = PlainMatcher::compile(&topics, &Aliases::new()).expect("it compiled before");
    let (title, body) = article.split_once('\n').unwrap_or((article, ""));
    let text = match body.split_once("\n---\n") {
        Some((summary, content)) => Text { title, summary, content, ..Text::default() },
        None => Text::of_line(title, body),
    };
    let found = matcher.find_with(&mut Scratch::default(), &text, None);
    for mention in found.iter().flat_map(|topic| &topic.mentions) {
        let field = match mention.field {
            Field::Title => text.title,
            Field::Summary => text.summary,
            Field::Content => text.content,
            _ => text.text,
        };
        assert_eq!(field.get(mention.start..mention.end), Some(mention.text.as_str()), "{mention:?}");
        assert!(!mention.text.is_empty(), "{mention:?}");
    }
    for topic in &topics {
        let told = matcher.explain(topic.name.as_str(), &text, None).expect("the topic is there");
        let fired = found.iter().any(|found| found.name == topic.name);
        assert_eq!(told.fired, fired, "{told:?}");
    }
    assert_eq!(plain::told(found), slow.find(&text));
});

/// The topics of the lines; what is no such line is passed over.
fn topics(watchlist: &str) -> Vec<Topic> {
    const MOST: usize = 8;
    let mut topics = vec![Topic::named("0")];
    for line in watchlist.lines() {
        let (key, value) = line.split_once(' ').unwrap_or((line, ""));
        if key == "topic" && topics.len() < MOST {
            topics.push(Topic::named(&topics.len().to_string()));
        }
        let Some(topic) = topics.last_mut() else { continue };
        let term = value.to_owned();
        match key {
            "any" => topic.any.push(term),
            "maybe" => topic.maybe.push(term),
            "context" => topic.context.push(term),
            "mask" => topic.mask.push(term),
            "not" => topic.not.push(term),
            "query" => topic.query = Some(term),
            "within" => topic.within = within(value),
            "case" if value == "exact" => topic.case = CaseRule::Exact,
            "case" if value == "ignore" => topic.case = CaseRule::Ignore,
            "in" if value == "title" => topic.fields = vec![SearchField::Title],
            "in" if value == "content" => topic.fields = vec![SearchField::Content],
            _ => {}
        }
    }
    topics
}

fn within(value: &str) -> Within {
    match value {
        "sentence" => Within::Sentence,
        "field" => Within::Field,
        "article" => Within::Article,
        number => number.parse().map_or(Within::default(), Within::Tokens),
    }
}
