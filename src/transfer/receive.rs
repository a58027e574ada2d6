//! One run of groups from one source to the disk: bytes are gathered into groups, and each group is checked and written
//! on a blocking thread while the next one arrives.

use std::io;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{JoinError, JoinSet};
use tokio::time::MissedTickBehavior;

use super::board::Ticket;
use super::buffers::{Buffer, Buffers};
use super::client::{Client, Part, Trouble};
use super::ledger::Account;
use super::partial::Partial;
use super::plan::Plan;
use super::verify::{GROUP, group_span};
use crate::proto::FileId;

/// Groups that are checked and written at once; the source waits when the disk is that far behind.
const MAX_WRITING: usize = 3;
/// How often a stall is looked for, and the rate brought up to date.
const TICK: Duration = Duration::from_secs(1);
/// Ticks without a byte after which the connection counts as lost.
const MAX_SILENT_TICKS: u32 = 30;

/// What a run is fetched into.
pub(super) struct Receiver<'a> {
    pub(super) id: &'a FileId,
    pub(super) partial: &'a Arc<Partial>,
    pub(super) plan: &'a mut Plan,
    pub(super) ticket: &'a Ticket,
    /// Of the node that it is fetched from.
    pub(super) account: &'a Account,
    pub(super) buffers: &'a Arc<Buffers>,
}

/// A group that was checked and written, or not.
struct Stored {
    index: u32,
    length: u64,
    result: io::Result<bool>,
}

impl Receiver<'_> {
    /// Fetches a claimed run of groups, or as much of it as the source sends in one answer. Whatever ends it, all groups
    /// that arrived whole are checked and count by the time it returns; the rest of the run is to be released.
    pub(super) async fn fetch(&mut self, client: &mut Client, run: &Range<u32>) -> Result<(), Trouble> {
        let (size, span) = (self.partial.groups().size(), self.plan.span(run));
        let part = tokio::select! {
            biased;
            () = self.ticket.stop().cancelled() => return Err(Trouble::Stopped),
            part = client.file(self.id, &span, size) => part?,
        };
        let mut writing = JoinSet::new();
        let received = self.receive(client, part, run.start, &mut writing).await;
        let mut written = Ok(());
        while let Some(stored) = writing.join_next().await {
            let outcome = self.take(stored);
            written = written.and(outcome);
        }
        // A lie or a full disk says more than the loss of the connection that may have followed from it.
        written.and(received)
    }

    async fn receive(
        &mut self,
        client: &mut Client,
        mut part: Part,
        first: u32,
        writing: &mut JoinSet<Stored>,
    ) -> Result<(), Trouble> {
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let stop = self.ticket.stop().clone();
        let mut stopped = std::pin::pin!(stop.cancelled());
        let (mut index, mut buffer, mut at) = (first, self.buffers.take(), part.range.start);
        let mut silent_ticks = 0;
        while at < part.range.end {
            let bytes = tokio::select! {
                biased;
                () = &mut stopped => return Err(Trouble::Stopped),
                _ = tick.tick() => {
                    silent_ticks += 1;
                    self.ticket.tick();
                    if silent_ticks > MAX_SILENT_TICKS {
                        return Err(Trouble::Lost(format!("nothing came for {MAX_SILENT_TICKS} seconds")));
                    }
                    continue;
                }
                bytes = client.bytes(&mut part) => bytes?,
            };
            let Some(bytes) = bytes else { return Err(Trouble::Lost("the connection closed too early".into())) };
            silent_ticks = 0;
            at += bytes.len() as u64;
            let mut rest = &bytes[..];
            while !rest.is_empty() {
                let span = group_span(self.partial.groups().size(), index);
                let length = (span.end - span.start) as usize;
                rest = buffer.fill(rest, length);
                if buffer.as_ref().len() == length {
                    self.store(index, std::mem::replace(&mut buffer, self.buffers.take()), writing).await?;
                    index += 1;
                } else if length == 0 {
                    return Err(Trouble::Useless("it sends more than the file has".into()));
                }
            }
        }
        Ok(())
    }

    /// Hands a whole group to a blocking thread, and takes in what others of them are done with.
    async fn store(&mut self, index: u32, buffer: Buffer, writing: &mut JoinSet<Stored>) -> Result<(), Trouble> {
        while let Some(stored) = writing.try_join_next() {
            self.take(stored)?;
        }
        if writing.len() >= MAX_WRITING
            && let Some(stored) = writing.join_next().await
        {
            self.take(stored)?;
        }
        let partial = Arc::clone(self.partial);
        writing.spawn_blocking(move || {
            let bytes = buffer.as_ref();
            Stored { index, length: bytes.len() as u64, result: partial.store(index, bytes) }
        });
        Ok(())
    }

    fn take(&mut self, stored: Result<Stored, JoinError>) -> Result<(), Trouble> {
        let stored = stored.map_err(|panic| Trouble::Fatal(format!("checking a piece failed: {panic}")))?;
        match stored.result {
            Ok(true) => {
                if self.plan.verified(stored.index) {
                    self.ticket.progress(self.plan.bytes(), stored.length);
                    self.account.received(stored.length);
                }
                Ok(())
            }
            Ok(false) => Err(Trouble::Lied(format!(
                "it sent wrong bytes near {} MiB of the file",
                (u64::from(stored.index) * GROUP) >> 20
            ))),
            Err(error) => Err(disk_trouble(&error)),
        }
    }
}

/// What the disk refused, and what to do.
pub(super) fn disk_trouble(error: &io::Error) -> Trouble {
    Trouble::Fatal(match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "the disk is full; free some space and start it again, what was downloaded is kept".into()
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            format!("the download folder cannot be written to ({error}); choose another or change its permissions")
        }
        io::ErrorKind::ResourceBusy => error.to_string(),
        _ => format!("the disk does not work as it should ({error}); what was downloaded is kept"),
    })
}
