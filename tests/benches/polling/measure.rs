//! What a process costs from start to end.

use std::{
    fs,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use nix::sys::resource::{UsageWho, getrusage};

/// How often the peak is looked at; what happens after the last look is missed, so the bound is short.
const LOOK: Duration = Duration::from_millis(4);

/// What a process cost.
#[derive(Debug, Clone, Copy)]
pub struct Cost {
    /// User and system time of all its threads.
    pub cpu: Duration,
    /// From start to end.
    pub wall: Duration,
    /// Peak resident memory of its own address space (`VmHWM`): that of its parent before `exec` does not count.
    pub peak_mb: f64,
}

/// Runs a process to its end.
pub fn run(command: &mut Command) -> Cost {
    let (before, begun) = (children(), Instant::now());
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
    let mut peak_mb = 0.0;
    while child.try_wait().expect("it is ours").is_none() {
        peak_mb = peak(child.id()).unwrap_or(peak_mb);
        thread::sleep(LOOK);
    }
    Cost { cpu: children().saturating_sub(before), wall: begun.elapsed(), peak_mb }
}

/// The middle one.
pub fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Processor time of all children that ended.
fn children() -> Duration {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).expect("Linux tells");
    let of = |time: nix::sys::time::TimeVal| {
        let micros = time.tv_sec() * 1_000_000 + time.tv_usec();
        Duration::from_micros(micros.unsigned_abs())
    };
    of(usage.user_time()) + of(usage.system_time())
}

fn peak(pid: u32) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let kib = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: f64 = kib.trim().trim_end_matches(" kB").parse().ok()?;
    Some(kib / 1024.0)
}
