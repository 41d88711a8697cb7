//! The commands: what was typed becomes what is done. One small file per command.

mod alerts;
mod backtest;
mod backup;
mod census;
mod check;
mod completions;
mod default_config;
mod discover;
mod document;
mod examples;
mod export;
mod feed_lines;
mod import;
mod man;
mod match_document;
mod match_lines;
mod migrate;
mod notify_test;
mod once;
mod output;
mod parse;
mod redeliver;
mod run;
mod signals;
mod status;

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand};

use crate::{
    app::Passed,
    config::{self, Config, Environment, Purpose},
};
use output::{Failure, Outcome};

/// Watches news feeds for topics, and tells you in the log or by webhook.
#[derive(Debug, Parser)]
#[command(version, about, subcommand_required = true, max_term_width = 100)]
#[command(after_help = "\
Exit codes: 0 done, 1 failed while running, 2 wrong arguments, 78 bad configuration.

Examples:
  feedwatch run -c config/demo.toml          try it without a network
  feedwatch check                            find every mistake in the configuration
  feedwatch match https://example.org/rss    what the watchlist would flag, and why
  feedwatch discover https://example.org/    the feeds that a page announces")]
pub struct Cli {
    /// The configuration; if not given: `$FEEDWATCH_CONFIG`, ./feedwatch.toml, ./config/feedwatch.toml,
    /// /etc/feedwatch/feedwatch.toml
    #[arg(short, long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Watch feeds until told to stop: the daemon
    #[command(after_help = examples::RUN)]
    Run,
    /// Poll every feed now, deliver, and exit
    #[command(after_help = examples::ONCE)]
    Once(Json),
    /// Check the configuration: every problem with file, line and what to do
    #[command(after_help = examples::CHECK)]
    Check(Json),
    /// Show what feedwatch reads in a feed document
    #[command(after_help = examples::PARSE)]
    Parse(parse::Arguments),
    /// Show which articles of a feed document the watchlist would flag, and why
    #[command(after_help = examples::MATCH)]
    Match(match_document::Arguments),
    /// Show what the watchlist would have flagged of the articles in the store; alerts nobody
    #[command(after_help = examples::BACKTEST)]
    Backtest(backtest::Arguments),
    /// Show the health of feeds and notifiers; exit 1 if something needs a person
    #[command(after_help = examples::STATUS)]
    Status(status::Arguments),
    /// Show alerts with their deliveries and attempts
    #[command(after_help = examples::ALERTS)]
    Alerts(alerts::Arguments),
    /// Put deliveries back in the queue, under the same id
    #[command(after_help = examples::REDELIVER)]
    Redeliver(redeliver::Arguments),
    /// Write a checked copy of the store to a new file; works beside a running daemon
    #[command(after_help = examples::BACKUP)]
    Backup(backup::Arguments),
    /// Move the store from its SQLite file to an empty PostgreSQL database: everything, or nothing
    #[command(after_help = examples::MIGRATE)]
    Migrate(migrate::Arguments),
    /// Send one clearly marked test alert
    #[command(after_help = examples::NOTIFY_TEST)]
    NotifyTest(notify_test::Arguments),
    /// Find the feeds that a web page announces, and print them for the configuration
    #[command(after_help = examples::DISCOVER)]
    Discover(discover::Arguments),
    /// Print the feeds of an OPML file for the configuration; folders become tags
    #[command(after_help = examples::IMPORT)]
    Import(import::Arguments),
    /// Print the configured feeds as OPML, without credentials
    #[command(after_help = examples::EXPORT)]
    Export,
    /// Print the default configuration
    #[command(after_help = examples::DEFAULT_CONFIG)]
    DefaultConfig,
    /// Print what a shell completes
    #[command(after_help = examples::COMPLETIONS)]
    Completions(completions::Arguments),
    /// Print the man page
    #[command(after_help = examples::MAN)]
    Man,
}

/// For commands that print.
#[derive(Debug, Clone, Copy, Args)]
struct Json {
    /// Print JSON for machines
    #[arg(long)]
    json: bool,
}

/// Runs the command; gives the exit code.
pub fn run(cli: Cli) -> ExitCode {
    // Before there are threads.
    let passed = match cli.command {
        Command::Run => Passed::take(),
        _ => Ok(Passed::none()),
    };
    let passed = match passed {
        Ok(passed) => passed,
        Err(error) => return Failure::Failed(error).report(),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("the system gives threads and an event queue to every process");
    let outcome = runtime.block_on(dispatch(cli, passed));
    // A reader that is still busy with a hostile document must not hold up the exit.
    runtime.shutdown_background();
    match outcome {
        Ok(code) => code,
        Err(failure) => failure.report(),
    }
}

async fn dispatch(cli: Cli, passed: Passed) -> Outcome {
    let context = Context { path: cli.config };
    match cli.command {
        Command::Run => run::run(&context, passed).await,
        Command::Once(args) => once::run(&context, args.json).await,
        Command::Check(args) => check::run(context.path.as_deref(), args.json).await,
        Command::Parse(args) => parse::run(&context, args).await,
        Command::Match(args) => match_document::run(&context, args).await,
        Command::Backtest(args) => backtest::run(&context, args).await,
        Command::Status(args) => status::run(&context, args).await,
        Command::Alerts(args) => alerts::run(&context, args).await,
        Command::Redeliver(args) => redeliver::run(&context, args).await,
        Command::Backup(args) => backup::run(&context, args).await,
        Command::Migrate(args) => migrate::run(&context, args).await,
        Command::NotifyTest(args) => notify_test::run(&context, args).await,
        Command::Discover(args) => discover::run(&context, args).await,
        Command::Import(args) => import::run(&context, args).await,
        Command::Export => export::run(&context),
        Command::DefaultConfig => default_config::run(),
        Command::Completions(args) => completions::run(&args),
        Command::Man => man::run(),
    }
}

/// What every command is given.
struct Context {
    path: Option<PathBuf>,
}

impl Context {
    /// Reads and checks the configuration; its problems are the failure. Warnings are left to `check` and `run`.
    fn config(&self, purpose: Purpose) -> Result<Config, Failure> {
        let environment = Environment::of_process();
        let path = config::find(self.path.as_deref(), &environment).map_err(Failure::Config)?;
        let loaded = config::load(&path, purpose, &environment).map_err(Failure::Config)?;
        Ok(loaded.config)
    }

    /// As [`Self::config`]; the defaults, if no file is named and none is found.
    fn config_or_default(&self, purpose: Purpose) -> Result<Config, Failure> {
        let environment = Environment::of_process();
        match config::find(self.path.as_deref(), &environment) {
            Err(_) if self.path.is_none() => Ok(Config::default()),
            _ => self.config(purpose),
        }
    }
}
