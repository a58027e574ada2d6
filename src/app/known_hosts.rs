//! Addresses of nodes that were neighbors, kept for the next run.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::proto::PeerAddr;
use crate::proto::limits::MAX_HOSTS;

/// The file's name in the state folder: one `ip:port` a line.
const FILE: &str = "hosts";
/// Bytes of it that are read; more than [`MAX_HOSTS`] of the longest addresses take.
const MAX_BYTES: u64 = 64 * 1024;

/// The file, and what it held last.
#[derive(Debug)]
pub(super) struct KnownHosts {
    path: PathBuf,
    saved: Vec<PeerAddr>,
}

impl KnownHosts {
    /// Reads the file of a state folder. Lines that are no address are skipped: somebody may have edited it.
    pub(super) fn load(state: &Path) -> Self {
        let path = state.join(FILE);
        let text = fs::File::open(&path).and_then(|file| io::read_to_string(io::Read::take(file, MAX_BYTES)));
        let saved =
            text.unwrap_or_default().lines().filter_map(|line| line.trim().parse().ok().map(PeerAddr)).collect();
        Self { path, saved }
    }

    /// The addresses.
    pub(super) fn addrs(&self) -> &[PeerAddr] {
        &self.saved
    }

    /// Writes the file anew if the addresses changed. Known hosts that are not among them are kept after them, as far as
    /// there is room: they may be back in the next run.
    pub(super) fn save(&mut self, now: &[PeerAddr]) -> io::Result<()> {
        let mut addrs = now.to_vec();
        addrs.extend(self.saved.iter().filter(|addr| !now.contains(addr)));
        addrs.truncate(MAX_HOSTS);
        if addrs == self.saved {
            return Ok(());
        }
        let text: String = addrs.iter().map(|addr| format!("{addr}\n")).collect();
        let fresh = self.path.with_extension("new");
        let mut file = fs::File::create(&fresh)?;
        file.write_all(text.as_bytes())?;
        file.sync_data()?;
        fs::rename(&fresh, &self.path)?;
        self.saved = addrs;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{FILE, KnownHosts};
    use crate::proto::PeerAddr;

    #[test]
    fn hosts_survive_a_restart_and_nonsense_in_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let addr = |n: u8| PeerAddr(([192, 0, 2, n], 6346).into());
        let mut hosts = KnownHosts::load(folder.path());
        assert!(hosts.addrs().is_empty());
        hosts.save(&[addr(1), addr(2)]).unwrap();
        hosts.save(&[addr(3)]).unwrap();
        let file = folder.path().join(FILE);
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, format!("{text}not an address\n\n")).unwrap();
        assert_eq!(KnownHosts::load(folder.path()).addrs(), [addr(3), addr(1), addr(2)]);
    }
}
