//! The part of a message that every relay reads.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde_bytes::Bytes;

use crate::proto::Guid;

/// What a message is. The numbers follow Gnutella 0.6 where it has the message.
pub(super) mod kind {
    pub(in crate::wire) const PING: u16 = 0x00;
    pub(in crate::wire) const PONG: u16 = 0x01;
    pub(in crate::wire) const BYE: u16 = 0x02;
    pub(in crate::wire) const QUERY: u16 = 0x80;
    pub(in crate::wire) const HIT: u16 = 0x81;
    pub(in crate::wire) const HELLO: u16 = 0x100;
    pub(in crate::wire) const REPORT: u16 = 0x101;
    pub(in crate::wire) const STATUS: u16 = 0x102;
    pub(in crate::wire) const REACH: u16 = 0x103;
    pub(in crate::wire) const PROPOSE: u16 = 0x104;
    pub(in crate::wire) const ASK: u16 = 0x105;
    pub(in crate::wire) const ACCOUNT: u16 = 0x106;
    pub(in crate::wire) const FILTER: u16 = 0x110;
    pub(in crate::wire) const ALTERNATIVES: u16 = 0x111;
    pub(in crate::wire) const REGISTER: u16 = 0x120;
    pub(in crate::wire) const KNOWN: u16 = 0x121;
    pub(in crate::wire) const CHANGE: u16 = 0x122;
    pub(in crate::wire) const RENEW: u16 = 0x123;
    pub(in crate::wire) const LEASE: u16 = 0x124;
    pub(in crate::wire) const LOOKUP: u16 = 0x125;
    pub(in crate::wire) const FOUND: u16 = 0x126;
}

/// An envelope as it lies in the buffer.
pub(super) struct Envelope<'a> {
    pub(super) guid: Guid,
    pub(super) ttl: u8,
    pub(super) hops: u8,
    pub(super) kind: u16,
    pub(super) body: &'a [u8],
}

impl<'de: 'a, 'a> Deserialize<'de> for Envelope<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(EnvelopeVisitor)
    }
}

struct EnvelopeVisitor;

impl<'de> Visitor<'de> for EnvelopeVisitor {
    type Value = Envelope<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an envelope [guid, ttl, hops, kind, body]")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        fn next<'de, T: Deserialize<'de>, A: SeqAccess<'de>>(seq: &mut A, index: usize) -> Result<T, A::Error> {
            seq.next_element()?.ok_or_else(|| de::Error::invalid_length(index, &"five elements"))
        }
        let envelope = Envelope {
            guid: next(&mut seq, 0)?,
            ttl: next(&mut seq, 1)?,
            hops: next(&mut seq, 2)?,
            kind: next(&mut seq, 3)?,
            body: next::<&'de Bytes, A>(&mut seq, 4)?,
        };
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(envelope)
    }
}
