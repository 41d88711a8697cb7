//! `check`: every problem of the configuration, or what would run (specs/operations.md §3).

use std::{
    io::{self, Write},
    path::Path,
    process::ExitCode,
};

use serde::Serialize;

use super::{Outcome, census};
use crate::{
    config::{self, Config, Counts, Environment, Loaded, Problem, Problems, Purpose},
    model::{Feed, Notifier, NotifierKind},
};

/// Bad configuration (`EX_CONFIG` of sysexits.h).
const EXIT_CONFIG: u8 = 78;
/// Names shown of a long list.
const MAX_NAMES: usize = 12;

/// The object of `--json`.
#[derive(Debug, Serialize)]
struct Report<'a> {
    ok: bool,
    problems: &'a [Problem],
    #[serde(flatten)]
    counts: Counts,
}

/// Problems go to stderr, the summary or JSON to stdout. 0 if the configuration is good, warnings or not, else 78.
pub(super) async fn run(path: Option<&Path>, json: bool) -> Outcome {
    let loaded = load(path, &Environment::of_process()).await;
    let (mut out, mut err) = (anstream::stdout().lock(), anstream::stderr().lock());
    Ok(ExitCode::from(report(&loaded, json, &mut out, &mut err)?))
}

/// Reads the configuration, and what the store says about the words of a good one.
async fn load(path: Option<&Path>, env: &Environment) -> Result<Loaded, Problems> {
    let path = config::find(path, env)?;
    let (mut loaded, places) = config::load_with_places(&path, Purpose::Check, env)?;
    loaded.warnings.extend(census::lints(&loaded.config, &places).await);
    config::sort(&mut loaded.warnings, &loaded.config.files);
    Ok(loaded)
}

fn report(
    loaded: &Result<Loaded, Problems>,
    json: bool,
    out: &mut impl Write,
    err: &mut impl Write,
) -> io::Result<u8> {
    let (code, problems, counts) = match loaded {
        Ok(Loaded { warnings, counts, .. }) => (0, warnings, *counts),
        Err(Problems { list, counts }) => (EXIT_CONFIG, list, *counts),
    };
    if json {
        serde_json::to_writer(&mut *out, &Report { ok: loaded.is_ok(), problems, counts })?;
        writeln!(out)?;
        return Ok(code);
    }
    if !problems.is_empty() {
        config::write_problems(err, problems)?;
    }
    if let Ok(loaded) = loaded {
        summary(out, &loaded.config, counts)?;
    }
    Ok(code)
}

/// What would run, in a few lines.
fn summary(out: &mut impl Write, config: &Config, counts: Counts) -> io::Result<()> {
    let names = |feed: &Feed| feed.name.clone().unwrap_or_else(|| feed.display_url());
    let feeds: Vec<String> = config.poll.feeds.iter().map(names).collect();
    let topics: Vec<String> = config.topics.iter().map(|topic| topic.name.to_string()).collect();
    let notifiers: Vec<String> = config.notify.notifiers.iter().map(describe).collect();
    writeln!(out, "{} is good.", config.path.display())?;
    writeln!(out, "feeds      {}", listed(counts.feeds, &feeds))?;
    writeln!(out, "topics     {}", listed(counts.topics, &topics))?;
    writeln!(out, "notifiers  {}", listed(counts.notifiers, &notifiers))?;
    writeln!(out, "store      {}", config.store.location)
}

fn describe(notifier: &Notifier) -> String {
    let state = if notifier.enabled { "" } else { ", disabled" };
    match &notifier.kind {
        NotifierKind::Log => format!("{} (log{state})", notifier.name),
        NotifierKind::Webhook(webhook) => format!("{} ({}{state})", notifier.name, webhook.url),
    }
}

/// A number and the first names.
fn listed(count: usize, names: &[String]) -> String {
    let mut shown: Vec<String> =
        names.iter().take(MAX_NAMES).map(|name| name.replace(char::is_control, "?")).collect();
    if names.len() > MAX_NAMES {
        shown.push("…".to_owned());
    }
    if shown.is_empty() { count.to_string() } else { format!("{count}: {}", shown.join(", ")) }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use tempfile::TempDir;

    use super::*;

    /// Exit code, stdout and stderr of a check of this configuration.
    async fn checked(text: &str, json: bool) -> (u8, String, String) {
        let directory = TempDir::new().expect("directory");
        let path = directory.path().join("feedwatch.toml");
        std::fs::write(&path, text).expect("file");
        let (mut out, mut err) = (Vec::new(), anstream::StripStream::new(Vec::new()));
        let loaded = load(Some(&path), &Environment::of([])).await;
        let code = report(&loaded, json, &mut out, &mut err).expect("written");
        let text = |bytes: Vec<u8>| {
            let text = String::from_utf8(bytes).expect("UTF-8");
            text.replace(&format!("{}/", directory.path().display()), "")
        };
        (code, text(out), text(err.into_inner()))
    }

    const GOOD: &str = r#"
        [[feed]]
        url = "http://127.0.0.1:8000/feed.xml"
        name = "Local"
        [[topic]]
        name = "S-400"
        any = ["S-400"]
    "#;

    #[tokio::test]
    async fn a_good_configuration_is_summed_up_on_stdout() {
        let (code, out, err) = checked(GOOD, false).await;
        assert_eq!((code, err.as_str()), (0, ""));
        let expected = "feedwatch.toml is good.\n\
                        feeds      1: Local\n\
                        topics     1: S-400\n\
                        notifiers  1: log (log)\n\
                        store      feedwatch.db\n";
        assert_eq!(out, expected);
    }

    #[tokio::test]
    async fn warnings_alone_exit_0() {
        let (code, out, err) = checked("", false).await;
        assert_eq!(code, 0);
        assert!(out.contains("is good"), "{out}");
        assert!(err.contains("warning: no feeds") && err.ends_with("2 warnings\n"), "{err}");
    }

    #[tokio::test]
    async fn a_bad_configuration_exits_78_with_all_on_stderr() {
        let (code, out, err) = checked("[poll]\nbudgt = 3\n[http]\ntimeout = \"0s\"\n", false).await;
        assert_eq!((code, out.as_str()), (78, ""));
        assert!(err.contains("feedwatch.toml:2:1") && err.contains("feedwatch.toml:4:11"), "{err}");
        assert!(err.ends_with("2 errors, 2 warnings\n"), "{err}");
    }

    #[tokio::test]
    async fn json_has_the_documented_shape() {
        let (code, out, err) = checked(&format!("{GOOD}\n[poll]\nbudgt = 3\n"), true).await;
        assert_eq!((code, err.as_str()), (78, ""));
        let report: Value = serde_json::from_str(&out).expect("JSON");
        let expected = json!({
            "ok": false, "feeds": 1, "topics": 1, "notifiers": 1,
            "problems": [{
                "severity": "error", "file": "feedwatch.toml", "line": 10, "column": 1, "key": "poll.budgt",
                "message": "unknown key `budgt` in [poll]", "help": "did you mean `budget`?",
            }],
        });
        assert_eq!(report, expected);
    }

    #[tokio::test]
    async fn the_default_configuration_passes() {
        let (code, out, _) = checked(config::DEFAULT, false).await;
        assert_eq!(code, 0, "{out}");
    }
}
