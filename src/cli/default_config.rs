//! `default-config`: a configuration to start from, with every key and its default.

use std::process::ExitCode;

use super::{Outcome, output};
use crate::config;

pub(super) fn run() -> Outcome {
    output::bytes(config::DEFAULT.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}
