//! `notify-test`: one clearly marked test alert, sent once, stored nowhere.

use std::process::ExitCode;

use serde::Serialize;
use tracing::warn;

use super::{
    Context, Failure, Outcome,
    output::{self, Clean},
};
use crate::{
    app,
    clock::{Clock, SystemClock},
    config::{Config, Purpose},
    model::{Notifier, NotifierName},
    notify::{self, Verdict},
    store::Store,
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
    let mut working = Vec::new();
    for notifier in chosen {
        let sent = notify::send_test(&config.notify, notifier, &notify::test_alert(now), now).await;
        if sent.verdict == Verdict::Delivered {
            working.push(notifier.name.clone());
        }
        tested.push(Tested {
            notifier: notifier.name.to_string(),
            ok: sent.verdict == Verdict::Delivered,
            class: sent.verdict.as_str(),
            reason: sent.reason,
        });
    }
    reactivate(&config, &working).await;
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

/// A notifier that was seen to work sends again, whatever held it up; a daemon that runs notices within a second. Without
/// a database there is nothing that waits.
async fn reactivate(config: &Config, working: &[NotifierName]) {
    let Ok(store) = app::open_store_beside(&config.store).await else { return };
    for name in working {
        if let Err(error) = store.reactivate(name).await {
            warn!(%error, notifier = %name, "it works, but what waits for it could not be called back");
        }
    }
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
