//! Buffers of one group, used again and again: fresh ones cost more in page faults than hashing what they hold.

use std::sync::{Arc, Mutex, PoisonError};

use super::verify::GROUP;

/// Free buffers that are kept; more are given back to the system.
const MAX_FREE: usize = 16;

/// A shelf of buffers of [`GROUP`] bytes.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    free: Mutex<Vec<Vec<u8>>>,
}

impl Buffers {
    /// A buffer whose content means nothing.
    pub(super) fn take(self: &Arc<Self>) -> Buffer {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner).pop();
        Buffer { bytes: free.unwrap_or_else(|| vec![0; GROUP as usize]), filled: 0, shelf: Arc::clone(self) }
    }
}

/// A buffer that goes back to its shelf when it is dropped.
#[derive(Debug)]
pub(super) struct Buffer {
    bytes: Vec<u8>,
    filled: usize,
    shelf: Arc<Buffers>,
}

impl Buffer {
    /// Adds bytes; returns those that no longer fit below `limit`, which is at most [`GROUP`].
    pub(super) fn fill<'a>(&mut self, bytes: &'a [u8], limit: usize) -> &'a [u8] {
        let (now, later) = bytes.split_at(bytes.len().min(limit.saturating_sub(self.filled)));
        self.bytes[self.filled..self.filled + now.len()].copy_from_slice(now);
        self.filled += now.len();
        later
    }

    /// Makes the first `length` bytes, at most [`GROUP`], the content, and gives them out to be written.
    pub(super) fn resize(&mut self, length: usize) -> &mut [u8] {
        self.filled = length.min(self.bytes.len());
        &mut self.bytes[..self.filled]
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[..self.filled]
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let mut free = self.shelf.free.lock().unwrap_or_else(PoisonError::into_inner);
        if free.len() < MAX_FREE {
            free.push(std::mem::take(&mut self.bytes));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_takes_what_fits_and_is_used_again() {
        let shelf = Arc::new(Buffers::default());
        let mut buffer = shelf.take();
        assert_eq!(buffer.fill(b"abcdef", 4), b"ef");
        assert_eq!(buffer.fill(b"gh", 4), b"gh");
        assert_eq!(buffer.as_ref(), b"abcd");
        drop(buffer);
        assert_eq!(shelf.free.lock().unwrap().len(), 1);
        assert!(shelf.take().as_ref().is_empty());
        let many: Vec<_> = (0..2 * MAX_FREE).map(|_| shelf.take()).collect();
        drop(many);
        assert_eq!(shelf.free.lock().unwrap().len(), MAX_FREE);
    }
}
