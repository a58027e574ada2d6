//! Connections for file transfers: handed out as they come in, dialled for those who fetch.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use super::endpoint::{Connection, Endpoint};
use super::identity::Identity;
use super::stream::Stream;
use super::tls::Purpose;
use crate::proto::{NodeId, PeerAddr};

/// Somebody who wants a file.
#[derive(Debug)]
pub struct IncomingFile {
    /// Bytes to and from there.
    pub stream: Stream,
    /// Who it is, as its key says.
    pub node: NodeId,
    /// Where it is seen.
    pub addr: SocketAddr,
}

/// Opens proven connections to other nodes. Cheap to clone.
#[derive(Clone)]
pub struct Dialer {
    endpoint: Arc<Endpoint>,
}

impl Dialer {
    pub(super) fn new(endpoint: Arc<Endpoint>) -> Self {
        Self { endpoint }
    }

    /// One without a node behind it, for what talks to nodes and is none: load generators and hostile tests.
    ///
    /// # Errors
    /// When the key cannot be used for TLS.
    pub fn of(identity: &Identity) -> Result<Self, rustls::Error> {
        Ok(Self { endpoint: Arc::new(Endpoint::new(identity, None)?) })
    }

    /// A connection for file transfers to `addr`, to `node` alone if it is given, and who answers there. Takes a few
    /// seconds at most.
    ///
    /// # Errors
    /// When nobody answers there in time, when it is no node of this overlay, or when it is another node
    /// (`PermissionDenied`).
    pub async fn file(&self, addr: PeerAddr, node: Option<NodeId>) -> io::Result<(Stream, NodeId)> {
        self.connect(addr, node, Purpose::File).await
    }

    /// A connection for any purpose.
    ///
    /// # Errors
    /// Those of [`Dialer::file`].
    pub async fn open(&self, addr: PeerAddr, node: Option<NodeId>, purpose: Purpose) -> io::Result<Stream> {
        self.connect(addr, node, purpose).await.map(|(stream, _)| stream)
    }

    async fn connect(&self, addr: PeerAddr, node: Option<NodeId>, purpose: Purpose) -> io::Result<(Stream, NodeId)> {
        let Connection { stream, node: found, .. } = self.endpoint.dial(addr, purpose).await?;
        if node.is_some_and(|wanted| wanted != found) {
            let message = format!("another node answers at {addr}: it is {}", found.short());
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, message));
        }
        Ok((stream, found))
    }
}
