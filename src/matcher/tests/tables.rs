//! The lists of specs/matching.md §3 and §4, each entry of each: what is ignored, what joins, what parts, what follows
//! a number.

use super::{mentions, topic};

/// Where the term is found in the text: first byte, one past the last.
#[track_caller]
fn places(term: &str, text: &str) -> Vec<(usize, usize)> {
    mentions(topic(&[term]), text).into_iter().map(|mention| (mention.start, mention.end)).collect()
}

/// The term is found once, in the part of the text between `|`.
#[track_caller]
fn finds(term: &str, marked: &str) {
    let bars: Vec<usize> = marked.match_indices('|').map(|(at, _)| at).collect();
    let [start, end] = bars[..] else { panic!("two bars mark the place: {marked:?}") };
    assert_eq!(places(term, &marked.replace('|', "")), [(start, end - 1)], "{term:?} in {marked:?}");
}

#[track_caller]
fn misses(term: &str, text: &str) {
    assert_eq!(places(term, text), [], "{term:?} in {text:?}");
}

fn chars(list: &[(u32, u32)]) -> impl Iterator<Item = char> {
    list.iter().flat_map(|&(first, last)| (first..=last).filter_map(char::from_u32))
}

#[test]
fn every_reference_is_one_character() {
    for name in ["nbsp", "ensp", "emsp", "thinsp", "ndash", "minus", "#32", "#x20", "#8209", "#X2011"] {
        finds("Patriot missile", &format!("a |Patriot&{name};missile| b"));
    }
    for name in ["amp", "quot", "apos", "lsquo", "rsquo", "ldquo", "rdquo"] {
        finds("air defence", &format!("new |air&{name};defence|"));
    }
    for name in ["lt", "gt", "mdash"] {
        misses("Patriot missile", &format!("Patriot&{name};missile"));
    }
    for name in ["shy", "zwj", "zwnj", "#173", "#x200B"] {
        finds("sanctions", &format!("new |sanc&{name};tions|!"));
    }
    misses("sanctions", "sanc&shytions");
}

#[test]
fn every_ignored_character_is_as_if_it_were_not_there() {
    let characters = [
        (0xAD, 0xAD),
        (0x640, 0x640),
        (0x180E, 0x180E),
        (0x200B, 0x200F),
        (0x202A, 0x202E),
        (0x2060, 0x2064),
        (0x2066, 0x2069),
        (0xFE00, 0xFE0F),
        (0xFEFF, 0xFEFF),
    ];
    let marks = [
        (0x300, 0x36F),
        (0x483, 0x487),
        (0x610, 0x61A),
        (0x64B, 0x65F),
        (0x670, 0x670),
        (0x1AB0, 0x1ACE),
        (0x1DC0, 0x1DFF),
        (0x20D0, 0x20F0),
        (0xFE20, 0xFE2F),
        (0x591, 0x5BD),
    ];
    for c in chars(&characters).chain(chars(&marks)) {
        finds("sanctions", &format!("new |sanc{c}tions| now"));
        finds("S-400", &format!("an |S{c}-{c}400| now"));
    }
    finds("मिसाइल", "नई |मिसाइल| खरीद");
    misses("मिसाइल", "मसइल");
}

#[test]
fn every_blank_hyphen_and_apostrophe_is_one() {
    let blanks =
        [(0x20, 0x20), (0xA0, 0xA0), (0x2000, 0x200A), (0x202F, 0x202F), (0x205F, 0x205F), (0x3000, 0x3000)];
    let hyphens = [(0x2D, 0x2D), (0x2010, 0x2015), (0x2212, 0x2212), (0xFE63, 0xFE63), (0xFF0D, 0xFF0D)];
    for c in chars(&blanks).chain(chars(&hyphens)) {
        finds("S-400", &format!("the |S{c}400|."));
    }
    for c in chars(&blanks).chain(chars(&hyphens).filter(|c| !matches!(c, '\u{2014}' | '\u{2015}'))) {
        finds("Patriot missile", &format!("the |Patriot{c}missile|."));
    }
    for c in ['\u{2014}', '\u{2015}'] {
        misses("Patriot missile", &format!("Patriot{c}missile"));
    }
    for c in ['\'', '\u{2018}', '\u{2019}', '\u{2BC}', '\u{2BB}', '\u{FF07}', '`', '\u{B4}', '\u{2032}'] {
        finds("S-400", &format!("|S-400|{c}lerin"));
        finds("Xi'an", &format!("in |Xi{c}an|."));
        misses("s", &format!("Macao{c}s"));
    }
    for gap in ["\n\n", "\n \n", "\u{2029}", "\n\n\n"] {
        misses("Patriot missile", &format!("Patriot{gap}missile"));
    }
    finds("Patriot missile", "|Patriot\nmissile|");
}

#[test]
fn every_elision_is_followed_by_a_word_and_every_suffix_is_none() {
    let elisions = [
        "l", "d", "j", "m", "n", "s", "t", "c", "o", "qu", "gl", "jusqu", "lorsqu", "puisqu", "quoiqu",
        "dell", "all", "nell", "sull", "dall", "coll",
    ];
    for elision in elisions {
        finds("OTAN", &format!("{elision}'|OTAN|"));
        finds("F-35", &format!("{}’|F-35|", elision.to_uppercase()));
    }
    for suffix in ["s", "d", "t", "m", "re", "ve", "ll"] {
        misses(suffix, &format!("they'{suffix}"));
        finds("they go", &format!("|they'{suffix} go|"));
    }
    finds("dos", "el'|dos|");
    misses("nin", "Türkiye'nin");
    misses("lerin", "400'lerin");
}

#[test]
fn every_light_mark_may_stand_in_a_phrase_and_no_other() {
    for c in "\"“”„«»‹›,،、/&()[]_*#@+'-".chars() {
        finds("air defence", &format!("the |air{c}defence|"));
        finds("air defence", &format!("the |air {c} defence|"));
    }
    for c in ".:;!?…—|=<>%$€~^{}\\·•™²".chars() {
        misses("air defence", &format!("air{c}defence"));
        misses("air defence", &format!("air {c} defence"));
    }
}

#[test]
fn every_unit_keeps_a_number_from_being_a_name() {
    let units = [
        "mm", "cm", "m", "km", "kg", "g", "lb", "lbs", "kw", "kwh", "mw", "mwh", "hp", "mph", "kph", "kmh",
        "gb", "mb", "tb", "hz", "khz", "mhz", "ghz", "bn", "th", "st", "nd", "rd",
    ];
    for unit in units {
        misses("F-35", &format!("F-35{unit}"));
        finds("F-35", &format!("|F-35|{}", unit.to_uppercase()));
        finds("F-35", &format!("|F-35| {unit}"));
    }
    for letters in ["B", "s", "PMU", "lerin", "LARI", "larını"] {
        finds("F-35", &format!("|F-35|{letters}"));
    }
    misses("F-35", "F-35abcd");
    for (text, term) in [("3.35 mm", "35 mm"), ("3,35 mm", "35 mm"), ("x35 mm", "35 mm"), ("935 mm", "35 mm")]
    {
        misses(term, text);
    }
    finds("S-40*", "|S-400|,000");
}

#[test]
fn every_label_and_counted_noun_keeps_letter_and_number_apart() {
    let labels = "row grade vitamin group section gate exit room block seat platform terminal building hall zone schedule \
                  appendix annex figure category hepatitis lot deck wing route bus";
    let nouns = "people persons seats rooms days hours minutes mins seconds weeks months years students pupils workers \
                 jobs percent degrees miles km metres meters dollars euros";
    for label in labels.split_whitespace() {
        misses("F-35", &format!("{label} F 35"));
        finds("F-35", &format!("{label}, |F 35|"));
        finds("F-35", &format!("{label} |F-35|"));
    }
    for noun in nouns.split_whitespace() {
        misses("F-35", &format!("the F 35 {noun}"));
        finds("F-35", &format!("the |F-35| {noun}"));
        finds("Su-35", &format!("the |Su 35| {noun}"));
    }
}

#[test]
fn every_look_alike_and_every_sound_of_a_cyrillic_letter_is_found_at_a_number() {
    for (cyrillic, latin) in "АЕОРСУХКМТВНІЈЅ".chars().zip("AEOPCYXKMTBHIJS".chars()) {
        finds(&format!("{latin}-77"), &format!("новый |{cyrillic}-77|"));
        finds(&format!("{cyrillic}-77"), &format!("new |{latin}77|"));
    }
    let sounds = "а a б b в v г g д d е e ж zh з z и i к k л l м m н n о o п p р r с s т t у u ф f х kh ц ts ч ch ш sh \
                  щ shch ы y э e ю yu я ya і i є ye";
    let sounds: Vec<&str> = sounds.split_whitespace().collect();
    for pair in sounds.chunks_exact(2) {
        let (cyrillic, latin) = (pair[0].to_uppercase(), pair[1].to_uppercase());
        finds(&format!("{latin}-77"), &format!("новый |{cyrillic}-77|"));
        finds(&format!("{cyrillic}-77"), &format!("a new |{latin}-77|"));
    }
    misses("MiGs-29", "МиГс-29");
}

#[test]
fn every_arabic_article_is_free_if_three_letters_remain() {
    for article in ["ال", "وال", "بال", "فال", "كال", "لل"] {
        finds("عقوبات", &format!("قال |{article}عقوبات| x"));
        misses("قو", &format!("{article}قو"));
    }
    for clitic in ["و", "ب", "ف", "ك", "ل"] {
        misses("عقوبات", &format!("{clitic}عقوبات"));
    }
}

#[test]
fn every_script_without_blanks_is_found_within_longer_text() {
    for (term, marked) in [
        ("制裁", "对伊|制裁|案"),
        ("ミサイル", "新|ミサイル|発射"),
        ("ひらがな", "と|ひらがな|も"),
        ("ขีปนาวุธ", "ยิง|ขีปนาวุธ|ใหม่"),
        ("ລາວ", "ປະເທດ|ລາວ|ໃໝ່"),
        ("ខ្មែរ", "ភាសា|ខ្មែរ|ថ្មី"),
        ("မြန်မာ", "ပြည်|မြန်မာ|နိုင်ငံ"),
    ] {
        finds(term, marked);
    }
    finds("S-400导弹", "俄|S-400 导弹|系统");
    misses("制裁", "制 裁");
    misses("制裁", "制-裁");
}
