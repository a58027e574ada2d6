//! What a directory has of this node's library, against what the library holds: the difference, in messages of bounded
//! size.
//!
//! The digests of all parts go first; the directory answers with the tags of the parts that differ, and after that
//! `told` is what it has. From then on a look at the library ([`Sync::scan`]) tells what to add and what to remove, so
//! that one more file costs one file on the link, whatever the size of the library. Files wait here only some
//! thousands at a time: a larger difference takes several looks.

use std::collections::VecDeque;

use super::message::{Change, Known, file_tag};
use crate::overlay::io::Library;
use crate::overlay::message::FoundFile;
use crate::proto::limits::{MAX_FILE_NAME, MAX_FILES_A_CHANGE, MAX_TAGS_A_MESSAGE, REGISTER_BUCKETS};

/// Changes on their way that are not acknowledged yet.
const MAX_IN_FLIGHT: usize = 2;
/// Files that wait to be told. The next look at the library finds the others.
const MAX_WAITING: usize = 16_384;
/// Bytes of one change, about; a message may have 64 KiB.
const MAX_CHANGE_BYTES: usize = 48 * 1024;
/// Bytes of a file on the wire besides its name, about.
const FILE_BYTES: usize = 64;
/// Bytes of a tag on the wire.
const TAG_BYTES: usize = 9;

// Tags alone fit as well.
const _: () = assert!(MAX_TAGS_A_MESSAGE * TAG_BYTES <= MAX_CHANGE_BYTES);

/// The part that a file is in.
pub(super) const fn part_of(tag: u64) -> u8 {
    (tag >> 56) as u8
}

/// The digest of each part.
pub(super) fn digests(tags: &[u64]) -> Vec<u64> {
    let mut digests = vec![0; REGISTER_BUCKETS];
    tags.iter().for_each(|tag| digests[usize::from(part_of(*tag))] ^= tag);
    digests
}

fn digest(tags: &[u64]) -> u64 {
    tags.iter().fold(0, |digest, tag| digest ^ tag)
}

/// The difference between a library and what a directory has of it.
#[derive(Debug)]
pub(super) struct Sync {
    /// Files that a directory takes of one node.
    most: usize,
    /// Tags of what the directory has once everything in `add`, in `remove` and on its way arrived; sorted.
    told: Vec<u64>,
    /// The exclusive-or of them: a directory can ask for it more often than such a list should be walked.
    digest: u64,
    /// Whether the directory's answer to the digests is still awaited.
    comparing: bool,
    /// The parts that differ, as far as the directory told.
    differing: [u64; 4],
    /// The tags that it has there.
    theirs: Vec<u64>,
    add: VecDeque<FoundFile>,
    remove: VecDeque<u64>,
    /// Whether the last look at the library left something for another.
    more: bool,
    /// Files that the library has beyond what a directory takes of one node.
    left_out: usize,
    in_flight: VecDeque<u32>,
    serial: u32,
}

impl Sync {
    /// Nothing is told yet, and nothing asked.
    pub(super) const fn new(most: usize) -> Self {
        Self {
            most,
            told: Vec::new(),
            digest: 0,
            comparing: false,
            differing: [0; 4],
            theirs: Vec::new(),
            add: VecDeque::new(),
            remove: VecDeque::new(),
            more: false,
            left_out: 0,
            in_flight: VecDeque::new(),
            serial: 0,
        }
    }

    /// Starts again: the digests to compare by.
    pub(super) fn compare(&mut self, library: &dyn Library) -> Vec<u64> {
        let mut told = tags(library);
        // What is beyond the bound differs for good; the next look sorts out which.
        told.truncate(self.most);
        let digests = digests(&told);
        *self = Self { digest: digest(&told), told, comparing: true, serial: self.serial, ..Self::new(self.most) };
        digests
    }

    /// The directory's answer, or a part of it; true when it was the last.
    ///
    /// # Errors
    /// When it cannot be true.
    pub(super) fn take_known(&mut self, known: &Known) -> Result<bool, &'static str> {
        if !self.comparing {
            return Err("an answer to a registration that was not asked for");
        }
        for (part, tags) in &known.buckets {
            self.differing[usize::from(part / 64)] |= 1 << (part % 64);
            if tags.iter().any(|tag| part_of(*tag) != *part) {
                return Err("files in a part that is not theirs");
            }
            self.theirs.extend(tags);
        }
        if self.theirs.len() > self.most {
            return Err("more files than one node can have there");
        }
        if known.last {
            let differing = self.differing;
            let differs = |tag: u64| differing[usize::from(part_of(tag) / 64)] >> (part_of(tag) % 64) & 1 == 1;
            self.told.retain(|tag| !differs(*tag));
            self.told.append(&mut self.theirs);
            self.told.sort_unstable();
            self.told.dedup();
            self.digest = digest(&self.told);
            self.comparing = false;
            self.more = true;
        }
        Ok(known.last)
    }

    /// Whether a change could be sent, if there was one.
    pub(super) fn has_room(&self) -> bool {
        !self.comparing && self.in_flight.len() < MAX_IN_FLIGHT
    }

    /// Whether something waits to be told, or may.
    pub(super) fn has_more(&self) -> bool {
        self.more || !self.add.is_empty() || !self.remove.is_empty()
    }

    /// The library may have changed.
    pub(super) fn look_again(&mut self) {
        self.more = true;
    }

    /// The next change, if there is anything to tell and room on the way.
    pub(super) fn next_change(&mut self, library: &dyn Library) -> Option<Change> {
        if !self.has_room() {
            return None;
        }
        if self.more && self.add.is_empty() && self.remove.is_empty() {
            self.scan(library);
        }
        if self.add.is_empty() && self.remove.is_empty() {
            return None;
        }
        let remove: Vec<u64> = self.remove.drain(..self.remove.len().min(MAX_TAGS_A_MESSAGE)).collect();
        let mut room = MAX_CHANGE_BYTES - remove.len() * TAG_BYTES;
        let mut add = Vec::new();
        while let Some(file) = self.add.front() {
            let bytes = file.name.raw().len() + FILE_BYTES;
            if bytes > room || add.len() >= MAX_FILES_A_CHANGE {
                break;
            }
            room -= bytes;
            add.extend(self.add.pop_front());
        }
        self.serial += 1;
        self.in_flight.push_back(self.serial);
        Some(Change { serial: self.serial, add, remove })
    }

    /// Looks at the library, and notes what to add and what to remove.
    fn scan(&mut self, library: &dyn Library) {
        let current = tags(library);
        let missing = without(&current, &self.told);
        let gone = without(&self.told, &current);
        let room = self.most.saturating_sub(self.told.len() - gone.len());
        let wanted = &missing[..missing.len().min(room).min(MAX_WAITING)];
        self.left_out = missing.len().saturating_sub(room);
        self.more = wanted.len() < missing.len().min(room);
        let mut files: Vec<(u64, FoundFile)> = Vec::with_capacity(wanted.len());
        library.each(&mut |name, size, id| {
            let tag = file_tag(name, size, id);
            if is_fit(name) && wanted.binary_search(&tag).is_ok() {
                files.push((tag, FoundFile { name: name.into(), size, id: *id }));
            }
        });
        files.sort_by_key(|(tag, _)| *tag);
        files.dedup_by_key(|(tag, _)| *tag);
        self.told = without(&self.told, &gone);
        self.told.extend(files.iter().map(|(tag, _)| *tag));
        self.told.sort_unstable();
        self.digest = digest(&self.told);
        self.add.extend(files.into_iter().map(|(_, file)| file));
        self.remove.extend(gone);
    }

    /// A change arrived; false if it was not the oldest on its way.
    pub(super) fn acknowledge(&mut self, serial: u32) -> bool {
        let oldest = self.in_flight.front() == Some(&serial);
        if oldest {
            self.in_flight.pop_front();
        }
        oldest
    }

    /// Whether a change is on its way, or the answer to the digests.
    pub(super) fn is_waiting(&self) -> bool {
        self.comparing || !self.in_flight.is_empty()
    }

    /// Whether everything was told and arrived.
    pub(super) fn is_settled(&self) -> bool {
        !self.is_waiting() && !self.has_more()
    }

    /// The exclusive-or of the tags of all files told.
    pub(super) const fn digest(&self) -> u64 {
        self.digest
    }

    /// Files told, and files that are beyond what a directory takes of one node.
    pub(super) fn counts(&self) -> (usize, usize) {
        (self.told.len(), self.left_out)
    }
}

/// The tags of a library, sorted, each once.
fn tags(library: &dyn Library) -> Vec<u64> {
    let mut tags = Vec::new();
    library.each(&mut |name, size, id| {
        if is_fit(name) {
            tags.push(file_tag(name, size, id));
        }
    });
    tags.sort_unstable();
    tags.dedup();
    tags
}

/// Whether a name can travel.
fn is_fit(name: &str) -> bool {
    !name.is_empty() && name.len() <= MAX_FILE_NAME
}

/// What is in one sorted list and not in another.
fn without(all: &[u64], other: &[u64]) -> Vec<u64> {
    let mut other = other.iter().copied().peekable();
    let is_left = |tag: &u64| {
        while other.next_if(|next| next < tag).is_some() {}
        other.peek() != Some(tag)
    };
    all.iter().copied().filter(is_left).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::proto::{FileId, Query};

    struct Numbers(Vec<u32>);

    fn name(n: u32) -> String {
        format!("{n:0>width$}", width = 10 + (n as usize * 37) % 246)
    }

    impl Library for Numbers {
        fn find(&self, _query: &Query, _limit: usize, _found: &mut Vec<FoundFile>) {}

        fn totals(&self) -> (u64, u64) {
            (self.0.len() as u64, 0)
        }

        fn each(&self, visit: &mut dyn FnMut(&str, u64, &FileId)) {
            self.0.iter().for_each(|n| visit(&name(*n), 1, &FileId([0; 32])));
        }
    }

    fn tag(n: u32) -> u64 {
        file_tag(&name(n), 1, &FileId([0; 32]))
    }

    /// Tells a directory that has `has` what a library holds; returns how many files and tags that took.
    fn tell(sync: &mut Sync, library: &Numbers, has: &mut BTreeSet<u64>) -> (usize, usize) {
        let (mut added, mut removed) = (0, 0);
        while let Some(change) = sync.next_change(library) {
            let bytes = change.add.iter().map(|file| file.name.raw().len() + FILE_BYTES).sum::<usize>();
            assert!(bytes + change.remove.len() * TAG_BYTES <= MAX_CHANGE_BYTES);
            assert!(change.add.len() <= MAX_FILES_A_CHANGE && change.remove.len() <= MAX_TAGS_A_MESSAGE);
            added += change.add.len();
            removed += change.remove.len();
            change.remove.iter().for_each(|tag| assert!(has.remove(tag)));
            let tags = change.add.iter().map(|file| file_tag(file.name.raw(), file.size, &file.id));
            tags.for_each(|tag| assert!(has.insert(tag)));
            assert!(sync.acknowledge(change.serial));
        }
        assert!(sync.is_settled());
        (added, removed)
    }

    /// What a directory answers that has `has`, a few tags a message.
    fn answer(sync: &mut Sync, library: &Numbers, has: &BTreeSet<u64>) {
        let ours = digests(&has.iter().copied().collect::<Vec<_>>());
        let theirs = sync.compare(library);
        let parts = (0..=255u8).filter(|part| ours[usize::from(*part)] != theirs[usize::from(*part)]);
        for part in parts {
            let tags: Vec<u64> = has.iter().copied().filter(|tag| part_of(*tag) == part).collect();
            let (one, two) = tags.split_at(tags.len() / 2);
            for half in [one, two] {
                let known = Known { buckets: vec![(part, half.to_vec())], last: false };
                assert_eq!(sync.take_known(&known), Ok(false));
            }
        }
        assert_eq!(sync.take_known(&Known { buckets: Vec::new(), last: true }), Ok(true));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn what_differs_is_told_and_nothing_else(
            before in prop::collection::vec(0u32..600, 0..400),
            now in prop::collection::vec(0u32..600, 0..400),
            later in prop::collection::vec(0u32..600, 0..400),
        ) {
            let mut has: BTreeSet<u64> = before.iter().map(|n| tag(*n)).collect();
            let mut sync = Sync::new(1_000);
            answer(&mut sync, &Numbers(now.clone()), &has);
            for files in [now, later] {
                let wanted: BTreeSet<u64> = files.iter().map(|n| tag(*n)).collect();
                let differing = (wanted.difference(&has).count(), has.difference(&wanted).count());
                sync.look_again();
                prop_assert_eq!(tell(&mut sync, &Numbers(files), &mut has), differing);
                prop_assert_eq!(&has, &wanted);
                prop_assert_eq!(sync.digest(), wanted.iter().fold(0, |a, b| a ^ b));
            }
        }
    }

    #[test]
    fn more_than_one_node_may_have_is_left_out_and_moves_up_when_there_is_room() {
        let (mut sync, mut has) = (Sync::new(1_000), BTreeSet::new());
        let mut library = Numbers((0..1_010).collect());
        answer(&mut sync, &library, &has);
        tell(&mut sync, &library, &mut has);
        assert_eq!((has.len(), sync.counts()), (1_000, (1_000, 10)));
        library.0.retain(|n| *n >= 5);
        sync.look_again();
        let (added, removed) = tell(&mut sync, &library, &mut has);
        assert!(added == removed && removed <= 5);
        assert_eq!((has.len(), sync.counts().1), (1_000, 5));
    }

    #[test]
    fn two_changes_are_on_their_way_at_most() {
        let library = Numbers((0..2_000).collect());
        let mut sync = Sync::new(5_000);
        assert!(sync.next_change(&library).is_none(), "nothing was compared yet, and nothing is asked for");
        answer(&mut sync, &library, &BTreeSet::new());
        let first = sync.next_change(&library).unwrap().serial;
        let second = sync.next_change(&library).unwrap().serial;
        assert!(sync.next_change(&library).is_none());
        assert!(!sync.acknowledge(second) && sync.acknowledge(first) && sync.acknowledge(second));
        assert!(!sync.acknowledge(second));
        assert!(sync.next_change(&library).is_some());
    }
}
