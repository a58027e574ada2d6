//! The one port: accepts connections, has them proven, and hands each to those whom it is for.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use super::admission::{Admission, Slot};
use super::direct::DirectIn;
use super::endpoint::{ConnectError, Connection};
use super::files::IncomingFile;
use super::inbox::Note;
use super::limits::{ACCEPT_BACKOFF, MAX_HANDSHAKES};
use super::link;
use super::shared::Shared;
use super::tls::Purpose;
use crate::proto::PeerAddr;

/// What every inbound connection needs.
#[derive(Clone)]
pub(super) struct Doorman {
    pub(super) shared: Shared,
    pub(super) direct: DirectIn,
    pub(super) files: mpsc::Sender<IncomingFile>,
}

/// Accepts until the node stops.
pub(super) async fn listen(listener: TcpListener, admission: Arc<Admission>, doorman: Doorman) {
    let stop = doorman.shared.leave.clone();
    tokio::select! {
        () = accept_all(listener, admission, doorman) => {}
        () = stop.cancelled() => {}
    }
}

async fn accept_all(listener: TcpListener, admission: Arc<Admission>, doorman: Doorman) {
    let handshakes = Arc::new(Semaphore::new(MAX_HANDSHAKES));
    let mut wait = ACCEPT_BACKOFF.0;
    loop {
        // A place first: while there is none the system's own queue holds who comes, or turns them away.
        let Some(place) = admission.place().await else { return };
        let Ok(handshake) = Arc::clone(&handshakes).acquire_owned().await else { return };
        let (socket, remote) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                back_off(&error, &mut wait).await;
                continue;
            }
        };
        wait = ACCEPT_BACKOFF.0;
        doorman.shared.tally.accepted.up();
        match admission.admit(place, remote.ip()) {
            Some(slot) => {
                let stop = doorman.shared.leave.clone();
                let guest = doorman.clone().receive(socket, remote, slot, handshake);
                doorman.shared.tracker.spawn(async move { stop.run_until_cancelled(guest).await });
            }
            None => {
                doorman.shared.tally.crowded.up();
                doorman.complain(remote, "too many connections from there");
            }
        }
    }
}

/// A connection that died before it was accepted is nobody's trouble. Anything else, as no more file descriptors, stays
/// for a while: to try again at once would only burn the processor.
async fn back_off(error: &io::Error, wait: &mut Duration) {
    let passing = [io::ErrorKind::ConnectionAborted, io::ErrorKind::ConnectionReset, io::ErrorKind::Interrupted];
    if passing.contains(&error.kind()) {
        return;
    }
    if *wait == ACCEPT_BACKOFF.0 {
        tracing::warn!("no connection can be accepted: {error}; trying again (is the limit of open files too low?)");
    }
    tokio::time::sleep(*wait).await;
    *wait = (*wait * 2).min(ACCEPT_BACKOFF.1);
}

impl Doorman {
    async fn receive(self, socket: TcpStream, remote: SocketAddr, slot: Slot, handshake: OwnedSemaphorePermit) {
        let answered = self.shared.endpoint.answer(socket, remote, slot).await;
        drop(handshake);
        let connection = match answered {
            Ok(connection) => connection,
            Err(error) => return self.refuse(remote, &error),
        };
        match connection.purpose {
            Purpose::Link => self.link(connection).await,
            Purpose::Direct => self.direct.serve(connection).await,
            Purpose::File => {
                let Connection { stream, node, .. } = connection;
                if self.files.try_send(IncomingFile { stream, node, addr: remote }).is_err() {
                    self.shared.tally.no_room.up();
                    self.complain(remote, "too many file requests wait");
                }
            }
        }
    }

    async fn link(&self, connection: Connection) {
        let remote = connection.remote;
        let hello = self.shared.hello.borrow().clone();
        match link::greet(connection, hello, None).await {
            Ok(new) => {
                let _ = self.shared.notes.send(Note::LinkUp(Box::new(new))).await;
            }
            Err(error) => {
                self.shared.tally.broken.up();
                self.complain(remote, &error.to_string());
            }
        }
    }

    fn refuse(&self, remote: SocketAddr, error: &ConnectError) {
        match error {
            ConnectError::Timeout => self.shared.tally.silent.up(),
            ConnectError::Stranger => self.shared.tally.strangers.up(),
            ConnectError::Foreign(_) | ConnectError::Unreachable(_) => self.shared.tally.foreign.up(),
        }
        self.complain(remote, &error.to_string());
    }

    /// Tells the log, as long as that does not flood it, and that something was counted. A full queue means that the actor
    /// is awake anyway.
    fn complain(&self, remote: SocketAddr, why: &str) {
        let _ = self.shared.notes.try_send(Note::Counted);
        if self.shared.tally.may_log(self.shared.clock.now().micros()) {
            tracing::info!("closed a connection from {}: {why}", PeerAddr::from(remote));
        }
    }
}
