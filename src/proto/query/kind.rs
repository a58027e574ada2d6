//! Kinds of files, by the extension of their names.

/// A kind of file, as `type:` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileKind {
    /// Music and speech.
    Audio,
    /// Films, and their subtitles.
    Video,
    /// Pictures.
    Image,
    /// Texts, books, tables, slides.
    Document,
    /// Packed files and images of disks.
    Archive,
    /// Programs, packages and their sources.
    Software,
}

impl FileKind {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Audio, Self::Video, Self::Image, Self::Document, Self::Archive, Self::Software];

    /// The word that `type:` takes.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Audio => "audio",
            Self::Video => "video",
            Self::Image => "image",
            Self::Document => "document",
            Self::Archive => "archive",
            Self::Software => "software",
        }
    }

    /// The kind of this name; the words that other programs use are understood too.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "audio" | "music" => Self::Audio,
            "video" | "film" | "movie" => Self::Video,
            "image" | "picture" | "photo" => Self::Image,
            "document" | "doc" | "text" | "book" => Self::Document,
            "archive" => Self::Archive,
            "software" | "program" | "app" => Self::Software,
            _ => return None,
        })
    }

    /// The extensions of this kind, in lower case.
    #[must_use]
    pub const fn extensions(self) -> &'static [&'static str] {
        match self {
            Self::Audio => &[
                "aac", "aif", "aiff", "alac", "ape", "au", "flac", "it", "m3u", "m3u8", "m4a", "m4b", "mid", "midi",
                "mka", "mod", "mp2", "mp3", "mpc", "oga", "ogg", "opus", "pls", "ra", "s3m", "shn", "spx", "tta",
                "wav", "wma", "wv", "xm",
            ],
            Self::Video => &[
                "3gp", "ass", "asf", "avi", "divx", "flv", "idx", "m2ts", "m4v", "mkv", "mov", "mp4", "mpeg", "mpg",
                "mts", "ogm", "ogv", "rm", "rmvb", "srt", "ssa", "sub", "ts", "vob", "vtt", "webm", "wmv",
            ],
            Self::Image => &[
                "avif", "bmp", "cr2", "dng", "gif", "heic", "heif", "ico", "jpeg", "jpg", "jxl", "nef", "pbm", "pgm",
                "png", "ppm", "psd", "raw", "svg", "tga", "tif", "tiff", "webp", "xcf",
            ],
            Self::Document => &[
                "azw3", "cbr", "cbz", "chm", "csv", "djvu", "doc", "docx", "epub", "fb2", "htm", "html", "json", "log",
                "md", "mobi", "nfo", "odp", "ods", "odt", "pdf", "ppt", "pptx", "ps", "rst", "rtf", "tex", "toml",
                "txt", "xls", "xlsx", "xml", "yaml", "yml",
            ],
            Self::Archive => &[
                "7z", "ace", "arj", "bin", "bz2", "cab", "cue", "dmg", "gz", "img", "iso", "lha", "lz", "lz4", "lzh",
                "lzma", "mdf", "nrg", "rar", "tar", "tbz2", "tgz", "txz", "xz", "z", "zip", "zst",
            ],
            Self::Software => &[
                "apk", "appimage", "bat", "c", "cc", "cpp", "deb", "ear", "exe", "flatpak", "go", "h", "hpp", "jar",
                "java", "js", "msi", "pkg", "py", "rb", "rpm", "rs", "run", "sh", "snap", "so", "war", "wasm", "whl",
                "xpi",
            ],
        }
    }

    /// Whether an extension, in lower case, is of this kind.
    #[must_use]
    pub fn has(self, extension: &str) -> bool {
        self.extensions().contains(&extension)
    }
}

#[cfg(test)]
mod tests {
    use super::FileKind;
    use crate::proto::query::Folded;

    #[test]
    fn an_extension_is_one_folded_word_of_one_kind() {
        let mut all: Vec<&str> = FileKind::ALL.into_iter().flat_map(FileKind::extensions).copied().collect();
        all.iter().for_each(|ext| assert_eq!(Folded::of(ext).words().collect::<Vec<_>>(), [*ext]));
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count, "an extension stands under two kinds");
    }

    #[test]
    fn names_are_understood() {
        for kind in FileKind::ALL {
            assert_eq!(FileKind::named(kind.name()), Some(kind));
        }
        assert_eq!((FileKind::named("Music"), FileKind::named("tune")), (Some(FileKind::Audio), None));
    }
}
