//! What the bench is asked for.

use std::{path::PathBuf, time::Duration};

use clap::{CommandFactory, Parser};
use feedwatch::poll::Settings;

/// Replays when feeds published, and measures how soon each policy notices.
#[derive(Debug, Parser)]
#[command(name = "cargo bench --bench schedule --", version = None)]
struct Raw {
    /// Articles: CSV with the header `feed_id,ts`, sorted by feed, then time; may end in .gz
    #[arg(long, requires_all = ["feeds", "from", "to", "train_until"])]
    trace: Option<PathBuf>,
    /// Feeds: CSV with the header `feed_id,host_id,n,window,host`; may end in .gz
    #[arg(long, value_name = "FILE")]
    feeds: Option<PathBuf>,
    /// Polls per feed and day
    #[arg(long, default_value_t = Settings::default().budget)]
    budget: f64,
    /// The simulation begins, seconds since 1970
    #[arg(long, value_name = "EPOCH")]
    from: Option<i64>,
    /// ... and ends
    #[arg(long, value_name = "EPOCH")]
    to: Option<i64>,
    /// Articles before this may be learned from beforehand; --priors does, the policies do not: what they start from is compiled in
    #[arg(long, value_name = "EPOCH")]
    train_until: Option<i64>,
    /// The shortest wait of the price policy
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    min_interval: Option<Duration>,
    /// The longest wait of the price policy
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    max_interval: Option<Duration>,
    /// Where to write the Polls of the price policy
    #[arg(long, value_name = "FILE")]
    polls: Option<PathBuf>,
    /// Only print the shares of hours and minutes of the articles before --train-until
    #[arg(long)]
    priors: bool,
    /// Cargo passes this.
    #[arg(long, hide = true)]
    bench: bool,
}

/// The files to read.
#[derive(Debug)]
pub struct Files {
    pub trace: PathBuf,
    pub feeds: PathBuf,
}

/// What is to be simulated. Times are seconds since 1970.
#[derive(Debug)]
pub struct Arguments {
    pub files: Files,
    pub settings: Settings,
    pub from: i64,
    pub to: i64,
    pub train_until: i64,
    pub polls: Option<PathBuf>,
    pub priors: bool,
}

/// Reads the command line. `None`: there is no trace to replay, and how to give one has been said.
pub fn read() -> Option<Arguments> {
    let raw = Raw::parse();
    let (Some(trace), Some(feeds)) = (raw.trace, raw.feeds) else {
        println!("{}", Raw::command().render_help());
        return None;
    };
    let defaults = Settings::default();
    Some(Arguments {
        files: Files { trace, feeds },
        settings: Settings {
            budget: raw.budget,
            min_interval: raw.min_interval.unwrap_or(defaults.min_interval),
            max_interval: raw.max_interval.unwrap_or(defaults.max_interval),
            ..defaults
        },
        from: raw.from?,
        to: raw.to?,
        train_until: raw.train_until?,
        polls: raw.polls,
        priors: raw.priors,
    })
}
