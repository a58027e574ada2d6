//! Messages to bytes and back: framing and MessagePack. Pure, incremental, capped.
//!
//! A frame is its length (u32, big endian) and an envelope, the array `[guid, ttl, hops, kind, body]`. The body is a map
//! with keys of one letter, so that a newer version can add fields that an older one skips; a kind that is not known is
//! skipped whole, and so are elements that a newer envelope appends. A relay passes a body on as the bytes in which it
//! came and never looks inside a duplicate's.

mod body;
mod decode;
mod encode;
mod envelope;
mod explain;

pub use decode::{Decoder, Incoming, WireError};
pub use encode::{encode_hello, encode_message, seal_query};

/// The version of the protocol that this program speaks, told in the hello.
pub const VERSION: u16 = 1;
/// The oldest version that it still understands.
pub const OLDEST_VERSION: u16 = 1;
/// Bytes of a frame's length prefix.
const LENGTH_BYTES: usize = 4;
/// How deep a body may nest; an honest one needs four levels.
const MAX_DEPTH: usize = 16;

#[cfg(test)]
mod tests;
