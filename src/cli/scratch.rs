//! Folders for a moment: of a lab, of a search that joins. They are removed at the end; what a killed process left behind
//! is removed by the next one.

use std::fs::{DirBuilder, File};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use super::failure::Failure;

/// How all of their names begin.
const PREFIX: &str = "hopscope-";
/// Locked for as long as the folder is used; the system lets go of it with the process.
const LOCK: &str = ".in-use";
/// Names tried for one folder.
const ATTEMPTS: u32 = 100;

/// A folder of this process's own.
#[derive(Debug)]
pub(super) struct Scratch {
    path: PathBuf,
    _lock: File,
}

impl Scratch {
    /// Makes an empty folder that only this user can enter, named after its purpose.
    ///
    /// # Errors
    /// When the folder for temporary files cannot be used.
    pub(super) fn new(purpose: &str) -> Result<Self, Failure> {
        Self::within(&std::env::temp_dir(), purpose)
    }

    fn within(parent: &Path, purpose: &str) -> Result<Self, Failure> {
        let unusable = |error: std::io::Error| {
            Failure::failed(format!("{} cannot be used: {error}", parent.display()), "set TMPDIR to a folder that can")
        };
        sweep(parent);
        let process = std::process::id();
        for attempt in 0..ATTEMPTS {
            let path = parent.join(format!("{PREFIX}{purpose}-{process}-{attempt}"));
            match DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => {
                    let lock = File::create_new(path.join(LOCK)).map_err(unusable)?;
                    lock.try_lock().map_err(|error| unusable(error.into()))?;
                    return Ok(Self { path, _lock: lock });
                }
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(unusable(error)),
            }
        }
        Err(unusable(std::io::ErrorKind::AlreadyExists.into()))
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.path) {
            tracing::warn!(%error, path = %self.path.display(), "a temporary folder stays behind");
        }
    }
}

/// Removes this user's folders whose process is gone.
fn sweep(parent: &Path) {
    let user = rustix::process::getuid().as_raw();
    for entry in std::fs::read_dir(parent).into_iter().flatten().flatten() {
        let named = entry.file_name().to_str().is_some_and(|name| name.starts_with(PREFIX));
        let own = || entry.metadata().is_ok_and(|metadata| metadata.is_dir() && metadata.uid() == user);
        if named && own() {
            // One without a lock is being made, or is none of ours.
            let lock = File::open(entry.path().join(LOCK));
            if lock.is_ok_and(|lock| lock.try_lock().is_ok()) && std::fs::remove_dir_all(entry.path()).is_err() {
                tracing::debug!(path = %entry.path().display(), "an old temporary folder stays behind");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{LOCK, Scratch};

    #[test]
    fn folders_go_at_the_end_and_left_ones_go_with_the_next() {
        let parent = tempfile::tempdir().unwrap();
        let left = parent.path().join("hopscope-demo-1-0");
        let foreign = parent.path().join("hopscope-notes");
        for folder in [&left, &foreign] {
            std::fs::create_dir(folder).unwrap();
        }
        std::fs::write(left.join(LOCK), "").unwrap();
        let one = Scratch::within(parent.path(), "demo").unwrap();
        let two = Scratch::within(parent.path(), "demo").unwrap();
        assert!(one.path().exists() && two.path().exists() && one.path() != two.path());
        assert!(!left.exists() && foreign.exists());
        let path = one.path().to_owned();
        drop(one);
        assert!(!path.exists() && two.path().exists());
    }
}
