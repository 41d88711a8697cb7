//! The index against a slow and obvious matcher: every topic is evaluated on every token of random articles.

use std::ops::ControlFlow;

use fastrand::Rng;

use crate::{
    matcher::{
        Matcher, Scratch, Text,
        article::{Article, Places},
        compile::{self, Compiled},
        evidence::{self, Found},
        fields::{FieldSet, slot},
        occur::Span,
        plan::{Body, Lists, Near, Node, NodeKind, Plan, TermId},
        regex,
        term::{Shape, Term},
        tokens::{SLOTS, Tokens},
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

/// Evaluates topics without index, table of places, order or early end.
struct Plainly<'a> {
    terms: &'a [Term],
    article: Article<'a>,
    repeated: bool,
}

impl Plainly<'_> {
    fn found(&self, plan: &Plan) -> Vec<Found> {
        let fields = self.fields(plan.fields);
        let mask = self.places(plan.mask(), fields);
        let found = match &plan.body {
            Body::Lists(lists) => self.lists(lists, fields, &mask),
            Body::Query(query) if self.holds(&query.root, fields, &mask) => {
                self.evidence(&query.root, fields, &mask)
            }
            Body::Query(_) => Vec::new(),
        };
        if self.places(plan.not(), fields).is_empty() { found } else { Vec::new() }
    }

    fn fields(&self, fields: FieldSet) -> FieldSet {
        let both = fields.has(slot::SUMMARY) && fields.has(slot::CONTENT);
        if both && self.repeated { fields.without(FieldSet::of(slot::SUMMARY)) } else { fields }
    }

    fn places(&self, terms: &[TermId], fields: FieldSet) -> Vec<Found> {
        let mut found = Vec::new();
        for &term in terms {
            match &self.terms[term as usize].shape {
                Shape::Words(words) => {
                    for first in 0..self.article.tokens.list.len() {
                        let Ok(last) = words.at(&self.article, first) else { continue };
                        let (from, to) = (self.article.token(first), self.article.token(last));
                        let small = |n: usize| u32::try_from(n).expect("short");
                        let span = Span {
                            slot: from.slot,
                            first: small(first),
                            last: small(last),
                            start: from.start,
                            end: to.end,
                        };
                        found.push(Found { span, term });
                    }
                }
                Shape::Regex(pattern) => {
                    let _ = regex::each(pattern, &self.article, fields, |span| {
                        found.push(Found { span, term });
                        ControlFlow::Continue(())
                    });
                }
            }
        }
        found.retain(|found| fields.has(usize::from(found.span.slot)));
        found
    }

    fn unmasked(&self, terms: &[TermId], fields: FieldSet, mask: &[Found]) -> Vec<Found> {
        let mut found = self.places(terms, fields);
        found.retain(|found| !mask.iter().any(|mask| mask.span.overlaps(&found.span)));
        found
    }

    fn lists(&self, lists: &Lists, fields: FieldSet, mask: &[Found]) -> Vec<Found> {
        let mut found = self.unmasked(&lists.any, fields, mask);
        let context = self.unmasked(&lists.context, fields, mask);
        let maybe = self.unmasked(&lists.maybe, fields, mask).into_iter();
        found.extend(
            maybe.filter(|maybe| context.iter().any(|context| self.reaches(maybe, context, lists.within))),
        );
        found
    }

    fn reaches(&self, a: &Found, b: &Found, within: Within) -> bool {
        let same_field = a.span.slot == b.span.slot;
        let apart = a.span.last < b.span.first || b.span.last < a.span.first;
        match within {
            Within::Article => !same_field || apart,
            Within::Field => same_field && apart,
            Within::Tokens(most) => self.between(a, b).is_some_and(|between| between <= usize::from(most)),
            Within::Sentence => {
                let (left, right) = if a.span.first < b.span.first { (a, b) } else { (b, a) };
                let mut gaps = left.span.last + 1..=right.span.first;
                let ends = |index: u32| {
                    crate::matcher::gap::ends_sentence(self.article.raw_gap_before(index as usize))
                };
                same_field && apart && !gaps.any(ends)
            }
        }
    }

    fn between(&self, a: &Found, b: &Found) -> Option<usize> {
        let (left, right) = if a.span.first < b.span.first { (a, b) } else { (b, a) };
        let apart = left.span.slot == right.span.slot && left.span.last < right.span.first;
        let tokens = || &self.article.tokens.list[left.span.last as usize + 1..right.span.first as usize];
        apart.then(|| tokens().iter().filter(|token| !token.suffix).count())
    }

    fn holds(&self, node: &Node, fields: FieldSet, mask: &[Found]) -> bool {
        match &node.kind {
            NodeKind::And(parts) => parts.iter().all(|node| self.holds(node, fields, mask) != node.negated),
            NodeKind::Or(branches) => branches.iter().any(|node| self.holds(node, fields, mask)),
            NodeKind::Term(..) | NodeKind::Near(_) => !self.evidence(node, fields, mask).is_empty(),
        }
    }

    fn evidence(&self, node: &Node, fields: FieldSet, mask: &[Found]) -> Vec<Found> {
        match &node.kind {
            NodeKind::Term(term, own) => {
                self.unmasked(&[*term], own.map_or(fields, |own| self.fields(own)), mask)
            }
            NodeKind::And(parts) => {
                let positive = parts.iter().filter(|node| !node.negated);
                positive.flat_map(|node| self.evidence(node, fields, mask)).collect()
            }

            NodeKind::Or(branches) => {
                let true_ones = branches.iter().filter(|node| self.holds(node, fields, mask));
                true_ones.flat_map(|node| self.evidence(node, fields, mask)).collect()
            }
            NodeKind::Near(near) => self.near(near, near.fields.map_or(fields, |own| self.fields(own)), mask),
        }
    }

    fn near(&self, near: &Near, fields: FieldSet, mask: &[Found]) -> Vec<Found> {
        let left = self.unmasked(&near.left, fields, mask);
        let right = self.unmasked(&near.right, fields, mask);
        let pairs = left.iter().flat_map(|left| right.iter().map(move |right| (left, right)));
        let in_reach = pairs.filter(|(left, right)| {
            let order = !near.ordered || left.span.first < right.span.first;
            order && self.between(left, right).is_some_and(|between| between <= usize::from(near.distance))
        });
        in_reach.flat_map(|(left, right)| [*left, *right]).collect()
    }
}

fn plainly(compiled: &Compiled, text: &Text<'_>) -> Vec<(String, Vec<Place>)> {
    let mut texts = [""; SLOTS];
    (texts[slot::TITLE], texts[slot::SUMMARY], texts[slot::CONTENT]) =
        (text.title, text.summary, text.content);
    let mut tokens = Tokens::default();
    for (slot, text) in texts.iter().enumerate() {
        tokens.push_field(slot, text);
    }
    let article = Article { texts, tokens: &tokens, places: &Places::default() };
    let repeated = !text.summary.is_empty() && text.content.contains(text.summary);
    let plainly = Plainly { terms: &compiled.terms, article, repeated };
    let told = compiled.plans.iter().map(|plan| {
        let found = evidence::choose(plainly.found(plan)).into_iter();
        let place =
            |found: Found| (usize::from(found.span.slot), found.span.start as usize, found.span.end as usize);
        (plan.name.to_string(), found.map(place).collect())
    });
    told.filter(|(_, places): &(String, Vec<Place>)| !places.is_empty()).collect()
}

/// Field, first byte, one past the last.
type Place = (usize, usize, usize);

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
        let compiled = compile::compile(&topics, &aliases).expect("it compiled above");
        let mut scratch = Scratch::default();
        for _ in 0..ARTICLES {
            let (title, summary, mut content) = (text(&mut rng, 12), text(&mut rng, 12), text(&mut rng, 40));
            if rng.u8(0..8) == 0 {
                content.push_str(&summary);
            }
            let text = Text { title: &title, summary: &summary, content: &content, ..Text::default() };
            let found: Vec<(String, Vec<Place>)> = matcher
                .find_with(&mut scratch, &text, None)
                .into_iter()
                .map(|topic| {
                    (
                        topic.name.to_string(),
                        topic.mentions.iter().map(|m| (m.field as usize, m.start, m.end)).collect(),
                    )
                })
                .collect();
            assert_eq!(found, plainly(&compiled, &text), "seed {seed}: {topics:#?}\n{text:#?}");
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
