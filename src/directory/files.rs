//! The files of all nodes: what each is, whose it is, and how to find it by word and by content.

use crate::overlay::FoundFile;
use crate::proto::{FileId, Folded};
use crate::share::index::ids::Ids;
use crate::share::index::names::{NameRef, Names};
use crate::share::index::words::{Words, WordsInBulk};

/// The node of a row that is free.
pub(super) const NOBODY: u16 = u16::MAX;

/// One file of one node. Four million of them stand in memory: its size is most of what a file costs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) id: FileId,
    pub(super) size: u64,
    /// See [`crate::overlay::file_tag`].
    pub(super) tag: u64,
    name_place: u32,
    name_len: u16,
    /// The slot of the node that has it.
    pub(super) node: u16,
}

const _: () = assert!(size_of::<Row>() == 56);

impl Row {
    fn name(&self) -> NameRef {
        NameRef::of((self.name_place, self.name_len))
    }
}

/// All files, by number. The number of a removed file goes to the next one that is added.
#[derive(Debug, Default)]
pub(super) struct Files {
    rows: Vec<Row>,
    free: Vec<u32>,
    names: Names,
    pub(super) words: Words,
    /// Words of each file's name, up to 255: those with the fewest are the best matches.
    ranks: Vec<u8>,
    /// By content, then by number.
    by_content: Ids,
    folded: Folded,
}

impl Files {
    /// Adds a file; `None` if there is no more room for names.
    pub(super) fn add(&mut self, node: u16, file: &FoundFile, tag: u64) -> Option<u32> {
        let number = self.put_row(node, file, tag)?;
        let rows = &self.rows;
        self.by_content.insert(number, |other| (rows[other as usize].id, other) < (file.id, number));
        self.words.add(number, &self.folded);
        Some(number)
    }

    /// Removes a file.
    pub(super) fn remove(&mut self, number: u32) {
        let row = self.rows[number as usize];
        self.folded.set(self.names.get(row.name()));
        self.words.remove(number, &self.folded);
        let rows = &self.rows;
        self.by_content.remove(number, |other| (rows[other as usize].id, other) < (row.id, number));
        self.names.remove(row.name());
        self.rows[number as usize].node = NOBODY;
        self.free.push(number);
    }

    /// The row of a file.
    pub(super) fn row(&self, number: u32) -> &Row {
        &self.rows[number as usize]
    }

    /// The name of a file.
    pub(super) fn name(&self, number: u32) -> &str {
        self.names.get(self.rows[number as usize].name())
    }

    /// How many words its name has.
    pub(super) fn rank(&self, number: u32) -> u8 {
        self.ranks[number as usize]
    }

    /// A file as it is told to others.
    pub(super) fn found(&self, number: u32) -> FoundFile {
        let row = self.row(number);
        FoundFile { name: self.name(number).into(), size: row.size, id: row.id }
    }

    /// The files of a content from a number on, in ascending order.
    pub(super) fn with_content(&self, id: FileId, from: u32) -> impl Iterator<Item = u32> {
        let numbers = self.by_content.iter_from(move |other| (self.rows[other as usize].id, other) < (id, from));
        numbers.take_while(move |&number| self.rows[number as usize].id == id)
    }

    /// Bytes on the heap: of the names themselves, and of all.
    pub(super) fn heap_bytes(&self) -> (usize, usize) {
        let rows = self.rows.capacity() * size_of::<Row>() + self.free.capacity() * 4 + self.ranks.capacity();
        let all = rows + self.names.heap_bytes() + self.words.heap_bytes() + self.by_content.heap_bytes();
        (self.names.bytes(), all)
    }

    /// Keeps a file in a row and leaves its folded name behind.
    fn put_row(&mut self, node: u16, file: &FoundFile, tag: u64) -> Option<u32> {
        let (name_place, name_len) = self.names.add(file.name.raw()).ok()?.parts();
        let row = Row { id: file.id, size: file.size, tag, name_place, name_len, node };
        let number = match self.free.pop() {
            Some(number) => {
                self.rows[number as usize] = row;
                number
            }
            None => {
                grow(&mut self.rows);
                grow(&mut self.ranks);
                self.rows.push(row);
                self.ranks.push(0);
                self.rows.len() as u32 - 1
            }
        };
        self.folded.set(file.name.raw());
        self.ranks[number as usize] = u8::try_from(self.folded.words().len()).unwrap_or(u8::MAX);
        Some(number)
    }
}

/// Makes room for one more. Doubling would double the largest table; a large one is moved without copying.
fn grow<T>(rows: &mut Vec<T>) {
    if rows.len() == rows.capacity() {
        rows.reserve_exact((rows.len() / 32).max(1_024));
    }
}

/// Takes in many files several times faster than one by one.
#[derive(Debug)]
pub(super) struct FilesInBulk {
    files: Files,
    words: WordsInBulk,
}

impl FilesInBulk {
    /// `seed` is for the hash table that is used meanwhile.
    pub(super) fn new(seed: u64) -> Self {
        Self { files: Files::default(), words: WordsInBulk::new(seed) }
    }

    /// Adds a file; `None` if there is no more room for names.
    pub(super) fn add(&mut self, node: u16, file: &FoundFile, tag: u64) -> Option<u32> {
        let number = self.files.put_row(node, file, tag)?;
        self.words.add(number, &self.files.folded);
        Some(number)
    }

    /// The files, ready to be searched.
    pub(super) fn finish(self) -> Files {
        let mut files = self.files;
        files.words = self.words.finish();
        // The first bytes of a hash decide almost always, and side by side they sort several times faster.
        let first_bytes = |id: &FileId| id.0.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes));
        let mut contents: Vec<(u64, u32)> =
            files.rows.iter().zip(0..).map(|(row, number)| (first_bytes(&row.id), number)).collect();
        let key = |number: u32| (files.rows[number as usize].id, number);
        contents.sort_unstable_by(|a, b| a.0.cmp(&b.0).then_with(|| key(a.1).cmp(&key(b.1))));
        files.by_content = contents.into_iter().map(|(_, number)| number).collect();
        files
    }
}
