//! The program: arguments, signals, exit code. Everything else is in the library.

use std::process::ExitCode;

use clap::Parser;
use feedwatch::cli::{self, Cli};

fn main() -> ExitCode {
    cli::run(Cli::parse())
}
