//! What an answer carries: a few bytes, or a part of a file that is read while it is sent.

use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::task::JoinHandle;

use super::board::Ticket;
use super::buffers::Buffers;
use super::ledger::Account;
use super::source::OpenFile;
use super::state::TransferState;
use super::verify::GROUP;

/// One file on its way to one node over one connection: a line on the board.
#[derive(Debug)]
pub(super) struct Row {
    ticket: Ticket,
    account: Arc<Account>,
    size: u64,
    sent: AtomicU64,
    /// Why it ended, if it did; `None` while a body of it is under way.
    end: Mutex<Option<Result<(), String>>>,
}

impl Row {
    pub(super) fn new(ticket: Ticket, account: Arc<Account>, size: u64) -> Arc<Self> {
        Arc::new(Self { ticket, account, size, sent: AtomicU64::new(0), end: Mutex::new(None) })
    }

    fn sent(&self, more: u64) {
        let sent = self.sent.fetch_add(more, Ordering::Relaxed) + more;
        self.ticket.progress(sent.min(self.size), more);
        self.account.sent(more);
    }

    /// Brings its rate up to date.
    pub(super) fn tick(&self) {
        self.ticket.tick();
    }

    /// The next body of it begins, or the last one ended.
    fn set_end(&self, end: Option<Result<(), String>>) {
        *self.end.lock().unwrap_or_else(PoisonError::into_inner) = end;
    }

    /// No more of it will be sent over its connection.
    pub(super) fn close(&self) {
        let end = self.end.lock().unwrap_or_else(PoisonError::into_inner).take();
        let (state, why) = match end {
            _ if self.ticket.stop().is_cancelled() => (TransferState::Cancelled, None),
            Some(Ok(())) => (TransferState::Done, None),
            Some(Err(why)) => (TransferState::Failed, Some(why)),
            None => (TransferState::Failed, Some("the other node went away before it had the whole file".to_owned())),
        };
        self.ticket.state(state, why);
    }
}

/// A part of a file, read a group ahead of what is sent.
#[derive(Debug)]
pub(super) struct FilePart {
    open: Arc<OpenFile>,
    row: Arc<Row>,
    buffers: Arc<Buffers>,
    rest: Range<u64>,
    left: u64,
    reading: Option<JoinHandle<Result<Bytes, String>>>,
}

impl FilePart {
    pub(super) fn new(open: Arc<OpenFile>, row: Arc<Row>, buffers: Arc<Buffers>, range: Range<u64>) -> Self {
        row.set_end(None);
        let left = range.end - range.start;
        let mut part = Self { open, row, buffers, rest: range, left, reading: None };
        part.read_on();
        part
    }

    /// Starts to read the next piece, up to the next border of a group.
    fn read_on(&mut self) {
        let start = self.rest.start;
        let end = (start - start % GROUP).saturating_add(GROUP).min(self.rest.end);
        self.rest.start = end;
        self.reading = (start < end).then(|| {
            let (open, mut buffer) = (Arc::clone(&self.open), self.buffers.take());
            tokio::task::spawn_blocking(move || {
                let read = open.file().read_exact_at(buffer.resize((end - start) as usize), start);
                // First this question: a file that was cut short fails to be read because it changed.
                open.check_unchanged()?;
                read.map_err(|error| format!("the file cannot be read: {error}"))?;
                Ok(Bytes::from_owner(buffer))
            })
        });
    }

    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let Some(reading) = &mut self.reading else { return Poll::Ready(None) };
        let piece = ready!(Pin::new(reading).poll(cx)).unwrap_or_else(|panic| Err(panic.to_string()));
        self.reading = None;
        match piece {
            Ok(piece) => {
                self.left -= piece.len() as u64;
                self.read_on();
                self.row.sent(piece.len() as u64);
                if self.left == 0 {
                    self.row.set_end(Some(Ok(())));
                }
                Poll::Ready(Some(Ok(Frame::data(piece))))
            }
            Err(why) => {
                self.row.set_end(Some(Err(why.clone())));
                // An error in a body makes hyper cut the connection: the other node must not take this for the end.
                Poll::Ready(Some(Err(io::Error::other(why))))
            }
        }
    }
}

/// The body of an answer.
#[derive(Debug)]
pub(super) enum Answer {
    /// Bytes at hand.
    Bytes(Option<Bytes>),
    /// No bytes, but the length of what a GET would bring (HEAD).
    Length(u64),
    /// A part of a file.
    File(FilePart),
}

impl Answer {
    pub(super) fn bytes(bytes: impl Into<Bytes>) -> Self {
        Self::Bytes(Some(bytes.into()))
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        match self.get_mut() {
            Self::Bytes(bytes) => Poll::Ready(bytes.take().filter(|b| !b.is_empty()).map(|b| Ok(Frame::data(b)))),
            Self::Length(_) => Poll::Ready(None),
            Self::File(part) => part.poll_piece(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Bytes(bytes) => bytes.as_ref().is_none_or(Bytes::is_empty),
            Self::Length(_) => false,
            Self::File(part) => part.left == 0,
        }
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(match self {
            Self::Bytes(bytes) => bytes.as_ref().map_or(0, |bytes| bytes.len() as u64),
            Self::Length(length) => *length,
            Self::File(part) => part.left,
        })
    }
}
