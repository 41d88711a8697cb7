//! `once`: every feed now, deliver, exit.

use std::io::{self, IsTerminal, Write};

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use tokio::sync::mpsc;
use tracing_subscriber::fmt::writer::BoxMakeWriter;

use super::{
    Context, Outcome,
    output::{self, Clean},
    signals, status,
};
use crate::{
    app::{self, LeftOut, count},
    config::Purpose,
    model::FeedId,
    poll::PollDone,
    telemetry,
};

/// What a round did.
#[derive(Debug, Default, Serialize)]
struct Summary {
    ok: bool,
    polled: usize,
    failed: usize,
    skipped: Vec<FeedId>,
    articles: usize,
    alerts: usize,
}

impl Summary {
    fn add(&mut self, done: &PollDone) {
        self.polled += 1;
        self.failed += usize::from(done.outcome.is_failure());
        self.articles += done.articles;
        self.alerts += done.alerts;
    }
}

pub(super) async fn run(context: &Context, json: bool) -> Outcome {
    let config = context.config(Purpose::Run)?;
    let progress = Progress::new(json);
    telemetry::start_on(&config.log, progress.log())?;
    signals::outlive_file_limits()?;
    let stop = signals::stop_token()?;
    let (sender, mut polls) = mpsc::unbounded_channel();
    let mut summary = Summary::default();
    let mut skipped = Vec::new();
    let begin = |count: usize, left_out: &[LeftOut]| {
        skipped = left_out.iter().map(|one| one.feed.clone()).collect();
        progress.begin(count, left_out);
    };
    let watching = async {
        while let Some(done) = polls.recv().await {
            summary.add(&done);
            progress.show(&done, &summary);
        }
    };
    let (result, ()) = tokio::join!(app::once(&config, begin, sender, stop.clone()), watching);
    progress.bar.finish_and_clear();
    result?;
    summary.skipped = skipped;
    summary.ok = !stop.is_cancelled() && status::is_well(&config).await?;
    if json {
        output::json(&summary)?;
    } else {
        let Summary { polled, failed, articles, alerts, .. } = summary;
        let polled = count(polled, "feed");
        let (articles, alerts) = (count(articles, "article"), count(alerts, "alert"));
        output::text(format!("{polled} polled, {failed} failed; {articles} new or edited, {alerts}\n"))?;
        if !summary.ok {
            output::text("something needs you: see `feedwatch status`\n")?;
        }
    }
    Ok(output::exit(summary.ok))
}

/// A bar on a terminal, plain lines elsewhere, nothing beside JSON.
struct Progress {
    bar: ProgressBar,
    lines: bool,
}

impl Progress {
    fn new(json: bool) -> Self {
        let is_terminal = io::stderr().is_terminal();
        let bar = if is_terminal && !json { ProgressBar::new(0) } else { ProgressBar::hidden() };
        let style = ProgressStyle::with_template("{bar:30} {pos}/{len} feeds {wide_msg}");
        bar.set_style(style.expect("the template is well formed"));
        Self { bar, lines: !json && !is_terminal }
    }

    /// Log lines go above the bar, not through it.
    fn log(&self) -> BoxMakeWriter {
        let bar = self.bar.clone();
        BoxMakeWriter::new(move || AboveBar(bar.clone()))
    }

    fn begin(&self, count: usize, left_out: &[LeftOut]) {
        self.bar.set_length(count as u64);
        for LeftOut { feed, why } in left_out {
            self.say(&format!("skipped {feed}: {why}"));
        }
    }

    fn show(&self, done: &PollDone, summary: &Summary) {
        self.bar.set_position(summary.polled as u64);
        self.bar.set_message(Clean(done.feed.as_str()).to_string());
        match &done.error {
            Some(error) => self.say(&format!("{}: {}: {error}", done.feed, done.outcome.as_str())),
            None if self.lines => {
                let PollDone { feed, outcome, articles, alerts, .. } = done;
                let (articles, alerts) = (count(*articles, "article"), count(*alerts, "alert"));
                self.say(&format!("{feed}: {}, {articles}, {alerts}", outcome.as_str()));
            }
            None => {}
        }
    }

    fn say(&self, line: &str) {
        let line = Clean(line).to_string();
        if self.lines {
            // Progress is a courtesy: a closed stdout does not stop the round.
            let _ = output::text(format!("{line}\n"));
        } else {
            self.bar.println(line);
        }
    }
}

/// stderr, with the bar out of the way for each line.
struct AboveBar(ProgressBar);

impl Write for AboveBar {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.suspend(|| io::stderr().write(line))
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}
