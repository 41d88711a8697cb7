//! The index against a slow and obvious matcher: every topic is evaluated on every token of random articles.

use fastrand::Rng;

use crate::{
    matcher::{
        Matcher, Scratch, Text,
        plain::{self, PlainMatcher},
        tokens::Tokens,
    },
    model::{Aliases, CaseRule, SearchField, Topic, Within},
};

const WORDS: &[&str] = &[
    "Patriot",
    "patriot",
    "PATRIOT",
    "patriotic",
    "missile",
    "missiles",
    "S",
    "s",
    "400",
    "F",
    "35",
    "350",
    "B",
    "С",
    "Су",
    "су",
    "Ф",
    "制",
    "裁",
    "制裁",
    "导弹",
    "العقوبات",
    "عقوبات",
    "Xi",
    "an",
    "l",
    "OTAN",
    "WHO",
    "who",
    "Who",
    "NATO",
    "Nato",
    "U",
    "9",
    "11",
    "mm",
    "lerin",
    "Row",
    "people",
    "İstanbul",
    "ISTANBUL",
    "Straße",
    "e\u{301}t\u{e9}",
    "&shy;",
    "&#8209;",
    "&amp;",
    "\u{200B}",
    "sanctions",
    "Lloyd",
    "bank",
    "Xi'an",
    "Xi’an",
    "Lloyd's",
    "S-400'ler",
];
const GAPS: &[&str] = &[
    " ", " ", " ", " ", "", "", "-", "-", "'", "’", "‑", "—", ". ", ", ", ".", ",", "/", "  ", "\n", "\n\n",
    " (", "\" ", "%", "_",
];
const TERMS: &[&str] = &[
    "Patriot",
    "patriot*",
    "missile*",
    "Patriot missile",
    "missiles",
    "S-400",
    "S400",
    "S 400",
    "С-400",
    "Su-35",
    "Су-35",
    "F-35",
    "F-35B",
    "F-16",
    "制裁",
    "制",
    "S-400导弹",
    "导弹",
    "裁导弹",
    "制裁制裁",
    "عقوبات",
    "عقوب*",
    "Xi'an",
    "OTAN",
    "l'OTAN",
    "WHO",
    "NATO",
    "U.S.",
    "9/11",
    "35 mm",
    "35",
    "İstanbul",
    "strasse",
    "été",
    "=Who",
    "=S-400",
    "=\"Patriot missile\"",
    "Lloyd's bank",
    "Lloyd bank",
    "air defen*",
    "Patriot missiles 400",
    "re:/S-4\\d+/",
    "re:/[Mm]issiles?/",
    "sanctions",
    "Xi'an 35",
    "Row F",
    "who",
    "s",
];

fn text(rng: &mut Rng, longest: usize) -> String {
    let mut text = String::new();
    for _ in 0..rng.usize(0..longest) {
        text.push_str(rng.choice(WORDS).expect("words"));
        text.push_str(rng.choice(GAPS).expect("gaps"));
    }
    text
}

fn list(rng: &mut Rng, most: usize) -> Vec<String> {
    (0..rng.usize(0..=most)).map(|_| (*rng.choice(TERMS).expect("terms")).to_owned()).collect()
}

fn operand(rng: &mut Rng, depth: usize) -> String {
    let quoted = |rng: &mut Rng| {
        let term = *rng.choice(TERMS).expect("terms");
        if term.contains(' ') && !term.starts_with(['=', 'r']) {
            format!("\"{term}\"")
        } else {
            term.to_owned()
        }
    };
    match rng.u8(0..if depth == 0 { 4 } else { 9 }) {
        0..=3 => quoted(rng),
        4 => format!("title:{}", quoted(rng)),
        5 => format!("({} AND {})", operand(rng, depth - 1), operand(rng, depth - 1)),
        6 => format!("({} OR {})", operand(rng, depth - 1), operand(rng, depth - 1)),
        7 => format!("({} NOT {})", operand(rng, depth - 1), operand(rng, depth - 1)),
        _ => format!(
            "({} {}NEAR/{} ({} OR {}))",
            quoted(rng),
            rng.choice(["", "O"]).expect("two"),
            rng.u8(0..6),
            quoted(rng),
            quoted(rng)
        ),
    }
}

fn topic(rng: &mut Rng, number: usize) -> Topic {
    let case =
        *rng.choice(&[CaseRule::Auto, CaseRule::Auto, CaseRule::Exact, CaseRule::Ignore]).expect("rules");
    let within =
        [Within::Tokens(rng.u16(0..6)), Within::Sentence, Within::Field, Within::Article][rng.usize(0..4)];
    let mut topic =
        Topic { case, within, mask: list(rng, 2), not: list(rng, 1), ..Topic::named(&number.to_string()) };
    if rng.u8(0..4) == 0 {
        topic.fields = vec![
            *rng.choice(&[SearchField::Title, SearchField::Summary, SearchField::Content]).expect("fields"),
        ];
    }
    if rng.bool() {
        topic.query = Some(operand(rng, 3));
        return topic;
    }
    (topic.any, topic.maybe, topic.context) = (list(rng, 2), list(rng, 2), list(rng, 2));
    if topic.maybe.is_empty() || topic.context.is_empty() {
        (topic.maybe, topic.context) = (Vec::new(), Vec::new());
    }
    if topic.any.is_empty() && topic.maybe.is_empty() {
        topic.any.push("Patriot".to_owned());
    }
    topic
}

#[test]
fn the_index_finds_what_evaluating_every_topic_finds() {
    const WATCHLISTS: u64 = 1500;
    const ARTICLES: usize = 20;
    let mut fired = 0;
    for seed in 0..WATCHLISTS {
        let mut rng = Rng::with_seed(seed);
        let topics: Vec<Topic> = (0..rng.usize(1..8)).map(|number| topic(&mut rng, number)).collect();
        let aliases = Aliases::new();
        let matcher = Matcher::compile(&topics, &aliases).unwrap_or_else(|problems| panic!("{problems:?}"));
        let slow = PlainMatcher::compile(&topics, &aliases).expect("it compiled above");
        let mut scratch = Scratch::default();
        for _ in 0..ARTICLES {
            let (title, summary, mut content) = (text(&mut rng, 12), text(&mut rng, 12), text(&mut rng, 40));
            if rng.u8(0..8) == 0 {
                content.push_str(&summary);
            }
            let text = Text { title: &title, summary: &summary, content: &content, ..Text::default() };
            let found = plain::told(matcher.find_with(&mut scratch, &text, None));
            assert_eq!(found, slow.find(&text), "seed {seed}: {topics:#?}\n{text:#?}");
            fired += found.len();
        }
    }
    assert!(fired > 20_000, "the articles hardly mention anything: {fired}");
}

#[test]
fn evidence_is_a_slice_of_the_field_on_character_borders() {
    for seed in 0..3000 {
        let mut rng = Rng::with_seed(seed);
        let matcher = Matcher::compile(&[topic(&mut rng, 0)], &Aliases::new()).expect("right");
        let title = text(&mut rng, 200);
        for mention in matcher.find(&Text::of_line(&title, ""), None).iter().flat_map(|topic| &topic.mentions)
        {
            assert_eq!(title.get(mention.start..mention.end), Some(mention.text.as_str()), "seed {seed}");
            let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(words(&mention.snippet).contains(&words(&mention.text)), "seed {seed}: {mention:?}");
            assert!(mention.snippet.chars().count() <= 160, "seed {seed}: {mention:?}");
        }
    }
}

#[test]
fn a_term_occurs_in_its_own_text() {
    let mut tried = 0;
    for seed in 0..20_000 {
        let mut rng = Rng::with_seed(seed);
        let term = text(&mut rng, 5);
        let entry = format!("\"{term}\"");
        if term.contains(['"', '%', '*']) || term.contains("\n\n") {
            continue;
        }
        if let Ok(matcher) = Matcher::compile(&[super::topic(&[&entry])], &Aliases::new()) {
            tried += 1;
            assert_eq!(matcher.find(&Text::of_line(&term, ""), None).len(), 1, "seed {seed}: {term:?}");
        }
    }
    assert!(tried > 10_000, "{tried}");
}

#[test]
fn plain_ascii_has_the_same_tokens_both_ways() {
    for seed in 0..5000 {
        let mut rng = Rng::with_seed(seed);
        let text: String = text(&mut rng, 30).chars().filter(|c| c.is_ascii() && *c != '&').collect();
        let mut short = Tokens::default();
        short.push_field(0, &text);
        let mut long = Tokens::default();
        long.push_field(0, &format!("{text}…"));
        let view = |tokens: &Tokens| {
            let list = tokens.list.iter();
            list.map(|t| (t.hash, t.head, t.start, t.end, t.ordinal, t.kind, t.upper, t.suffix))
                .collect::<Vec<_>>()
        };
        assert_eq!(view(&short), view(&long), "{text:?}");
    }
}

#[test]
fn any_bytes_at_all_do_no_harm() {
    for seed in 0..3000 {
        let mut rng = Rng::with_seed(seed);
        let noise = |rng: &mut Rng, n| -> String { (0..rng.usize(0..n)).map(|_| rng.char(..)).collect() };
        let topics =
            [super::topic(&[&noise(&mut rng, 12)]), super::query(&noise(&mut rng, 12)), topic(&mut rng, 2)];
        let Ok(matcher) = Matcher::compile(&topics, &Aliases::new())
            .or_else(|_| Matcher::compile(&topics[2..], &Aliases::new()))
        else {
            panic!("the last topic is right");
        };
        let title = noise(&mut rng, 60);
        for mention in matcher
            .find(&Text::of_line(&title, &text(&mut rng, 9)), None)
            .iter()
            .flat_map(|topic| &topic.mentions)
        {
            assert!(mention.end > mention.start);
        }
    }
}
