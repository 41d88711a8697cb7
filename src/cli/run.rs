//! `run`: the daemon.

use std::process::ExitCode;

use super::{Context, Failure, Outcome, signals};
use crate::{
    app::{self, Passed, Run},
    config::{self, Environment, Purpose},
    telemetry,
};

pub(super) async fn run(context: &Context, passed: Passed) -> Outcome {
    let environment = Environment::of_process();
    let path = config::find(context.path.as_deref(), &environment).map_err(Failure::Config)?;
    let load = move || config::load(&path, Purpose::Run, &environment);
    let loaded = load().map_err(Failure::Config)?;
    let log = telemetry::start(&loaded.config.log)?;
    signals::outlive_file_limits()?;
    let stop = signals::stop_token()?;
    let hangups = signals::hangups()?;
    Box::pin(app::run(Run { loaded, load: Box::new(load), hangups, log, passed }, stop)).await?;
    Ok(ExitCode::SUCCESS)
}
