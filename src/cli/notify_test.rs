//! `notify-test`: one clearly marked test alert, sent once, stored nowhere.

use std::process::ExitCode;

use serde::Serialize;

use super::{
    Context, Failure, Outcome,
    output::{self, Clean},
};
use crate::{
    clock::{Clock, SystemClock},
    config::Purpose,
    model::Notifier,
    notify::{self, Verdict},
    telemetry,
};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The notifier to test; all enabled ones if not given
    name: Option<String>,
    /// Print JSON for machines
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Tested {
    notifier: String,
    ok: bool,
    class: &'static str,
    reason: String,
}

pub(super) async fn run(context: &Context, arguments: Arguments) -> Outcome {
    let config = context.config(Purpose::Run)?;
    telemetry::start(&config.log)?;
    let chosen = chosen(&config.notify.notifiers, arguments.name.as_deref())?;
    let now = SystemClock.now();
    let mut tested = Vec::new();
    for notifier in chosen {
        let sent = notify::send_test(&config.notify, notifier, &notify::test_alert(now), now).await;
        tested.push(Tested {
            notifier: notifier.name.to_string(),
            ok: sent.verdict == Verdict::Delivered,
            class: sent.verdict.as_str(),
            reason: sent.reason,
        });
    }
    let ok = tested.iter().all(|test| test.ok);
    if arguments.json {
        output::json(&serde_json::json!({ "ok": ok, "notifiers": tested }))?;
    } else {
        for test in &tested {
            let line = format!("{}: {}: {}\n", test.notifier, test.class, test.reason);
            output::text(Clean(&line))?;
        }
    }
    Ok(if ok { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn chosen<'a>(notifiers: &'a [Notifier], name: Option<&str>) -> Result<Vec<&'a Notifier>, Failure> {
    let Some(name) = name else {
        return Ok(notifiers.iter().filter(|notifier| notifier.enabled).collect());
    };
    if let Some(notifier) = notifiers.iter().find(|notifier| notifier.name.as_str() == name) {
        return Ok(vec![notifier]);
    }
    let known: Vec<&str> = notifiers.iter().map(|notifier| notifier.name.as_str()).collect();
    Err(Failure::Usage(format!("there is no notifier {name:?}; there are: {}", known.join(", "))))
}
