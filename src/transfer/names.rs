//! What a downloaded file is called: names from strangers made safe, and never one that is taken.

use std::io;
use std::path::{Path, PathBuf};

use crate::proto::magnet::clip;
use crate::proto::{FileId, Untrusted};

/// Bytes of a file's name on the disk: what common file systems allow (255), less room for ` (1)`.
const MAX_NAME: usize = 240;
/// Bytes of a name that are looked at.
const MAX_READ: usize = 16 * 1024;
/// Bytes of an ending that survives the cut of a long name.
const MAX_ENDING: usize = 20;
/// How many names are tried before a folder counts as full of them.
const MAX_TRIES: u32 = 10_000;
/// Names that mean devices on some systems, whatever ending they have.
const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "com", "lpt"];

/// A name that lies in its folder, shows as what it is, and works on the file systems of other machines as well: no
/// separators, no control or invisible characters, no leading dot, no device names, at most 240 bytes with the ending
/// kept. One that has nothing left is called after the file's hash.
#[must_use]
pub(super) fn safe_name(name: &Untrusted, id: &FileId) -> String {
    let shown = name.visible(MAX_READ);
    let kept: String =
        shown
            .chars()
            .map(|c| {
                if matches!(c, '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|') || c.is_control() {
                    '_'
                } else {
                    c
                }
            })
            .collect();
    let mut name = kept.trim().trim_start_matches('.').trim_end_matches(['.', ' ']).trim().to_owned();
    if is_device(&name) {
        name.insert(0, '_');
    }
    if name.len() > MAX_NAME {
        name = shorten(&name);
    }
    if name.chars().all(|c| matches!(c, '_' | '.' | ' ')) { id.to_string() } else { name }
}

fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or(name).trim().to_ascii_lowercase();
    let word = stem.trim_end_matches(|c: char| c.is_ascii_digit());
    DEVICES.contains(&word) && stem.len() - word.len() <= 1
}

fn shorten(name: &str) -> String {
    let (stem, ending) = split_ending(name);
    let ending = if ending.len() <= MAX_ENDING { ending } else { "" };
    let stem = clip(stem, MAX_NAME - ending.len());
    format!("{}{ending}", stem.trim_end_matches(['.', ' ']))
}

/// A name's stem, and its ending with the dot.
fn split_ending(name: &str) -> (&str, &str) {
    match name.rfind('.') {
        Some(dot) if dot > 0 => name.split_at(dot),
        _ => (name, ""),
    }
}

/// The name to try after `tries` were taken: `name (1).ext`.
fn candidate(name: &str, tries: u32) -> String {
    let (stem, ending) = split_ending(name);
    if tries == 0 { name.to_owned() } else { format!("{stem} ({tries}){ending}") }
}

/// Moves a complete file into `folder` under `name`, or under the next one that is free. It never replaces a file, not
/// even one that appears at the same moment. Returns where it is now.
///
/// # Errors
/// When the file system refuses, or when thousands of such names are taken.
pub(super) fn move_to_free_name(file: &Path, folder: &Path, name: &str) -> io::Result<PathBuf> {
    for tries in 0..MAX_TRIES {
        let target = folder.join(candidate(name, tries));
        match rename_if_free(file, &target) {
            Ok(()) => return Ok(target),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::new(io::ErrorKind::AlreadyExists, format!("{MAX_TRIES} files are called like `{name}` already")))
}

#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
fn rename_if_free(from: &Path, to: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    use rustix::io::Errno;
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // Some file systems do not know the flag.
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => link_if_free(from, to),
        result => Ok(result?),
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
fn rename_if_free(from: &Path, to: &Path) -> io::Result<()> {
    link_if_free(from, to)
}

/// A hard link is never made over a file. A file system that has neither reserves the name with an empty file first.
fn link_if_free(from: &Path, to: &Path) -> io::Result<()> {
    match std::fs::hard_link(from, to) {
        Ok(()) => std::fs::remove_file(from),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
        Err(_) => {
            std::fs::OpenOptions::new().write(true).create_new(true).open(to)?;
            std::fs::rename(from, to).inspect_err(|_| drop(std::fs::remove_file(to)))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn name(text: &str) -> String {
        safe_name(&text.into(), &FileId([0xab; 32]))
    }

    #[test]
    fn hostile_names_lose_their_teeth() {
        assert_eq!(name("../../etc/passwd"), "_.._etc_passwd");
        assert_eq!(name("..\\x:y"), "_x_y");
        assert_eq!(name("/etc/shadow"), "_etc_shadow");
        assert_eq!(name(".bashrc"), "bashrc");
        assert_eq!(name("a\0b\n\x1b[2J.txt"), "a␀b␊␛[2J.txt");
        assert_eq!(name("evil\u{202e}fdp.exe"), "evil‹U+202E›fdp.exe");
        assert_eq!(name("con"), "_con");
        assert_eq!(name("LPT1.txt"), "_LPT1.txt");
        assert_eq!(name("console.txt"), "console.txt");
        assert_eq!(name("trailing. . ."), "trailing");
        assert_eq!(name("Jóga – 日本 (live).flac"), "Jóga – 日本 (live).flac");
        for empty in ["", ".", "..", "...", "/", "\\", "///", "   ", ". ."] {
            assert_eq!(name(empty), "ab".repeat(32), "{empty:?}");
        }
    }

    #[test]
    fn a_long_name_keeps_its_ending() {
        let long = name(&format!("{}.flac", "é".repeat(1_000)));
        assert!(long.len() <= MAX_NAME && long.ends_with("é.flac"), "{long}");
        assert!(name(&format!("a.{}", "x".repeat(1_000))).len() <= MAX_NAME);
        assert!(name(&"x".repeat(70_000)).len() <= MAX_NAME);
    }

    #[test]
    fn a_taken_name_gets_a_number_and_nothing_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let place = |content: &str| {
            let part = folder.path().join("part");
            std::fs::write(&part, content).unwrap();
            let target = move_to_free_name(&part, folder.path(), "song.tar.gz").unwrap();
            assert!(!part.exists());
            target.file_name().unwrap().to_string_lossy().into_owned()
        };
        assert_eq!(place("one"), "song.tar.gz");
        assert_eq!(place("two"), "song.tar (1).gz");
        std::os::unix::fs::symlink("nowhere", folder.path().join("song.tar (2).gz")).unwrap();
        assert_eq!(place("three"), "song.tar (3).gz", "a dangling link is a taken name");
        assert_eq!(std::fs::read_to_string(folder.path().join("song.tar.gz")).unwrap(), "one");
    }

    #[test]
    fn the_ways_without_the_flag_replace_nothing_either() {
        let folder = tempfile::tempdir().unwrap();
        let (part, target) = (folder.path().join("part"), folder.path().join("file"));
        std::fs::write(&part, "new").unwrap();
        std::fs::write(&target, "old").unwrap();
        assert_eq!(link_if_free(&part, &target).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        std::fs::remove_file(&target).unwrap();
        link_if_free(&part, &target).unwrap();
        assert!(!part.exists() && std::fs::read_to_string(&target).unwrap() == "new");
    }

    proptest! {
        #[test]
        fn every_name_lies_in_its_folder(text in "(\\PC|[./\\\\\\x00-\\x1f ]){0,300}", tries in 0u32..3) {
            let name = candidate(&name(&text), tries);
            prop_assert!(!name.is_empty() && name.len() <= 255 && !name.starts_with('.'));
            prop_assert!(!name.chars().any(|c| c.is_control() || matches!(c, '/' | '\\')));
            let path = Path::new("x").join(&name);
            prop_assert_eq!(path.parent(), Some(Path::new("x")));
        }
    }
}
