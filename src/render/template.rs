//! Bodies by the operator's own template (Jinja2 by minijinja): over the data of the standard body, within limits of
//! steps, memory and output, without includes and I/O. Text from feeds is a value, never a template.

use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use serde_json::Value;

use super::standard::{Data, MAX_BODY};
use crate::model::{Alert, Event, Template, rfc3339};

/// Largest output, in bytes.
const MAX_OUTPUT: usize = 256 << 10;
/// The most that an error tells of a template or of its output, in graphemes.
const MAX_SHOWN: usize = 160;
/// Steps of one rendering; memory is paid for too, 64 bytes a step.
const FUEL: u64 = 500_000;

/// Why there is no body.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct TemplateError {
    /// Line and column of the template, both from 1, if a part of it is at fault.
    pub place: Option<(usize, usize)>,
    /// What is wrong.
    pub message: String,
}

impl TemplateError {
    fn new(message: String) -> Self {
        Self { place: None, message }
    }
}

impl From<minijinja::Error> for TemplateError {
    fn from(error: minijinja::Error) -> Self {
        let source = error.template_source().unwrap_or_default();
        let range = error.range();
        let before = range.as_ref().and_then(|range| source.get(..range.start)).unwrap_or_default();
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        let at = range.and_then(|range| source.get(range)).map(|at| format!("at `{at}`"));
        let message = match error.detail().map(str::to_owned).or(at) {
            Some(detail) => format!("{}: {}", error.kind(), super::cut(&super::one_line(&detail), MAX_SHOWN)),
            None => error.kind().to_string(),
        };
        Self { place: error.line().map(|line| (line, column)), message }
    }
}

/// The body of an alert by a template.
///
/// # Errors
/// If the template is wrong, asks for what this alert does not have, goes beyond a limit, or should give JSON and does
/// not.
pub fn from_template(template: &Template, alert: &Alert) -> Result<Vec<u8>, TemplateError> {
    render(template, &of_alert(alert)())
}

/// The body of an operational event by a template.
///
/// # Errors
/// As of [`from_template`]; one that asks for the article of an event, for it has none.
pub fn event_from_template(template: &Template, event: &Event) -> Result<Vec<u8>, TemplateError> {
    render(template, &of_event(event)())
}

/// What a template sees of an alert.
pub(super) fn of_alert(alert: &Alert) -> impl FnOnce() -> Value {
    || {
        let mut data = Data::fitting(alert, MAX_BODY).to_value();
        data["type"] = "alert".into();
        data["timestamp"] = rfc3339(alert.created).into();
        // Left out of the standard body unless something was cut; here it is always there to be asked.
        data["truncated"] = (data["truncated"] == true).into();
        data
    }
}

/// What a template sees of an event.
pub(super) fn of_event(event: &Event) -> impl FnOnce() -> Value {
    || {
        let mut data = super::event::to_value(event);
        data["type"] = event.kind.as_str().into();
        data["timestamp"] = rfc3339(event.created).into();
        data
    }
}

pub(super) fn render(template: &Template, data: &Value) -> Result<Vec<u8>, TemplateError> {
    let is_json = template.is_json;
    let mut environment = Environment::new();
    // Errors then know their place.
    environment.set_debug(true);
    environment.set_fuel(Some(FUEL));
    environment.set_auto_escape_callback(move |_| if is_json { AutoEscape::Json } else { AutoEscape::None });
    environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    let compiled = environment.template_from_named_str(&template.name, &template.source)?;
    let body = compiled.render(minijinja::value::Serde(data))?;
    if body.len() > MAX_OUTPUT {
        return Err(TemplateError::new(format!("gives {} bytes, at most {MAX_OUTPUT} are sent", body.len())));
    }
    if is_json {
        check_json(&body)?;
    }
    Ok(body.into_bytes())
}

/// The line is one of the output, so it is told in the message.
fn check_json(body: &str) -> Result<(), TemplateError> {
    let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(body) else { return Ok(()) };
    let line = body.lines().nth(error.line().saturating_sub(1)).unwrap_or_default();
    let shown = super::cut(&super::one_line(line.trim()), MAX_SHOWN);
    Err(TemplateError::new(format!("what it gives is not JSON: {error}: {shown}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::tests::example;

    fn template(source: &str, is_json: bool) -> Template {
        Template { name: "t.j2".to_owned(), source: source.into(), is_json }
    }

    #[track_caller]
    fn gives(source: &str, is_json: bool, expected: &str) {
        let body = from_template(&template(source, is_json), &example()).expect("a body");
        assert_eq!(String::from_utf8(body).expect("UTF-8"), expected);
    }

    #[track_caller]
    fn fails(source: &str, is_json: bool, place: Option<(usize, usize)>, words: &str) {
        let error = from_template(&template(source, is_json), &example()).expect_err("an error");
        assert_eq!(error.place, place, "{error}");
        assert!(error.message.contains(words), "{error}");
    }

    #[test]
    fn a_json_template_writes_values_as_json() {
        gives(r#"{"text":{{ article.title }}}"#, true, r#"{"text":"Ankara seeks Russian S-400 snub"}"#);
        gives(
            r#"{"t":{{ feed.name ~ ": " ~ topics[0].name }},"by":{{ article.author }}}"#,
            true,
            r#"{"t":"World: S-400","by":null}"#,
        );
        gives(r#"{{ topics | map(attribute="name") | list }}"#, true, r#"["S-400"]"#);
        gives(
            r"{{ [type, timestamp, test, truncated] }}",
            true,
            r#"["alert","2026-11-23T18:00:00Z",false,false]"#,
        );
    }

    #[test]
    fn a_text_template_writes_values_as_they_are() {
        gives(
            "{% for topic in topics %}{{ topic.name }}: {% endfor %}{{ article.title }} <{{ article.url }}>",
            false,
            "S-400: Ankara seeks Russian S-400 snub <https://example.org/a?id=1>",
        );
    }

    #[test]
    fn text_from_a_feed_is_a_value_never_a_template() {
        let mut alert = example();
        alert.article.title = Some("{{7*7}} {% include 'x' %} \"},{\"a\":\"".to_owned());
        let body = from_template(&template(r#"{"t":{{ article.title }}}"#, true), &alert).expect("a body");
        let body: Value = serde_json::from_slice(&body).expect("JSON");
        assert_eq!(body["t"], "{{7*7}} {% include 'x' %} \"},{\"a\":\"");
    }

    #[test]
    fn errors_say_where_and_what() {
        fails("{\n{{ article.title }", true, Some((2, 18)), "syntax error");
        fails("a\n\n{{ artcle.title }}", false, Some((3, 4)), "undefined value: `artcle` is undefined");
        fails("ü {{ article.titel }}", false, Some((1, 6)), "undefined value: `article.titel` is undefined");
        fails("{\n\"t\": \"{{ article.title }}\"}", true, None, "not JSON");
        fails("{% include 'other.j2' %}", false, Some((1, 4)), "unknown statement");
        fails("{{ read('/etc/passwd') }}", false, Some((1, 4)), "unknown function");
    }

    #[test]
    fn a_template_cannot_run_or_grow_for_ever() {
        for source in [
            "{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}",
            "{{ 'x' * 999999999 }}",
            "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
            "{{ 'x' * 300000 }}",
        ] {
            let error = from_template(&template(source, false), &example()).expect_err("an error");
            let words = ["fuel", "recursion", "at most 262144"];
            assert!(words.iter().any(|word| error.message.contains(word)), "{error}");
        }
    }
}
