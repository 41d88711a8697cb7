//! From the elements of a document to articles (specs/reading.md §4).

use std::time::Duration;

use url::Url;

use super::{
    Document, Hints, Limits, dates,
    draft::{self, Draft},
    element::{self, Element, Reading},
    hints, identity,
    person::{self, Person},
    references::Entities,
    refuse::Root,
    report::Report,
    vocabulary::{Field, Namespace},
    walk::{Item, Piece, Walk},
};
use crate::model::Timestamp;

/// Reads the document that begins with this root.
pub(super) fn read(root: Root<'_>, base: Option<&Url>, limits: &Limits, mut report: Report) -> Document {
    let mut walk = Walk::new(root.tag, root.format, root.lexer, limits, &mut report);
    let entities = Entities::declared(walk.subset(), limits);
    let mut reading = Reading { entities, max_attributes: limits.max_attributes, report: &mut report };
    let mut head = Head { base: element::base_of(root.tag, base, &mut reading), ..Head::default() };
    let mut drafts = Vec::new();
    while let Some(piece) = walk.next(reading.report) {
        match piece {
            Piece::Start(tag) => head.base = element::base_of(tag, head.base.as_ref(), &mut reading),
            Piece::Head(element) => head.take(&element, &mut reading),
            Piece::Item(item) => drafts.push(read_item(&item, &head, limits, &mut reading)),
        }
    }
    head.finish(drafts, report)
}

/// What the head of a feed says.
#[derive(Default)]
struct Head {
    base: Option<Url>,
    title: Option<String>,
    other_title: Option<String>,
    /// The page that the feed belongs to.
    page: Links,
    author: Option<Person>,
    hints: Hints,
    period: Option<Duration>,
    frequency: Option<u32>,
}

impl Head {
    fn take<'a>(&mut self, element: &Element<'a>, reading: &mut Reading<'a, '_>) {
        match element.field {
            Field::Title => short(&mut self.title, element, reading),
            Field::OtherTitle => short(&mut self.other_title, element, reading),
            Field::Link => self.link(element, reading),
            Field::Author | Field::OtherAuthor => set_person(&mut self.author, person::of(element, reading)),
            Field::Ttl => set(&mut self.hints.ttl, hints::ttl(&element.characters(reading))),
            Field::SkipHours => self.hints.skip_hours = hints::skip_hours(element, reading),
            Field::SkipDays => self.hints.skip_days = hints::skip_days(element, reading),
            Field::UpdatePeriod => set(&mut self.period, hints::period(&element.characters(reading))),
            Field::UpdateFrequency => {
                set(&mut self.frequency, element.characters(reading).trim().parse().ok());
            }
            _ => {}
        }
    }

    fn link<'a>(&mut self, element: &Element<'a>, reading: &mut Reading<'a, '_>) {
        let rel = element.attribute("rel", reading).unwrap_or_default();
        let place = match rel.to_ascii_lowercase().as_str() {
            "prev-archive" => &mut self.hints.prev_archive,
            "next" => &mut self.hints.next,
            _ => return self.page.take_link(element, self.base.as_ref(), reading),
        };
        if let Some(address) = element.attribute("href", reading) {
            set(place, draft::link(&address, self.base.as_ref()));
        }
    }

    fn finish(self, mut drafts: Vec<Draft>, mut report: Report) -> Document {
        let author = self.author.map(Person::into_text);
        for draft in &mut drafts {
            draft.author = draft.author.take().or_else(|| author.clone());
        }
        let frequency = self.frequency.filter(|frequency| *frequency > 0).unwrap_or(1);
        let update_interval = self.period.map(|period| period / frequency);
        report.count(&drafts);
        Document {
            title: self.title.or(self.other_title),
            articles: identity::articles(drafts),
            hints: Hints { update_interval, ..self.hints },
            report,
        }
    }
}

fn read_item<'a>(item: &Item<'a>, head: &Head, limits: &Limits, reading: &mut Reading<'a, '_>) -> Draft {
    // Relative links resolve against the page of the feed only if nothing nearer is known.
    let outer = head.base.as_ref().or(head.page.best());
    let base = element::base_of(item.tag, outer, reading);
    let mut parts = Parts::default();
    for element in &item.elements {
        parts.take(element, base.as_ref(), limits, reading);
    }
    if let Some(about) = element::attribute(item.tag, "rdf:about", reading) {
        set(&mut parts.links.last, draft::link(&about, None));
    }
    parts.finish(reading.report)
}

/// The parts of one article as they come; of each the first that is not empty wins.
#[derive(Default)]
struct Parts {
    draft: Draft,
    other_title: Option<String>,
    other_summary: Option<String>,
    other_published: Option<Timestamp>,
    author: Option<Person>,
    other_author: Option<Person>,
    links: Links,
    has_bad_date: bool,
}

impl Parts {
    fn take<'a>(
        &mut self,
        element: &Element<'a>,
        base: Option<&Url>,
        limits: &Limits,
        reading: &mut Reading<'a, '_>,
    ) {
        match element.field {
            Field::Title => short(&mut self.draft.title, element, reading),
            Field::OtherTitle => short(&mut self.other_title, element, reading),
            Field::Summary => body(&mut self.draft.summary, element, limits, reading),
            Field::OtherSummary => body(&mut self.other_summary, element, limits, reading),
            Field::Content => body(&mut self.draft.content, element, limits, reading),
            Field::Published => self.has_bad_date |= date(&mut self.draft.published, element, reading),
            Field::OtherPublished => self.has_bad_date |= date(&mut self.other_published, element, reading),
            Field::Updated => self.has_bad_date |= date(&mut self.draft.updated, element, reading),
            Field::Author => set_person(&mut self.author, person::of(element, reading)),
            Field::OtherAuthor => set_person(&mut self.other_author, person::of(element, reading)),
            Field::Link => self.links.take_link(element, base, reading),
            Field::Guid => self.guid(element, reading),
            Field::Enclosure => self.links.take_enclosure(element, base, reading),
            Field::Category => {
                let tag = tag(element, reading);
                draft::add_tag(&mut self.draft.tags, tag, limits, reading.report);
            }
            _ => {}
        }
    }

    /// An identifier; one that is a web address may serve as the link.
    fn guid<'a>(&mut self, element: &Element<'a>, reading: &mut Reading<'a, '_>) {
        let text = element.word(reading);
        set(&mut self.draft.guid, draft::guid(&text));
        let is_link = element.attribute("isPermaLink", reading);
        if is_link.is_none_or(|value| !value.eq_ignore_ascii_case("false")) {
            set(&mut self.links.identifier, draft::link(&text, None));
        }
    }

    fn finish(self, report: &mut Report) -> Draft {
        let mut draft = self.draft;
        draft.title = draft.title.or(self.other_title);
        draft.summary = draft.summary.or(self.other_summary);
        draft.published = draft.published.or(self.other_published);
        let mut author = self.author;
        set_person(&mut author, self.other_author);
        draft.author = author.map(Person::into_text);
        draft.link = self.links.into_best();
        report.undated += u32::from(self.has_bad_date && draft.published.or(draft.updated).is_none());
        draft
    }
}

/// Where an article can be read, the best first.
#[derive(Default)]
struct Links {
    html: Option<Url>,
    page: Option<Url>,
    identifier: Option<Url>,
    enclosure: Option<Url>,
    last: Option<Url>,
}

impl Links {
    /// RSS has the address as text, Atom as an attribute.
    fn take_link<'a>(&mut self, element: &Element<'a>, base: Option<&Url>, reading: &mut Reading<'a, '_>) {
        let base = element::base_of(element.tag, base, reading);
        let address = element.attribute("href", reading).unwrap_or_else(|| element.word(reading));
        let rel = element.attribute("rel", reading).unwrap_or("alternate".into()).to_ascii_lowercase();
        let place = match rel.as_str() {
            "alternate" | "http://www.iana.org/assignments/relation/alternate" => {
                let media_type = element.attribute("type", reading).unwrap_or_default();
                if media_type.contains("html") { &mut self.html } else { &mut self.page }
            }
            "enclosure" => &mut self.enclosure,
            _ => return,
        };
        set(place, draft::link(&address, base.as_ref()));
    }

    fn take_enclosure<'a>(
        &mut self,
        element: &Element<'a>,
        base: Option<&Url>,
        reading: &mut Reading<'a, '_>,
    ) {
        let address = element.attribute("url", reading).or_else(|| element.attribute("href", reading));
        set(&mut self.enclosure, address.and_then(|address| draft::link(&address, base)));
    }

    fn best(&self) -> Option<&Url> {
        self.html.as_ref().or(self.page.as_ref())
    }

    fn into_best(self) -> Option<Url> {
        self.html.or(self.page).or(self.identifier).or(self.enclosure).or(self.last)
    }
}

fn set<T>(place: &mut Option<T>, value: Option<T>) {
    if place.is_none() {
        *place = value;
    }
}

/// A name is better than an address, the first better than the next.
fn set_person(place: &mut Option<Person>, person: Option<Person>) {
    let is_better =
        matches!((&*place, &person), (None, _) | (Some(Person::Address(_)), Some(Person::Named(_))));
    if is_better {
        *place = person;
    }
}

fn short<'a>(place: &mut Option<String>, element: &Element<'a>, reading: &mut Reading<'a, '_>) {
    if place.is_none() {
        *place = element.markup(reading).and_then(|text| text.short());
    }
}

fn body<'a>(
    place: &mut Option<String>,
    element: &Element<'a>,
    limits: &Limits,
    reading: &mut Reading<'a, '_>,
) {
    if place.is_none() {
        *place = element.markup(reading).and_then(|text| text.body(limits, reading.report));
    }
}

/// Reads a date; whether there was one that cannot be read.
fn date<'a>(place: &mut Option<Timestamp>, element: &Element<'a>, reading: &mut Reading<'a, '_>) -> bool {
    let text = element.word(reading);
    let time = dates::parse(&text);
    set(place, time);
    time.is_none() && !text.trim().is_empty()
}

/// The text of a category, else its `term`, else its `label`.
fn tag<'a>(element: &Element<'a>, reading: &mut Reading<'a, '_>) -> Option<String> {
    let html = |text| draft::Markup::Html(text).short();
    let text = html(element.characters(reading))
        .filter(|_| element.namespace != Namespace::Atom || !element.tag.has("term"));
    text.or_else(|| ["term", "label"].iter().find_map(|name| element.attribute(name, reading).and_then(html)))
}
