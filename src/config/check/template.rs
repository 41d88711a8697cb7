//! Templates of webhook bodies: read once, and tried on alerts with and without all that an article may lack.

use std::path::Path;

use super::{
    super::{
        Purpose,
        files::reason,
        problem::{Problem, Severity},
        raw::At,
    },
    Checker,
};
use crate::{
    model::{Alert, Event, EventKind, NotifierState, Subject, Template, Timestamp},
    notify::test_alert,
    render::{TemplateError, event_from_template, from_template},
};

/// The largest template.
const MAX_TEMPLATE: u64 = 1 << 20;

impl Checker<'_> {
    /// A template that gives a body for every alert. The name is that of its file, relative to the one that names it.
    pub(super) fn template(&mut self, written: &At<String>, content_type: &str) -> Option<Template> {
        let path = written.place.directory().join(&written.value);
        let source = match read(&path) {
            Ok(source) => source,
            Err(_) if self.purpose == Purpose::Look => String::new(),
            Err(why) => {
                self.push(written.error(format!("notifier.template: {}: {why}", path.display())));
                return None;
            }
        };
        let template = Template {
            name: path.display().to_string(),
            source: source.into(),
            is_json: is_json(content_type),
        };
        if self.purpose != Purpose::Look
            && let Err(error) = try_out(&template)
        {
            let help = help(&error);
            let message = format!("notifier.template: {error}");
            let (line, column) = error.place.unzip();
            let key = Some("notifier.template".to_owned());
            let problem = Problem { line, column, key, ..Problem::of_file(Severity::Error, path, message) };
            self.push(problem.maybe_help(help));
            return None;
        }
        Some(template)
    }
}

fn read(path: &Path) -> Result<String, String> {
    let size = std::fs::metadata(path).map_err(|error| reason(&error))?.len();
    if size > MAX_TEMPLATE {
        return Err(format!("has {size} bytes; at most {MAX_TEMPLATE} are read"));
    }
    std::fs::read_to_string(path).map_err(|error| reason(&error))
}

/// On an event: an error here costs the template only its events.
pub(super) fn try_event(template: &Template) -> Result<(), TemplateError> {
    let at = Timestamp::UNIX_EPOCH;
    let subject = Subject::Notifier { name: "desk".into(), state: NotifierState::Held };
    let event = Event::new(EventKind::NotifierFailing, subject, at, at, "HTTP 404 Not Found".to_owned(), 1);
    event_from_template(template, &event).map(drop)
}

/// On a whole alert, and on one that lacks all that an article may lack.
fn try_out(template: &Template) -> Result<(), TemplateError> {
    let whole = test_alert(Timestamp::UNIX_EPOCH);
    from_template(template, &whole)?;
    let article = crate::model::Article {
        title: None,
        link: None,
        published: None,
        summary: None,
        ..whole.article.clone()
    };
    let bare = Alert { article, ..whole };
    from_template(template, &bare).map(drop).map_err(|error| TemplateError {
        message: format!("{} (with an article that has no title, url, date or summary)", error.message),
        ..error
    })
}

fn help(error: &TemplateError) -> Option<String> {
    error.message.contains("not JSON").then(|| {
        "in a JSON template {{ … }} writes a whole value, quotes and all: \"text\": {{ article.title }}"
            .to_owned()
    })
}

/// `application/json`, or a type built on it (RFC 6839 §3.1).
fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || essence.ends_with("+json")
}
