//! What is in a folder on disk.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use super::clock;
use super::index::Stamp;
use super::rules;
use super::status::Excluded;

/// The entries of one folder.
#[derive(Debug, Default)]
pub(super) struct Listing {
    /// Files that may be shared, by name.
    pub(super) files: Vec<(String, Stamp)>,
    /// Folders to look into, by name.
    pub(super) folders: Vec<String>,
    /// What is left out.
    pub(super) excluded: Vec<Excluded>,
}

/// What stands at a path.
#[derive(Debug)]
pub(super) enum Entry {
    /// A file that may be shared.
    File(Stamp),
    /// A folder to look into.
    Folder,
    /// Something that is left out, and why.
    Excluded(String),
}

/// Reads one folder, without those in it. Symbolic links are not followed, so nothing outside the share is reached.
pub(super) fn list(folder: &Path) -> io::Result<Listing> {
    let mut listing = Listing::default();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let mut exclude = |why: String| listing.excluded.push(Excluded { path: entry.path(), why });
        let name = match entry.file_name().into_string() {
            Ok(name) => name,
            Err(_) => {
                exclude("its name is not UTF-8: rename it".to_owned());
                continue;
            }
        };
        let found = match rules::excluded(&name) {
            Some(why) => Entry::Excluded(why.to_owned()),
            None => match entry.metadata() {
                Ok(metadata) => classify(&metadata),
                // Deleted since the folder was read.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => Entry::Excluded(unreadable(&error)),
            },
        };
        match found {
            Entry::File(stamp) => listing.files.push((name, stamp)),
            Entry::Folder => listing.folders.push(name),
            Entry::Excluded(why) => exclude(why),
        }
    }
    listing.files.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    listing.folders.sort_unstable();
    Ok(listing)
}

/// Looks at one path without following a link.
pub(super) fn look(path: &Path) -> io::Result<Entry> {
    fs::symlink_metadata(path).map(|metadata| classify(&metadata))
}

/// What tells whether a file is still the same.
pub(super) fn stamp(metadata: &Metadata) -> Stamp {
    let inode = metadata.ino();
    Stamp {
        size: metadata.len(),
        modified: metadata.modified().map_or(0, clock::nanos),
        inode: (inode ^ (inode >> 32)) as u32,
    }
}

/// A sentence on an entry that cannot be read.
pub(super) fn unreadable(error: &io::Error) -> String {
    format!("it cannot be read ({error}): check its permissions")
}

fn classify(metadata: &Metadata) -> Entry {
    let kind = metadata.file_type();
    if kind.is_file() {
        Entry::File(stamp(metadata))
    } else if kind.is_dir() {
        Entry::Folder
    } else if kind.is_symlink() {
        Entry::Excluded("a symbolic link: share the folder that it points to".to_owned())
    } else {
        Entry::Excluded("neither a file nor a folder".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::fs;
    use std::os::unix::ffi::OsStrExt as _;
    use std::os::unix::fs::symlink;

    use super::list;

    #[test]
    fn a_folder_is_listed_with_reasons_for_what_is_left_out() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        fs::write(path("b.mp3"), "bb").unwrap();
        fs::write(path("a\u{1b}.mp3"), "a").unwrap();
        fs::write(path(".hidden"), "a").unwrap();
        fs::create_dir(path("folder")).unwrap();
        symlink("/etc", path("link")).unwrap();
        fs::write(dir.path().join(OsStr::from_bytes(b"bad\xff.mp3")), "a").unwrap();
        let listing = list(dir.path()).unwrap();
        let files: Vec<_> = listing.files.iter().map(|(name, stamp)| (name.as_str(), stamp.size)).collect();
        assert_eq!(files, [("a\u{1b}.mp3", 1), ("b.mp3", 2)]);
        assert_eq!(listing.folders, ["folder"]);
        let mut reasons: Vec<&str> = listing.excluded.iter().map(|excluded| excluded.why.as_str()).collect();
        reasons.sort_unstable();
        assert!(reasons[0].contains("symbolic link") && reasons[1].contains("hidden") && reasons[2].contains("UTF-8"));
        assert!(list(&path("missing")).is_err());
    }
}
