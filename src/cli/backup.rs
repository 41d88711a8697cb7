//! `backup`: a copy of the store, taken beside a running daemon.

use std::{path::PathBuf, process::ExitCode};

use bytesize::ByteSize;
use indicatif::{ProgressBar, ProgressStyle};

use super::{
    Context, Outcome,
    output::{self, Clean, is_shown_to_people},
};
use crate::{app, app::count, config::Purpose};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The file to write; it must not exist yet
    file: PathBuf,
    /// Print JSON for machines
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(context: &Context, arguments: Arguments) -> Outcome {
    let config = context.config(Purpose::Look)?;
    let bar =
        if is_shown_to_people(arguments.json) { ProgressBar::no_length() } else { ProgressBar::hidden() };
    let style = ProgressStyle::with_template("{bar:30} {bytes}/{total_bytes} {eta}");
    bar.set_style(style.expect("the template is well formed"));
    let shown = bar.clone();
    let progress = move |written, all| {
        shown.set_length(all);
        shown.set_position(written);
    };
    let copied = app::back_up(&config.store, &arguments.file, progress).await;
    bar.finish_and_clear();
    let copied = copied?;
    if arguments.json {
        output::json(&copied)?;
    } else {
        let (feeds, articles) = (counted(copied.feeds, "feed"), counted(copied.articles, "article"));
        let (alerts, size) = (counted(copied.alerts, "alert"), ByteSize(copied.bytes));
        let file = arguments.file.display();
        output::text(Clean(&format!("{file}: {size}, checked: {feeds}, {articles}, {alerts}\n")))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn counted(number: u64, word: &str) -> String {
    count(usize::try_from(number).unwrap_or(usize::MAX), word)
}
