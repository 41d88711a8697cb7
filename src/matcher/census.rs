//! How many stored articles each term hits: lint L101, which needs a store to look at (specs/matching.md §8).

use super::{
    Text,
    problem::{Fault, Place, Problem, Severity},
    search::{Matcher, Scratch},
};
use crate::model::{Aliases, Topic, TopicName};

/// Fewest articles that say anything about how common a term is.
const ARTICLES_MIN: usize = 1_000;
/// A term that hits more than one article in so many is too common.
const ONE_IN: usize = 50;

/// Counts in how many articles each `any` term of a watchlist occurs.
#[derive(Debug)]
pub struct Census {
    matcher: Matcher,
    scratch: Scratch,
    terms: Vec<Counted>,
    articles: usize,
}

#[derive(Debug)]
struct Counted {
    topic: usize,
    item: usize,
    written: String,
    hits: usize,
}

impl Census {
    /// A census of a watchlist, which must be right in itself.
    pub fn new(topics: &[Topic], aliases: &Aliases) -> Result<Self, Vec<Problem>> {
        let mut terms = Vec::new();
        let mut alone = Vec::new();
        for (index, topic) in topics.iter().enumerate() {
            for (item, term) in topic.any.iter().enumerate() {
                alone.push(term_alone(topic, term, terms.len()));
                terms.push(Counted { topic: index, item, written: term.clone(), hits: 0 });
            }
        }
        let matcher = Matcher::compile(&alone, aliases)?;
        Ok(Self { matcher, scratch: Scratch::default(), terms, articles: 0 })
    }

    /// Counts one article.
    pub fn add(&mut self, text: &Text<'_>) {
        self.articles += 1;
        for found in self.matcher.find_with(&mut self.scratch, text, None) {
            let number = found.name.as_str().parse().ok();
            if let Some(term) = number.and_then(|number: usize| self.terms.get_mut(number)) {
                term.hits += 1;
            }
        }
    }

    /// L101 for each term that hits over 2 % of at least 1,000 articles.
    pub fn lints(&self) -> Vec<Problem> {
        let common = |term: &&Counted| self.articles >= ARTICLES_MIN && term.hits * ONE_IN > self.articles;
        self.terms.iter().filter(common).map(|term| self.lint(term)).collect()
    }

    fn lint(&self, term: &Counted) -> Problem {
        let (written, hits) = (&term.written, term.hits);
        let message = format!("`{written}` stands in {hits} of {} stored articles", self.articles);
        let fault = Fault::new("L101", 0, written.len(), message);
        let place = Place { topic: Some(term.topic), alias: None, key: "any", item: Some(term.item) };
        place.problem(fault.help("move it to `maybe` and name its `context`"), Severity::Warning)
    }
}

/// A topic of one term, under its number.
fn term_alone(topic: &Topic, term: &str, number: usize) -> Topic {
    Topic {
        any: vec![term.to_owned()],
        mask: topic.mask.clone(),
        fields: topic.fields.clone(),
        case: topic.case,
        name: TopicName::new(number.to_string()),
        ..Topic::named("")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_term_in_more_than_two_percent_of_the_articles_is_told() {
        let any = ["today", "S-400"].map(str::to_owned).to_vec();
        let topics = [Topic { any, ..Topic::named("t") }];
        let mut census = Census::new(&topics, &Aliases::new()).expect("right");
        for number in 0..1_000 {
            let text = if number < 21 {
                "Today"
            } else if number < 41 {
                "S400"
            } else {
                "nothing"
            };
            census.add(&Text::of_line(text, ""));
            assert!(number == 999 || census.lints().is_empty());
        }
        let found: Vec<_> = census.lints().into_iter().map(|lint| (lint.code, lint.item)).collect();
        assert_eq!(found, [("L101", Some(0))]);
    }
}
