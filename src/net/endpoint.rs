//! From a TCP connection to a proven one: TLS, the purpose, the passphrase.

use std::io;
use std::net::SocketAddr;

use tokio::net::TcpStream;
use tokio::time::timeout;

use super::admission::Slot;
use super::identity::Identity;
use super::limits::{CONNECT_TIMEOUT, HANDSHAKE_TIMEOUT};
use super::secret::Secret;
use super::stream::Stream;
use super::tls::{Purpose, Tls};
use crate::proto::{NodeId, PeerAddr};

/// This node's end of every connection.
pub(super) struct Endpoint {
    tls: Tls,
    secret: Option<Secret>,
}

/// A connection whose other end is proven.
#[derive(Debug)]
pub(super) struct Connection {
    /// Bytes to and from there.
    pub(super) stream: Stream,
    /// Who it is.
    pub(super) node: NodeId,
    /// Where it is seen.
    pub(super) remote: SocketAddr,
    /// What for.
    pub(super) purpose: Purpose,
}

/// Why a connection did not come about.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConnectError {
    /// Nobody answers there.
    #[error("it cannot be reached: {0}")]
    Unreachable(io::Error),
    /// Nothing at all, or not enough, came in time.
    #[error("it did not answer in time")]
    Timeout,
    /// It is something else.
    #[error("it does not speak this protocol: {0}")]
    Foreign(io::Error),
    /// It did not prove the passphrase.
    #[error("it does not know the passphrase")]
    Stranger,
}

impl From<ConnectError> for io::Error {
    fn from(error: ConnectError) -> Self {
        let kind = match &error {
            ConnectError::Unreachable(source) => source.kind(),
            ConnectError::Timeout => io::ErrorKind::TimedOut,
            ConnectError::Foreign(_) => io::ErrorKind::InvalidData,
            ConnectError::Stranger => io::ErrorKind::PermissionDenied,
        };
        Self::new(kind, error)
    }
}

impl Endpoint {
    /// The ends of one identity, in the overlay of one passphrase.
    pub(super) fn new(identity: &Identity, secret: Option<Secret>) -> Result<Self, rustls::Error> {
        Ok(Self { tls: Tls::new(identity)?, secret })
    }

    /// Connects to an address. Bounded in time by [`CONNECT_TIMEOUT`] and [`HANDSHAKE_TIMEOUT`].
    pub(super) async fn dial(&self, addr: PeerAddr, purpose: Purpose) -> Result<Connection, ConnectError> {
        let socket = match timeout(CONNECT_TIMEOUT, TcpStream::connect(addr.0)).await {
            Ok(connected) => connected.map_err(ConnectError::Unreachable)?,
            Err(_) => return Err(ConnectError::Timeout),
        };
        let handshake = async {
            socket.set_nodelay(true).map_err(ConnectError::Unreachable)?;
            let (mut tls, proven) = self.tls.connect(socket, purpose).await.map_err(ConnectError::Foreign)?;
            if let Some(secret) = &self.secret {
                secret.prove_dialler(&mut tls, &proven.binding).await.map_err(|_| ConnectError::Stranger)?;
            }
            Ok(Connection { stream: Stream::new(tls, None), node: proven.node, remote: addr.0, purpose })
        };
        timeout(HANDSHAKE_TIMEOUT, handshake).await.unwrap_or(Err(ConnectError::Timeout))
    }

    /// Answers an inbound connection. Bounded in time by [`HANDSHAKE_TIMEOUT`].
    pub(super) async fn answer(
        &self,
        socket: TcpStream,
        remote: SocketAddr,
        slot: Slot,
    ) -> Result<Connection, ConnectError> {
        let handshake = async {
            socket.set_nodelay(true).map_err(ConnectError::Unreachable)?;
            let (mut tls, proven) = self.tls.accept(socket).await.map_err(ConnectError::Foreign)?;
            if let Some(secret) = &self.secret {
                secret.prove_listener(&mut tls, &proven.binding).await.map_err(|_| ConnectError::Stranger)?;
            }
            let stream = Stream::new(tls, Some(slot));
            Ok(Connection { stream, node: proven.node, remote, purpose: proven.purpose })
        };
        timeout(HANDSHAKE_TIMEOUT, handshake).await.unwrap_or(Err(ConnectError::Timeout))
    }
}
