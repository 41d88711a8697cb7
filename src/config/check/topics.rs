//! `[[topic]]` and `[alias]`: the form of a watchlist. What its terms mean is the matcher's to judge.

use std::collections::BTreeSet;

use super::{
    super::{
        problem::{Problem, Severity},
        raw::{At, NumberOrWord, RawTopic},
        words,
    },
    Checker, Purpose,
    terms::{self, TermPlaces},
};
use crate::model::{Aliases, CaseRule, SearchField, Topic, Within};

const FIELDS: &[(&str, SearchField)] = &[
    ("title", SearchField::Title),
    ("summary", SearchField::Summary),
    ("content", SearchField::Content),
    ("author", SearchField::Author),
    ("tags", SearchField::Tags),
    ("url", SearchField::Url),
];
const CASES: &[(&str, CaseRule)] =
    &[("auto", CaseRule::Auto), ("exact", CaseRule::Exact), ("ignore", CaseRule::Ignore)];
const WITHIN: &[&str] = &["sentence", "field", "article"];
const FARTHEST: u16 = 1000;

pub(super) type List = At<Vec<At<String>>>;

/// The watchlist, and where each part of it stands.
pub(super) struct Topics {
    pub(super) checked: Vec<Topic>,
    pub(super) aliases: Aliases,
    pub(super) places: TermPlaces,
}

impl Checker<'_> {
    pub(super) fn topics(&mut self, raws: &[At<RawTopic>], aliases: Vec<(String, List)>) -> Topics {
        let mut topics = Topics {
            checked: Vec::new(),
            aliases: self.aliases(&aliases),
            places: TermPlaces { topics: Vec::new(), aliases },
        };
        let mut known = BTreeSet::new();
        for raw in raws {
            self.structure(raw);
            let Some(name) = self.topic_name(raw) else { continue };
            if !known.insert(name.value.as_str()) {
                let message = format!("there are two topics with the name {:?}", name.value);
                self.push(name.error(message).code("T004").help("give each a name of its own"));
                continue;
            }
            topics.checked.push(self.topic(raw, &name.value));
            topics.places.topics.push(raw.clone());
        }
        let mut found = terms::problems(&topics);
        // An alias may stand in the part that cannot be read.
        found.retain(|problem| !(self.is_broken && problem.code == Some("Q012")));
        if self.purpose == Purpose::Check && found.is_empty() {
            found = terms::lints(&topics);
        }
        self.problems.extend(found);
        topics
    }

    fn aliases(&mut self, written: &[(String, List)]) -> Aliases {
        let mut aliases = Aliases::new();
        for (name, list) in written {
            self.not_empty(Some(list));
            if aliases.insert(name.clone(), values(Some(list))).is_some() {
                let message = format!("[alias] {name} is here for the second time");
                self.push(Problem::at(Severity::Error, &list.key_place, &list.key, message));
            }
        }
        aliases
    }

    fn topic_name<'r>(&mut self, raw: &'r At<RawTopic>) -> Option<&'r At<String>> {
        match &raw.value.name {
            Some(name) if name.value.trim().is_empty() => self.push(name.error("topic.name: is empty")),
            Some(name) => return Some(name),
            None if !self.is_broken => {
                self.push(raw.error("[[topic]] without name").help(r#"name = "S-400""#));
            }
            None => {}
        }
        None
    }

    /// Which keys a topic needs, and which exclude each other (T001 to T003 of specs/matching.md §8).
    fn structure(&mut self, raw: &At<RawTopic>) {
        let topic = &raw.value;
        if self.is_broken {
            return;
        }
        if topic.any.is_none() && topic.maybe.is_none() && topic.query.is_none() {
            let problem = raw.error("a topic needs any, maybe or query: there is nothing to look for");
            self.push(problem.code("T001").help(r#"any = ["S-400"]"#));
        }
        let lists = [("any", &topic.any), ("maybe", &topic.maybe), ("context", &topic.context)];
        let others =
            lists.iter().filter_map(|(name, list)| list.as_ref().map(|list| (*name, &list.key_place)));
        let within = topic.within.as_ref().map(|within| ("within", &within.key_place));
        if topic.query.is_some() {
            for (name, place) in others.chain(within) {
                let message = format!("query and {name} exclude each other");
                let problem = Problem::at(Severity::Error, place, &format!("topic.{name}"), message);
                self.push(problem.code("T002").help("write it into the query, or drop the query"));
            }
        } else if let (Some(lonely), None) | (None, Some(lonely)) = (&topic.maybe, &topic.context) {
            let (name, missing) =
                if topic.maybe.is_some() { ("maybe", "context") } else { ("context", "maybe") };
            let message = format!("{name} needs {missing}");
            let problem = Problem::at(Severity::Error, &lonely.key_place, &lonely.key, message);
            self.push(problem.code("T003").help("a `maybe` term fires only near a `context` term"));
        }
    }

    fn topic(&mut self, raw: &At<RawTopic>, name: &str) -> Topic {
        let written = &raw.value;
        for list in [&written.any, &written.maybe, &written.context, &written.mask, &written.not] {
            self.not_empty(list.as_ref());
        }
        for list in [&written.fields, &written.feeds, &written.tags] {
            self.not_empty(list.as_ref());
        }
        Topic {
            any: values(written.any.as_ref()),
            maybe: values(written.maybe.as_ref()),
            context: values(written.context.as_ref()),
            within: written.within.as_ref().and_then(|within| self.within(within)).unwrap_or_default(),
            mask: values(written.mask.as_ref()),
            not: values(written.not.as_ref()),
            query: written.query.as_ref().map(|query| query.value.clone()),
            fields: self.fields(written.fields.as_ref()),
            case: written.case.as_ref().and_then(|case| self.word(case, CASES)).unwrap_or(CaseRule::Auto),
            feeds: self.names(written.feeds.as_ref()),
            tags: self.names(written.tags.as_ref()),
            ..Topic::named(name)
        }
    }

    fn not_empty(&mut self, list: Option<&List>) {
        if let Some(list) = list.filter(|list| list.value.is_empty() && !self.is_broken) {
            let problem = list.error(format!("{}: the list is empty", list.key));
            self.push(problem.code("T006").help("leave it out, or name something"));
        }
    }

    fn fields(&mut self, written: Option<&List>) -> Vec<SearchField> {
        let Some(written) = written else { return SearchField::DEFAULT.to_vec() };
        written.value.iter().filter_map(|field| self.word(field, FIELDS)).collect()
    }

    fn within(&mut self, written: &At<NumberOrWord>) -> Option<Within> {
        let problem = match &written.value {
            NumberOrWord::Number(number) => match u16::try_from(*number) {
                Ok(tokens) if tokens <= FARTHEST => return Some(Within::Tokens(tokens)),
                _ => written
                    .error(format!("topic.within: must be from 0 to {FARTHEST}"))
                    .help("a number of words between, or \"sentence\", \"field\", \"article\""),
            },
            NumberOrWord::Word(word) => match word.as_str() {
                "sentence" => return Some(Within::Sentence),
                "field" => return Some(Within::Field),
                "article" => return Some(Within::Article),
                _ => {
                    let problem = written.error(format!("topic.within: {word:?} is not known"));
                    problem.maybe_help(words::suggest(word, WITHIN))
                }
            },
        };
        self.push(problem.code("T006"));
        None
    }
}

fn values(list: Option<&List>) -> Vec<String> {
    list.iter().flat_map(|list| &list.value).map(|term| term.value.clone()).collect()
}
