//! Aliases: lists of terms by name, `$name` in a term; they may use each other, but not in circles.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    compile::offset_in,
    entry::{self, Entry},
    problem::{Fault, Place, Problem, Severity},
};
use crate::model::Aliases;

/// Every alias with the terms it stands for in the end.
#[derive(Debug)]
pub(super) struct Resolved<'a> {
    entries: BTreeMap<&'a str, Vec<&'a str>>,
}

impl<'a> Resolved<'a> {
    /// Resolves all aliases and notes what is wrong in them, each problem once, where it stands.
    pub fn new(aliases: &'a Aliases, problems: &mut Vec<Problem>) -> Self {
        for (name, entries) in aliases {
            for (item, text) in entries.iter().enumerate() {
                if let Err(fault) = check_entry(aliases, name, text) {
                    let place = Place { topic: None, alias: Some(name), key: "alias", item: Some(item) };
                    problems.push(place.problem(fault, Severity::Error));
                }
            }
        }
        Self { entries: aliases.keys().map(|name| (name.as_str(), flatten(aliases, name))).collect() }
    }

    /// The terms of an alias.
    pub fn entries(&self, name: &str) -> Result<&[&'a str], Fault> {
        self.entries.get(name).map(Vec::as_slice).ok_or_else(|| unknown(name, self.entries.keys().copied()))
    }
}

/// Which other aliases an entry uses: none or one.
pub(super) fn used_alias(text: &str) -> Option<&str> {
    match entry::list_entry(text) {
        Ok(Entry::Alias(name)) => Some(name),
        _ => None,
    }
}

fn check_entry(aliases: &Aliases, owner: &str, text: &str) -> Result<(), Fault> {
    let Entry::Alias(name) = entry::list_entry(text)? else { return Ok(()) };
    let at = offset_in(text, name) - 1;
    if !aliases.contains_key(name) {
        return Err(unknown(name, aliases.keys().map(String::as_str)).shifted(at));
    }
    if reachable(aliases, name).contains(owner) {
        let fault = Fault::new("Q012", at, name.len() + 1, format!("`${name}` leads back to `${owner}`"));
        return Err(fault.help("list its terms instead: an alias cannot hold itself"));
    }
    Ok(())
}

fn unknown<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Fault {
    let fault = Fault::new("Q012", 0, name.len() + 1, format!("there is no alias `{name}`"));
    match nearest(name, known) {
        Some(near) => fault.help(format!("did you mean `${near}`?")),
        None => fault.help(format!("define it: `{name} = [\"…\"]` under `[alias]`")),
    }
}

/// The most similar known name, if one is similar.
pub(super) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    const SIMILAR: f64 = 0.75;
    let scored = known.map(|candidate| (strsim::jaro_winkler(name, candidate), candidate));
    scored.filter(|(score, _)| *score >= SIMILAR).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, near)| near)
}

/// All aliases that a name leads to, itself among them.
fn reachable<'a>(aliases: &'a Aliases, name: &'a str) -> BTreeSet<&'a str> {
    let mut seen = BTreeSet::from([name]);
    let mut open = vec![name];
    while let Some(name) = open.pop() {
        let used = aliases.get(name).into_iter().flatten().filter_map(|text| used_alias(text));
        open.extend(used.filter(|used| seen.insert(used)));
    }
    seen
}

fn flatten<'a>(aliases: &'a Aliases, name: &'a str) -> Vec<&'a str> {
    let mut entries: Vec<&str> = Vec::new();
    for name in reachable(aliases, name) {
        let own = aliases.get(name).into_iter().flatten();
        entries.extend(own.map(String::as_str).filter(|text| used_alias(text).is_none()));
    }
    entries
}
