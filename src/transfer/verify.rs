//! What proves that bytes belong to a file: the chaining values of its 1 MiB groups, whose root is its BLAKE3 hash.
//!
//! A list of 32 bytes a group (32 KiB a GiB) is checked against the file's hash once; from then on every group can be
//! checked by itself, in any order and from anybody, and a wrong byte is caught within the group that holds it.
//!
//! Nobody can lie about the size either: the last group's value holds for exactly its bytes, and a list with the wrong
//! number of groups has another root, or values that no group of bytes has.

use std::ops::Range;

use blake3::hazmat::{HasherExt, Mode, merge_subtrees_non_root, merge_subtrees_root};

use crate::proto::FileId;

/// Bytes of a group; the last one of a file may be shorter. A power of two, as BLAKE3's tree demands.
pub const GROUP: u64 = 1 << 20;
/// Groups that a file may have: 1 TiB, whose list takes 32 MiB.
pub const MAX_GROUPS: u32 = 1 << 20;

const _: () = assert!(GROUP.is_power_of_two() && GROUP >= blake3::CHUNK_LEN as u64);

/// A group's chaining value; of a file of one group, its hash.
pub type Value = [u8; blake3::OUT_LEN];

/// Groups of a file of `size` bytes; `None` for one of more than [`MAX_GROUPS`].
#[must_use]
pub fn group_count(size: u64) -> Option<u32> {
    u32::try_from(size.div_ceil(GROUP)).ok().filter(|&count| count <= MAX_GROUPS)
}

/// The bytes of group `index` in a file of `size` bytes; empty beyond its end.
#[must_use]
pub fn group_span(size: u64, index: u32) -> Range<u64> {
    let start = u64::from(index) * GROUP;
    start.min(size)..(start + GROUP).min(size)
}

/// The value of group `index`, which holds `bytes`, in a file of `count` groups.
#[must_use]
pub fn group_value(count: u32, index: u32, bytes: &[u8]) -> Value {
    if count <= 1 || bytes.is_empty() {
        return *blake3::hash(bytes).as_bytes();
    }
    blake3::Hasher::new().set_input_offset(u64::from(index) * GROUP).update(bytes).finalize_non_root()
}

/// Why a list of group values is not the file's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadList {
    /// More than [`MAX_GROUPS`].
    #[error("a file of {0} bytes is too large: at most {MAX_GROUPS} MiB can be fetched")]
    TooLarge(u64),
    /// Not one value a group.
    #[error("the list of checksums has {found} entries where the size asks for {expected}")]
    Count {
        /// What the size asks for.
        expected: u32,
        /// What came.
        found: usize,
    },
    /// It proves another file.
    #[error("the list of checksums does not belong to the file")]
    Root,
}

/// The values of all groups of a file, checked against its hash.
#[derive(Clone, Debug)]
pub struct GroupList {
    size: u64,
    values: Vec<Value>,
}

impl GroupList {
    /// Checks a list that somebody sent.
    ///
    /// # Errors
    /// When it does not prove the file `id` of `size` bytes.
    pub fn check(id: &FileId, size: u64, values: Vec<Value>) -> Result<Self, BadList> {
        let expected = group_count(size).ok_or(BadList::TooLarge(size))?;
        if usize::try_from(expected) != Ok(values.len()) {
            return Err(BadList::Count { expected, found: values.len() });
        }
        if root(&values) == id.0 { Ok(Self { size, values }) } else { Err(BadList::Root) }
    }

    /// The list of a file that has at most one group, whose only value is the file's hash; `None` for larger ones.
    #[must_use]
    pub fn of_small(id: &FileId, size: u64) -> Option<Self> {
        let values = match group_count(size)? {
            0 => vec![],
            1 => vec![id.0],
            _ => return None,
        };
        Self::check(id, size, values).ok()
    }

    /// Whether `bytes` are what group `index` holds.
    #[must_use]
    pub fn holds(&self, index: u32, bytes: &[u8]) -> bool {
        let span = group_span(self.size, index);
        let value = usize::try_from(index).ok().and_then(|at| self.values.get(at));
        bytes.len() as u64 == span.end - span.start && value == Some(&group_value(self.count(), index, bytes))
    }

    /// The file's size in bytes.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Its groups.
    #[must_use]
    pub const fn count(&self) -> u32 {
        self.values.len() as u32
    }

    /// The values, in order.
    #[must_use]
    pub fn values(&self) -> &[Value] {
        &self.values
    }
}

/// The hash of the file whose groups have these values.
fn root(values: &[Value]) -> Value {
    match values {
        [] => *blake3::hash(&[]).as_bytes(),
        [only] => *only,
        _ => {
            let (left, right) = values.split_at(left_part(values.len()));
            *merge_subtrees_root(&subtree(left), &subtree(right), Mode::Hash).as_bytes()
        }
    }
}

/// The chaining value above at least one group; as deep as the logarithm of their number.
fn subtree(values: &[Value]) -> Value {
    match values {
        [only] => *only,
        _ => {
            let (left, right) = values.split_at(left_part(values.len()));
            merge_subtrees_non_root(&subtree(left), &subtree(right), Mode::Hash)
        }
    }
}

/// How many of at least two leaves go left: the largest power of two that leaves one for the right.
const fn left_part(count: usize) -> usize {
    1 << (count - 1).ilog2()
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A file's id and values, computed the plain way.
    pub(in crate::transfer) fn describe(bytes: &[u8]) -> (FileId, Vec<Value>) {
        let count = group_count(bytes.len() as u64).unwrap();
        let values = bytes.chunks(GROUP as usize).zip(0..).map(|(group, index)| group_value(count, index, group));
        (FileId(*blake3::hash(bytes).as_bytes()), values.collect())
    }

    /// Bytes that are nowhere the same.
    pub(in crate::transfer) fn content(length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        blake3::Hasher::new().finalize_xof().fill(&mut bytes);
        bytes
    }

    #[test]
    fn the_root_of_the_list_is_the_hash_for_every_shape_of_tree() {
        let group = GROUP as usize;
        for length in [0, 1, group - 1, group, group + 1, 2 * group, 3 * group, 5 * group + 7, 8 * group, 9 * group - 1]
        {
            let bytes = content(length);
            let (id, values) = describe(&bytes);
            let list = GroupList::check(&id, length as u64, values).unwrap();
            for (index, chunk) in (0..).zip(bytes.chunks(group)) {
                assert!(list.holds(index, chunk), "{length} {index}");
                assert!(!list.holds(index + 1, chunk), "{length} {index}");
            }
        }
    }

    #[test]
    fn a_lie_about_size_or_content_is_caught() {
        let bytes = content(3 * GROUP as usize + 5);
        let size = bytes.len() as u64;
        let (id, values) = describe(&bytes);
        let list = GroupList::check(&id, size, values.clone()).unwrap();
        assert!(!list.holds(3, &bytes[3 * GROUP as usize..][..4]));
        assert!(!list.holds(9, &[]) && !list.holds(4, &[]));
        assert_eq!(GroupList::check(&id, size, vec![]).unwrap_err(), BadList::Count { expected: 4, found: 0 });
        assert_eq!(GroupList::check(&id, u64::MAX, vec![]).unwrap_err(), BadList::TooLarge(u64::MAX));
        assert_eq!(GroupList::check(&FileId([0; 32]), size, values.clone()).unwrap_err(), BadList::Root);
        // One byte more: the list still has the right length and root, but the last group cannot be met.
        let longer = GroupList::check(&id, size + 1, values.clone()).unwrap();
        assert!(!longer.holds(3, &[&bytes[3 * GROUP as usize..], &[0]].concat()));
        // The tree's upper nodes sold as groups of a smaller file.
        let upper = vec![subtree(&values[..2]), subtree(&values[2..])];
        let smaller = GroupList::check(&id, 2 * GROUP, upper).unwrap();
        assert!(!smaller.holds(0, &bytes[..GROUP as usize]));
    }

    #[test]
    fn a_small_file_needs_no_list() {
        let (id, values) = describe(b"hello");
        assert_eq!(GroupList::of_small(&id, 5).unwrap().values(), values);
        assert!(GroupList::of_small(&id, GROUP + 1).is_none());
        assert!(GroupList::of_small(&id, 0).is_none(), "only one hash is that of nothing");
        assert!(GroupList::of_small(&FileId(*blake3::hash(&[]).as_bytes()), 0).is_some());
    }

    proptest! {
        #[test]
        fn spans_tile_the_file(size in 0..10 * GROUP) {
            let mut at = 0;
            for index in 0..group_count(size).unwrap() {
                let span = group_span(size, index);
                prop_assert!(span.start == at && span.end > at && span.end - at <= GROUP);
                at = span.end;
            }
            prop_assert_eq!(at, size);
        }
    }
}
