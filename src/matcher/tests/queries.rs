//! Boolean queries (specs/matching.md §6): when they are true, and what they tell.

use super::{Scope, Text, matcher, query, strings};
use crate::model::{Field, Topic};

/// The query is true of a title, and tells these slices.
#[track_caller]
fn tells(text: &str, title: &str, slices: &[&str]) {
    let topic = Topic { mask: strings(&["Patriot Act"]), ..query(text) };
    let line = Text { title, ..Text::default() };
    let found = matcher(topic).find(&line, None).pop().map(|topic| topic.mentions).unwrap_or_default();
    let found: Vec<&str> = found.iter().map(|mention| mention.text.as_str()).collect();
    assert_eq!(found, slices, "{text} in {title:?}");
}

#[test]
fn operators_mean_what_they_say() {
    tells("sanctions AND (Iran OR Russia)", "Sanctions hit Russia", &["Sanctions", "Russia"]);
    tells("sanctions AND (Iran OR Russia)", "Sanctions hit Cuba", &[]);
    tells("sanctions NOT sport", "sanctions in trade", &["sanctions"]);
    tells("sanctions NOT sport", "sanctions in sport", &[]);
    tells("sanctions AND NOT (sport OR doping)", "doping sanctions", &[]);
    tells("NOT sport AND sanctions", "sanctions", &["sanctions"]);
    tells("a1 OR a2 OR a3", "a3 then a1", &["a3", "a1"]);
    tells("(a1 AND a2) OR a3", "a3 with a1", &["a3"]);
    tells("alpha AND NOT (beta NOT gamma)", "alpha beta gamma", &["alpha"]);
    tells("alpha AND NOT (beta NOT gamma)", "alpha beta", &[]);
}

#[test]
fn near_wants_both_in_reach_and_tells_only_those() {
    tells("Patriot NEAR/2 missile", "Patriot and a missile", &["Patriot", "missile"]);
    tells("Patriot NEAR/1 missile", "Patriot and a missile", &[]);
    tells("Patriot NEAR/0 missile*", "missiles, Patriot, x, Patriot", &["missiles", "Patriot"]);
    tells("Patriot ONEAR/1 missile", "missile Patriot", &[]);
    tells("missile ONEAR Patriot", "missile for Patriot", &["missile", "Patriot"]);
    tells("(Patriot OR PAC-3) NEAR/3 (missile OR battery)", "a PAC-3 battery", &["PAC-3", "battery"]);
    tells("Patriot NEAR/5 Patriot", "Patriot alone", &[]);
}

#[test]
fn a_mask_hides_places_from_queries() {
    tells("Patriot AND missile", "Patriot Act and a missile", &[]);
    tells("Patriot AND missile", "Patriot Act, Patriot missile", &["Patriot", "missile"]);
}

#[test]
fn terms_of_a_query_are_written_as_in_a_list() {
    tells("\"air defen*\" AND =Who", "Who pays for air defences", &["Who", "air defences"]);
    tells(r"re:/CVE-\d{4}-\d+/ AND Iran", "Iran uses CVE-2024-1234", &["Iran", "CVE-2024-1234"]);
    tells(r"re:/(two words)|x y/", "say two words", &["two words"]);
    tells("\"OR\" AND salem", "Salem OR", &["Salem", "OR"]);
}

#[test]
fn a_field_limits_a_term_or_a_group() {
    let text = Text { title: "Iran", summary: "oil sanctions", content: "talks on oil", ..Text::default() };
    let author = Text { author: "Jane Doe", tags: &strings(&["World", "Middle East"]), ..text };
    for (source, fires) in [
        ("title:Iran AND summary:sanctions", true),
        ("title:sanctions", false),
        ("text:(oil AND sanctions)", true),
        ("content:sanctions", false),
        ("summary:(oil NEAR sanctions)", true),
        ("title:(Iran OR Iraq) AND author:doe", true),
        ("Iran AND tag:\"middle east\"", true),
        ("Iran AND tag:\"world middle\"", false),
        ("Iran AND NOT author:doe", false),
    ] {
        assert_eq!(!matcher(query(source)).find(&author, None).is_empty(), fires, "{source}");
    }
}

#[test]
fn the_feed_is_asked_only_if_it_is_known() {
    let text = Text { title: "sanctions", ..Text::default() };
    let scope = Scope { id: "1", name: "BBC World", url: "https://bbc.example/rss", tags: &[] };
    for (source, known, unknown) in [
        ("sanctions AND feed:bbc", true, true),
        ("sanctions AND feed:reuters", false, true),
        ("sanctions NOT feed:bbc", false, true),
        ("sanctions AND feed:\"bbc world\"", true, true),
    ] {
        let matcher = matcher(query(source));
        assert_eq!(!matcher.find(&text, Some(&scope)).is_empty(), known, "{source}");
        assert_eq!(!matcher.find(&text, None).is_empty(), unknown, "{source}");
    }
}

#[test]
fn feeds_and_tags_limit_a_topic() {
    let text = Text { title: "sanctions", ..Text::default() };
    let tags = strings(&["world"]);
    let scope = Scope { id: "1", name: "BBC World", url: "https://bbc.example/rss", tags: &tags };
    let topic = |feeds: &[&str], tags: &[&str]| Topic {
        feeds: strings(feeds),
        tags: strings(tags),
        ..super::topic(&["sanctions"])
    };
    for (feeds, tags, fires) in [
        (&[][..], &["world"][..], true),
        (&["BBC World"], &[], true),
        (&["https://bbc.example/rss"], &["world"], true),
        (&["Reuters"], &["world"], false),
        (&[], &["sport"], false),
    ] {
        let matcher = matcher(topic(feeds, tags));
        assert_eq!(!matcher.find(&text, Some(&scope)).is_empty(), fires, "{feeds:?} {tags:?}");
        assert!(!matcher.find(&text, None).is_empty());
    }
}

#[test]
fn a_summary_that_the_content_repeats_is_told_once() {
    let text = Text { summary: "new sanctions", content: "<new sanctions on oil>", ..Text::default() };
    let found = matcher(super::topic(&["sanctions"])).find(&text, None);
    let fields: Vec<Field> = found[0].mentions.iter().map(|mention| mention.field).collect();
    assert_eq!(fields, [Field::Content]);
    let only_summary =
        Topic { fields: vec![crate::model::SearchField::Summary], ..super::topic(&["sanctions"]) };
    assert_eq!(matcher(only_summary).find(&text, None)[0].mentions[0].field, Field::Summary);
}

#[test]
fn a_line_has_one_text_that_stands_for_summary_and_content() {
    let line = Text::of_line("Iran", "new sanctions");
    for source in ["summary:sanctions", "content:sanctions", "text:sanctions", "title:Iran AND sanctions"] {
        let found = matcher(query(source)).find(&line, None);
        let last = found[0].mentions.last().expect("a mention");
        assert_eq!((last.field, last.start, last.end), (Field::Text, 4, 13), "{source}");
    }
}
