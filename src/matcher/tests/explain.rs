//! Why a topic does not fire (specs/matching.md §7).

use super::{Text, matcher, query, strings, topic};
use crate::{
    matcher::{Reason, Scope},
    model::{Field, Topic},
};

#[track_caller]
fn check(topic: Topic, title: &str, reason: Reason, detail: &str, place: Option<(usize, usize)>) {
    let text = Text { title, ..Text::default() };
    let matcher = matcher(topic);
    let told = matcher.explain("topic", &text, None).expect("the topic exists");
    assert_eq!((told.reason, told.detail.as_str()), (reason, detail), "{title}");
    assert_eq!(told.start.zip(told.end), place);
    assert_eq!(told.field, place.map(|_| Field::Title));
    assert_eq!(told.fired, !matcher.find(&text, None).is_empty());
}

#[test]
fn a_term_that_almost_stands_there_is_told() {
    use Reason::NoTerm;
    let f35 = || topic(&["F-35", "Lightning II"]);
    check(
        f35(),
        "Ford F-350 recalled",
        NoTerm,
        "`F-350` at title 5..10: the number continues",
        Some((5, 10)),
    );
    check(f35(), "F-35,000 printed", NoTerm, "`F-35` at title 0..4: the number continues", Some((0, 4)));
    check(f35(), "XF-35", NoTerm, "no term of `any` or `maybe` occurs", None);
    check(
        f35(),
        "4F-35",
        NoTerm,
        "`F-35` at title 1..5: it is attached to what stands before it",
        Some((1, 5)),
    );
    check(
        f35(),
        "Row F 35",
        NoTerm,
        "`F 35` at title 4..8: it reads as a label or a count, not as a name",
        Some((4, 8)),
    );
    check(
        f35(),
        "Lightning: II",
        NoTerm,
        "`Lightning: II` at title 0..13: its words are parted",
        Some((0, 13)),
    );
    check(
        topic(&["patriot"]),
        "Compatriots",
        NoTerm,
        "`Compatriots` at title 0..11: it is another word",
        Some((0, 11)),
    );
    // Fewer tokens than the term has, at the end of the text: found by fuzzing.
    check(topic(&["Xi'an air base"]), "in Xi", NoTerm, "no term of `any` or `maybe` occurs", None);
    check(topic(&["WHO"]), "Who?", NoTerm, "`Who` at title 0..3: the case differs", Some((0, 3)));
    check(
        topic(&["=S-400"]),
        "S400",
        NoTerm,
        "`S400` at title 0..4: it is not written exactly so",
        Some((0, 4)),
    );
}

#[test]
fn the_first_clause_that_fails_is_told() {
    let patriot = || Topic {
        maybe: strings(&["Patriot"]),
        context: strings(&["missile*"]),
        mask: strings(&["Patriot Act"]),
        not: strings(&["NFL"]),
        within: crate::model::Within::Tokens(2),
        ..Topic::named("topic")
    };
    check(
        patriot(),
        "The Patriot Act",
        Reason::Masked,
        "the mask `Patriot Act` covers `Patriot` at title 4..11",
        Some((4, 11)),
    );
    check(
        patriot(),
        "A Patriot",
        Reason::NoContext,
        "`Patriot` at title 2..9: no `context` term occurs",
        Some((2, 9)),
    );
    check(
        patriot(),
        "A Patriot is not really a missile",
        Reason::NoContext,
        "`Patriot` at title 2..9: `missile*` is 4 tokens away, within is 2",
        Some((2, 9)),
    );
    check(
        patriot(),
        "Patriot missile on NFL day",
        Reason::Not,
        "`NFL` occurs: `NFL` at title 19..22",
        Some((19, 22)),
    );
    check(
        patriot(),
        "Patriot missile",
        Reason::Fired,
        "`Patriot` occurs: `Patriot` at title 0..7",
        Some((0, 7)),
    );
}

#[test]
fn the_first_false_clause_of_a_query_is_told_as_written() {
    let source = "sanctions AND (Iran OR \"North Korea\") NOT sport";
    check(query(source), "Iran", Reason::Query, "`sanctions` does not hold", None);
    check(query(source), "sanctions", Reason::Query, "`(Iran OR \"North Korea\")` does not hold", None);
    check(
        query(source),
        "Iran sanctions sport",
        Reason::Query,
        "`NOT sport` does not hold: `sport` at title 15..20",
        Some((15, 20)),
    );
    check(
        query("F-35 AND Iran"),
        "F-350 Iran",
        Reason::Query,
        "`F-35` does not hold; `F-350` at title 0..5: the number continues",
        Some((0, 5)),
    );
    let silenced = Topic { not: strings(&["sport"]), ..query("sanctions AND Iran") };
    check(silenced, "sport", Reason::Not, "`sport` occurs: `sport` at title 0..5", Some((0, 5)));
    check(query("a1 NEAR/0 b1"), "a1 or b1", Reason::Query, "`a1 NEAR/0 b1` does not hold", None);
}

#[test]
fn the_scope_is_asked_first_and_an_unknown_topic_has_no_answer() {
    let limited = Topic { feeds: strings(&["Reuters"]), ..topic(&["sanctions"]) };
    let scope = Scope { id: "1", name: "BBC World", url: "https://bbc.example/rss", tags: &[] };
    let matcher = matcher(limited);
    let told = matcher.explain("topic", &Text::default(), Some(&scope)).expect("the topic exists");
    assert_eq!(
        (told.reason, told.detail.as_str()),
        (Reason::Scope, "`feeds` does not name the feed \"BBC World\"")
    );
    assert_eq!(matcher.explain("other", &Text::default(), None), None);
}
