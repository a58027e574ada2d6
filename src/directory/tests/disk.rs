//! A disk in memory that fails when it is told to, and remembers what a crash would have left.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use redb::{Database, StorageBackend};

use crate::directory::store::Opener;

#[derive(Debug, Default)]
struct State {
    bytes: Vec<u8>,
    writes: u64,
    is_full: bool,
    /// After which write the power fails, and what is on the disk then.
    crash: Option<(u64, Vec<u8>)>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Disk(Arc<Mutex<State>>);

impl Disk {
    pub(super) fn of(bytes: Vec<u8>) -> Self {
        let disk = Self::default();
        disk.state().bytes = bytes;
        disk
    }

    pub(super) fn opener(&self) -> Opener {
        let disk = self.clone();
        Box::new(move || Ok(Database::builder().create_with_backend(disk.clone())?))
    }

    pub(super) fn set_full(&self, is_full: bool) {
        self.state().is_full = is_full;
    }

    pub(super) fn writes(&self) -> u64 {
        self.state().writes
    }

    /// The power fails after so many writes more.
    pub(super) fn crash_after(&self, writes: u64) {
        let mut state = self.state();
        state.crash = Some((state.writes + writes, Vec::new()));
    }

    /// What the crash left; the whole disk if there was none.
    pub(super) fn left(&self) -> Vec<u8> {
        let state = self.state();
        match &state.crash {
            Some((_, left)) if !left.is_empty() => left.clone(),
            _ => state.bytes.clone(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    fn change(&self, change: impl FnOnce(&mut Vec<u8>)) -> io::Result<()> {
        let mut state = self.state();
        if state.is_full {
            return Err(io::ErrorKind::StorageFull.into());
        }
        change(&mut state.bytes);
        state.writes += 1;
        let State { bytes, writes, crash, .. } = &mut *state;
        if let Some((at, left)) = crash
            && at == writes
        {
            left.clone_from(bytes);
        }
        Ok(())
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.state().bytes.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let state = self.state();
        let bytes = state.bytes.get(offset as usize..).and_then(|bytes| bytes.get(..out.len()));
        out.copy_from_slice(bytes.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.change(|bytes| bytes.resize(len as usize, 0))
    }

    fn sync_data(&self) -> io::Result<()> {
        if self.state().is_full { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.change(|bytes| bytes[offset as usize..offset as usize + data.len()].copy_from_slice(data))
    }
}
