//! Puts the parts together, and takes them apart.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::actor::{Actor, Channels, Keeps, Known, SharedLibrary, SharedRegistry};
use super::admission::Admission;
use super::clock::Clock;
use super::direct::DirectIn;
use super::discovery::{Announcement, discover};
use super::endpoint::Endpoint;
use super::files::{Dialer, IncomingFile};
use super::limits::{COMMANDS, EVENTS, MAX_FILES_WAITING, MAX_NAMES, TRACES};
use super::listener::{Doorman, listen};
use super::random;
use super::resolve::{Lookup, NamedAs, PeerName, PeerNameError, resolve};
use super::room::Room;
use super::secret::Secret;
use super::settings::{NetCommand, NetError, NetSettings};
use super::shared::Shared;
use super::status::{NetStatus, Publisher};
use crate::base::Rng;
use crate::overlay::{Event, Hello, Role, Trace};
use crate::proto::limits::MAX_NODE_NAME;
use crate::proto::{NodeId, PeerAddr, Untrusted};

/// A running driver: the ends of its channels. It leaves the overlay when `commands` is dropped or [`Shutdown::run`] is
/// called.
pub struct Net {
    /// Who this node is.
    pub node: NodeId,
    /// Where it listens; the wildcard if it was told so, the port as the system gave it.
    pub bound: SocketAddr,
    /// What it can be told; bounded.
    pub commands: mpsc::Sender<NetCommand>,
    /// What happens. Whoever does not read loses events, which are counted.
    pub events: mpsc::Receiver<Event>,
    /// What happens to queries of others, if the core is set to trace. Likewise.
    pub traces: mpsc::Receiver<Trace>,
    /// The driver as it stands.
    pub status: watch::Receiver<Arc<NetStatus>>,
    /// Those who want files. Whoever does not take them lets later ones be turned away.
    pub files: mpsc::Receiver<IncomingFile>,
    /// Opens connections for file transfers.
    pub dialer: Dialer,
    /// Ends it.
    pub shutdown: Shutdown,
}

/// Ends a driver.
#[derive(Clone)]
pub struct Shutdown {
    leave: CancellationToken,
    tracker: TaskTracker,
}

impl Shutdown {
    /// Says goodbye on every link and waits until every task is gone: a moment, with a stuck peer two seconds.
    pub async fn run(&self) {
        self.leave.cancel();
        self.tracker.close();
        self.tracker.wait().await;
    }

    /// Tasks that run.
    #[must_use]
    pub fn tasks(&self) -> usize {
        self.tracker.len()
    }
}

/// Whether an address can be listened at, for those who have much to do before they start.
///
/// # Errors
/// When it cannot; the error says what to do.
pub async fn can_listen(addr: SocketAddr) -> Result<(), NetError> {
    TcpListener::bind(addr).await.map(drop).map_err(|error| NetError::listen(addr, error))
}

/// Starts listening, and everything else. `registry` is what a directory keeps, if the settings say to serve one. Returns
/// when the port is bound; must be called within a tokio runtime.
///
/// # Errors
/// When the address cannot be bound, or a setting is wrong; the error says what to do.
pub async fn start(
    settings: NetSettings,
    library: SharedLibrary,
    registry: Option<SharedRegistry>,
) -> Result<Net, NetError> {
    let (known, names) = known_hosts(&settings)?;
    let listener =
        TcpListener::bind(settings.listen).await.map_err(|error| NetError::listen(settings.listen, error))?;
    let bound = listener.local_addr().map_err(|error| NetError::listen(settings.listen, error))?;
    let secret = secret(settings.passphrase.clone()).await?;
    let private = secret.is_some();
    let mut rng = Rng::new(u64::from_le_bytes(random::bytes()?));
    let room = Room::make(settings.core.serve_directory);
    let (notes, inbox) = mpsc::channel(room.queue());
    let (hello, hello_seen) = watch::channel(hello(&settings, bound));
    let shared = Shared {
        clock: Clock::start(),
        endpoint: Arc::new(Endpoint::new(&settings.identity, secret)?),
        hello: hello_seen,
        notes,
        tally: Arc::default(),
        tracker: TaskTracker::new(),
        leave: CancellationToken::new(),
        cut: CancellationToken::new(),
    };

    let (files, files_out) = mpsc::channel(MAX_FILES_WAITING);
    let direct = DirectIn::new(shared.notes.clone(), Arc::clone(&shared.tally));
    let doorman = Doorman { shared: shared.clone(), direct, files };
    shared.tracker.spawn(listen(listener, Admission::new(room.inbound, rng.next_u64()), doorman));
    let lookups = start_resolver(&shared, names);
    let node = settings.identity.node();
    if settings.discovery && !settings.core.only_peers {
        let announcement = Announcement { listen: bound, node: (!private).then_some(node), own: node };
        shared.tracker.spawn(discover(announcement, shared.notes.clone(), shared.leave.clone()));
    }

    let (commands, orders) = mpsc::channel(COMMANDS);
    let (events, events_out) = mpsc::channel(EVENTS);
    let (traces, traces_out) = mpsc::channel(TRACES);
    let (status, status_out) = watch::channel(Arc::new(NetStatus::default()));
    let channels = Channels { events, traces, lookups, hello };
    let keeps = Keeps { library, registry };
    let publisher = Publisher::new(status);
    let mut settings = NetSettings { listen: bound, ..settings };
    settings.core.max_clients = settings.core.max_clients.min(room.clients);
    let actor = Actor::new(shared.clone(), settings, keeps, room.links, channels, publisher, &mut rng);
    shared.tracker.spawn(actor.run(inbox, orders, known));
    Ok(Net {
        node,
        bound,
        commands,
        events: events_out,
        traces: traces_out,
        status: status_out,
        files: files_out,
        dialer: Dialer::new(shared.endpoint),
        shutdown: Shutdown { leave: shared.leave, tracker: shared.tracker },
    })
}

fn start_resolver(shared: &Shared, names: Vec<Lookup>) -> mpsc::Sender<Lookup> {
    let (lookups, inbox) = mpsc::channel(MAX_NAMES);
    shared.tracker.spawn(resolve(inbox, shared.notes.clone(), shared.leave.clone()));
    for name in names {
        if lookups.try_send(name).is_err() {
            tracing::warn!("{}", PeerNameError::TooMany);
        }
    }
    lookups
}

/// The key of a private overlay; never none where a passphrase was given.
async fn secret(passphrase: Option<String>) -> Result<Option<Secret>, NetError> {
    let Some(passphrase) = passphrase else { return Ok(None) };
    if passphrase.trim().is_empty() {
        return Err(NetError::EmptyPassphrase);
    }
    let secret = tokio::task::spawn_blocking(move || Secret::new(&passphrase)).await;
    secret.map(Some).map_err(|_| NetError::Passphrase)
}

/// The addresses that are known at the start, and the names that have to be resolved first.
fn known_hosts(settings: &NetSettings) -> Result<(Known, Vec<Lookup>), NetError> {
    let (mut known, mut names) = (Known::default(), Vec::new());
    let peers = settings.peers.iter().map(|name| (name, NamedAs::Peer));
    let directories = settings.directories.iter().map(|name| (name, NamedAs::Directory));
    for (name, named_as) in peers.chain(directories) {
        match (PeerName::parse(name)?, named_as) {
            (PeerName::Addr(addr), NamedAs::Peer) => known.peers.push(addr),
            (PeerName::Addr(addr), NamedAs::Directory) => known.directories.push(addr),
            (PeerName::Name(name), _) => names.push(Lookup::Add(name, named_as)),
        }
    }
    known.remembered.clone_from(&settings.remembered);
    known.remembered.retain(|addr| addr.is_dialable());
    Ok((known, names))
}

/// What this node says of itself on every link.
fn hello(settings: &NetSettings, bound: SocketAddr) -> Hello {
    Hello {
        name: short(&settings.name),
        agent: short(&settings.agent),
        listen: Some(PeerAddr(bound)),
        observed: None,
        topology: settings.core.topology,
        role: Role::default(),
        serves: settings.core.serve_directory,
    }
}

fn short(text: &str) -> Untrusted {
    let end = (0..=text.len().min(MAX_NODE_NAME)).rev().find(|&end| text.is_char_boundary(end));
    text[..end.unwrap_or(0)].into()
}
