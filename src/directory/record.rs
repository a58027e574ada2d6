//! Nodes and files as rows of bytes.

use std::net::{IpAddr, SocketAddr};

use crate::overlay::{FoundFile, Registration, file_tag};
use crate::proto::{FileId, NodeId, PeerAddr};

/// A file's key: its node's number and its tag, both so that bytes order as numbers do.
pub(super) type FileKey = [u8; 16];

/// A node as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NodeRecord {
    pub(super) id: NodeId,
    /// When its lease ends, in milliseconds since 1970.
    pub(super) lease_end: i64,
    pub(super) registration: Registration,
}

impl NodeRecord {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut row = Vec::with_capacity(64 + self.registration.name.raw().len());
        row.extend(self.id.0);
        row.extend(self.lease_end.to_le_bytes());
        match self.registration.addr.map(|addr| (addr.0.ip(), addr.0.port())) {
            None => row.push(0),
            Some((IpAddr::V4(ip), port)) => {
                row.push(4);
                row.extend(ip.octets());
                row.extend(port.to_le_bytes());
            }
            Some((IpAddr::V6(ip), port)) => {
                row.push(16);
                row.extend(ip.octets());
                row.extend(port.to_le_bytes());
            }
        }
        row.extend(self.registration.name.raw().as_bytes());
        row
    }

    /// `None` for a row that is damaged.
    pub(super) fn decode(mut row: &[u8]) -> Option<Self> {
        let id = NodeId(take(&mut row)?);
        let lease_end = i64::from_le_bytes(take(&mut row)?);
        let [ip_len] = take(&mut row)?;
        let ip = match ip_len {
            0 => None,
            4 => Some(IpAddr::from(take::<4>(&mut row)?)),
            16 => Some(IpAddr::from(take::<16>(&mut row)?)),
            _ => return None,
        };
        let addr = match ip {
            None => None,
            Some(ip) => Some(PeerAddr(SocketAddr::new(ip, u16::from_le_bytes(take(&mut row)?)))),
        };
        let name = std::str::from_utf8(row).ok()?.into();
        Some(Self { id, lease_end, registration: Registration { name, addr } })
    }
}

/// The key of a node's file.
pub(super) fn file_key(node: u64, tag: u64) -> FileKey {
    let (node, tag) = (node.to_be_bytes(), tag.to_be_bytes());
    std::array::from_fn(|i| if i < 8 { node[i] } else { tag[i - 8] })
}

/// The node and the tag of a key.
pub(super) fn split_key(mut key: &[u8]) -> Option<(u64, u64)> {
    Some((u64::from_be_bytes(take(&mut key)?), u64::from_be_bytes(take(&mut key)?)))
}

/// Writes a file's row into `row`.
pub(super) fn encode_file(file: &FoundFile, row: &mut Vec<u8>) {
    row.clear();
    row.extend(file.size.to_le_bytes());
    row.extend(file.id.0);
    row.extend(file.name.raw().as_bytes());
}

/// The file of a row; `None` for a damaged one: it does not have its tag any more.
pub(super) fn decode_file(mut row: &[u8], tag: u64) -> Option<FoundFile> {
    let size = u64::from_le_bytes(take(&mut row)?);
    let id = FileId(take(&mut row)?);
    let name = std::str::from_utf8(row).ok()?;
    (file_tag(name, size, &id) == tag).then(|| FoundFile { name: name.into(), size, id })
}

fn take<const N: usize>(row: &mut &[u8]) -> Option<[u8; N]> {
    let (first, rest) = row.split_first_chunk()?;
    *row = rest;
    Some(*first)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{NodeRecord, decode_file, encode_file, file_key, split_key};
    use crate::overlay::{FoundFile, Registration, file_tag};
    use crate::proto::{FileId, NodeId, PeerAddr};

    proptest! {
        #[test]
        fn rows_come_back_and_damaged_ones_do_not(
            id: [u8; 32], lease_end: i64, addr: Option<std::net::SocketAddr>, name in "\\PC{0,20}", size: u64,
            node: u64, at: prop::sample::Index, flip in 1u8..,
        ) {
            let addr = addr.map(|addr| PeerAddr(std::net::SocketAddr::new(addr.ip(), addr.port())));
            let registration = Registration { name: name.as_str().into(), addr };
            let record = NodeRecord { id: NodeId(id), lease_end, registration };
            let row = record.encode();
            prop_assert_eq!(NodeRecord::decode(&row), Some(record));
            (0..41).for_each(|len| assert_eq!(NodeRecord::decode(&row[..len]), None));

            let file = FoundFile { name: name.as_str().into(), size, id: FileId(id) };
            let tag = file_tag(&name, size, &file.id);
            let mut row = Vec::new();
            encode_file(&file, &mut row);
            prop_assert_eq!(decode_file(&row, tag), Some(file));
            prop_assert_eq!(split_key(&file_key(node, tag)), Some((node, tag)));
            let at = at.index(row.len());
            row[at] ^= flip;
            prop_assert_eq!(decode_file(&row, tag), None);
        }
    }
}
