//! The compiled watchlist, and what it finds.

use super::{
    Text,
    article::{Article, Places},
    compile::{self, Compiled},
    evidence,
    explain::{self, Explanation},
    fields::{FieldSet, slot},
    fire::Firing,
    index::{Index, Key, Posting, Proposals},
    keys::Chooser,
    plan::{Plan, Scope},
    problem::Problem,
    regex::Patterns,
    term::Term,
    tokens::{SLOTS, Tokens},
};
use crate::model::{Aliases, Topic, TopicMentions, TopicName};

/// A compiled watchlist: immutable, shared by all workers, replaced as a whole at reload.
#[derive(Debug)]
pub struct Matcher {
    plans: Box<[Plan]>,
    terms: Box<[Term]>,
    index: Index,
    patterns: Option<Patterns>,
    fields: FieldSet,
}

/// Buffers of one worker, kept between articles so that an article without mentions allocates nothing.
#[derive(Debug, Default)]
pub struct Scratch {
    tokens: Tokens,
    places: Places,
    proposals: Proposals,
    candidates: Vec<u32>,
    tags: String,
    feed: String,
}

impl Matcher {
    /// Compiles a watchlist. All problems are told at once; a watchlist that compiles is never partly ignored.
    pub fn compile(topics: &[Topic], aliases: &Aliases) -> Result<Self, Vec<Problem>> {
        let Compiled { plans, terms } = compile::compile(topics, aliases)?;
        let chooser = Chooser::new(&terms, &plans);
        let keys_of = |(topic, plan)| {
            let keys = chooser.of_plan(plan).into_iter();
            keys.map(move |(key, guard)| (key, Posting { topic, guard }))
        };
        let entries: Vec<(Key, Posting)> = (0..).zip(&plans).flat_map(keys_of).collect();
        let patterns = Patterns::build(&entries, &terms);
        let index = Index::build(&entries);
        let fields = plans.iter().fold(FieldSet::default(), |all, plan| all.union(plan.all_fields()));
        Ok(Self { plans: plans.into(), terms: terms.into(), index, patterns, fields })
    }

    /// Which topics the text mentions, in watchlist order, each with its evidence. Without `scope`, the topics'
    /// own limits to feeds and tags are ignored.
    pub fn find(&self, text: &Text<'_>, scope: Option<&Scope<'_>>) -> Vec<TopicMentions> {
        self.find_with(&mut Scratch::default(), text, scope)
    }

    /// The same with buffers that are kept.
    pub fn find_with(
        &self,
        scratch: &mut Scratch,
        text: &Text<'_>,
        scope: Option<&Scope<'_>>,
    ) -> Vec<TopicMentions> {
        self.search(scratch, text, scope, Self::propose)
    }

    /// The same without the index, every topic one by one: what the index is measured against.
    #[doc(hidden)]
    pub fn find_by_evaluating_all(&self, scratch: &mut Scratch, text: &Text<'_>) -> Vec<TopicMentions> {
        self.search(scratch, text, None, |matcher, _, _, _, candidates| {
            candidates.extend((0..).take(matcher.plans.len()));
        })
    }

    /// Adds the topics that the index proposes, sorted, each once.
    fn propose(
        &self,
        tokens: &Tokens,
        texts: &[&str; SLOTS],
        proposals: &mut Proposals,
        candidates: &mut Vec<u32>,
    ) {
        self.index.candidates(tokens, proposals, candidates);
        if let Some(patterns) = &self.patterns {
            patterns.candidates(texts, candidates);
        }
        candidates.sort_unstable();
        candidates.dedup();
    }

    fn search(
        &self,
        scratch: &mut Scratch,
        text: &Text<'_>,
        scope: Option<&Scope<'_>>,
        propose: impl Fn(&Self, &Tokens, &[&str; SLOTS], &mut Proposals, &mut Vec<u32>),
    ) -> Vec<TopicMentions> {
        let Scratch { tokens, places, proposals, candidates, tags, feed } = scratch;
        join_tags(text.tags, tags);
        name_feed(scope, feed);
        let texts = texts(text, tags, feed);
        self.tokenize(&texts, tokens);
        candidates.clear();
        propose(self, tokens, &texts, proposals, candidates);
        if candidates.is_empty() {
            return Vec::new();
        }
        places.fill(tokens);
        let article = Article { texts, tokens, places };
        let firing = Firing { terms: &self.terms, article, summary_repeated: repeats_summary(&texts) };
        candidates.iter().filter_map(|&topic| self.mentions(&firing, topic, scope)).collect()
    }

    /// What the topic of this name makes of the text: why it fires, or the first clause that fails. `None` if there
    /// is no such topic.
    pub fn explain(&self, topic: &str, text: &Text<'_>, scope: Option<&Scope<'_>>) -> Option<Explanation> {
        let plan = self.plans.iter().find(|plan| plan.name.as_str() == topic)?;
        let Scratch { mut tokens, mut places, mut tags, mut feed, .. } = Scratch::default();
        join_tags(text.tags, &mut tags);
        name_feed(scope, &mut feed);
        let texts = texts(text, &tags, &feed);
        self.tokenize(&texts, &mut tokens);
        places.fill(&tokens);
        let article = Article { texts, tokens: &tokens, places: &places };
        let firing = Firing { terms: &self.terms, article, summary_repeated: repeats_summary(&texts) };
        Some(explain::explain(&firing, plan, scope))
    }

    /// The names of all topics, in watchlist order.
    pub fn topic_names(&self) -> impl Iterator<Item = &TopicName> {
        self.plans.iter().map(|plan| &plan.name)
    }

    fn tokenize(&self, texts: &[&str; SLOTS], tokens: &mut Tokens) {
        tokens.clear();
        for slot in self.fields.iter().filter(|&slot| !texts[slot].is_empty()) {
            tokens.push_field(slot, texts[slot]);
        }
    }

    fn mentions(&self, firing: &Firing<'_>, topic: u32, scope: Option<&Scope<'_>>) -> Option<TopicMentions> {
        let plan = &self.plans[topic as usize];
        let found = evidence::choose(firing.fires(plan, scope)?);
        let tell = |found: &evidence::Found| {
            evidence::mention(&firing.article, &found.span, &self.terms[found.term as usize].written)
        };
        Some(TopicMentions { name: plan.name.clone(), mentions: found.iter().map(tell).collect() })
    }
}

fn texts<'a>(text: &Text<'a>, tags: &'a str, feed: &'a str) -> [&'a str; SLOTS] {
    let mut texts = [""; SLOTS];
    texts[slot::TITLE] = text.title;
    texts[slot::SUMMARY] = text.summary;
    texts[slot::CONTENT] = text.content;
    texts[slot::TEXT] = text.text;
    texts[slot::AUTHOR] = text.author;
    texts[slot::TAGS] = tags;
    texts[slot::URL] = text.url;
    texts[slot::FEED] = feed;
    texts
}

fn join_tags(tags: &[String], out: &mut String) {
    out.clear();
    for tag in tags {
        if !out.is_empty() {
            out.push_str("; ");
        }
        out.push_str(tag);
    }
}

/// What `feed:` searches: name and address, with a break between.
fn name_feed(scope: Option<&Scope<'_>>, out: &mut String) {
    out.clear();
    if let Some(scope) = scope {
        out.extend([scope.name, "\n\n", scope.url]);
    }
}

/// A summary that the content holds is not searched twice (specs/reading.md §6).
fn repeats_summary(texts: &[&str; SLOTS]) -> bool {
    !texts[slot::SUMMARY].is_empty() && texts[slot::CONTENT].contains(texts[slot::SUMMARY])
}
