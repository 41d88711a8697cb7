//! What the process costs the machine, as far as the system tells.

use std::fs;

use rustix::time::{ClockId, clock_gettime};

/// Figures of this process.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Process {
    /// Processor time so far.
    pub cpu_seconds: f64,
    /// Memory that it holds.
    pub resident_bytes: Option<u64>,
    /// Open files and sockets.
    pub open_files: Option<u64>,
}

impl Process {
    /// The figures of now. The figures from `/proc` are missing where that is closed.
    #[expect(clippy::cast_precision_loss, reason = "seconds of processor time")]
    pub fn now() -> Self {
        let cpu = clock_gettime(ClockId::ProcessCPUTime);
        let open = fs::read_dir("/proc/self/fd").ok();
        Self {
            cpu_seconds: cpu.tv_sec as f64 + cpu.tv_nsec as f64 / 1e9,
            resident_bytes: resident(&fs::read_to_string("/proc/self/status").unwrap_or_default()),
            // The directory that is read is one of them.
            open_files: open.map(|files| files.count().saturating_sub(1) as u64),
        }
    }
}

/// `VmRSS:     12345 kB`.
fn resident(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_figures_of_this_process_make_sense() {
        let process = Process::now();
        assert!(process.resident_bytes.is_some_and(|bytes| bytes > 1 << 20), "{process:?}");
        assert!(process.open_files.is_some_and(|files| files > 2), "{process:?}");
        assert_eq!(resident("Name: x\nVmRSS:\t   12 kB\n"), Some(12 * 1024));
        assert_eq!(resident("VmRSS: much"), None);
    }
}
