//! The node's parts, started in their order and joined where they meet: the overlay asks the library, transfers dial
//! through the overlay's TLS and serve what the library has.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::task::TaskTracker;

use super::handle::Refusal;
use super::settings::Settings;
use super::snapshot::Warning;
use crate::directory::{self, DIRECTORY_FILE, DirectoryHealth, DurableRegistry, OpenError, wall_clock};
use crate::net::{
    self, Dialer, Identity, IncomingFile, Net, NetCommand, NetError, NetSettings, NetStatus, SharedRegistry,
};
use crate::overlay::{self, Event, Role, TopologyKind, Trace};
use crate::proto::{FileId, Magnet, MagnetSource, NodeId, PeerAddr, Untrusted, limits};
use crate::share::{FilesPage, LibraryStatus, LocalLibrary, ShareSettings, Shares, WatchStatus};
use crate::transfer::{
    BoxStream, Dial, Files, Moved, PeerInfo, SharedFile, StartError, Transfer, TransferSettings, Transfers,
};

/// Downloads that run at once; others wait.
const PARALLEL_DOWNLOADS: usize = 4;
/// Files that a list of files shows at once.
const MAX_FILES_A_PAGE: usize = 1_000;

/// Everything that runs beside the engine's one task.
pub(super) struct Parts {
    pub(super) node: NodeId,
    pub(super) events: mpsc::Receiver<Event>,
    pub(super) traces: mpsc::Receiver<Trace>,
    pub(super) files: mpsc::Receiver<IncomingFile>,
    pub(super) net_status: watch::Receiver<Arc<NetStatus>>,
    pub(super) library_changes: watch::Receiver<Arc<LibraryStatus>>,
    commands: mpsc::Sender<NetCommand>,
    net_shutdown: net::Shutdown,
    bound: SocketAddr,
    shares: Option<Shares>,
    library: Arc<LocalLibrary>,
    transfers: Transfers,
    pub(super) transfer_changes: watch::Receiver<u64>,
    directory_health: Option<DirectoryHealth>,
    serving: TaskTracker,
}

impl Parts {
    /// Starts everything; nothing keeps running if a part refuses.
    pub(super) async fn start(settings: &Settings, remembered: &[PeerAddr]) -> Result<Self, Refusal> {
        for folder in [&settings.home.state, &settings.downloads] {
            make_folder(folder)?;
        }
        let identity = Identity::load_or_create(&settings.home.state).map_err(|error| {
            Refusal::new("bad_key", error.to_string(), "put the key in order, or use another --home")
        })?;
        // First, because a library of a million files is not loaded for nothing.
        net::can_listen(settings.listen).await.map_err(refused)?;
        let shares = start_shares(settings)?;
        let library = shares.library();
        let registry = if settings.serve_directory { Some(open_directory(&settings.home.state).await?) } else { None };
        let directory_health = registry.as_ref().map(DurableRegistry::health);
        let registry = registry.map(|registry| Box::new(registry) as SharedRegistry);
        let net_settings = net_settings(settings, identity, remembered);
        let net = net::start(net_settings, library.clone(), registry).await.map_err(refused)?;
        let Net { node, bound, commands, events, traces, mut status, files, dialer, shutdown } = net;
        // The first one tells the address that this node goes by; if the driver is gone already, so is the node.
        let _ = status.changed().await;
        let transfer_settings = TransferSettings {
            downloads: settings.downloads.clone(),
            parallel_downloads: PARALLEL_DOWNLOADS,
            upload_slots: settings.upload_slots,
            upload_queue: settings.upload_queue,
        };
        let offered = Arc::new(Offered(library.clone()));
        let transfers = Transfers::new(transfer_settings, offered, Arc::new(Dialling(dialer)));
        let parts = Self {
            node,
            events,
            traces,
            files,
            net_status: status,
            library_changes: shares.status(),
            commands,
            net_shutdown: shutdown,
            bound,
            shares: Some(shares),
            library,
            transfer_changes: transfers.changes(),
            transfers,
            directory_health,
            serving: TaskTracker::new(),
        };
        parts.resume_downloads().await;
        Ok(parts)
    }

    /// Goes on with what an earlier run did not finish, unless the user had stopped it.
    async fn resume_downloads(&self) {
        let transfers = self.transfers.clone();
        let interrupted = tokio::task::spawn_blocking(move || transfers.interrupted()).await.unwrap_or_default();
        for download in interrupted.into_iter().filter(|download| !download.stopped) {
            let name = download.magnet.name.visible(80);
            if let Err(error) = self.transfers.start(download.magnet) {
                tracing::warn!("the download of {name} does not go on: {error}");
            }
        }
    }

    /// Says goodbye, and returns when everything is still and safe on the disk.
    pub(super) async fn stop(&mut self) {
        self.net_shutdown.run().await;
        self.transfers.shutdown().await;
        self.serving.close();
        self.serving.wait().await;
        if let Some(shares) = self.shares.take() {
            // It ends its threads and writes its cache, which may take a moment.
            let _ = tokio::task::spawn_blocking(move || drop(shares)).await;
        }
    }

    /// Whether the directory that the node serves is written to disk; `None` if it serves none.
    pub(super) fn directory_health(&self) -> Option<DirectoryHealth> {
        self.directory_health.clone()
    }

    /// The driver as it stands.
    pub(super) fn status(&self) -> Arc<NetStatus> {
        self.net_status.borrow().clone()
    }

    /// Where others reach this node: as far as it knows, else what it is bound to.
    pub(super) fn own_addr(&self) -> PeerAddr {
        let unspecified = self.bound.ip().is_unspecified();
        let loopback =
            if self.bound.is_ipv4() { IpAddr::from(Ipv4Addr::LOCALHOST) } else { Ipv6Addr::LOCALHOST.into() };
        let fallback = if unspecified { SocketAddr::new(loopback, self.bound.port()) } else { self.bound };
        self.net_status.borrow().own_addr.unwrap_or(PeerAddr(fallback))
    }

    pub(super) async fn tell(&self, command: NetCommand) -> Result<(), Refusal> {
        self.commands.send(command).await.map_err(|_| Refusal::stopped())
    }

    pub(super) async fn add_peer(&self, addr: String) -> Result<(), Refusal> {
        let (reply, answer) = oneshot::channel();
        self.tell(NetCommand::AddPeer(addr, reply)).await?;
        answer
            .await
            .map_err(|_| Refusal::stopped())?
            .map_err(|error| Refusal::new("bad_peer", error.to_string(), "for example 192.0.2.7:6346"))
    }

    /// Returns once the node is in that topology.
    pub(super) async fn change_topology(&self, topology: TopologyKind) -> Result<(), Refusal> {
        let (reply, answer) = oneshot::channel();
        self.tell(NetCommand::ChangeTopology(topology, reply)).await?;
        answer.await.map_err(|_| Refusal::stopped())
    }

    /// Returns once the node is in that topology and told its neighbors.
    pub(super) async fn propose_topology(&self, topology: TopologyKind) -> Result<(), Refusal> {
        let (reply, answer) = oneshot::channel();
        self.tell(NetCommand::ProposeTopology(topology, reply)).await?;
        answer.await.map_err(|_| Refusal::stopped())?.map_err(|why| {
            let message = format!("the proposal was not sent: {why}");
            Refusal::new("proposal", message, "wait half a minute, or change this node alone")
        })
    }

    pub(super) fn library_status(&self) -> Arc<LibraryStatus> {
        self.library_changes.borrow().clone()
    }

    /// Lists files on a thread of its own, since a filter reads the whole list; the links name this node as the source.
    pub(super) fn list_files(
        &self,
        filter: String,
        offset: u64,
        limit: usize,
        reply: oneshot::Sender<Result<FilesPage, Refusal>>,
    ) {
        let library = Arc::clone(&self.library);
        let own = MagnetSource { addr: self.own_addr(), node: Some(self.node) };
        tokio::task::spawn_blocking(move || {
            // A face that no longer waits for its answer is no error.
            let _ = reply.send(Ok(library.files(&filter, offset, limit.min(MAX_FILES_A_PAGE), &[own])));
        });
    }

    pub(super) fn rescan(&self) {
        if let Some(shares) = &self.shares {
            shares.rescan();
        }
    }

    /// Serves somebody who wants files, on a task of its own.
    pub(super) fn serve(&self, incoming: IncomingFile) {
        let known =
            self.status().links.iter().find(|link| link.peer.id == incoming.node).map(|link| link.peer.name.clone());
        let name = known.unwrap_or_else(|| Untrusted::new(incoming.addr.to_string()));
        let transfers = self.transfers.clone();
        let peer = PeerInfo { node: incoming.node, name };
        self.serving.spawn(async move { transfers.serve(incoming.stream, peer).await });
    }

    pub(super) fn download(&self, magnet: Magnet) -> Result<u64, Refusal> {
        self.transfers.start(magnet).map_err(|error| match error {
            StartError::NoSource => Refusal::new("no_source", error.to_string(), "search for it first"),
            StartError::TooMany => Refusal::new("too_many_transfers", error.to_string(), "wait, or cancel some with x"),
            StartError::Stopping => Refusal::stopped(),
        })
    }

    pub(super) fn cancel_transfer(&self, id: u64) -> Result<(), Refusal> {
        self.transfers
            .cancel(id)
            .map_err(|error| Refusal::new("no_such_transfer", error.to_string(), "see the list of transfers"))
    }

    pub(super) fn list_transfers(&self) -> Vec<Arc<Transfer>> {
        self.transfers.list()
    }

    /// Bytes of files that came, and that went.
    pub(super) fn content_totals(&self) -> (u64, u64) {
        let totals = self.transfers.totals();
        (totals.downloaded, totals.uploaded)
    }

    /// Bytes of files that moved between this node and each other one.
    pub(super) fn moved(&self) -> BTreeMap<NodeId, Moved> {
        self.transfers.moved()
    }

    /// What the user should know.
    pub(super) fn warnings(&self, library: &LibraryStatus) -> Arc<[Warning]> {
        let of_root = library.roots.iter().filter_map(|root| {
            let (code, why) = match &root.watch {
                WatchStatus::Watched => return None,
                WatchStatus::Polled { why } => ("share_polled", why),
                WatchStatus::Lost { why } => ("share_lost", why),
            };
            let message = format!("the share {}: {why}", root.alias);
            Some(Warning { code: code.to_owned(), message, hint: root.path.display().to_string() })
        });
        let of_cache = library.cache_note.iter().map(|note| Warning {
            code: "library_cache".to_owned(),
            message: note.clone(),
            hint: "nothing needs to be done: files are hashed again where it is needed".to_owned(),
        });
        let status = self.status();
        let of_peers = status.unreachable.iter().map(|(addr, why)| Warning {
            code: "peer_unreachable".to_owned(),
            message: format!("no link to the peer {addr}: {why}"),
            hint: "look whether a node runs there; this one goes on trying".to_owned(),
        });
        // Whoever found neighbors all the same needs no advice.
        let alone = status.links.is_empty();
        let of_roles = status.particular.iter().filter(|_| alone);
        let of_roles = of_roles.filter_map(|(addr, role)| particular(*addr, *role, status.topology));
        of_root.chain(of_cache).chain(of_peers).chain(of_roles).collect()
    }
}

/// What to say of a peer that the user named and that is no neighbor because of its role.
fn particular(addr: PeerAddr, role: Role, own: TopologyKind) -> Option<Warning> {
    let (code, message, hint) = match (role, own) {
        (Role::Directory, TopologyKind::Flood | TopologyKind::Ultrapeer) => (
            "peer_is_directory",
            format!("the peer {addr} is a directory, and part of no overlay"),
            "name it with --directory, and turn to it with `hopscope topology central`",
        ),
        (Role::Leaf, TopologyKind::Flood) => (
            "peer_is_leaf",
            format!("the peer {addr} is a leaf, and links to ultra-peers only"),
            "name an ultra-peer, or become a leaf with `hopscope topology ultrapeer`",
        ),
        _ => return None,
    };
    Some(Warning { code: code.to_owned(), message, hint: hint.to_owned() })
}

fn refused(error: NetError) -> Refusal {
    Refusal::new(error.code(), error.to_string(), error.hint())
}

/// Reads what an earlier run knew, on a thread that may wait for the disk.
async fn open_directory(state: &Path) -> Result<DurableRegistry, Refusal> {
    let path = state.join(DIRECTORY_FILE);
    // A process that the system gives no randomness does not get as far as this.
    let seed = getrandom::u64().unwrap_or_default();
    let opened = tokio::task::spawn_blocking(move || directory::open(&path, limits::LEASE, wall_clock(), seed)).await;
    let refused = |error: OpenError| Refusal::new("directory", error.to_string(), "see `hopscope directory --help`");
    opened.map_err(|_| Refusal::stopped())?.map_err(refused)
}

fn make_folder(folder: &Path) -> Result<(), Refusal> {
    fs::create_dir_all(folder).map_err(|error| {
        let message = format!("the folder {} cannot be made: {error}", folder.display());
        Refusal::new("no_folder", message, "choose another one with --home or --downloads, or make room for it")
    })
}

fn start_shares(settings: &Settings) -> Result<Shares, Refusal> {
    let settings = ShareSettings {
        folders: settings.shares.clone(),
        state: settings.home.state.clone(),
        hash_rate: settings.hash_rate,
    };
    Shares::start(settings).map_err(|error| Refusal::new("bad_share", error.to_string(), "correct --share"))
}

fn net_settings(settings: &Settings, identity: Identity, remembered: &[PeerAddr]) -> NetSettings {
    NetSettings {
        listen: settings.listen,
        name: settings.name.clone(),
        agent: concat!("hopscope/", env!("CARGO_PKG_VERSION")).to_owned(),
        identity,
        peers: settings.peers.clone(),
        directories: settings.directories.clone(),
        remembered: remembered.to_vec(),
        discovery: settings.discovery,
        passphrase: settings.passphrase.as_ref().map(|passphrase| passphrase.reveal().to_owned()),
        core: overlay::Config {
            topology: settings.topology,
            min_neighbors: settings.min_neighbors,
            max_neighbors: settings.max_neighbors,
            only_peers: settings.only_peers,
            role: settings.role,
            capacity_kbps: settings.capacity_kbps,
            max_leaves: settings.max_leaves,
            advertise_all: settings.advertise_all,
            serve_directory: settings.serve_directory,
            follow: settings.follow,
            dedup: settings.dedup,
            hop_delay: settings.hop_delay,
            trace: true,
            ..overlay::Config::default()
        },
    }
}

/// The library, as transfers ask it.
struct Offered(Arc<LocalLibrary>);

impl Files for Offered {
    fn locate(&self, id: &FileId) -> Option<SharedFile> {
        let file = self.0.locate(id)?;
        Some(SharedFile { path: file.path, size: file.size, mtime: file.modified })
    }
}

/// The overlay's TLS, as transfers dial through it.
struct Dialling(Dialer);

impl Dial for Dialling {
    fn dial(&self, addr: PeerAddr, node: Option<NodeId>) -> BoxFuture<'_, io::Result<(BoxStream, NodeId)>> {
        Box::pin(async move {
            let (stream, node) = self.0.file(addr, node).await?;
            Ok((Box::new(stream) as BoxStream, node))
        })
    }
}
