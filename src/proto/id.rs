//! Identifiers: of a query, of a node, of a file's content.

use std::fmt;
use std::str::FromStr;

use data_encoding::HEXLOWER_PERMISSIVE;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Why a text is no identifier.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {digits} hexadecimal digits")]
pub struct IdError {
    text: String,
    digits: usize,
}

/// Defines an identifier of a fixed number of bytes: hexadecimal for people and JSON, a byte string on the wire.
macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident, $bytes:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $bytes]);

        impl $name {
            /// The first eight hexadecimal digits: enough for a person to tell a few dozen apart.
            #[must_use]
            pub fn short(&self) -> String {
                HEXLOWER_PERMISSIVE.encode(&self.0[..4])
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.short())
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            /// Reads all its hexadecimal digits, in either case.
            fn from_str(text: &str) -> Result<Self, IdError> {
                HEXLOWER_PERMISSIVE
                    .decode(text.as_bytes())
                    .ok()
                    .and_then(|bytes| bytes.try_into().ok())
                    .map(Self)
                    .ok_or_else(|| IdError { text: text.chars().take(2 * $bytes + 1).collect(), digits: 2 * $bytes })
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() {
                    serializer.collect_str(self)
                } else {
                    serde_bytes::serialize(&self.0, serializer)
                }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                if deserializer.is_human_readable() {
                    String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
                } else {
                    serde_bytes::deserialize(deserializer).map(Self)
                }
            }
        }
    };
}

identifier! {
    /// 16 random bytes that name one query or one ping (Gnutella 0.6, message header).
    Guid, 16
}
identifier! {
    /// Who a node is, for good: the BLAKE3 hash of its public key.
    NodeId, 32
}
identifier! {
    /// What a file contains: the BLAKE3 hash of its bytes. Equal content has one id wherever it lies and whatever its name.
    FileId, 32
}

#[cfg(test)]
mod tests {
    use super::{FileId, Guid};

    #[test]
    fn text_and_bytes_round_trip() {
        let guid = Guid(std::array::from_fn(|i| i as u8 * 16));
        assert_eq!(guid.to_string(), "00102030405060708090a0b0c0d0e0f0");
        assert_eq!(guid.to_string().to_uppercase().parse(), Ok(guid));
        assert_eq!(rmp_serde::from_slice::<Guid>(&rmp_serde::to_vec(&guid).unwrap()).unwrap(), guid);
    }

    #[test]
    fn what_is_no_identifier_is_refused_and_named() {
        for text in ["", "00", "zz", "é", &"0".repeat(63), &"0".repeat(1_000)] {
            let error = text.parse::<FileId>().unwrap_err().to_string();
            assert!(error.ends_with("is not 64 hexadecimal digits"), "{error}");
            assert!(error.len() < 120);
        }
    }
}
