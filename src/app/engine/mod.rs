//! The engine: one task that ties the overlay, the shares and the transfers together, and keeps what the faces see.

mod changes;
mod commands;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{broadcast, mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use super::event::Event;
use super::handle::{Command, Handle, Refusal};
use super::known_hosts::KnownHosts;
use super::log::LogRing;
use super::neighbors::Neighbors;
use super::nodes::KnownNodes;
use super::parts::Parts;
use super::relayed::Relayed;
use super::role::{Aims, RoleWatch};
use super::searches::Searches;
use super::settings::Settings;
use super::snapshot::{LogLine, NodeStatus, Snapshot, Warning};
use super::standing::Past;
use super::told::Teller;
use super::traffic::{Meter, Reading};
use super::transfer_events::TransferEvents;
use crate::overlay::{self, Explained};
use crate::proto::{Guid, Untrusted};
use crate::share::LibraryStatus;

/// Commands that may wait.
const COMMANDS: usize = 64;
/// Events that a reader may lag behind before it loses some.
const EVENTS: usize = 4_096;
/// Between two snapshots at the least, while something changes.
const SNAPSHOT_INTERVAL: Duration = Duration::from_millis(80);
/// Traces looked at in one go, and the rest between two goes: a node that passes on a hundred thousand queries a second
/// shows a person some of them, and loses the others at the driver's bounded queue, where that costs next to nothing.
const TRACES_AT_ONCE: usize = 256;
const TRACES_INTERVAL: Duration = Duration::from_millis(50);
/// Between two savings of the known hosts.
const HOSTS_INTERVAL: Duration = Duration::from_secs(60);

/// Starts a node. It runs until [`Handle::shutdown`]; dropping every handle stops it too. The receiver has its events from
/// the very first one, which [`Handle::events`] may be too late for; drop it if that does not matter.
///
/// # Errors
/// When the port is taken, the key is damaged, or a share cannot be shared; the refusal says what to do.
pub async fn start(settings: Settings, log: LogRing) -> Result<(Handle, broadcast::Receiver<Event>), Refusal> {
    let hosts = KnownHosts::load(&settings.home.state);
    let parts = Parts::start(&settings, hosts.addrs()).await?;
    let (commands, inbox) = mpsc::channel(COMMANDS);
    let (events, from_the_start) = broadcast::channel(EVENTS);
    let clock = log.clock();
    let mut engine = Engine::new(settings, parts, hosts, log);
    let (snapshots, seen) = watch::channel(Arc::new(engine.snapshot()));
    tokio::spawn(engine.run(inbox, Faces { snapshots, events: events.clone() }));
    Ok((Handle::new(commands, seen, events).with_clock(clock), from_the_start))
}

/// What goes out to those who look.
struct Faces {
    snapshots: watch::Sender<Arc<Snapshot>>,
    events: broadcast::Sender<Event>,
}

impl Faces {
    fn emit(&self, event: Event) {
        // An error means that nobody listens.
        let _ = self.events.send(event);
    }
}

struct Engine {
    settings: Settings,
    parts: Parts,
    hosts: Arc<Mutex<KnownHosts>>,
    log: LogRing,
    log_seen: u64,
    log_lines: Arc<[LogLine]>,
    node: Arc<NodeStatus>,
    library: Arc<LibraryStatus>,
    role: RoleWatch,
    past: Past,
    /// What the core was told of it last.
    standing: Option<overlay::Standing>,
    searches: Searches,
    relayed: Relayed,
    neighbors: Neighbors,
    nodes: KnownNodes,
    /// Questions to other nodes, and who waits for what comes of them; the core bounds them, and ends each.
    asking: Vec<(Guid, oneshot::Sender<Result<Explained, Refusal>>)>,
    meter: Meter,
    transfers: TransferEvents,
    teller: Teller,
    /// Files, bytes and files to be hashed, as the faces were told last.
    library_told: Option<(u64, u64, u64)>,
    /// What the faces were warned of and still holds.
    warned: Arc<[Warning]>,
    /// Whether the faces have not seen the last change yet.
    dirty: bool,
}

impl Engine {
    fn new(settings: Settings, parts: Parts, hosts: KnownHosts, log: LogRing) -> Self {
        let clock = log.clock();
        let node = NodeStatus {
            node: parts.node,
            name: Untrusted::new(settings.name.clone()),
            addr: parts.own_addr(),
            control: Some(settings.home.socket.clone()),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started: clock.date(),
            ttl: settings.ttl,
            hop_delay_ms: settings.hop_delay.as_millis() as u64,
            downloads: settings.downloads.clone(),
        };
        let library = parts.library_status();
        let role = RoleWatch::new(parts.directory_health());
        let past = Past::load(&settings.home.state, clock.hour());
        Self {
            settings,
            parts,
            hosts: Arc::new(Mutex::new(hosts)),
            log,
            log_seen: 0,
            log_lines: Arc::default(),
            node: Arc::new(node),
            library,
            role,
            past,
            standing: None,
            searches: Searches::default(),
            relayed: Relayed::default(),
            neighbors: Neighbors::default(),
            nodes: KnownNodes::default(),
            asking: Vec::new(),
            meter: Meter::default(),
            transfers: TransferEvents::default(),
            teller: Teller::default(),
            library_told: None,
            warned: Arc::default(),
            dirty: false,
        }
    }

    async fn run(mut self, mut inbox: mpsc::Receiver<Command>, faces: Faces) {
        let mut second = interval(Duration::from_secs(1));
        second.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut saving = interval(HOSTS_INTERVAL);
        let (mut next_snapshot, mut next_traces) = (Instant::now(), Instant::now());
        let (mut traces, mut resting) = (Vec::with_capacity(TRACES_AT_ONCE), false);
        let shutdown_reply = loop {
            tokio::select! {
                command = inbox.recv() => match command {
                    Some(Command::Shutdown(reply)) => break Some(reply),
                    Some(command) => self.command(command, &faces).await,
                    None => break None,
                },
                Some(event) = self.parts.events.recv() => self.core_event(event, &faces),
                () = sleep_until(next_traces), if resting => resting = false,
                1.. = self.parts.traces.recv_many(&mut traces, TRACES_AT_ONCE), if !resting => {
                    self.take_traces(&mut traces);
                    (resting, next_traces) = (true, Instant::now() + TRACES_INTERVAL);
                }
                Some(file) = self.parts.files.recv() => self.parts.serve(file),
                Ok(()) = self.parts.net_status.changed() => self.net_changed(&faces),
                Ok(()) = self.parts.library_changes.changed() => self.library_changed(&faces).await,
                Ok(()) = self.parts.transfer_changes.changed() => self.transfers_changed(&faces),
                _ = second.tick() => self.second_passed().await,
                _ = saving.tick() => drop(self.save()),
                () = sleep_until(next_snapshot), if self.dirty => {
                    self.publish(&faces);
                    next_snapshot = Instant::now() + SNAPSHOT_INTERVAL;
                }
            }
        };
        self.stop(shutdown_reply, &faces).await;
    }

    async fn stop(mut self, reply: Option<oneshot::Sender<Result<(), Refusal>>>, faces: &Faces) {
        self.parts.stop().await;
        while let Ok(event) = self.parts.events.try_recv() {
            self.core_event(event, faces);
        }
        // If its thread fails, it has said so.
        let _ = self.save().await;
        self.publish(faces);
        if let Some(reply) = reply {
            // Whoever asked may have gone.
            let _ = reply.send(Ok(()));
        }
    }

    fn publish(&mut self, faces: &Faces) {
        faces.snapshots.send_replace(Arc::new(self.snapshot()));
        self.dirty = false;
    }

    fn now_ms(&self) -> u64 {
        self.log.clock().millis()
    }

    fn reading(&self) -> Reading {
        let (content_in, content_out) = self.parts.content_totals();
        Reading { content_in, content_out }
    }

    /// Saves the known hosts and the node's past on a thread that may wait for the disk.
    fn save(&mut self) -> JoinHandle<()> {
        let (hosts, now) = (Arc::clone(&self.hosts), Arc::clone(&self.parts.status().remember));
        let past = self.past.unsaved();
        tokio::task::spawn_blocking(move || {
            if let Some(Err(error)) = past.map(|past| past.save()) {
                tracing::warn!("how regularly the node is online cannot be saved: {error}");
            }
            if let Err(error) = hosts.lock().unwrap_or_else(PoisonError::into_inner).save(&now) {
                tracing::warn!("the known hosts cannot be saved: {error}");
            }
        })
    }

    fn snapshot(&mut self) -> Snapshot {
        if let Some((seen, lines)) = self.log.newer_than(self.log_seen) {
            (self.log_seen, self.log_lines) = (seen, lines);
        }
        let now_ms = self.now_ms();
        let status = self.parts.status();
        let searches = self.searches.publish(now_ms);
        let own = searches.iter().rev().map(|search| search.row.clone());
        Snapshot {
            node: Arc::clone(&self.node),
            uptime_ms: now_ms,
            neighbors: self.neighbors.rows(&status),
            queries: own.chain(self.relayed.rows(now_ms)).collect(),
            searches,
            role: self.role.picture(&status, Aims::from(&self.settings)),
            transfers: self.parts.list_transfers(),
            library: Arc::clone(&self.library),
            traffic: self.meter.read(&status, self.reading()),
            log: Arc::clone(&self.log_lines),
            warnings: self.parts.warnings(&self.library),
            world: None,
            recorded: None,
        }
    }
}
