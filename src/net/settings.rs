//! What the driver starts with, what it can be told, and why it may not start.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::sync::oneshot;

use super::identity::{Identity, IdentityError};
use super::resolve::PeerNameError;
use crate::overlay::{self, Delivery, Standing, Strategy, TopologyKind};
use crate::proto::{Guid, NodeId, PeerAddr, QueryError, Ttl};

/// What the driver starts with.
pub struct NetSettings {
    /// Where to listen; port 0 for any.
    pub listen: SocketAddr,
    /// What the node calls itself; cut to [`crate::proto::limits::MAX_NODE_NAME`] bytes.
    pub name: String,
    /// Program and version, for people; cut likewise.
    pub agent: String,
    /// Its key.
    pub identity: Identity,
    /// Well-known peers, `host:port`.
    pub peers: Vec<String>,
    /// Directories, `host:port`.
    pub directories: Vec<String>,
    /// Addresses remembered from an earlier run.
    pub remembered: Vec<PeerAddr>,
    /// Look for nodes on the local network. Nothing is looked for with `core.only_peers`.
    pub discovery: bool,
    /// What members of a private overlay know.
    pub passphrase: Option<String>,
    /// The settings of the core.
    pub core: overlay::Config,
}

/// Why the driver does not start.
#[derive(Debug, thiserror::Error)]
pub enum NetError {
    /// Somebody else listens there.
    #[error("{0} is in use: another node or program listens there")]
    InUse(SocketAddr),
    /// This machine does not have that address.
    #[error("{0} is no address of this machine")]
    NotLocal(SocketAddr),
    /// The system does not allow it.
    #[error("this user may not listen on {0}")]
    NotAllowed(SocketAddr),
    /// Anything else.
    #[error("cannot listen on {addr}: {source}")]
    Listen {
        /// Where.
        addr: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// A name of a peer is none.
    #[error("{0}")]
    Peer(#[from] PeerNameError),
    /// The passphrase is empty.
    #[error("the passphrase is empty")]
    EmptyPassphrase,
    /// The passphrase's key could not be computed.
    #[error("the key of the passphrase could not be computed")]
    Passphrase,
    /// There is no key.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The key cannot be used.
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
    /// The system has no randomness.
    #[error("the system gives no random numbers: {0}")]
    Random(#[from] getrandom::Error),
}

impl NetError {
    pub(super) fn listen(addr: SocketAddr, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::AddrInUse => Self::InUse(addr),
            io::ErrorKind::AddrNotAvailable => Self::NotLocal(addr),
            io::ErrorKind::PermissionDenied => Self::NotAllowed(addr),
            _ => Self::Listen { addr, source },
        }
    }

    /// A stable word for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::InUse(_) => "port_in_use",
            Self::NotLocal(_) => "address_not_local",
            Self::NotAllowed(_) => "port_not_allowed",
            Self::Listen { .. } => "cannot_listen",
            Self::Peer(_) => "bad_peer",
            Self::EmptyPassphrase | Self::Passphrase => "bad_passphrase",
            Self::Identity(_) => "bad_key",
            Self::Tls(_) => "tls",
            Self::Random(_) => "no_randomness",
        }
    }

    /// What to do.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::InUse(_) => "stop the other one, or choose another port with --listen; port 0 takes any that is free",
            Self::NotLocal(_) => "choose an address of this machine with --listen; 0.0.0.0 takes all of them",
            Self::NotAllowed(_) => "choose a port above 1023 with --listen",
            Self::Listen { .. } => "choose another address with --listen",
            Self::Peer(_) => "correct --peer",
            Self::EmptyPassphrase => "write one line into the passphrase file, or leave the option out",
            Self::Passphrase => "start the node again",
            Self::Identity(_) => "put the key in order, or use another --home",
            Self::Tls(_) => "move the key away; the node makes a new one",
            Self::Random(_) => "check that /dev/urandom can be read",
        }
    }
}

/// What the driver can be told. Replies may be dropped unread.
#[derive(Debug)]
pub enum NetCommand {
    /// Start a search; its events follow under the GUID that is answered.
    Search(NetSearch, oneshot::Sender<Result<Guid, SearchError>>),
    /// End a search; one that is over already is no error.
    Cancel(Guid),
    /// Ask a node about a search; [`overlay::Event::Explained`] follows under the GUID that is answered.
    Ask(NetAsk, oneshot::Sender<Result<Guid, SearchError>>),
    /// Dial `host:port` and keep the link.
    AddPeer(String, oneshot::Sender<Result<(), PeerNameError>>),
    /// Change the topology of this node; answers when that is done.
    ChangeTopology(TopologyKind, oneshot::Sender<()>),
    /// Change it, and propose it to all others; answers why not, if not.
    ProposeTopology(TopologyKind, oneshot::Sender<Result<(), &'static str>>),
    /// What the node shares is not what it was.
    LibraryChanged,
    /// What the machine's past says of the node.
    Standing(Standing),
    /// Close the link to a node; answers whether there was one.
    Disconnect(NodeId, oneshot::Sender<bool>),
}

/// A search to start.
#[derive(Clone, Debug)]
pub struct NetSearch {
    /// As typed.
    pub text: String,
    /// How far it goes.
    pub ttl: Ttl,
    /// How it spreads.
    pub strategy: Strategy,
    /// When it ends at the latest.
    pub timeout: Duration,
    /// It ends when that many hits came.
    pub enough: usize,
    /// How hits and reports come back.
    pub delivery: Delivery,
    /// Ask each node to report.
    pub traced: bool,
}

/// A question to a node about a search.
#[derive(Clone, Debug)]
pub struct NetAsk {
    /// Who is asked; `None` for whoever answers at the address.
    pub node: Option<NodeId>,
    /// Where, if there is no link.
    pub addr: Option<PeerAddr>,
    /// The query that found nothing there.
    pub query: Guid,
    /// As typed.
    pub text: String,
    /// See [`overlay::Question::whois`]; cut to what may travel.
    pub whois: String,
    /// How long to wait for the account.
    pub timeout: Duration,
}

/// Why a search does not start.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// It is no query.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// It is too long to travel.
    #[error("the search is {0} bytes long; {max} are allowed", max = crate::proto::limits::MAX_QUERY_TEXT)]
    TooLong(usize),
    /// The system has no randomness.
    #[error("the system gives no random numbers: {0}")]
    Random(#[from] getrandom::Error),
}
