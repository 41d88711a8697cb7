//! `run`: the daemon.

use std::process::ExitCode;

use tokio::sync::mpsc;
use tracing::{error, warn};

use super::{Context, Failure, Outcome, signals};
use crate::{
    app,
    config::{self, Environment, Problems, Purpose},
    telemetry,
};

pub(super) async fn run(context: &Context) -> Outcome {
    let environment = Environment::of_process();
    let path = config::find(context.path.as_deref(), &environment).map_err(Failure::Config)?;
    let loaded = config::load(&path, Purpose::Run, &environment).map_err(Failure::Config)?;
    let log = telemetry::start(&loaded.config.log)?;
    for warning in &loaded.warnings {
        warn!("{warning}");
    }
    signals::outlive_file_limits()?;
    let stop = signals::stop_token()?;
    let mut hangups = signals::hangups()?;
    let (reloads, receiver) = mpsc::channel(1);
    let reloading = async {
        while hangups.recv().await.is_some() {
            match config::load(&path, Purpose::Run, &environment) {
                Ok(loaded) => {
                    log.set_level(&loaded.config.log.level);
                    let _ = reloads.send(loaded.config).await;
                }
                Err(problems) => refuse(&problems),
            }
        }
    };
    tokio::select! {
        result = app::run(loaded.config, receiver, stop) => result?,
        () = reloading => {}
    }
    Ok(ExitCode::SUCCESS)
}

/// A configuration that does not pass changes nothing, and says so once.
fn refuse(problems: &Problems) {
    for problem in problems {
        error!("reload refused, the old configuration runs on: {problem}");
    }
}
