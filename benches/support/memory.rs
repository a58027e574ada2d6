//! What this process holds of the memory.

/// Bytes of this process in memory (proc(5): statm, in pages); 0 where the system does not tell.
pub(crate) fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    statm.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or(0) * 4096
}
