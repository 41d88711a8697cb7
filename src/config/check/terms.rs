//! Problems of terms and queries, put where they stand in the files: inside the strings.

use super::{
    super::{
        problem::{Problem, Severity},
        raw::{At, RawTopic},
        source::Place,
    },
    topics::{List, Topics},
};
use crate::matcher::{self, Matcher};

/// Where the terms of a watchlist stand, for what is found out about them later.
#[derive(Default)]
pub struct TermPlaces {
    /// As written, in the order of the checked topics.
    pub(super) topics: Vec<At<RawTopic>>,
    pub(super) aliases: Vec<(String, List)>,
}

impl TermPlaces {
    /// What the matcher found, each at its place in the files.
    pub fn problems(&self, found: &[matcher::Problem]) -> Vec<Problem> {
        found.iter().filter_map(|problem| self.problem(problem)).collect()
    }

    fn problem(&self, found: &matcher::Problem) -> Option<Problem> {
        let spot = match (found.topic, &found.alias) {
            (Some(index), _) => spot_in_topic(self.topics.get(index)?, found.key),
            (None, Some(name)) => Spot::List(&self.aliases.iter().find(|(alias, _)| alias == name)?.1),
            (None, None) => return None,
        };
        let severity = match found.severity {
            matcher::Severity::Error => Severity::Error,
            matcher::Severity::Warning => Severity::Warning,
        };
        let (place, key) = spot.resolve(found);
        let problem = Problem::at(severity, &place, &key, found.message.as_str());
        let problem = problem.code(found.code).maybe_help(found.help.clone());
        Some(Problem { label: found.label.clone(), ..problem })
    }
}

/// What keeps the watchlist from being used. The form of a topic (codes `T…`) is judged from the file itself, where
/// an empty list and one that is not there are not the same; so that part of the matcher's verdict is left out.
pub(super) fn problems(topics: &Topics) -> Vec<Problem> {
    let mut found = Matcher::compile(&topics.checked, &topics.aliases).err().unwrap_or_default();
    found.retain(|problem| !problem.code.starts_with('T'));
    topics.places.problems(&found)
}

/// What works and is probably not meant so.
pub(super) fn lints(topics: &Topics) -> Vec<Problem> {
    topics.places.problems(&matcher::lints(&topics.checked, &topics.aliases))
}

/// Where a key of a topic stands.
enum Spot<'a> {
    Text(&'a At<String>),
    List(&'a At<Vec<At<String>>>),
    /// Not written, or neither: the topic as a whole, or the value of the key.
    Elsewhere(&'a Place, String),
}

fn spot_in_topic<'a>(topic: &'a At<RawTopic>, key: &str) -> Spot<'a> {
    let fields = &topic.value;
    let list = match key {
        "any" => &fields.any,
        "maybe" => &fields.maybe,
        "context" => &fields.context,
        "mask" => &fields.mask,
        "not" => &fields.not,
        "fields" => &fields.fields,
        "feeds" => &fields.feeds,
        "tags" => &fields.tags,
        _ => &None,
    };
    let text = match key {
        "name" => &fields.name,
        "query" => &fields.query,
        "case" => &fields.case,
        _ => &None,
    };
    match (list, text, &fields.within) {
        (Some(list), _, _) => Spot::List(list),
        (_, Some(text), _) => Spot::Text(text),
        (_, _, Some(within)) if key == "within" => Spot::Elsewhere(&within.place, within.key.clone()),
        _ => Spot::Elsewhere(&topic.place, topic.key.clone()),
    }
}

impl Spot<'_> {
    fn resolve(&self, found: &matcher::Problem) -> (Place, String) {
        let in_string =
            |text: &At<String>| (text.place.inside_string(found.offset, found.len), text.key.clone());
        match self {
            Self::Text(text) => in_string(text),
            Self::List(list) => match found.item.and_then(|item| list.value.get(item)) {
                Some(term) => in_string(term),
                None => (list.key_place.clone(), list.key.clone()),
            },
            Self::Elsewhere(place, key) => ((*place).clone(), key.clone()),
        }
    }
}
