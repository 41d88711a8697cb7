//! `[[notifier]]`.

use std::collections::BTreeSet;

use super::{
    super::{
        raw::{At, RawNotifier},
        words,
    },
    Checker,
    destination::Destination,
    feeds::is_true,
};
use crate::{
    model::{
        EventKind, Format, Notifier, NotifierFilter, NotifierKind, NotifierName, Rate, TopicName, Webhook,
    },
    notify,
};

/// Every format of a webhook.
const FORMATS: &[(&str, Format)] = &[
    ("standard", Format::Standard),
    ("cloudevents", Format::CloudEvents),
    ("slack", Format::Slack),
    ("discord", Format::Discord),
    ("teams", Format::Teams),
    ("mattermost", Format::Mattermost),
    ("telegram", Format::Telegram),
    ("ntfy", Format::Ntfy),
    ("pagerduty", Format::PagerDuty),
];
const KINDS: &[&str] = &["log", "webhook"];
/// Sends under way at the same time to one receiver.
const CONCURRENCY: usize = 4;
/// The same in a conversation, where they would come out of order.
const CHAT_CONCURRENCY: usize = 1;

impl Checker<'_> {
    /// The notifiers; one that logs, if none is configured.
    pub(super) fn notifiers(
        &mut self,
        raws: &[At<RawNotifier>],
        settings: &notify::Settings,
    ) -> Vec<Notifier> {
        if raws.is_empty() {
            return vec![log_notifier()];
        }
        let mut known = BTreeSet::new();
        let mut notifiers = Vec::new();
        for raw in raws {
            self.unique_name(raw, &mut known);
            notifiers.extend(self.notifier(raw, settings));
        }
        notifiers
    }

    /// Without a name, a notifier is called by its type.
    fn unique_name(&mut self, raw: &At<RawNotifier>, known: &mut BTreeSet<String>) {
        let written = raw.value.name.as_ref().or(raw.value.kind.as_ref());
        if let Some(name) = written
            && !known.insert(name.value.clone())
        {
            let problem = name.error(format!("there are two notifiers with the name {:?}", name.value));
            self.push(problem.help("give each a name of its own"));
        }
    }

    fn notifier(&mut self, raw: &At<RawNotifier>, settings: &notify::Settings) -> Option<Notifier> {
        let fields = &raw.value;
        let name = self.named(fields.name.as_ref().or(fields.kind.as_ref()));
        let format = self.format(raw);
        let events = self.events(raw);
        let is_chat = format.is_some_and(Format::is_chat);
        let mut concurrency = if is_chat { CHAT_CONCURRENCY } else { CONCURRENCY };
        self.number(&mut concurrency, fields.concurrency.as_ref());
        let rate = self.rate(raw);
        let kind = match fields.kind.as_ref().map(|kind| kind.value.as_str()) {
            Some("log") => Some(self.log_kind(raw)),
            Some("webhook") => self.webhook_kind(raw, format, settings),
            _ => self.no_kind(raw),
        };
        let kind = kind?;
        self.template_of_events(raw, &kind, &events);
        Some(Notifier {
            name: NotifierName::new(name?),
            format: if kind == NotifierKind::Log { Format::Log } else { format? },
            kind,
            events,
            filter: NotifierFilter {
                topics: self.names(fields.topics.as_ref()).into_iter().map(TopicName::new).collect(),
                feeds: self.names(fields.feeds.as_ref()),
                tags: self.names(fields.tags.as_ref()),
            },
            concurrency,
            rate: rate.or_else(|| format.and_then(Format::rate)),
            enabled: is_true(fields.enabled.as_ref(), true),
        })
    }

    /// Warns of a template that does not do for the events that the notifier is told of.
    fn template_of_events(&mut self, raw: &At<RawNotifier>, kind: &NotifierKind, events: &[EventKind]) {
        let NotifierKind::Webhook(Webhook { template: Some(template), .. }) = kind else { return };
        let is_told = events.iter().any(|event| *event != EventKind::Alert);
        if is_told
            && self.purpose != super::super::Purpose::Look
            && let Some(written) = &raw.value.template
            && let Err(error) = super::template::try_event(template)
        {
            let message = format!(
                "notifier.template: does not do for events, which are sent in the standard form: {error}"
            );
            let help = r#"{% if type == "alert" %}…{% else %}{{ reason }}{% endif %}"#;
            self.push(written.warning(message).help(help));
        }
    }

    fn no_kind(&mut self, raw: &At<RawNotifier>) -> Option<NotifierKind> {
        match &raw.value.kind {
            Some(kind) => {
                let problem = kind.error(format!("notifier.type: {:?} is not known", kind.value));
                let is_format = FORMATS.iter().any(|(name, _)| *name == kind.value);
                let help = if is_format {
                    Some(format!("type = \"webhook\" with format = {:?}", kind.value))
                } else {
                    words::suggest(&kind.value, KINDS)
                };
                self.push(problem.maybe_help(help));
            }
            None if !self.is_broken => {
                self.push(
                    raw.error("[[notifier]] without type").help(r#"type = "webhook", or type = "log""#),
                );
            }
            None => {}
        }
        None
    }

    /// A notifier that logs sends nothing, so it takes nothing that a request needs.
    fn log_kind(&mut self, raw: &At<RawNotifier>) -> NotifierKind {
        let fields = &raw.value;
        let url = fields.url.as_ref().map(|at| &at.key_place);
        let secret = fields.secret.as_ref().map(|at| &at.key_place);
        for (place, key) in [(url, "notifier.url"), (secret, "notifier.secret")] {
            if let Some(place) = place {
                let message = format!("{key}: a notifier of type \"log\" sends nothing");
                let problem = super::Problem::at(super::Severity::Error, place, key, message);
                self.push(problem.help(r#"did you mean type = "webhook"?"#));
            }
        }
        NotifierKind::Log
    }

    fn webhook_kind(
        &mut self,
        raw: &At<RawNotifier>,
        format: Option<Format>,
        settings: &notify::Settings,
    ) -> Option<NotifierKind> {
        let fields = &raw.value;
        let secrets = self.signing_keys(fields.secret.as_ref());
        let headers = self.headers(fields.headers.as_ref());
        let ca_file = self.ca_file(fields.ca_file.as_ref());
        let mut timeout = settings.timeout;
        self.positive(&mut timeout, fields.timeout.as_ref());
        if let Some(at) = fields.timeout.as_ref().filter(|_| 2 * timeout > settings.lease) {
            let lease = humantime::format_duration(2 * timeout);
            let problem = at.error("notifier.timeout: is longer than half of notify.lease");
            self.push(problem.help(format!("lease = \"{lease}\" in [notify], or more")));
        }
        let destination = self.destination(raw, format.unwrap_or(Format::Standard));
        let content_type = self.content_type(raw, format.unwrap_or(Format::Standard))?;
        let template = match &fields.template {
            Some(written) => Some(self.template(written, &content_type)?),
            None => None,
        };
        let timeout = fields.timeout.as_ref().map(|_| timeout);
        let Destination { url, to } = destination?;
        Some(NotifierKind::Webhook(Webhook {
            url,
            secrets,
            headers,
            timeout,
            ca_file,
            to,
            content_type,
            template,
        }))
    }

    /// The form of the bodies. What a template makes is answered like the standard body.
    fn format(&mut self, raw: &At<RawNotifier>) -> Option<Format> {
        let Some(format) = &raw.value.format else { return Some(Format::Standard) };
        if let Some(template) = &raw.value.template {
            let problem = template.error("notifier.template: stands instead of notifier.format");
            self.push(problem.help("one of both"));
        }
        self.word(format, FORMATS)
    }

    /// What the notifier is told of.
    fn events(&mut self, raw: &At<RawNotifier>) -> Vec<EventKind> {
        let Some(events) = &raw.value.events else { return vec![EventKind::Alert] };
        let mut kinds = Vec::new();
        for event in &events.value {
            if let Some(kind) = EventKind::parse(&event.value) {
                kinds.push(kind);
            } else {
                let known: Vec<&str> = EventKind::ALL.iter().map(|kind| kind.as_str()).collect();
                let problem = event.error(format!("notifier.events: {:?} is not known", event.value));
                self.push(problem.maybe_help(words::suggest(&event.value, &known)));
            }
        }
        if events.value.is_empty() && !self.is_broken {
            self.push(events.warning("notifier.events: the list is empty, this notifier is told nothing"));
        }
        kinds
    }

    /// How fast it may be sent to, if the operator says so.
    fn rate(&mut self, raw: &At<RawNotifier>) -> Option<Rate> {
        let written = raw.value.rate.as_ref()?;
        let rate = Rate::parse(&written.value);
        if rate.is_none() {
            let problem = written.error(format!("notifier.rate: {:?} is not a rate", written.value));
            self.push(problem.help(r#"a number per second, minute or hour, as in "1/s", "20/m" or "100/h""#));
        }
        rate
    }
}

/// Where alerts go if nobody says.
fn log_notifier() -> Notifier {
    Notifier {
        name: NotifierName::from("log"),
        kind: NotifierKind::Log,
        format: Format::Log,
        events: vec![EventKind::Alert],
        filter: NotifierFilter::default(),
        concurrency: CONCURRENCY,
        rate: None,
        enabled: true,
    }
}
