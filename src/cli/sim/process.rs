//! What this process used of the machine so far, where the system tells (Linux).

use std::time::Duration;

/// The most memory that it held, in bytes.
pub(super) fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()?.checked_mul(1024)
}

/// The processor time of its first thread, the one that simulates.
pub(super) fn processor_time() -> Option<Duration> {
    let spent = std::fs::read_to_string("/proc/self/schedstat").ok()?;
    spent.split_ascii_whitespace().next()?.parse().ok().map(Duration::from_nanos)
}
