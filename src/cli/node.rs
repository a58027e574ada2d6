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
use crate::trace::{Recorder, Tape, Written};
use crate::tui::{self, Environment, ExitSummary, TuiOptions};

/// What the engine says when the port to listen on is another's.
const PORT_TAKEN: &str = "port_in_use";
/// For the goodbyes to be said. A node that needs longer is stuck, and its user wants it gone.
const SHUTDOWN: Duration = Duration::from_secs(5);

/// A running node.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) handle: Handle,
    server: Server,
    recorder: Option<Recorder>,
}

impl Node {
    /// Claims the home, starts the engine, and answers on the control socket. With `yielding` a port that is taken is no
    /// error: any other will do. With a `tape` its searches are recorded. The receiver has the node's events from the
    /// first one.
    ///
    /// # Errors
    /// When the home is in use, or the engine refuses.
    pub(super) async fn start(
        mut settings: Settings,
        yielding: bool,
        log: LogRing,
        tape: Option<Tape>,
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
        // Before anybody can ask it for a search.
        let recorder = match tape.map(|tape| Recorder::start(tape, &handle)).transpose() {
            Ok(recorder) => recorder,
            Err(error) => {
                handle.shutdown().await.ok();
                return Err(Failure::failed(format!("nothing can be recorded: {error}"), "look at `ulimit -u`"));
            }
        };
        match Server::start(claim, handle.clone()) {
            Ok(server) => Ok((Self { handle, server, recorder }, events)),
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

    /// Says goodbye to everybody, lets go of the home and ends the recording.
    pub(super) async fn stop(self) {
        if tokio::time::timeout(SHUTDOWN, self.handle.shutdown()).await.is_err() {
            tracing::warn!("the goodbyes took too long");
        }
        self.server.stop().await;
        if let Some(recorder) = self.recorder {
            recorded(recorder).await;
        }
    }
}

/// Ends a recording, and says what is wrong with it, if anything.
async fn recorded(recorder: Recorder) {
    let path = recorder.path().display().to_string();
    match recorder.finish().await {
        Ok(Written { lost: 0, .. }) => {}
        Ok(Written { lost, .. }) => {
            let message = format!("the recording {path} lacks {lost} events: they came faster than it was written");
            Failure::failed(message, "the trace says so too").report();
        }
        Err(error) => {
            Failure::failed(format!("the recording {path} is not whole: {error}"), "look at the disk").report();
        }
    }
}

/// The file that `--record` names, made and empty; `None` without one.
///
/// # Errors
/// When it cannot be written, holds something, or nothing could be recorded to it.
pub(super) fn tape(resolved: &Resolved, settings: &Settings) -> Result<Option<Tape>, Failure> {
    let Some((row, path)) = resolved.row("record").zip(resolved.text("record")) else { return Ok(None) };
    if !settings.trace {
        return Err(Failure::usage(
            "there is nothing to record: this node asks for no reports",
            "leave --record out, or set trace to true",
        ));
    }
    let path = resolved.places.path(path, &resolved.base(&row.origin));
    Tape::new(&path).map(Some).map_err(|error| {
        Failure::usage(format!("{} cannot be recorded to: {error}", path.display()), "choose a file that is not there")
    })
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
    let tape = tape(resolved, &settings)?;
    run(async {
        let (node, _) = Node::start(settings, yielding, log, tape).await?;
        let handle = node.handle.clone();
        let result = open_screen(handle.clone(), screen, &resolved.places.folders.config).await;
        node.stop().await;
        eprint!("{}", summary(result?, &handle));
        Ok(Exit::Done)
    })
}

/// Refuses to draw where nothing can be drawn.
///
/// # Errors
/// When standard input or output is no terminal, or one that cannot place a cursor.
pub(super) fn needs_terminal(hint: &str) -> Result<(), Failure> {
    let both = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    can_draw(both, std::env::var("TERM").ok().as_deref()).map_err(|why| Failure::usage(why, hint))
}

/// # Errors
/// Why there is nothing to draw on.
fn can_draw(terminal: bool, term: Option<&str>) -> Result<(), &'static str> {
    match term {
        _ if !terminal => Err("there is no terminal to draw on"),
        Some("dumb") => Err("TERM=dumb says that this terminal cannot place a cursor"),
        Some("") | None => Err("TERM is not set, so what this terminal can do is unknown"),
        Some(_) => Ok(()),
    }
}

/// Draws the node until the user quits. What came of it is complete only when the node has stopped: see [`summary`].
pub(super) async fn open_screen(
    handle: Handle,
    screen: ScreenSettings,
    config_dir: &Path,
) -> Result<ExitSummary, Failure> {
    let options = TuiOptions {
        keymap: screen.keymap,
        theme: screen.theme,
        ascii: screen.ascii,
        config_dir: config_dir.to_owned(),
        environment: Environment::of_process(),
    };
    tui::run(handle, options).await.map_err(|error| Failure::failed(error.to_string(), ""))
}

/// What the screen told when it closed, with the numbers of the node that has stopped since.
pub(super) fn summary(screen: ExitSummary, handle: &Handle) -> ExitSummary {
    ExitSummary { why: screen.why, failures: screen.failures, ..ExitSummary::of(&handle.snapshot()) }
}

#[cfg(test)]
mod tests {
    use super::can_draw;

    #[test]
    fn a_screen_needs_a_terminal_that_places_a_cursor() {
        assert!(can_draw(true, Some("xterm-256color")).is_ok());
        assert!(can_draw(false, Some("xterm-256color")).is_err());
        for term in [Some("dumb"), Some(""), None] {
            assert!(can_draw(true, term).is_err_and(|why| why.contains("TERM")), "{term:?}");
        }
    }
}
