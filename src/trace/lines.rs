//! Lines of a file of any size in bounded memory.

use std::io::{self, BufRead};

use super::{MAX_LINE_BYTES, MAX_LINES, MAX_TRACE_BYTES};

/// What comes next in a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next<'a> {
    /// A line, without its end.
    Line(&'a [u8]),
    /// The last line, which has no end: it was cut, or somebody's editor left it so.
    Open(&'a [u8]),
    /// A line longer than any that is read.
    TooLong,
    /// There is more than is read.
    Full,
    /// No more.
    End,
}

/// Reads lines one by one, and no more of them than the limits say.
#[derive(Debug)]
pub(super) struct Lines<R> {
    from: R,
    line: Vec<u8>,
    lines: u64,
    bytes: u64,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(from: R) -> Self {
        Self { from, line: Vec::new(), lines: 0, bytes: 0 }
    }

    /// Lines read so far.
    pub(super) const fn count(&self) -> u64 {
        self.lines
    }

    /// The next line.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(super) fn next(&mut self) -> io::Result<Next<'_>> {
        self.line.clear();
        let mut too_long = false;
        loop {
            let chunk = match self.from.fill_buf() {
                Ok(chunk) => chunk,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if chunk.is_empty() {
                let nothing = self.line.is_empty() && !too_long;
                self.lines += u64::from(!nothing);
                return Ok(match (nothing, too_long) {
                    (true, _) => Next::End,
                    (false, true) => Next::TooLong,
                    (false, false) => Next::Open(&self.line),
                });
            }
            if self.lines >= MAX_LINES || self.bytes >= MAX_TRACE_BYTES {
                return Ok(Next::Full);
            }
            let end = chunk.iter().position(|byte| *byte == b'\n');
            let part = chunk.get(..end.unwrap_or(chunk.len())).unwrap_or_default();
            too_long |= self.line.len() + part.len() > MAX_LINE_BYTES;
            if !too_long {
                self.line.extend_from_slice(part);
            }
            let used = part.len() + usize::from(end.is_some());
            self.from.consume(used);
            self.bytes += used as u64;
            if end.is_some() {
                self.lines += 1;
                return Ok(if too_long { Next::TooLong } else { Next::Line(&self.line) });
            }
        }
    }
}
