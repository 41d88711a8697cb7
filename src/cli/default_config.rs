//! `default-config`: a configuration to start from, with every key and its default.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use super::Outcome;
use crate::config;

pub(super) fn run() -> Outcome {
    io::stdout().lock().write_all(config::DEFAULT.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}
