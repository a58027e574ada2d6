//! A node of this process: the engine with its control socket, behind a screen or without one.

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::broadcast;

use super::failure::{Exit, Failure};
use super::logging::{self, Target};
use super::resolve::Resolved;
use super::settings::{self, ScreenSettings};
use crate::app::{self, Event, Handle, LogRing, Settings};
use crate::control::{Claim, Server};
use crate::tui::{self, Environment, TuiOptions};

/// What the engine says when the port to listen on is another's.
const PORT_TAKEN: &str = "port_in_use";
/// For the goodbyes to be said. A node that needs longer is stuck, and its user wants it gone.
const SHUTDOWN: Duration = Duration::from_secs(5);

/// A running node.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) handle: Handle,
    server: Server,
}

impl Node {
    /// Claims the home, starts the engine, and answers on the control socket. With `yielding` a port that is taken is no
    /// error: any other will do. The receiver has the node's events from the first one.
    ///
    /// # Errors
    /// When the home is in use, or the engine refuses.
    pub(super) async fn start(
        mut settings: Settings,
        yielding: bool,
        log: LogRing,
    ) -> Result<(Self, broadcast::Receiver<Event>), Failure> {
        let claim = Claim::take(&settings.home)?;
        let started = match app::start(settings.clone(), log.clone()).await {
            Err(refusal) if yielding && refusal.code == PORT_TAKEN => {
                settings.listen = SocketAddr::new(settings.listen.ip(), 0);
                app::start(settings, log).await
            }
            started => started,
        };
        let (handle, events) = started?;
        match Server::start(claim, handle.clone()) {
            Ok(server) => Ok((Self { handle, server }, events)),
            Err(refusal) => {
                handle.shutdown().await.ok();
                Err(refusal.into())
            }
        }
    }

    /// The first line of a daemon.
    pub(super) fn listening(&self) -> Event {
        let snapshot = self.handle.snapshot();
        let control = snapshot.node.control.as_ref().map(|path| path.display().to_string()).unwrap_or_default();
        Event::Listening {
            node: snapshot.node.node,
            addr: snapshot.node.addr,
            control,
            topology: snapshot.role.topology,
            role: snapshot.role.role,
        }
    }

    /// The library as it stands: a small one may be scanned before anybody could listen to the news of it.
    pub(super) fn library(&self) -> Event {
        let library = &self.handle.snapshot().library;
        Event::Library { files: library.files, bytes: library.bytes, hashing: library.hashing_files }
    }

    /// Returns when the engine has stopped by itself or over the control socket.
    pub(super) async fn ended(handle: &Handle) {
        let mut snapshots = handle.snapshots();
        while snapshots.changed().await.is_ok() {}
    }

    /// Says goodbye to everybody and lets go of the home.
    pub(super) async fn stop(self) {
        if tokio::time::timeout(SHUTDOWN, self.handle.shutdown()).await.is_err() {
            tracing::warn!("the goodbyes took too long");
        }
        self.server.stop().await;
    }
}

/// The signals that ask a program to end.
pub(super) struct Signals([Signal; 3]);

impl Signals {
    /// Catches them from now on. Needs a tokio runtime.
    ///
    /// # Errors
    /// When the system does not let them be caught.
    pub(super) fn catch() -> Result<Self, Failure> {
        let catch =
            |kind| signal(kind).map_err(|error| Failure::failed(format!("signals cannot be caught: {error}"), ""));
        Ok(Self([catch(SignalKind::interrupt())?, catch(SignalKind::terminate())?, catch(SignalKind::hangup())?]))
    }

    /// Waits for one.
    pub(super) async fn wait(&mut self) {
        let [interrupt, terminate, hangup] = &mut self.0;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    }
}

/// Runs what holds a node. The runtime is left behind rather than waited for: a write to a terminal that was stopped, or a
/// file system that hangs, must not keep the process.
pub(super) fn run<T>(future: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::failed(format!("cannot start: {error}"), "look at `ulimit -a`"))?;
    let result = runtime.block_on(future);
    runtime.shutdown_background();
    result
}

/// `hopscope`: the terminal on a new node.
pub(super) fn terminal(resolved: &Resolved, verbosity: u8) -> Result<Exit, Failure> {
    needs_terminal("run `hopscope daemon` for a node without a screen")?;
    let (settings, screen) = (settings::settings(resolved)?, settings::screen(resolved)?);
    let yielding = resolved.is_default("listen");
    let log = logging::start(resolved, verbosity, Target::Screen)?;
    run(async {
        let (node, _) = Node::start(settings, yielding, log).await?;
        let result = open_screen(node.handle.clone(), screen, &resolved.places.folders.config).await;
        node.stop().await;
        result.map(|()| Exit::Done)
    })
}

/// Refuses to draw where nothing can be drawn.
///
/// # Errors
/// When standard input or output is no terminal.
pub(super) fn needs_terminal(hint: &str) -> Result<(), Failure> {
    if std::io::stdin().is_terminal() && std::io::stdout().is_terminal() {
        Ok(())
    } else {
        Err(Failure::usage("there is no terminal to draw on", hint))
    }
}

/// Draws the node until the user quits, then tells what came of it.
pub(super) async fn open_screen(handle: Handle, screen: ScreenSettings, config_dir: &Path) -> Result<(), Failure> {
    let options = TuiOptions {
        keymap: screen.keymap,
        theme: screen.theme,
        ascii: screen.ascii,
        config_dir: config_dir.to_owned(),
        environment: Environment::of_process(),
    };
    let summary = tui::run(handle, options).await.map_err(|error| Failure::failed(error.to_string(), ""))?;
    eprint!("{summary}");
    Ok(())
}
