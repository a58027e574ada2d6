//! The BLAKE3 hash of a file, on all cores.

use std::cell::RefCell;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

use blake3::Hasher;
use blake3::hazmat::{ChainingValue, HasherExt as _, Mode};
use blake3::hazmat::{left_subtree_len, merge_subtrees_non_root, merge_subtrees_root};
use rayon_core::ThreadPool;

use crate::proto::FileId;

/// What one thread reads and hashes at a time: it stays in that core's cache between the two.
const GROUP: u64 = 256 << 10;
/// What all threads work on together; between two of them the caller may pause or stop. The disk sees one stream.
pub(super) const WINDOW: u64 = 16 << 20;

/// Hashes the first `size` bytes of a file. `step` is told the bytes of each piece before it is read, and stops the
/// hashing with an error.
///
/// Reads, never maps: a mapped file that somebody truncates kills the process.
///
/// # Errors
/// Those of reading, [`io::ErrorKind::UnexpectedEof`] for a file that became shorter, and those of `step`.
pub(super) fn hash_file(
    file: &File,
    size: u64,
    pool: &ThreadPool,
    step: &mut dyn FnMut(u64) -> io::Result<()>,
) -> io::Result<FileId> {
    if size <= GROUP {
        step(size)?;
        return read(file, 0, size, |bytes| FileId(blake3::hash(bytes).into()));
    }
    let left = left_subtree_len(size);
    let (left, right) = if size <= WINDOW {
        step(size)?;
        pool.install(|| both(file, 0, left, size))?
    } else {
        (windows(file, 0, left, pool, step)?, windows(file, left, size - left, pool, step)?)
    };
    Ok(FileId(merge_subtrees_root(&left, &right, Mode::Hash).into()))
}

/// The chaining value of a subtree, window by window.
fn windows(
    file: &File,
    offset: u64,
    len: u64,
    pool: &ThreadPool,
    step: &mut dyn FnMut(u64) -> io::Result<()>,
) -> io::Result<ChainingValue> {
    if len <= WINDOW {
        step(len)?;
        return pool.install(|| groups(file, offset, len));
    }
    let left = left_subtree_len(len);
    let left_value = windows(file, offset, left, pool, step)?;
    let right_value = windows(file, offset + left, len - left, pool, step)?;
    Ok(merge_subtrees_non_root(&left_value, &right_value, Mode::Hash))
}

/// The chaining value of a subtree, its halves side by side.
fn groups(file: &File, offset: u64, len: u64) -> io::Result<ChainingValue> {
    if len <= GROUP {
        return read(file, offset, len, |bytes| {
            Hasher::new().set_input_offset(offset).update(bytes).finalize_non_root()
        });
    }
    let (left, right) = both(file, offset, left_subtree_len(len), len)?;
    Ok(merge_subtrees_non_root(&left, &right, Mode::Hash))
}

fn both(file: &File, offset: u64, left: u64, len: u64) -> io::Result<(ChainingValue, ChainingValue)> {
    let (left, right) = rayon_core::join(|| groups(file, offset, left), || groups(file, offset + left, len - left));
    Ok((left?, right?))
}

fn read<T>(file: &File, offset: u64, len: u64, hash: impl FnOnce(&[u8]) -> T) -> io::Result<T> {
    thread_local! {
        static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    }
    BUFFER.with_borrow_mut(|buffer| {
        let len = len as usize;
        if buffer.len() < len {
            buffer.resize(len, 0);
        }
        file.read_exact_at(&mut buffer[..len], offset)?;
        Ok(hash(&buffer[..len]))
    })
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::io;

    use proptest::prelude::*;

    use super::{GROUP, WINDOW, hash_file};
    use crate::proto::FileId;

    fn pool() -> rayon_core::ThreadPool {
        rayon_core::ThreadPoolBuilder::new().num_threads(3).build().unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn it_is_the_hash_of_the_bytes(
            size in prop_oneof![0..3_000u64, GROUP - 2..GROUP + 2_000, WINDOW - 2..WINDOW + 2_000, 0..3 * WINDOW], seed: u64
        ) {
            let mut bytes = vec![0; size as usize];
            blake3::Hasher::new().update(&seed.to_le_bytes()).finalize_xof().fill(&mut bytes);
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("file");
            fs::write(&path, &bytes).unwrap();
            let mut told = 0;
            let hash = hash_file(&File::open(&path).unwrap(), size, &pool(), &mut |step| {
                told += step;
                Ok(())
            });
            prop_assert_eq!(hash.unwrap(), FileId(blake3::hash(&bytes).into()));
            prop_assert_eq!(told, size);
        }
    }

    #[test]
    fn a_file_that_became_shorter_and_a_stop_are_errors() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        fs::write(&path, vec![1; 2 * GROUP as usize]).unwrap();
        let file = File::open(&path).unwrap();
        let error = hash_file(&file, 3 * GROUP, &pool(), &mut |_| Ok(())).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        let error = hash_file(&file, 5, &pool(), &mut |_| Err(io::ErrorKind::Interrupted.into())).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::Interrupted);
    }
}
