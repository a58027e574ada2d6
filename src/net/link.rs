//! One link: the exchange of hellos, then a task that reads and a task that writes.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::endpoint::Connection;
use super::inbox::{Batches, Note, Origin, ReadError};
use super::limits::{HANDSHAKE_TIMEOUT, LINGER, READ_BUFFER, SLOW_AFTER};
use super::send_queue::{SendQueue, recycle};
use super::stream::Stream;
use super::tally::Tally;
use crate::overlay::{Hello, LinkId, Message, Peer};
use crate::proto::limits::MAX_REASON;
use crate::proto::{PeerAddr, Untrusted};
use crate::wire::{self, Decoder, Incoming};

/// Bytes given to the socket at once: each portion must be taken within [`SLOW_AFTER`], or the link is too slow.
const WRITE_PORTION: usize = 64 * 1024;
/// What is said of a link that loses its life because its queue or its socket did not move.
pub(super) const TOO_SLOW: &str = "it could not be written to fast enough";

/// A connection after its hellos, not yet a link of the core.
#[derive(Debug)]
pub(super) struct NewLink {
    pub(super) peer: Peer,
    /// This node's address as the peer sees it.
    pub(super) observed: Option<PeerAddr>,
    /// Where the peer is seen.
    pub(super) remote: SocketAddr,
    stream: Stream,
    decoder: Decoder,
}

/// Why there was no exchange of hellos.
#[derive(Debug, thiserror::Error)]
pub(super) enum GreetError {
    #[error("it said no hello in time")]
    Silent,
    #[error("it closed the connection before it said hello; is one of the two overlays private?")]
    Closed,
    #[error("the connection broke: {0}")]
    Broken(std::io::Error),
    #[error("it broke the protocol: {0}")]
    Protocol(String),
}

/// Says hello and hears one. `dialled` is the address that led there, if this node dialled.
pub(super) async fn greet(
    mut connection: Connection,
    mut hello: Hello,
    dialled: Option<PeerAddr>,
) -> Result<NewLink, GreetError> {
    hello.observed = Some(PeerAddr::from(connection.remote));
    let mut frame = Vec::new();
    wire::encode_hello(&hello, &mut frame);
    let mut decoder = Decoder::new();
    let exchange = async {
        connection.stream.write_all(&frame).await.map_err(GreetError::Broken)?;
        connection.stream.flush().await.map_err(GreetError::Broken)?;
        read_hello(&mut connection.stream, &mut decoder).await
    };
    let theirs = timeout(HANDSHAKE_TIMEOUT, exchange).await.unwrap_or(Err(GreetError::Silent))?;
    let peer = Peer {
        id: connection.node,
        listen: theirs.listen.and_then(|listen| listens_at(listen, connection.remote)),
        name: theirs.name,
        dialled,
        local: PeerAddr::from(connection.remote).is_local(),
        topology: theirs.topology,
        role: theirs.role,
        serves: theirs.serves,
    };
    let Connection { remote, stream, .. } = connection;
    Ok(NewLink { peer, observed: theirs.observed, remote, stream, decoder })
}

async fn read_hello(stream: &mut Stream, decoder: &mut Decoder) -> Result<Hello, GreetError> {
    let mut buffer = [0; 4096];
    loop {
        match decoder.next().map_err(|error| GreetError::Protocol(said(error)))? {
            Some(Incoming::Hello(hello)) => return Ok(hello),
            Some(Incoming::Malformed { why, .. }) => return Err(GreetError::Protocol(said(why))),
            Some(_) => return Err(GreetError::Protocol("its first message is no hello".to_owned())),
            None => {}
        }
        match stream.read(&mut buffer).await {
            Ok(0) => return Err(GreetError::Closed),
            Ok(count) => decoder.feed(&buffer[..count]),
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return Err(GreetError::Closed),
            Err(error) => return Err(GreetError::Broken(error)),
        }
    }
}

/// What is wrong with bytes, fit to be shown: it may quote them.
fn said(error: impl ToString) -> String {
    Untrusted::new(error.to_string()).visible(MAX_REASON)
}

/// Where a peer can be dialled: at the port that it says, on the host that it is seen at, so that nobody can name another
/// host to be dialled by everybody. Only on this machine a peer knows better which of its addresses it listens at.
fn listens_at(said: PeerAddr, seen: SocketAddr) -> Option<PeerAddr> {
    let (said, seen) = (said.0, seen.ip().to_canonical());
    let ip = if seen.is_loopback() && !said.ip().is_unspecified() { said.ip().to_canonical() } else { seen };
    Some(PeerAddr::from(SocketAddr::new(ip, said.port()))).filter(|addr| addr.is_dialable())
}

/// What the two tasks of a link share with the actor.
#[derive(Clone)]
pub(super) struct LinkTasks {
    pub(super) link: LinkId,
    pub(super) queue: Arc<SendQueue>,
    /// Cut: stop at once.
    pub(super) cut: CancellationToken,
    pub(super) notes: mpsc::Sender<Note>,
    pub(super) tally: Arc<Tally>,
}

impl LinkTasks {
    /// Runs both tasks until the connection is gone, then says so to the actor, once.
    pub(super) async fn run(self, new: NewLink) {
        let (reading, writing) = tokio::io::split(new.stream);
        // A task of its own, so that one core decrypts while another encrypts.
        let writer = tokio::spawn(write(writing, Arc::clone(&self.queue), self.cut.clone()));
        let mut batches = Batches::new(Origin::Link(self.link), self.notes.clone());
        let mut why = tokio::select! {
            why = self.read(reading, new.decoder, &mut batches) => why,
            () = self.cut.cancelled() => "closed by this node".to_owned(),
        };
        self.queue.finish_with(&[]);
        self.cut.cancel();
        if let Ok(Err(write_error)) = writer.await {
            if matches!(write_error, WriteError::Slow) {
                self.tally.slow.up();
            }
            why = write_error.to_string();
        }
        let _ = self.notes.send(Note::LinkDown { link: self.link, why }).await;
    }

    /// Reads until the connection ends; returns why it did.
    async fn read(&self, mut stream: ReadHalf<Stream>, mut decoder: Decoder, batches: &mut Batches) -> String {
        let mut buffer = vec![0; *READ_BUFFER.start()];
        let mut count = 0;
        loop {
            match batches.pass_on(&mut decoder, count as u64, &self.tally, |_| true).await {
                Ok(_) => {}
                Err(ReadError::Stopped) => return ReadError::Stopped.to_string(),
                Err(error) => {
                    self.tally.broken.up();
                    return format!("it broke the protocol: {}", said(error));
                }
            }
            count = match stream.read(&mut buffer).await {
                Ok(0) => return "the other end closed the connection".to_owned(),
                Ok(count) => count,
                Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                    return "the other end is gone".to_owned();
                }
                Err(error) => return format!("the connection broke: {error}"),
            };
            decoder.feed(&buffer[..count]);
            if count == buffer.len() && count < *READ_BUFFER.end() {
                buffer.resize(2 * count, 0);
            }
        }
    }
}

/// Why a link cannot be written to.
#[derive(Debug, thiserror::Error)]
enum WriteError {
    #[error("{TOO_SLOW}")]
    Slow,
    #[error("the connection broke: {0}")]
    Broken(std::io::Error),
}

/// Writes what the queue holds until it ends, then says so to the other end and gives it a moment to close as well: to
/// close with bytes unread would make the system take back what was sent last.
async fn write(mut stream: WriteHalf<Stream>, queue: Arc<SendQueue>, cut: CancellationToken) -> Result<(), WriteError> {
    let result = tokio::select! {
        result = write_all(&mut stream, &queue) => result,
        () = cut.cancelled() => return Ok(()),
    };
    if result.is_ok() {
        let _ = timeout(LINGER, stream.shutdown()).await;
        let _ = timeout(LINGER, cut.cancelled()).await;
    }
    cut.cancel();
    result
}

async fn write_all(stream: &mut WriteHalf<Stream>, queue: &SendQueue) -> Result<(), WriteError> {
    let mut buffer = Vec::new();
    while queue.take(&mut buffer).await {
        for portion in buffer.chunks(WRITE_PORTION) {
            in_time(SLOW_AFTER, stream.write_all(portion)).await?;
        }
        in_time(SLOW_AFTER, stream.flush()).await?;
        recycle(&mut buffer);
    }
    Ok(())
}

async fn in_time(limit: Duration, write: impl Future<Output = std::io::Result<()>>) -> Result<(), WriteError> {
    match timeout(limit, write).await {
        Ok(written) => written.map_err(WriteError::Broken),
        Err(_) => Err(WriteError::Slow),
    }
}

/// Whether a message may use the reserve of a full queue: a query is one of many, everything else is not.
pub(super) fn matters(message: &Message) -> bool {
    !matches!(message, Message::Query(_))
}

#[cfg(test)]
mod tests {
    use super::listens_at;
    use crate::proto::PeerAddr;

    #[test]
    fn a_peer_is_dialled_at_its_port_where_it_is_seen() {
        let at = |said: &str, seen: &str| {
            listens_at(PeerAddr(said.parse().unwrap()), seen.parse().unwrap()).map(|addr| addr.to_string())
        };
        assert_eq!(at("0.0.0.0:7", "198.51.100.1:40000").as_deref(), Some("198.51.100.1:7"));
        assert_eq!(at("[::]:7", "[::ffff:10.0.0.1]:40000").as_deref(), Some("10.0.0.1:7"));
        assert_eq!(at("10.0.0.2:7", "10.0.0.1:40000").as_deref(), Some("10.0.0.1:7"));
        assert_eq!(at("10.0.0.2:7", "127.0.0.1:40000").as_deref(), Some("10.0.0.2:7"));
        assert_eq!(at("127.0.0.1:7", "127.0.0.1:40000").as_deref(), Some("127.0.0.1:7"));
        assert_eq!(at("127.0.0.1:7", "198.51.100.1:40000").as_deref(), Some("198.51.100.1:7"));
        assert_eq!(at("224.0.0.1:7", "127.0.0.1:40000"), None);
    }
}
