//! What works in a watchlist but is probably not meant so (specs/matching.md §8): warnings of `check`.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    ops::ControlFlow,
};

use super::{
    aliases::used_alias,
    article::{Article, Places},
    common,
    entry::{self, Entry, Spec},
    problem::{Fault, Place, Problem, Severity},
    query, regex,
    term::{Case, Words},
    tokens::{Kind, SLOTS, Tokens},
};
use crate::model::{Aliases, CaseRule, Topic};

/// Warnings about a watchlist, in its order. They never keep it from being used; what does is told by
/// `Matcher::compile`.
pub fn lints(topics: &[Topic], aliases: &Aliases) -> Vec<Problem> {
    let mut out = Vec::new();
    for (index, topic) in topics.iter().enumerate() {
        lint_topic(index, topic, &mut out);
    }
    lint_aliases(topics, aliases, &mut out);
    once_per_topic(out)
}

/// The case rule is told once for a topic or alias, at the first term it holds for: a list of leagues or agencies
/// would drown the other warnings.
fn once_per_topic(lints: Vec<Problem>) -> Vec<Problem> {
    let mut told = HashSet::new();
    let is_first = |lint: &Problem| lint.code != "L103" || told.insert((lint.topic, lint.alias.clone()));
    lints.into_iter().filter(is_first).collect()
}

fn lint_topic(index: usize, topic: &Topic, out: &mut Vec<Problem>) {
    let lists = lists_of(topic);
    for (key, items) in lists {
        for (item, text) in items.iter().enumerate() {
            let place = Place { topic: Some(index), alias: None, key, item: Some(item) };
            let mut faults = lint_term(text);
            if is_evidence(key) {
                faults.extend(case_matters(text, topic.case).into_iter().chain(masked(text, topic)));
            }
            if matches!(key, "any" | "not") {
                faults.extend(common_word(text));
            }
            out.extend(faults.into_iter().map(|fault| place.problem(fault, Severity::Warning)));
        }
    }
    lint_repeats(index, &lists, out);
    let place = Place { topic: Some(index), alias: None, key: "query", item: None };
    each_query_term(topic, &mut |text, at| {
        let alone = lint_term(text).into_iter();
        let faults = alone.chain(case_matters(text, topic.case)).chain(masked(text, topic));
        out.extend(faults.map(|fault| place.problem(fault.shifted(at), Severity::Warning)));
    });
}

/// The terms of the topic's query, if it has one that can be read.
fn each_query_term<'a>(topic: &'a Topic, f: &mut impl FnMut(&'a str, usize)) {
    if let Some(Ok(tree)) = topic.query.as_deref().map(query::parse) {
        tree.each_term(f);
    }
}

/// L106: a term that finds nothing another does not find.
fn lint_repeats(index: usize, lists: &[(&'static str, &[String])], out: &mut Vec<Problem>) {
    let mut seen = HashMap::new();
    for (key, items) in lists {
        let group = if is_evidence(key) { "evidence" } else { key };
        for (item, text) in items.iter().enumerate() {
            let Some(spec) = words_of(text) else { continue };
            let words = Words::compile(spec, CaseRule::Ignore);
            let part = |index: usize| {
                (
                    words.folded(index).to_owned(),
                    words.parts[index].join,
                    words.parts[index].gap().map(str::to_owned),
                )
            };
            let parts: Vec<_> = (0..words.parts.len()).map(part).collect();
            if let Some(first) = seen.insert((group, parts, spec.prefix, spec.exact), text) {
                let fault = Fault::new(
                    "L106",
                    0,
                    text.len(),
                    format!("`{text}` is in the topic already, as `{first}`"),
                );
                let place = Place { topic: Some(index), alias: None, key, item: Some(item) };
                out.push(place.problem(fault.help("remove one of them"), Severity::Warning));
            }
        }
    }
}

fn lint_aliases(topics: &[Topic], aliases: &Aliases, out: &mut Vec<Problem>) {
    let used = used_aliases(topics, aliases);
    for (name, entries) in aliases {
        let mut warn = |item, fault| {
            let place = Place { topic: None, alias: Some(name), key: "alias", item };
            out.push(place.problem(fault, Severity::Warning));
        };
        if !used.contains(name.as_str()) {
            let fault = Fault::new("L105", 0, 0, format!("no topic uses the alias `{name}`"));
            warn(None, fault.help(format!("write `${name}` where its terms are meant, or remove it")));
        }
        for (item, text) in entries.iter().enumerate() {
            for fault in lint_term(text) {
                warn(Some(item), fault);
            }
        }
    }
}

/// L104 and L108, which look at the term alone.
fn lint_term(text: &str) -> Vec<Fault> {
    let idle_star = words_of(text).filter(|spec| spec.idle_star).map(|_| {
        let fault =
            Fault::new("L108", text.rfind('*').unwrap_or_default(), 1, "`*` does nothing after this script");
        fault.help("leave it out: the term is found within longer words anyway")
    });
    idle_star.into_iter().chain(plain_regex(text)).collect()
}

/// L103: a short word in capitals, found only so. Of evidence only: elsewhere it is nearly always an acronym.
fn case_matters(text: &str, case: CaseRule) -> Option<Fault> {
    let wants = match Words::compile(words_of(text)?, case).case {
        Case::Capitals => "only in capitals",
        Case::Initial => "only with an upper-case first letter",
        Case::Any | Case::Kept => return None,
    };
    let fault = Fault::new("L103", 0, text.len(), format!("`{text}` is found {wants}"));
    Some(fault.help("if that is not meant: case = \"ignore\", or write the term in lower case"))
}

/// L104: a regular expression that stands for nothing but one text.
fn plain_regex(text: &str) -> Option<Fault> {
    let Ok(Entry::Regex { pattern, .. }) = entry::list_entry(text) else { return None };
    let plain = regex::plain_text(pattern)?;
    let fault = Fault::new("L104", 0, text.len(), "the regular expression could be a term");
    Some(fault.help(format!(
        "write `{plain}`, which finds its other spellings too, or `={plain}` for exactly this"
    )))
}

/// L102: a word that stands in every second text.
fn common_word(text: &str) -> Option<Fault> {
    let spec = words_of(text).filter(|spec| !spec.exact && !spec.prefix)?;
    let words = Words::compile(spec, CaseRule::Auto);
    let [only] = &*words.parts else { return None };
    let common = only.kind == Kind::Word && words.case == Case::Any && common::is_common(words.folded(0));
    let fault = || Fault::new("L102", 0, text.len(), format!("`{text}` is a common word"));
    common.then(|| fault().help("add words to make a phrase, or use `maybe` with `context`"))
}

/// L107: a mask stands within the term itself, so it covers every place the term can have.
fn masked(text: &str, topic: &Topic) -> Option<Fault> {
    let spec = words_of(text).filter(|spec| !spec.prefix)?;
    let mut tokens = Tokens::default();
    tokens.push_field(0, spec.body);
    let mut places = Places::default();
    places.fill(&tokens);
    let mut texts = [""; SLOTS];
    texts[0] = spec.body;
    let article = Article { texts, tokens: &tokens, places: &places };
    let covers = |mask: &&String| {
        let words = words_of(mask).map(|spec| Words::compile(spec, topic.case));
        words.is_some_and(|words| words.each(&article, |_| ControlFlow::Break(())).is_break())
    };
    let mask = topic.mask.iter().find(covers)?;
    let fault =
        Fault::new("L107", 0, text.len(), format!("the mask `{mask}` covers every place of `{text}`"));
    Some(fault.help("write a longer mask, or remove the term"))
}

fn lists_of(topic: &Topic) -> [(&'static str, &[String]); 5] {
    [
        ("any", &topic.any),
        ("maybe", &topic.maybe),
        ("context", &topic.context),
        ("mask", &topic.mask),
        ("not", &topic.not),
    ]
}

fn is_evidence(key: &str) -> bool {
    matches!(key, "any" | "maybe")
}

fn words_of(text: &str) -> Option<Spec<'_>> {
    match entry::list_entry(text) {
        Ok(Entry::Words(spec)) => Some(spec),
        _ => None,
    }
}

/// Aliases that a topic uses, directly or by way of others.
fn used_aliases<'a>(topics: &'a [Topic], aliases: &'a Aliases) -> BTreeSet<&'a str> {
    let in_lists = topics.iter().flat_map(|topic| lists_of(topic).into_iter().flat_map(|(_, items)| items));
    let mut open: Vec<&str> = in_lists.filter_map(|text| used_alias(text)).collect();
    for topic in topics {
        each_query_term(topic, &mut |text, _| open.extend(used_alias(text)));
    }
    let mut used = BTreeSet::new();
    while let Some(name) = open.pop() {
        if used.insert(name) {
            open.extend(aliases.get(name).into_iter().flatten().filter_map(|text| used_alias(text)));
        }
    }
    used
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(topic: Topic, expected: &[(&str, &str, usize)]) {
        let found = lints(&[topic], &Aliases::new());
        let found: Vec<_> = found.iter().map(|lint| (lint.code, lint.key, lint.item.unwrap_or(99))).collect();
        assert_eq!(found, expected);
    }

    fn strings(list: &[&str]) -> Vec<String> {
        list.iter().map(|&s| s.to_owned()).collect()
    }

    #[test]
    fn odd_terms_are_told() {
        let any = |list: &[&str]| Topic { any: strings(list), ..Topic::named("t") };
        check(any(&["S-400", "sanctions", "U.S.", "Iran*"]), &[]);
        check(any(&["the"]), &[("L102", "any", 0)]);
        check(any(&["WHO", "NATO"]), &[("L103", "any", 0)]);
        check(any(&["S-400", "x-ray", "s400"]), &[("L106", "any", 2)]);
        check(any(&["制裁*"]), &[("L108", "any", 0)]);
        let masked = Topic { mask: strings(&["Patriot"]), ..any(&["Patriot missile", "PAC-3"]) };
        check(masked, &[("L107", "any", 0)]);
        check(any(&["re:/S-400/", r"re:/S-4\d+/"]), &[("L104", "any", 0)]);
        let query = |text: &str| Topic { query: Some(text.to_owned()), ..Topic::named("t") };
        check(query("sanctions AND WHO"), &[("L103", "query", 99)]);
    }

    #[test]
    fn an_alias_that_nobody_uses_is_told() {
        let aliases = [("a", "$b"), ("b", "word"), ("c", "other")];
        let aliases = aliases.map(|(name, entry)| (name.to_owned(), strings(&[entry]))).into();
        let topic = Topic { any: strings(&["$a"]), ..Topic::named("t") };
        let found = lints(&[topic], &aliases);
        assert_eq!(
            found.iter().map(|lint| (lint.code, lint.alias.as_deref())).collect::<Vec<_>>(),
            [("L105", Some("c"))]
        );
    }
}
