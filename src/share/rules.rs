//! What is never shared, whatever folder it lies in.

/// Suffixes of files that some program is still writing.
const PARTIAL: [&str; 15] = [
    ".part",
    ".partial",
    ".crdownload",
    ".download",
    ".opdownload",
    ".incomplete",
    ".filepart",
    ".aria2",
    ".!qb",
    ".!ut",
    ".bc!",
    ".td",
    ".tmp",
    ".temp",
    ".swp",
];

/// What operating systems and network drives leave behind.
const LITTER: [&str; 11] = [
    "@eadir",
    "#recycle",
    "#snapshot",
    "$recycle.bin",
    "system volume information",
    "lost+found",
    "__macosx",
    "desktop.ini",
    "thumbs.db",
    "ehthumbs.db",
    "icon\r",
];

/// Why an entry of this name is not shared, if it is not.
pub(super) fn excluded(name: &str) -> Option<&'static str> {
    let lower = name.to_ascii_lowercase();
    if name.starts_with('.') {
        Some("hidden: names that begin with a dot are not shared")
    } else if LITTER.contains(&&*lower) {
        Some("litter of the system")
    } else if PARTIAL.iter().any(|suffix| lower.ends_with(suffix)) {
        Some("a partial or temporary file: it is shared once it has its final name")
    } else if lower.ends_with('~') || lower.starts_with("~$") {
        Some("a backup or lock of an editor")
    } else {
        None
    }
}

/// Why a path below a share is not shared: because it, or a folder that it lies in, is excluded.
pub(super) fn excluded_path(path: &str) -> Option<&'static str> {
    path.split('/').find_map(excluded)
}

#[cfg(test)]
mod tests {
    use super::{excluded, excluded_path};

    #[test]
    fn litter_hidden_and_partial_files_are_left_out() {
        for name in [
            ".git",
            "Thumbs.db",
            "@eaDir",
            "#recycle",
            "Desktop.ini",
            "a.mkv.part",
            "a.CRDOWNLOAD",
            "a.txt~",
            "~$a.docx",
        ] {
            assert!(excluded(name).is_some(), "{name}");
        }
        for name in ["a.mp3", "part.mp3", "a..b", "#1 hit.mp3", "recycle", "\u{1b}[31m.txt", "party"] {
            assert_eq!(excluded(name), None, "{name}");
        }
        assert!(excluded_path("a/.incomplete/b.mp3").is_some() && excluded_path("a/b.mp3").is_none());
    }
}
