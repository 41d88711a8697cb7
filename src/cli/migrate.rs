//! `migrate`: everything from the SQLite file to a PostgreSQL database, or nothing.

use std::process::ExitCode;

use indicatif::{ProgressBar, ProgressStyle};

use super::{
    Context, Failure, Outcome,
    output::{self, Clean, is_shown_to_people},
};
use crate::{
    app,
    config::{self, Environment, Purpose},
};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The database to fill, as `[store] url` would have it, or `env:NAME` or `file:PATH` where that stands. It must be
    /// empty
    #[arg(long, value_name = "URL")]
    to: String,
    /// Print JSON for machines
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(context: &Context, arguments: Arguments) -> Outcome {
    let config = context.config(Purpose::Look)?;
    let target = config::database_address(&arguments.to, &Environment::of_process())
        .map_err(|why| Failure::Usage(format!("--to: {why}")))?;
    let is_bar = is_shown_to_people(arguments.json);
    let bar = if is_bar { ProgressBar::no_length() } else { ProgressBar::hidden() };
    let style = ProgressStyle::with_template("{msg:14} {bar:30} {human_pos}/{human_len} rows {per_sec}");
    bar.set_style(style.expect("the template is well formed"));
    let progress = |progress: app::MoveProgress| {
        bar.set_message(progress.table);
        bar.set_length(progress.all);
        bar.set_position(progress.done);
        if !is_bar && !arguments.json && progress.done == 0 {
            // Progress is a courtesy: a closed stdout does not stop the move.
            let _ = output::text(format!("{}: {} rows\n", progress.table, progress.all));
        }
    };
    let moved = app::move_store(&config.store, &target, progress).await;
    bar.finish_and_clear();
    let moved = moved?;
    let rows: u64 = moved.iter().map(|(_, rows)| rows).sum();
    if arguments.json {
        let tables: serde_json::Map<String, serde_json::Value> =
            moved.into_iter().map(|(table, rows)| (table.to_owned(), rows.into())).collect();
        output::json(&serde_json::json!({ "rows": rows, "tables": tables }))?;
    } else {
        let done =
            format!("{rows} rows are in {target}, counted. Name it in [store] url; the file is as it was\n");
        output::text(Clean(&done))?;
    }
    Ok(ExitCode::SUCCESS)
}
