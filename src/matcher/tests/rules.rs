//! The rules of the language, row by row (specs/matching.md §3 and §4): a term, a text, and what is found.

use super::{matcher, mentions, strings, topic};
use crate::{
    matcher::Text,
    model::{
        CaseRule, Topic,
        Within::{Article, Field, Sentence, Tokens},
    },
};

/// The term is found once, as this slice of the text.
#[track_caller]
fn finds(term: &str, text: &str, slice: &str) {
    let found: Vec<String> = mentions(topic(&[term]), text).into_iter().map(|mention| mention.text).collect();
    assert_eq!(found, [slice], "{term:?} in {text:?}");
}

#[track_caller]
fn misses(term: &str, text: &str) {
    let found: Vec<String> = mentions(topic(&[term]), text).into_iter().map(|mention| mention.text).collect();
    assert!(found.is_empty(), "{term:?} in {text:?}: {found:?}");
}

#[test]
fn a_word_is_a_whole_word_in_any_case() {
    finds("sanctions", "New SANCTIONS announced", "SANCTIONS");
    for text in ["compatriot", "patriotic", "patriots", "expatriot", "patriotism"] {
        misses("patriot", text);
    }
    finds("Patriot", "_patriot_", "patriot");
    finds("patriot", "the Patriot’s launcher", "Patriot");
}

#[test]
fn references_left_in_plain_text_are_read_and_covered() {
    finds("S-400", "The S&#8209;400 deal", "S&#8209;400");
    finds("S-400", "The S&#x2011;400 deal", "S&#x2011;400");
    finds("sanctions", "new sanc&shy;tions", "sanc&shy;tions");
    finds("Patriot missile", "a Patriot&nbsp;missile", "Patriot&nbsp;missile");
    finds("С-400", "&#1057;-400", "&#1057;-400");
    misses("S-400", "S&amp;#8209;400");
}

#[test]
fn ignored_characters_do_not_part_a_word() {
    finds("S-400", "Another S-\u{AD}400 launcher", "S-\u{AD}400");
    finds("S-400", "S\u{200B}-\u{2060}400", "S\u{200B}-\u{2060}400");
    finds("sanctions", "sanc\u{200B}tions", "sanc\u{200B}tions");
    finds("عقوبات", "عـقـوبـات", "عـقـوبـات");
    finds("Erdoğan", "Erdog\u{306}an", "Erdog\u{306}an");
    finds("Jose", "José\u{301}", "José\u{301}");
}

#[test]
fn folding_meets_case_accents_widths_and_alphabets() {
    finds("yaptırım", "İran'a YAPTIRIM kararı", "YAPTIRIM");
    finds("ISTANBUL", "istanbul", "istanbul");
    finds("S-400", "Ｓ－４００", "Ｓ－４００");
    finds("strasse", "Straße", "Straße");
    finds("Елка", "ёлка", "ёлка");
    finds("أوكرانيا", "اوكرانيا", "اوكرانيا");
    finds("ガ", "カ\u{3099}", "カ\u{3099}");
    finds("パトリオット", "ﾊﾟﾄﾘｵｯﾄ配備", "ﾊﾟﾄﾘｵｯﾄ");
    finds(
        "한국",
        "\u{1112}\u{1161}\u{11AB}\u{1100}\u{116E}\u{11A8}",
        "\u{1112}\u{1161}\u{11AB}\u{1100}\u{116E}\u{11A8}",
    );
}

#[test]
fn a_phrase_is_its_words_in_order_with_light_punctuation() {
    for text in [
        "Patriot missile",
        "Patriot-missile",
        "\"Patriot\" missile",
        "Patriot (missile",
        "Patriot\nmissile",
        "Patriot, missile",
    ] {
        finds("Patriot missile", text, text.trim_start_matches('"'));
    }
    for text in [
        "Patriot. Missile",
        "Patriot: missile",
        "Patriot — missile",
        "Patriot\n\nmissile",
        "missile Patriot",
        "Patriot air missile",
    ] {
        misses("Patriot missile", text);
    }
    finds("Patriot missile", "the Patriot's missile", "Patriot's missile");
    finds("U.S.", "the U.S. says", "U.S");
    finds("AT&T", "AT&amp;T says", "AT&amp;T");
}

#[test]
fn numbers_want_the_gap_of_the_term() {
    finds("9/11", "after 9/11 attacks", "9/11");
    for text in ["9, 11", "9-11", "9 11", "19/11", "9/110", "9/11.5"] {
        misses("9/11", text);
    }
    finds("2024-25", "season 2024–25", "2024–25");
}

#[test]
fn scripts_without_blanks_match_as_substrings() {
    finds("制裁", "美国对伊朗实施新一轮制裁", "制裁");
    finds("爱国者导弹", "爱国者导弹系统", "爱国者导弹");
    misses("爱国者导弹", "爱国者 导弹");
    finds("S-400导弹", "S-400 导弹", "S-400 导弹");
    finds("S-400", "放弃S-400导弹交易", "S-400");
    finds("パトリオット", "パトリオットミサイル", "パトリオット");
    finds("歼20", "中国歼-20战机", "歼-20");
    finds("ขีปนาวุธ", "ยิงขีปนาวุธใหม่", "ขีปนาวุธ");
}

#[test]
fn an_apostrophe_suffix_is_free_and_starts_nothing() {
    finds("S-400", "Türkiye S-400'leri aktif", "S-400");
    finds("Türkiye", "Türkiye'nin", "Türkiye");
    finds("OTAN", "l'OTAN", "OTAN");
    finds("F-35", "i piloti dell'F-35", "F-35");
    finds("Xi'an", "in Xi’an today", "Xi’an");
    misses("Xi'an", "Xi an");
    for text in ["Macao's 400 casinos", "It's 400 days", "The bank's 400", "women's 400m", "Let's 400"] {
        misses("S-400", text);
    }
    misses("s", "Macao's");
}

#[test]
fn the_arabic_article_is_free() {
    for text in ["العقوبات", "والعقوبات", "بالعقوبات", "فالعقوبات", "كالعقوبات", "للعقوبات"]
    {
        finds("عقوبات", text, text);
    }
    finds("عقوب*", "العقوبات", "العقوبات");
    misses("عقوبات", "وعقوبات");
}

#[test]
fn a_number_does_not_go_on() {
    for text in ["S-400,000", "S 400.12", "S-400.5", "S-4000", "S-400%", "S-400mm", "S-400km", "S-400series"]
    {
        misses("S-400", text);
    }
    for text in ["S-400lerin", "S-400s", "S-400PMU", "S-400B", "S-400.", "S-400, 500 more", "S-400-type"] {
        finds("S-400", text, "S-400");
    }
    for text in ["3.35 mm", "x35 mm", "1,35 mm"] {
        misses("35 mm", text);
    }
}

#[test]
fn designators_match_without_hyphen_with_one_or_with_a_blank() {
    for text in ["S400", "S-400", "S–400", "S‑400", "S—400", "S 400", "s-400", "s400"] {
        finds("S-400", text, text);
        finds("S400", text, text);
    }
    for text in [
        "s 400", "S - 400", "S  400", "S.400", "S/400", "S_400", "4S-400", "TS-400", "AS/400", "SS400",
        "S'400",
    ] {
        misses("S-400", text);
    }
    finds("Windows 11", "windows 11", "windows 11");
    finds("Leopard-2", "leopard 2 tanks", "leopard 2");
    finds("إس-400", "منظومة إس 400", "إس 400");
    misses("С-400", "С 400 рублей");
    finds("F-35B", "F35B and", "F35B");
    finds("F-35", "F-35B", "F-35");
}

#[test]
fn short_letters_of_a_designator_match_across_alphabets() {
    for (term, text) in
        [("S-400", "С-400"), ("Su-35", "Су-35"), ("F-16", "Ф-16"), ("С-400", "C400"), ("С-400", "S-400")]
    {
        finds(term, text, text);
    }
    misses("C-400", "S-400");
    misses("S", "С");
}

#[test]
fn a_lone_letter_and_a_counted_number_are_no_designator() {
    finds("F-35", "Marine F 35 pilot", "F 35");
    for text in ["Row F 35 seats", "Vitamin F 35", "F 35 people surveyed", "Grade F 35"] {
        misses("F-35", text);
    }
    finds("F-35", "Row over F-35 people", "F-35");
}

#[test]
fn short_words_in_capitals_want_them() {
    finds("WHO", "WHO warns", "WHO");
    misses("WHO", "who warns");
    misses("WHO", "Who warns");
    finds("NATO", "Nato agrees", "Nato");
    misses("AIDS", "hearing aids");
    finds("PATRIOT", "patriot", "patriot");
    finds("who", "WHO", "WHO");
    let with_case = |case, term: &str| Topic { case, ..topic(&[term]) };
    assert_eq!(mentions(with_case(CaseRule::Ignore, "WHO"), "who").len(), 1);
    assert_eq!(mentions(with_case(CaseRule::Exact, "Patriot"), "patriot").len(), 0);
    assert_eq!(mentions(with_case(CaseRule::Exact, "Patriot"), "Patriot").len(), 1);
    assert_eq!(mentions(with_case(CaseRule::Exact, "S-400"), "S400").len(), 1);
}

#[test]
fn exactly_so_means_exactly_so() {
    finds("=Who", "The Who plays", "Who");
    misses("=Who", "WHO plays");
    finds("=S-400", "S-400", "S-400");
    misses("=S-400", "S400");
    misses("=S-400", "S‑400");
}

#[test]
fn a_star_takes_every_word_that_begins_so() {
    finds("missile*", "Missiles fly", "Missiles");
    finds("air defen*", "new air defences for", "air defences");
    finds("санкци*", "пакет санкций", "санкций");
    misses("missile*", "antimissile");
    finds("S-40*", "S-400", "S-400");
}

#[test]
fn not_silences_and_mask_only_covers() {
    let patriot = Topic { mask: strings(&["Patriot Act"]), not: strings(&["NFL"]), ..topic(&["Patriot"]) };
    assert_eq!(mentions(patriot.clone(), "USA PATRIOT Act").len(), 0);
    assert_eq!(mentions(patriot.clone(), "Patriot Act and Patriot battery").len(), 1);
    assert_eq!(mentions(patriot, "Patriot battery at NFL game").len(), 0);
}

#[test]
fn a_maybe_wants_its_context_in_reach() {
    let patriot = |within| Topic {
        maybe: vec!["Patriot".to_owned()],
        context: vec!["missile*".to_owned()],
        within,
        ..Topic::named("Patriot")
    };
    for (within, text, fires) in [
        (Tokens(0), "Patriot missile", true),
        (Tokens(0), "Patriot air missile", false),
        (Tokens(1), "missiles for Patriot", true),
        (Tokens(0), "Patriot's missile", true),
        (Tokens(2), "Patriot. The new missile", true),
        (Sentence, "Patriot. The new missile", false),
        (Sentence, "Patriot has, of course, a new missile", true),
        (Field, "Patriot. One. Two.\n\nMissile", true),
        (Article, "Patriot", false),
    ] {
        assert_eq!(!mentions(patriot(within), text).is_empty(), fires, "{within:?} {text}");
    }
    let named = Topic { maybe: strings(&["Xi'an"]), ..patriot(Tokens(0)) };
    assert_eq!(mentions(named, "from Xi'an missile plant").len(), 1);
    let text = Text { title: "Patriot", summary: "a missile", ..Text::default() };
    assert_eq!(matcher(patriot(Article)).find(&text, None).len(), 1);
    assert_eq!(matcher(patriot(Field)).find(&text, None).len(), 0);
}
