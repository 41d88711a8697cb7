//! Every mistake of specs/matching.md §8 that needs the language, each in its place.

use super::{Matcher, query, strings};
use crate::{
    matcher::Problem,
    model::{Aliases, Topic},
};

fn problems(topics: &[Topic], aliases: &Aliases) -> Vec<Problem> {
    Matcher::compile(topics, aliases).map_or_else(|problems| problems, |_| Vec::new())
}

fn aliases(list: &[(&str, &[&str])]) -> Aliases {
    list.iter().map(|(name, entries)| ((*name).to_owned(), strings(entries))).collect()
}

/// The query has one mistake; `marked` is what the caret stands under.
#[track_caller]
fn fails(text: &str, code: &str, marked: &str) -> Problem {
    let mut found = problems(&[query(text)], &Aliases::new());
    assert_eq!(found.len(), 1, "{text}: {found:?}");
    let problem = found.remove(0);
    let under = text.get(problem.offset..problem.offset + problem.len).expect("on character borders");
    assert_eq!((problem.code, under), (code, marked), "{text}: {}", problem.message);
    assert_eq!((problem.topic, problem.key, problem.item), (Some(0), "query", None));
    problem
}

#[test]
fn mistakes_of_queries_are_found_in_their_place() {
    fails("sanctions AND \"--\"", "Q001", "--");
    fails("", "Q001", "");
    fails("sanctions AND *foo", "Q002", "*");
    fails("sanctions OR a*b", "Q002", "*");
    fails("sanctions Turkey", "Q003", "Turkey");
    fails("sanctions (Turkey)", "Q003", "(");
    fails("sanctions and Turkey", "Q003", "and");
    fails("a1 AND b1 OR c1", "Q004", "OR");
    fails("a1 OR b1 AND c1", "Q004", "AND");
    fails("a1 OR b1 NOT c1", "Q004", "NOT");
    fails("(sanctions AND Turkey", "Q005", "(");
    fails("sanctions)", "Q005", ")");
    fails("sanctions AND ()", "Q005", "()");
    fails("sanctions AND \"air defence", "Q006", "\"");
    fails("AND sanctions", "Q007", "AND");
    fails("sanctions AND", "Q007", "AND");
    fails("sanctions AND OR Turkey", "Q007", "AND");
    fails("(sanctions OR) AND Turkey", "Q007", "OR");
    fails("sanctions AND NOT", "Q007", "NOT");
    fails("NEAR/3 sanctions", "Q007", "NEAR/3");
    fails("sanctions AND title:", "Q007", "title:");
    fails("NOT sanctions", "Q008", "NOT");
    fails("sanctions OR NOT Turkey", "Q008", "NOT");
    fails("sanctions AND (NOT Turkey)", "Q008", "NOT");
    fails("feed:bbc", "Q008", "feed:bbc");
    fails("sanctions OR feed:bbc", "Q008", "feed:bbc");
    fails("a1 NEAR (b1 AND c1)", "Q009", "(b1 AND c1)");
    fails("a1 NEAR NOT b1", "Q009", "NOT");
    fails("a1 NEAR title:b1", "Q009", "title:b1");
    fails("a1 NEAR b1 NEAR c1", "Q009", "NEAR");
    fails("a1 NEAR (b1 NEAR c1)", "Q009", "(b1 NEAR c1)");
    fails("a1 NEAR/1001 b1", "Q010", "NEAR/1001");
    fails("a1 ONEAR/x b1", "Q010", "ONEAR/x");
    fails("titel:sanctions", "Q011", "titel");
    fails("sanctions AND $missing", "Q012", "$missing");
    fails("re:/ab(c/", "Q013", "(");
    fails("re:/a*/", "Q013", "a*");
    fails("re:/abc/i", "Q013", "i");
    fails(&"x".repeat(300), "Q015", &"x".repeat(300));
    fails(&format!("{}a1{}", "(".repeat(33), ")".repeat(33)), "Q015", "");
    fails(&"a1 OR ".repeat(3000), "Q015", "");
}

#[test]
fn mixed_operators_come_with_a_reading_to_choose() {
    let problem = fails("sanctions AND Turkey OR Ankara", "Q004", "OR");
    assert_eq!(problem.help.as_deref(), Some("sanctions AND (Turkey OR Ankara)"));
    let problem = fails("x1 AND (a1 OR b1 NOT (c1 OR d1))", "Q004", "NOT");
    assert_eq!(problem.help.as_deref(), Some("(a1 OR b1) NOT (c1 OR d1)"));
    let problem = fails("titel:sanctions", "Q011", "titel");
    assert!(problem.help.is_some_and(|help| help.contains("title:")));
    let problem = fails("sanctions or Turkey", "Q003", "or");
    assert!(problem.help.is_some_and(|help| help.contains("OR")));
}

#[test]
fn all_problems_of_all_topics_are_told_at_once() {
    let topics = [
        Topic::named("nothing"),
        Topic { maybe: strings(&["Patriot"]), ..Topic::named("maybe") },
        Topic { context: strings(&["missile"]), any: strings(&["ok", "--"]), ..Topic::named("context") },
        Topic { any: strings(&["x1"]), query: Some("a1 b1".into()), ..Topic::named("both") },
        Topic {
            not: strings(&["ok", "a*b"]),
            mask: strings(&["$nobody"]),
            ..super::topic(&["a1 AND b1", "re:/(/"])
        },
    ];
    let aliases = aliases(&[("a", &["$b"]), ("b", &["$a"]), ("c", &["--", "$a"])]);
    let found: Vec<_> = problems(&topics, &aliases)
        .into_iter()
        .map(|p| (p.code, p.topic, p.alias.unwrap_or_default(), p.key, p.item, p.offset, p.len))
        .collect();
    let none = String::new;
    let expected = [
        ("Q012", None, "a".to_owned(), "alias", Some(0), 0, 2),
        ("Q012", None, "b".to_owned(), "alias", Some(0), 0, 2),
        ("Q001", None, "c".to_owned(), "alias", Some(0), 0, 2),
        ("T001", Some(0), none(), "topic", None, 0, 0),
        ("T003", Some(1), none(), "maybe", None, 0, 0),
        ("T003", Some(2), none(), "context", None, 0, 0),
        ("Q001", Some(2), none(), "any", Some(1), 0, 2),
        ("T002", Some(3), none(), "any", None, 0, 0),
        ("Q003", Some(3), none(), "query", None, 3, 2),
        ("Q014", Some(4), none(), "any", Some(0), 3, 3),
        ("Q013", Some(4), none(), "any", Some(1), 4, 1),
        ("Q012", Some(4), none(), "mask", Some(0), 0, 7),
        ("Q002", Some(4), none(), "not", Some(1), 1, 1),
    ];
    assert_eq!(found, expected);
}

#[test]
fn aliases_stand_for_their_terms_everywhere() {
    let list = aliases(&[("missile", &["missile*", "$more"]), ("more", &["interceptor*"])]);
    for topic in
        [super::topic(&["$missile"]), query("$missile AND raytheon"), query("raytheon NEAR $missile")]
    {
        let matcher = Matcher::compile(&[topic], &list).expect("right");
        let text = crate::matcher::Text { title: "Raytheon interceptors", ..Default::default() };
        let found = matcher.find(&text, None);
        assert!(found[0].mentions.iter().any(|mention| mention.term == "interceptor*"), "{found:?}");
    }
}

#[test]
fn too_many_regular_expressions_are_refused() {
    let many = |n: usize| Topic { any: (0..n).map(|i| format!("re:/a{i}/")).collect(), ..Topic::named("t") };
    assert!(problems(&[many(256)], &Aliases::new()).is_empty());
    assert_eq!(problems(&[many(257)], &Aliases::new())[0].code, "Q013");
}
