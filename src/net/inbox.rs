//! What reaches the actor, and how a reader of messages hands them to it.
//!
//! A reader owns a fixed number of batches. It fills one, sends it to the actor, and gets it back empty when the actor is
//! through with it; while all are away it does not read. So each connection has a bounded share of the actor's queue
//! whatever its peer sends, its own socket pushes back on the peer, and no batch is allocated twice.

use tokio::sync::mpsc;

use super::limits::{BATCHES_A_LINK, MAX_BATCH};
use super::link::NewLink;
use super::tally::Tally;
use crate::overlay::{HostSource, LinkId, Message, Spent, Undelivered};
use crate::proto::{NodeId, PeerAddr};
use crate::wire::{Decoder, Incoming, WireError};

/// What tasks tell the actor.
#[derive(Debug)]
pub(super) enum Note {
    /// Messages came in.
    Batch(Batch),
    /// A connection became a link.
    LinkUp(Box<NewLink>),
    /// A link's connection is gone; its reader says so once.
    LinkDown {
        /// Which.
        link: LinkId,
        /// Why, for people.
        why: String,
    },
    /// A dialled address led to no link.
    DialFailed {
        /// The address.
        addr: PeerAddr,
        /// Why, for people.
        why: String,
    },
    /// It was looked whether a node answers at an address.
    Checked {
        /// The address.
        addr: PeerAddr,
        /// The node.
        node: NodeId,
        /// Whether it did.
        reached: bool,
    },
    /// Something could not be delivered over a connection of its own, and why.
    DirectFailed(Message, Undelivered),
    /// Something was counted that a picture of the node shows.
    Counted,
    /// Addresses became known.
    Hosts(Vec<PeerAddr>, HostSource),
    /// Addresses of directories that the user named became known.
    Directories(Vec<PeerAddr>),
}

/// Where messages came from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Origin {
    /// A link.
    Link(LinkId),
    /// A connection for direct delivery, from that node.
    Direct(NodeId),
}

/// Messages of one connection, in their order.
#[derive(Debug)]
pub(super) struct Batch {
    /// Where from.
    pub(super) origin: Origin,
    /// The messages.
    pub(super) messages: Vec<Message>,
    /// Bytes that were read for them.
    pub(super) bytes: u64,
    /// Of those, what the messages are for.
    pub(super) spent: Spent,
    /// Where the emptied batch goes; it always has room.
    pub(super) back: mpsc::Sender<Vec<Message>>,
}

/// A reader's end.
pub(super) struct Batches {
    origin: Origin,
    notes: mpsc::Sender<Note>,
    back: mpsc::Sender<Vec<Message>>,
    spare: mpsc::Receiver<Vec<Message>>,
    current: Vec<Message>,
    spent: Spent,
}

/// Why a reader cannot go on.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReadError {
    /// The actor is gone.
    #[error("the node stops")]
    Stopped,
    /// The bytes make no sense.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// A message that has no place on such a connection.
    #[error("a message that does not belong here")]
    OutOfPlace,
}

impl Batches {
    /// The batches of one connection, all of them here.
    pub(super) fn new(origin: Origin, notes: mpsc::Sender<Note>) -> Self {
        let (back, spare) = mpsc::channel(BATCHES_A_LINK);
        for _ in 1..BATCHES_A_LINK {
            // There is room: the channel was made for them.
            let _ = back.try_send(Vec::new());
        }
        Self { origin, notes, back, spare, current: Vec::new(), spent: Spent::default() }
    }

    /// Decodes all that `decoder` holds and sends it to the actor, `bytes` of it new. Waits while the actor has all
    /// batches. Only messages that `belongs` says yes to are taken. Returns how many frames that were, dropped ones
    /// included.
    pub(super) async fn pass_on(
        &mut self,
        decoder: &mut Decoder,
        mut bytes: u64,
        tally: &Tally,
        belongs: fn(&Message) -> bool,
    ) -> Result<usize, ReadError> {
        let mut frames = 0;
        loop {
            let more = self.fill(decoder, &mut frames, tally, belongs)?;
            if !self.current.is_empty() || bytes > 0 {
                self.send(std::mem::take(&mut bytes)).await?;
            }
            if !more {
                return Ok(frames);
            }
        }
    }

    /// Whether the batch got full before the decoder was empty.
    fn fill(
        &mut self,
        decoder: &mut Decoder,
        frames: &mut usize,
        tally: &Tally,
        belongs: fn(&Message) -> bool,
    ) -> Result<bool, ReadError> {
        while self.current.len() < MAX_BATCH {
            let incoming = decoder.next()?;
            *frames += usize::from(incoming.is_some());
            match incoming {
                Some(Incoming::Message(message)) if belongs(&message) => {
                    self.spent += Spent::on(&message, decoder.last_bytes() as u64);
                    self.current.push(message);
                }
                Some(Incoming::Message(_)) => return Err(ReadError::OutOfPlace),
                Some(Incoming::Malformed { .. }) => tally.malformed.up(),
                // A second hello says nothing that this version listens to.
                Some(Incoming::Unknown(_) | Incoming::Hello(_)) => tally.unknown.up(),
                None => return Ok(false),
            }
        }
        Ok(true)
    }

    async fn send(&mut self, bytes: u64) -> Result<(), ReadError> {
        let messages = std::mem::take(&mut self.current);
        let spent = std::mem::take(&mut self.spent);
        let batch = Batch { origin: self.origin, messages, bytes, spent, back: self.back.clone() };
        self.notes.send(Note::Batch(batch)).await.map_err(|_| ReadError::Stopped)?;
        self.current = self.spare.recv().await.ok_or(ReadError::Stopped)?;
        Ok(())
    }

    /// Waits until the actor is through with all that was sent.
    pub(super) async fn settled(&mut self) -> Result<(), ReadError> {
        let mut here = Vec::with_capacity(BATCHES_A_LINK - 1);
        while here.len() < BATCHES_A_LINK - 1 {
            here.push(self.spare.recv().await.ok_or(ReadError::Stopped)?);
        }
        for batch in here {
            let _ = self.back.try_send(batch);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::task::Poll;

    use tokio::sync::mpsc;

    use super::{Batches, Note, Origin, ReadError};
    use crate::net::limits::{BATCHES_A_LINK, MAX_BATCH};
    use crate::net::tally::Tally;
    use crate::overlay::{LinkId, Message, Ping};
    use crate::proto::Guid;
    use crate::wire::{self, Decoder};

    fn pings(count: usize) -> (Decoder, u64) {
        let mut bytes = Vec::new();
        for _ in 0..count {
            wire::encode_message(&Message::Ping(Ping { guid: Guid([1; 16]), wants_hosts: false }), &mut bytes);
        }
        let mut decoder = Decoder::new();
        decoder.feed(&bytes);
        (decoder, bytes.len() as u64)
    }

    #[tokio::test]
    async fn a_chatty_connection_holds_its_share_of_the_actor_and_waits() {
        let (notes, mut inbox) = mpsc::channel(64);
        let mut batches = Batches::new(Origin::Link(LinkId(1)), notes);
        let (mut decoder, bytes) = pings(10 * MAX_BATCH);
        let tally = Tally::default();
        let mut reading = std::pin::pin!(batches.pass_on(&mut decoder, bytes, &tally, |_| true));
        let polled = std::future::poll_fn(|cx| Poll::Ready(reading.as_mut().poll(cx))).await;
        assert!(polled.is_pending());
        assert_eq!(inbox.len(), BATCHES_A_LINK, "the rest waits in the decoder, and the socket behind it");
        let (mut messages, mut told) = (0, 0);
        let actor = async {
            while messages < 10 * MAX_BATCH {
                let Some(Note::Batch(mut batch)) = inbox.recv().await else { panic!("no batch") };
                messages += batch.messages.len();
                told += batch.bytes;
                batch.messages.clear();
                batch.back.try_send(batch.messages).expect("there is always room");
            }
        };
        let (read, ()) = tokio::join!(reading, actor);
        assert_eq!((read.unwrap(), told), (10 * MAX_BATCH, bytes));
    }

    #[tokio::test]
    async fn what_has_no_place_there_and_an_actor_that_is_gone_end_the_reading() {
        let (notes, inbox) = mpsc::channel(64);
        let mut batches = Batches::new(Origin::Link(LinkId(1)), notes);
        let tally = Tally::default();
        let (mut decoder, bytes) = pings(1);
        let read = batches.pass_on(&mut decoder, bytes, &tally, |_| false).await;
        assert!(matches!(read, Err(ReadError::OutOfPlace)));
        drop(inbox);
        let (mut decoder, bytes) = pings(1);
        assert!(matches!(batches.pass_on(&mut decoder, bytes, &tally, |_| true).await, Err(ReadError::Stopped)));
    }
}
