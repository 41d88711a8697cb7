//! How soon articles are noticed: the daemon's scheduler and two others over a trace of real feeds, in simulated time.
//!
//! One line per policy, then what a decision costs. The rules of the simulation are in `tests/README.md`.

#![expect(clippy::print_stdout, reason = "it prints its figures")]
#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts and times of a simulation are far below the limits of f64"
)]

mod schedule {
    pub mod arguments;
    pub mod baselines;
    pub mod decisions;
    pub mod figures;
    pub mod price;
    pub mod trace;
}

use std::{
    fs::File,
    io::{BufWriter, Write},
    path::Path,
};

use anyhow::{Context, Result};
use feedwatch::poll::schedule::priors;
use schedule::{
    arguments::{self, Arguments},
    baselines, decisions,
    figures::{Figures, Poll},
    price,
    trace::Trace,
};

fn main() -> Result<()> {
    let Some(arguments) = arguments::read() else { return Ok(()) };
    let trace = Trace::read(&arguments.files)?;
    if arguments.priors {
        print_priors(&trace, &arguments);
        return Ok(());
    }
    let (polls, figures, rhythms) = price::replay(&trace, &arguments);
    if let Some(path) = &arguments.polls {
        write_polls(path, &polls).with_context(|| format!("cannot write {}", path.display()))?;
    }
    print("price", &figures);
    print("fixed", &baselines::fixed(&trace, &arguments));
    print("entry_frequency", &baselines::entry_frequency(&trace, &arguments));
    decisions::print(&rhythms, &arguments);
    Ok(())
}

fn print(policy: &str, figures: &Figures) {
    println!("policy={policy} {figures}");
}

/// The Polls of the price policy in the order they were made, so that others can compute the delays again.
fn write_polls(path: &Path, polls: &[Poll]) -> Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    writeln!(file, "feed_id,ts")?;
    for poll in polls {
        writeln!(file, "{},{}.{:03}", poll.feed, poll.at / 1000, poll.at % 1000)?;
    }
    Ok(file.flush()?)
}

/// The shares that are compiled in, for this trace.
fn print_priors(trace: &Trace, arguments: &Arguments) {
    let stamps = trace.feeds.iter().flat_map(|feed| &feed.stamps);
    let known = stamps.map(|stamp| *stamp as f64).filter(|stamp| *stamp < arguments.train_until as f64);
    let (hours, minutes) = priors::count(known);
    println!("hours={hours:.4?}\nminutes={minutes:.4?}");
}
