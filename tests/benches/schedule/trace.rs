//! When real feeds published: the files of a trace.

use std::{collections::HashMap, fs::File, io::Read, path::Path};

use anyhow::{Context, Result, bail};
use flate2::read::MultiGzDecoder;

use super::arguments::{Arguments, Files};

/// Seconds of a day.
pub const DAY: i64 = 86_400;

/// One feed of a trace.
#[derive(Debug)]
pub struct Feed {
    /// As the files call it.
    pub id: u64,
    /// Entries that it shows at a time.
    pub window: usize,
    /// When its articles appeared, in order; seconds since 1970.
    pub stamps: Vec<i64>,
}

impl Feed {
    /// When feedwatch is told of the feed; `None`: not before the end.
    pub fn start(&self, arguments: &Arguments) -> Option<i64> {
        let start = arguments.from.max(self.stamps.first()? + DAY);
        (start < arguments.to).then_some(start)
    }

    /// How many articles have appeared by a time, in milliseconds.
    pub fn appeared(&self, at: i64) -> usize {
        self.stamps.partition_point(|stamp| stamp * 1000 <= at)
    }
}

/// Feeds and when they published.
#[derive(Debug)]
pub struct Trace {
    pub feeds: Vec<Feed>,
}

impl Trace {
    /// Reads both files.
    pub fn read(files: &Files) -> Result<Self> {
        let mut feeds = Vec::new();
        let mut places = HashMap::new();
        for line in lines(&files.feeds, "feed_id,host_id,n,window,host")? {
            let [id, _, _, window, _] = line?;
            places.insert(number::<u64>(&id)?, feeds.len());
            feeds.push(Feed { id: number(&id)?, window: number(&window)?, stamps: Vec::new() });
        }
        for line in lines(&files.trace, "feed_id,ts")? {
            let [id, stamp] = line?;
            let Some(place) = places.get(&number::<u64>(&id)?) else {
                bail!("feed {id} is in no line of --feeds")
            };
            let (feed, stamp): (&mut Feed, i64) = (&mut feeds[*place], number(&stamp)?);
            if feed.stamps.last().is_some_and(|last| *last > stamp) {
                bail!("feed {id}: {stamp} is out of order");
            }
            feed.stamps.push(stamp);
        }
        Ok(Self { feeds })
    }
}

/// The cells of each line below a header that must be as expected.
fn lines<const N: usize>(path: &Path, header: &str) -> Result<impl Iterator<Item = Result<[String; N]>>> {
    let text = read(path).with_context(|| format!("cannot read {}", path.display()))?;
    if text.lines().next() != Some(header) {
        bail!("{}: the first line is not {header}", path.display());
    }
    let name = path.display().to_string();
    let rows: Vec<String> = text.lines().skip(1).filter(|line| !line.is_empty()).map(str::to_owned).collect();
    Ok(rows.into_iter().map(move |line| {
        let cells: Vec<String> = line.split(',').map(str::to_owned).collect();
        cells.try_into().map_err(|_| anyhow::anyhow!("{name}: not {N} cells: {line}"))
    }))
}

fn read(path: &Path) -> Result<String> {
    let mut text = String::new();
    let mut file = File::open(path)?;
    if path.extension().is_some_and(|extension| extension == "gz") {
        MultiGzDecoder::new(file).read_to_string(&mut text)?;
    } else {
        file.read_to_string(&mut text)?;
    }
    Ok(text)
}

fn number<T: std::str::FromStr>(cell: &str) -> Result<T> {
    cell.trim().parse().map_err(|_| anyhow::anyhow!("{cell:?} is no number"))
}
