//! `completions`: what a shell completes, from the same tree of arguments.

use std::process::ExitCode;

use clap::CommandFactory;
use clap_complete::Shell;

use super::{Cli, Outcome, output};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// For this shell
    shell: Shell,
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), "feedwatch", &mut script);
    output::bytes(&script)?;
    Ok(ExitCode::SUCCESS)
}
