//! What is known of a partial download, as bytes that survive a crash at any of them.
//!
//! A journal is a list of records, only ever appended to: whose file it is, its group values, then which groups were
//! verified. Each record carries a checksum, and reading stops at the first one that is not whole, so a write that was
//! cut short costs that record and nothing before it.
//!
//! A verified group is written before its record. That order alone holds when the process is killed; when the power
//! fails the disk may have kept the record and not the group. So a record is trusted without looking only if a
//! [`Record::Synced`] after it says that its data had reached the disk; the groups of all others are read again, and
//! those that fail are recorded as lost.

use crate::proto::{FileId, Magnet};

use super::verify::{GroupList, MAX_GROUPS, Value};

/// Bytes of a journal that are read: the largest list of values, and a record of each group, twice over.
pub(super) const MAX_JOURNAL: u64 = MAX_GROUPS as u64 * (32 + 2 * 32) + 64 * 1024;

const MAGIC: &[u8] = b"hopscope download 1\n";
const CHECK: usize = 8;

/// One thing that happened to a download.
#[derive(Clone, Debug)]
pub(super) enum Record<'a> {
    /// Whose file it is; its size is in the magnet. The first record.
    Magnet(&'a Magnet),
    /// The values of its groups, one after the other. The second record.
    Groups(&'a [Value]),
    /// A group was verified and written.
    Verified(u32),
    /// A group that was recorded as verified is not there.
    Lost(u32),
    /// The groups of that many records of verified ones, from the first, have reached the disk.
    Synced(u32),
    /// The user stopped the download.
    Stopped,
    /// It goes on.
    Started,
}

/// A journal as it was read.
#[derive(Debug)]
pub(super) struct Journal {
    /// Whose file it is, with the sources known when it began.
    pub(super) magnet: Magnet,
    /// Its groups.
    pub(super) groups: GroupList,
    /// Verified groups in the order of their records; `None` for those that were lost since.
    pub(super) verified: Vec<Option<u32>>,
    /// How many of them, from the first, had reached the disk; the others have to be read again.
    pub(super) synced: usize,
    /// Whether the user stopped it.
    pub(super) stopped: bool,
    /// Bytes of the journal that are whole; what follows is to be cut off.
    pub(super) valid: u64,
}

/// The bytes with which a journal begins.
#[must_use]
pub(super) fn begin(magnet: &Magnet, groups: &GroupList) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    Record::Magnet(&Magnet { size: Some(groups.size()), ..magnet.clone() }).append_to(&mut bytes);
    Record::Groups(groups.values()).append_to(&mut bytes);
    bytes
}

impl Record<'_> {
    /// The record's bytes.
    #[must_use]
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![];
        self.append_to(&mut bytes);
        bytes
    }

    fn append_to(&self, bytes: &mut Vec<u8>) {
        let start = bytes.len();
        let (kind, payload) = match self {
            Self::Magnet(magnet) => (b'M', magnet.to_string().into_bytes()),
            Self::Groups(values) => (b'G', values.as_flattened().to_vec()),
            Self::Verified(index) => (b'V', index.to_le_bytes().to_vec()),
            Self::Lost(index) => (b'L', index.to_le_bytes().to_vec()),
            Self::Synced(records) => (b'S', records.to_le_bytes().to_vec()),
            Self::Stopped => (b'X', vec![]),
            Self::Started => (b'R', vec![]),
        };
        bytes.push(kind);
        // A list of MAX_GROUPS values is the longest payload.
        bytes.extend((payload.len() as u32).to_le_bytes());
        bytes.extend(payload);
        let check = checksum(&bytes[start..]);
        bytes.extend(check);
    }
}

fn checksum(record: &[u8]) -> [u8; CHECK] {
    let hash = blake3::hash(record);
    std::array::from_fn(|at| hash.as_bytes()[at])
}

/// Takes one whole record off the front: its kind and its payload.
fn next<'a>(bytes: &mut &'a [u8]) -> Option<(u8, &'a [u8])> {
    let (&kind, after_kind) = bytes.split_first()?;
    let (length, after_length) = after_kind.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    let (payload, after_payload) = after_length.split_at_checked(length)?;
    let (check, rest) = after_payload.split_first_chunk::<CHECK>()?;
    let record = &bytes[..5 + length];
    (checksum(record) == *check).then(|| {
        *bytes = rest;
        (kind, payload)
    })
}

/// Reads a journal of `id`, as far as it is whole. `None` if not even its beginning is, or if it is of another file:
/// then nothing is known, and the download begins anew.
#[must_use]
pub(super) fn read(id: Option<&FileId>, bytes: &[u8]) -> Option<Journal> {
    let mut rest = bytes.strip_prefix(MAGIC)?;
    let (b'M', text) = next(&mut rest)? else { return None };
    let magnet: Magnet = std::str::from_utf8(text).ok()?.parse().ok()?;
    let (b'G', values) = next(&mut rest)? else { return None };
    if id.is_some_and(|id| *id != magnet.id) {
        return None;
    }
    let (values, []) = values.as_chunks() else { return None };
    // The list was checked when it was written; this guards the disk, and costs a microsecond a group.
    let groups = GroupList::check(&magnet.id, magnet.size?, values.to_vec()).ok()?;
    let mut journal = Journal { magnet, groups, verified: vec![], synced: 0, stopped: false, valid: 0 };
    let mut whole = rest;
    while let Some(record) = next(&mut rest) {
        if !journal.apply(record) {
            break;
        }
        whole = rest;
    }
    journal.valid = (bytes.len() - whole.len()) as u64;
    Some(journal)
}

impl Journal {
    /// Takes one record in; whether it means something.
    fn apply(&mut self, (kind, payload): (u8, &[u8])) -> bool {
        let number = payload.first_chunk().map(|bytes| u32::from_le_bytes(*bytes));
        match (kind, number, payload.len()) {
            (b'V', Some(index), 4) if index < self.groups.count() => self.verified.push(Some(index)),
            (b'L', Some(index), 4) => {
                for record in self.verified.iter_mut().filter(|record| **record == Some(index)) {
                    *record = None;
                }
            }
            (b'S', Some(records), 4) if records as usize <= self.verified.len() => {
                self.synced = self.synced.max(records as usize);
            }
            (b'X', None, 0) => self.stopped = true,
            (b'R', None, 0) => self.stopped = false,
            _ => return false,
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::verify::tests::{content, describe};
    use super::super::verify::{GROUP, group_count};
    use super::*;

    /// A magnet and the group list of a made-up file: values need no bytes behind them to have a root.
    fn file(groups: u32) -> (Magnet, GroupList) {
        let bytes = content((groups as usize - 1) * GROUP as usize + 7);
        let (id, values) = describe(&bytes);
        let list = GroupList::check(&id, bytes.len() as u64, values).unwrap();
        (Magnet { id, name: "a b".into(), size: None, sources: vec![] }, list)
    }

    fn record(op: u32, verified: u32) -> Record<'static> {
        match op {
            0 => Record::Synced(verified),
            1 => Record::Stopped,
            2 => Record::Started,
            3 => Record::Lost(2),
            _ => Record::Verified(op - 4),
        }
    }

    /// What a journal of these records says, the plain way.
    fn model(ops: &[u32]) -> (Vec<Option<u32>>, usize) {
        let (mut verified, mut synced) = (vec![], 0);
        for op in ops {
            match op {
                0 => synced = verified.len(),
                1 | 2 => {}
                3 => verified.iter_mut().filter(|group| **group == Some(2)).for_each(|group| *group = None),
                _ => verified.push(Some(op - 4)),
            }
        }
        (verified, synced)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Killed at any byte: nothing is known that was not written, and nothing is lost that was written whole.
        #[test]
        fn a_cut_at_any_byte_loses_only_the_record_it_hits(ops in prop::collection::vec(0u32..9, 0..30), cut: prop::sample::Index, garbage: Vec<u8>) {
            let (magnet, groups) = file(5);
            let mut bytes = begin(&magnet, &groups);
            let beginning = bytes.len();
            let (mut ends, mut verified) = (vec![], 0);
            for op in &ops {
                bytes.extend(record(*op, verified).encode());
                verified += u32::from(*op >= 4);
                ends.push(bytes.len());
            }
            let cut = cut.index(bytes.len() + 1);
            let mut torn = bytes[..cut].to_vec();
            torn.extend(&garbage);
            let Some(journal) = read(Some(&magnet.id), &torn) else {
                prop_assert!(cut < beginning);
                return Ok(());
            };
            prop_assert!(cut >= beginning || torn.starts_with(&bytes[..beginning]));
            let whole = ends.iter().filter(|end| **end <= journal.valid as usize).count();
            prop_assert!(whole >= ends.iter().filter(|end| **end <= cut).count(), "a whole record was lost");
            prop_assert!(torn[..journal.valid as usize] == bytes[..journal.valid as usize], "garbage was believed");
            prop_assert_eq!((journal.verified, journal.synced), model(&ops[..whole]));
            prop_assert_eq!(group_count(journal.groups.size()), Some(5));
        }

        #[test]
        fn a_flipped_bit_is_never_believed(at: prop::sample::Index, bit in 0u8..8) {
            let (magnet, groups) = file(5);
            let mut bytes = begin(&magnet, &groups);
            (0..5).for_each(|index| bytes.extend(Record::Verified(index).encode()));
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
            if let Some(journal) = read(Some(&magnet.id), &bytes) {
                prop_assert!(journal.valid as usize <= at);
                prop_assert!(journal.verified.iter().copied().eq((0..5).map(Some).take(journal.verified.len())));
            }
        }
    }

    #[test]
    fn the_beginning_is_read_back_and_tied_to_its_file() {
        let (magnet, groups) = file(2);
        let bytes = begin(&magnet, &groups);
        let journal = read(None, &bytes).unwrap();
        assert_eq!((journal.magnet.name.raw(), journal.magnet.size), ("a b", Some(groups.size())));
        assert_eq!(journal.valid, bytes.len() as u64);
        assert!(read(Some(&FileId([0; 32])), &bytes).is_none());
        assert!(read(None, b"").is_none());
    }
}
