//! Paths in JSON, which knows only Unicode: bytes that are none appear as `�`, so that one odd name breaks no answer. For
//! `#[serde(with)]`.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer, Serializer};

/// Writes the path as text.
///
/// # Errors
/// Those of the serializer.
pub fn serialize<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&path.to_string_lossy())
}

/// Reads it back.
///
/// # Errors
/// When it is no text.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PathBuf, D::Error> {
    PathBuf::deserialize(deserializer)
}

/// The same for a path that may not be there.
pub mod option {
    use super::{Deserialize, Deserializer, Path, PathBuf, Serializer};

    /// Writes the path as text, if there is one.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(path: &Option<PathBuf>, serializer: S) -> Result<S::Ok, S::Error> {
        match path {
            Some(path) => serializer.serialize_some(&Path::to_string_lossy(path)),
            None => serializer.serialize_none(),
        }
    }

    /// Reads it back.
    ///
    /// # Errors
    /// When it is neither text nor nothing.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<PathBuf>, D::Error> {
        Option::deserialize(deserializer)
    }
}

#[cfg(all(test, unix, feature = "node"))]
mod tests {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::path::PathBuf;

    #[derive(serde::Serialize)]
    struct Paths {
        #[serde(with = "super")]
        one: PathBuf,
        #[serde(with = "super::option")]
        other: Option<PathBuf>,
    }

    #[test]
    fn a_name_that_is_no_unicode_is_still_json() {
        let odd = PathBuf::from(OsStr::from_bytes(b"/share/q\xff.txt"));
        let json = serde_json::to_string(&Paths { one: odd.clone(), other: Some(odd) }).unwrap();
        assert_eq!(json, "{\"one\":\"/share/q�.txt\",\"other\":\"/share/q�.txt\"}");
    }
}
