//! A file that is offered, and the watch over it: what was hashed is what is sent, or nothing is.

use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::time::SystemTime;

use crate::proto::FileId;

/// A file that this node offers, as it was when it was hashed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedFile {
    /// Where it lies.
    pub path: PathBuf,
    /// Its bytes.
    pub size: u64,
    /// When it was last changed.
    pub mtime: SystemTime,
}

/// What this node offers, asked for by content. The share room knows.
pub trait Files: Send + Sync {
    /// The file of that content; `None` if this node does not offer it. It may ask the disk, on a thread that
    /// may wait for it.
    fn locate(&self, id: &FileId) -> Option<SharedFile>;
}

/// A shared file that is open, and was found to be as it was when it was hashed.
#[derive(Debug)]
pub(super) struct OpenFile {
    shared: SharedFile,
    file: File,
}

impl OpenFile {
    /// Opens a file. It blocks.
    ///
    /// # Errors
    /// In words for the node that asked: when the file is gone, cannot be read, or is another than was hashed.
    pub(super) fn open(shared: SharedFile) -> Result<Self, String> {
        let file = File::open(&shared.path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => "the file is no longer there".to_owned(),
            _ => "the file cannot be read".to_owned(),
        })?;
        let open = Self { shared, file };
        open.check_unchanged()?;
        Ok(open)
    }

    /// Whether it still is what was hashed. It blocks, for about a microsecond.
    ///
    /// # Errors
    /// In words for the node that asked, when it is not.
    pub(super) fn check_unchanged(&self) -> Result<(), String> {
        let now = self.file.metadata().map_err(|_| "the file cannot be read")?;
        let same = now.is_file() && now.len() == self.shared.size && now.modified().ok() == Some(self.shared.mtime);
        if same { Ok(()) } else { Err("the file changed since it was hashed; search for it again".into()) }
    }

    pub(super) const fn shared(&self) -> &SharedFile {
        &self.shared
    }

    pub(super) const fn file(&self) -> &File {
        &self.file
    }
}
