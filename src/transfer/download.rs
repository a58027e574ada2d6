//! One download from its first try to its end: which source, how often, how long to wait, and what to tell the user.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio_util::sync::CancellationToken;

use super::board::Ticket;
use super::buffers::Buffers;
use super::client::{Client, Dial, Trouble};
use super::ledger::{Account, Ledger};
use super::names::safe_name;
use super::partial::{Folder, Partial};
use super::plan::Plan;
use super::receive::{Receiver, disk_trouble};
use super::state::{TransferState, VERIFICATION_FAILED};
use super::verify::GroupList;
use crate::base::Rng;
use crate::proto::{Magnet, MagnetSource};

/// Tries in a row that bring nothing, after which a download is given up.
const MAX_TRIES: u32 = 7;
/// The wait after the first of them; it doubles each time.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// How long a dial may take.
const DIAL_TIMEOUT: Duration = Duration::from_secs(30);

/// What all downloads share.
pub(super) struct Shared {
    pub(super) folder: Folder,
    pub(super) dial: Arc<dyn Dial>,
    /// As many permits as downloads may run at once.
    pub(super) turns: Semaphore,
    pub(super) buffers: Arc<Buffers>,
    pub(super) ledger: Arc<Ledger>,
    /// Triggers when the node stops; the parent of every download's own token.
    pub(super) closing: CancellationToken,
}

/// What is on the disk of a file, and what is missing of it.
struct Work {
    partial: Arc<Partial>,
    plan: Plan,
}

/// One download.
pub(super) struct Download {
    shared: Arc<Shared>,
    magnet: Magnet,
    ticket: Ticket,
    work: Option<Work>,
    /// Sources that may still be of use; the first one is next.
    sources: Vec<MagnetSource>,
    rng: Rng,
}

impl Download {
    pub(super) fn new(shared: Arc<Shared>, magnet: Magnet, ticket: Ticket) -> Self {
        let seed = magnet.id.0.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes)) ^ ticket.id();
        Self { shared, sources: magnet.sources.clone(), magnet, ticket, work: None, rng: Rng::new(seed) }
    }

    /// Runs it to its end, and lets go of its files. The caller publishes the end, if it is one: a download that ends with
    /// the node is not over.
    pub(super) async fn run(mut self) -> (Ticket, Option<(TransferState, Option<String>)>) {
        let end = match self.fetch().await {
            Ok(path) => Some((TransferState::Done, Some(path))),
            Err(Trouble::Stopped) if self.shared.closing.is_cancelled() => None,
            Err(Trouble::Stopped) => Some((TransferState::Cancelled, None)),
            Err(
                Trouble::Busy { why, .. }
                | Trouble::Lost(why)
                | Trouble::Useless(why)
                | Trouble::Lied(why)
                | Trouble::Fatal(why),
            ) => Some((TransferState::Failed, Some(why))),
        };
        let state = end.as_ref().map(|(state, _)| *state);
        if let Some(Work { partial, .. }) = self.work.take().filter(|_| state != Some(TransferState::Done)) {
            // What is here stays here in any case; this only spares the next run from reading it again.
            let _ = blocking(move || {
                partial.sync()?;
                if state == Some(TransferState::Cancelled) { partial.stopped() } else { Ok(()) }
            })
            .await;
        }
        (self.ticket, end)
    }

    async fn fetch(&mut self) -> Result<String, Trouble> {
        let shared = Arc::clone(&self.shared);
        let mut tries = 0;
        loop {
            let turn = self.turn(&shared).await?;
            if self.work.is_none() {
                self.resume().await?;
            }
            let before = self.bytes();
            let trouble = match self.attempt().await {
                Ok(()) => return self.finish().await,
                Err(trouble) => trouble,
            };
            drop(turn);
            if self.bytes() > before {
                tries = 0;
            }
            match trouble {
                Trouble::Busy { retry, why } => {
                    tries = 0;
                    self.ask_another();
                    // Each is asked again when it said, and the others meanwhile.
                    self.wait(retry / self.sources.len().max(1) as u32, why).await?;
                }
                Trouble::Lost(why) => {
                    tries += 1;
                    self.try_later(tries, why).await?;
                }
                Trouble::Useless(why) => self.next_source("", &why)?,
                Trouble::Lied(why) => self.next_source(&format!("{VERIFICATION_FAILED}: "), &why)?,
                fatal => return Err(fatal),
            }
        }
    }

    /// Waits until this download may run.
    async fn turn<'a>(&self, shared: &'a Shared) -> Result<SemaphorePermit<'a>, Trouble> {
        if let Ok(turn) = shared.turns.try_acquire() {
            return Ok(turn);
        }
        self.ticket.state(TransferState::Queued, Some("waits for other downloads".into()));
        tokio::select! {
            () = self.ticket.stop().cancelled() => Err(Trouble::Stopped),
            turn = shared.turns.acquire() => turn.map_err(|_| Trouble::Stopped),
        }
    }

    /// Takes up what an earlier run left.
    async fn resume(&mut self) -> Result<(), Trouble> {
        let (folder, id) = (self.shared.folder.clone(), self.magnet.id);
        let Some((partial, plan, magnet)) = blocking(move || Partial::open(&folder, &id)).await? else { return Ok(()) };
        let size = partial.groups().size();
        if self.magnet.size.is_some_and(|said| said != size) {
            // One of the two is wrong. What is here is only given up once a source confirms the link.
            return Ok(());
        }
        if self.magnet.name.raw().is_empty() {
            self.magnet.name = magnet.name;
        }
        self.take_up(partial, plan);
        Ok(())
    }

    fn take_up(&mut self, partial: Partial, plan: Plan) {
        let (size, name) = (partial.groups().size(), self.magnet.name.clone());
        self.ticket.update(|transfer| (transfer.bytes, transfer.size, transfer.name) = (plan.bytes(), size, name));
        self.work = Some(Work { partial: Arc::new(partial), plan });
    }

    fn bytes(&self) -> u64 {
        self.work.as_ref().map_or(0, |work| work.plan.bytes())
    }

    /// One connection to the first source, for as long as it lasts.
    async fn attempt(&mut self) -> Result<(), Trouble> {
        if self.work.is_none()
            && let Some(small) = self.magnet.size.and_then(|size| GroupList::of_small(&self.magnet.id, size))
        {
            self.begin(small).await?;
        }
        if self.work.as_ref().is_some_and(|work| work.plan.is_complete()) {
            return Ok(());
        }
        let (mut client, account) = self.connect().await?;
        if self.work.is_none() {
            let groups = tokio::select! {
                () = self.ticket.stop().cancelled() => return Err(Trouble::Stopped),
                groups = client.groups(&self.magnet.id, self.magnet.size) => groups?,
            };
            self.begin(groups).await?;
        }
        self.ticket.update(|transfer| (transfer.state, transfer.why) = (TransferState::Active, None));
        self.receive(&mut client, &account).await
    }

    async fn connect(&self) -> Result<(Client, Arc<Account>), Trouble> {
        let Some(source) = self.sources.first() else {
            return Err(Trouble::Fatal("nobody is known to have the file; search for it again".into()));
        };
        let peer = source.addr.to_string();
        self.ticket.update(|transfer| {
            (transfer.peer, transfer.sources) = (peer.as_str().into(), 1);
            transfer.state = TransferState::Active;
            transfer.why = Some("connecting".into());
        });
        let dialled = tokio::select! {
            () = self.ticket.stop().cancelled() => return Err(Trouble::Stopped),
            dialled = tokio::time::timeout(DIAL_TIMEOUT, self.shared.dial.dial(source.addr, source.node)) => dialled,
        };
        match dialled {
            Ok(Ok((stream, node))) => Ok((Client::new(stream).await?, self.shared.ledger.open(node))),
            Ok(Err(error)) if error.kind() == io::ErrorKind::PermissionDenied => {
                Err(Trouble::Useless(error.to_string()))
            }
            Ok(Err(error)) => Err(Trouble::Lost(format!("{peer} cannot be reached ({error})"))),
            Err(_) => Err(Trouble::Lost(format!("{peer} does not answer"))),
        }
    }

    /// Makes room for a file whose groups are known.
    async fn begin(&mut self, groups: GroupList) -> Result<(), Trouble> {
        let (folder, magnet, size) = (self.shared.folder.clone(), self.magnet.clone(), groups.size());
        let (partial, free) = blocking(move || {
            let partial = Partial::create(&folder, &magnet, groups)?;
            Ok((partial, folder.free()))
        })
        .await?;
        self.take_up(partial, Plan::new(size));
        if let Some(free) = free.filter(|free| *free < size) {
            return Err(Trouble::Fatal(format!(
                "the disk has {} MiB free where the file needs {}; free some space and start it again",
                free >> 20,
                size >> 20
            )));
        }
        Ok(())
    }

    /// Fetches everything that is missing over one connection.
    async fn receive(&mut self, client: &mut Client, account: &Account) -> Result<(), Trouble> {
        let Some(Work { partial, plan }) = &mut self.work else { return Ok(()) };
        // One source takes all that is missing in a row; several would take smaller claims of the same plan.
        while let Some(run) = plan.claim(u32::MAX) {
            let before = plan.bytes();
            let (ticket, buffers) = (&self.ticket, &self.shared.buffers);
            let mut receiver = Receiver { id: &self.magnet.id, partial, plan, ticket, account, buffers };
            let result = receiver.fetch(client, &run).await;
            plan.release(run);
            result?;
            if plan.bytes() == before {
                return Err(Trouble::Useless("it sends less than a piece at a time".into()));
            }
        }
        Ok(())
    }

    async fn finish(&mut self) -> Result<String, Trouble> {
        let Some(work) = &self.work else { return Err(Trouble::Fatal("there is nothing to finish".into())) };
        self.ticket.state(TransferState::Verifying, None);
        let partial = Arc::clone(&work.partial);
        let name = safe_name(&self.magnet.name, &self.magnet.id);
        let path = blocking(move || partial.finish(&name)).await?;
        Ok(path.display().to_string())
    }

    async fn try_later(&mut self, tries: u32, why: String) -> Result<(), Trouble> {
        if tries >= MAX_TRIES {
            return Err(Trouble::Fatal(format!(
                "{why}; tried {MAX_TRIES} times. What was downloaded is kept: start it again later, or search for another source"
            )));
        }
        self.ask_another();
        let wait = FIRST_WAIT * 2u32.saturating_pow(tries - 1);
        // Jitter: not everybody who lost the same node comes back at the same moment.
        let wait = wait.mul_f64(0.75 + self.rng.fraction() / 2.0);
        self.wait(wait, why).await
    }

    /// Another source, if there is one, may be better than the first.
    fn ask_another(&mut self) {
        let next = 1.min(self.sources.len());
        self.sources.rotate_left(next);
    }

    async fn wait(&self, wait: Duration, why: String) -> Result<(), Trouble> {
        let why = format!("{why}; asks again in {} s", wait.as_secs_f64().ceil());
        self.ticket.state(TransferState::Queued, Some(why));
        tokio::select! {
            () = self.ticket.stop().cancelled() => Err(Trouble::Stopped),
            () = tokio::time::sleep(wait) => Ok(()),
        }
    }

    /// The first source is of no use; `kind` is how the reason begins if it was the last one.
    fn next_source(&mut self, kind: &str, why: &str) -> Result<(), Trouble> {
        let source = if self.sources.is_empty() { None } else { Some(self.sources.remove(0)) };
        if let Some(source) = source {
            tracing::info!(addr = %source.addr, why, "a source of a download is of no use");
        }
        if self.sources.is_empty() {
            let who = source.map_or_else(String::new, |source| format!("{}: ", source.addr));
            return Err(Trouble::Fatal(format!("{kind}{who}{why}; search for another source")));
        }
        Ok(())
    }
}

/// Runs what blocks on a blocking thread.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> Result<T, Trouble> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result.map_err(|error| disk_trouble(&error)),
        Err(panic) => Err(Trouble::Fatal(panic.to_string())),
    }
}
