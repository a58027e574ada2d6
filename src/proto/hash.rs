//! `blake3:<hex>`: how JSON writes a file's content id, for `#[serde(with)]`.

use serde::{Deserialize, Deserializer, Serializer, de};

use super::FileId;

const PREFIX: &str = "blake3:";

/// Writes the prefix and the digits.
///
/// # Errors
/// Those of the serializer.
pub fn serialize<S: Serializer>(id: &FileId, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{PREFIX}{id}"))
}

/// Reads them, with or without the prefix.
///
/// # Errors
/// When it is no hash.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<FileId, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.strip_prefix(PREFIX).unwrap_or(&text).parse().map_err(de::Error::custom)
}
