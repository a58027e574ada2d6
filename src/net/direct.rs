//! Delivery of hits, reports, questions and accounts straight to whom they are for, over connections of their own.
//!
//! The frames are those of a link, without a hello. The receiver answers each batch that its core took with the number of
//! messages in it, as bytes of 1 to 255; what is not acknowledged when the connection ends goes back to the core, which has
//! another way. So a hit may arrive twice, and is never lost in silence.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use super::endpoint::{ConnectError, Connection, Endpoint};
use super::inbox::{Batches, Note, Origin};
use super::limits::{DIRECT_ACK_TIMEOUT, DIRECT_IDLE, DIRECT_SILENCE, MAX_DIRECT_IN, MAX_DIRECT_OUT, MAX_DIRECT_QUEUE};
use super::shared::Shared;
use super::stream::Stream;
use super::tally::Tally;
use crate::base::{Map, seed};
use crate::overlay::{Message, Purpose, Undelivered};
use crate::proto::PeerAddr;
use crate::wire::{self, Decoder};

/// The most that one byte of acknowledgement can say.
const MAX_ACK: usize = 255;

/// Connections to others, by address. The actor owns it and never waits for it.
pub(super) struct DirectPool {
    open: Map<PeerAddr, mpsc::Sender<Message>>,
    shared: Shared,
}

impl DirectPool {
    /// An empty one.
    pub(super) fn new(seed_bits: u64, shared: Shared) -> Self {
        Self { open: Map::with_hasher(seed(seed_bits)), shared }
    }

    /// Queues a message for an address, over the connection that there is or a new one.
    ///
    /// # Errors
    /// Gives the message back if there is no room for it.
    pub(super) fn deliver(&mut self, to: PeerAddr, message: Message) -> Result<(), Message> {
        let message = match self.open.get(&to) {
            None => message,
            Some(queue) => match queue.try_send(message) {
                Ok(()) => return Ok(()),
                Err(mpsc::error::TrySendError::Full(message)) => return Err(message),
                Err(mpsc::error::TrySendError::Closed(message)) => message,
            },
        };
        if self.open.len() >= MAX_DIRECT_OUT {
            self.open.retain(|_, queue| !queue.is_closed());
        }
        if self.open.len() >= MAX_DIRECT_OUT && !self.open.contains_key(&to) || self.shared.cut.is_cancelled() {
            return Err(message);
        }
        let (queue, messages) = mpsc::channel(MAX_DIRECT_QUEUE);
        queue.try_send(message).map_err(mpsc::error::TrySendError::into_inner)?;
        self.open.insert(to, queue);
        let shared = &self.shared;
        let (notes, tally) = (shared.notes.clone(), Arc::clone(&shared.tally));
        let courier = Courier { messages, unacknowledged: VecDeque::new(), notes, tally };
        shared.tracker.spawn(courier.run(Arc::clone(&shared.endpoint), to, shared.cut.clone()));
        Ok(())
    }
}

/// The task of one connection to somebody.
struct Courier {
    messages: mpsc::Receiver<Message>,
    unacknowledged: VecDeque<Message>,
    notes: mpsc::Sender<Note>,
    tally: Arc<Tally>,
}

impl Courier {
    async fn run(mut self, endpoint: Arc<Endpoint>, to: PeerAddr, stop: CancellationToken) {
        let why = tokio::select! {
            ended = self.serve(&endpoint, to) => ended,
            () = stop.cancelled() => Undelivered::NoRoom,
        };
        // From here on the pool opens a new connection; what came until now is given back.
        self.messages.close();
        while let Ok(message) = self.messages.try_recv() {
            self.unacknowledged.push_back(message);
        }
        for message in self.unacknowledged {
            if self.notes.send(Note::DirectFailed(message, why.clone())).await.is_err() {
                return;
            }
        }
    }

    /// Delivers what it can; returns why the rest was not.
    async fn serve(&mut self, endpoint: &Endpoint, to: PeerAddr) -> Undelivered {
        match endpoint.dial(to, super::tls::Purpose::Direct).await {
            Ok(connection) => match self.deliver(connection.stream).await {
                // It was idle, and something came in that moment.
                Ok(()) => Undelivered::NoRoom,
                Err(error) => {
                    tracing::debug!("direct delivery to {to} broke: {error}");
                    broken(&error)
                }
            },
            Err(error) => {
                tracing::debug!("no direct delivery to {to}: {error}");
                match error {
                    ConnectError::Unreachable(_) | ConnectError::Timeout => Undelivered::Unreachable(error.to_string()),
                    ConnectError::Foreign(_) | ConnectError::Stranger => Undelivered::TurnedAway(error.to_string()),
                }
            }
        }
    }

    /// Delivers until nothing came for a while. An error leaves what may be lost in `unacknowledged`.
    async fn deliver(&mut self, mut stream: Stream) -> std::io::Result<()> {
        let (mut bytes, mut acks) = (Vec::new(), [0; 64]);
        let mut moved = Instant::now();
        loop {
            let room = MAX_DIRECT_QUEUE - self.unacknowledged.len();
            let patience = if self.unacknowledged.is_empty() { DIRECT_IDLE } else { DIRECT_ACK_TIMEOUT };
            tokio::select! {
                Some(message) = self.messages.recv(), if room > 0 => {
                    if self.unacknowledged.is_empty() {
                        moved = Instant::now();
                    }
                    self.take_with_more(message, room, &mut bytes);
                    let write = async { stream.write_all(&bytes).await?; stream.flush().await };
                    timeout(DIRECT_ACK_TIMEOUT, write).await??;
                    bytes.clear();
                }
                read = stream.read(&mut acks) => {
                    let taken = acks[..read?].iter().map(|&count| usize::from(count)).sum::<usize>();
                    if taken == 0 || taken > self.unacknowledged.len() {
                        return Err(std::io::ErrorKind::ConnectionReset.into());
                    }
                    self.unacknowledged.drain(..taken);
                    moved = Instant::now();
                }
                () = tokio::time::sleep_until(moved + patience) => {
                    let idle = self.unacknowledged.is_empty();
                    return if idle { stream.shutdown().await } else { Err(std::io::ErrorKind::TimedOut.into()) };
                }
            }
        }
    }

    /// Encodes a message and what else waits, so that a burst leaves in one piece.
    fn take_with_more(&mut self, first: Message, room: usize, bytes: &mut Vec<u8>) {
        let mut next = Some(first);
        let mut room = room;
        while let Some(message) = next {
            let before = bytes.len();
            wire::encode_message(&message, bytes);
            let count = match message.purpose() {
                Purpose::Search => &self.tally.direct_hit_bytes,
                Purpose::Report => &self.tally.direct_report_bytes,
                Purpose::Upkeep => &self.tally.direct_question_bytes,
            };
            count.add((bytes.len() - before) as u64);
            self.unacknowledged.push_back(message);
            room -= 1;
            next = if room > 0 { self.messages.try_recv().ok() } else { None };
        }
    }
}

/// The receiving side: how many may deliver at once, and a task for each.
#[derive(Clone)]
pub(super) struct DirectIn {
    places: Arc<Semaphore>,
    notes: mpsc::Sender<Note>,
    tally: Arc<Tally>,
}

impl DirectIn {
    /// All places free.
    pub(super) fn new(notes: mpsc::Sender<Note>, tally: Arc<Tally>) -> Self {
        Self { places: Arc::new(Semaphore::new(MAX_DIRECT_IN)), notes, tally }
    }

    /// Takes what a connection brings until it ends, breaks the rules or says nothing for a while.
    pub(super) async fn serve(&self, connection: Connection) {
        let Ok(_place) = self.places.try_acquire() else {
            self.tally.no_room.up();
            return;
        };
        let remote = connection.remote;
        if let Err(why) = self.take_all(connection).await {
            self.tally.broken.up();
            let _ = self.notes.try_send(Note::Counted);
            tracing::debug!("closed a direct delivery from {remote}: {why}");
        }
    }

    async fn take_all(&self, connection: Connection) -> Result<(), String> {
        let Connection { mut stream, node, .. } = connection;
        let mut batches = Batches::new(Origin::Direct(node), self.notes.clone());
        let (mut decoder, mut buffer) = (Decoder::new(), vec![0; 16 * 1024]);
        loop {
            let count = match timeout(DIRECT_SILENCE, stream.read(&mut buffer)).await {
                Err(_) | Ok(Ok(0) | Err(_)) => return Ok(()),
                Ok(Ok(count)) => count,
            };
            decoder.feed(&buffer[..count]);
            let taken = batches.pass_on(&mut decoder, count as u64, &self.tally, is_delivery).await;
            let mut taken = taken.map_err(|error| error.to_string())?;
            batches.settled().await.map_err(|error| error.to_string())?;
            let mut acks = Vec::with_capacity(taken / MAX_ACK + 1);
            while taken > 0 {
                acks.push(taken.min(MAX_ACK) as u8);
                taken -= taken.min(MAX_ACK);
            }
            let write = async {
                stream.write_all(&acks).await?;
                stream.flush().await
            };
            if !matches!(timeout(DIRECT_ACK_TIMEOUT, write).await, Ok(Ok(()))) {
                return Ok(());
            }
        }
    }
}

/// Why an open connection did not take everything.
fn broken(error: &std::io::Error) -> Undelivered {
    match error.kind() {
        std::io::ErrorKind::TimedOut => Undelivered::Unreachable(format!(
            "it took the connection, and nothing over it within {} s",
            DIRECT_ACK_TIMEOUT.as_secs()
        )),
        std::io::ErrorKind::ConnectionReset | std::io::ErrorKind::UnexpectedEof => Undelivered::TurnedAway(
            "it closed the connection without taking anything; is one of the two overlays private?".to_owned(),
        ),
        _ => Undelivered::TurnedAway(format!("the connection broke: {error}")),
    }
}

fn is_delivery(message: &Message) -> bool {
    matches!(message, Message::Hit(_) | Message::Report(_) | Message::Explain(_))
}
