//! `hopscope daemon`: a node without a screen, and what a directory alone shares with it.

use std::io::{IsTerminal, Read};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncWriteExt, Stdout};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::failure::{Exit, Failure};
use super::format;
use super::logging::{self, Target};
use super::node::{self, Node, Signals};
use super::output::cut;
use super::resolve::Resolved;
use super::settings;
use crate::app::{Event, Settings, Snapshot};
use crate::control::Feed;

/// Takes the line that the cursor is in away.
const CLEAR: &str = "\r\x1b[K";
/// For the last events to be written, once the node has stopped.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// How a daemon shows itself.
#[derive(Clone, Copy)]
pub(super) struct Face {
    /// Events as JSON instead of sentences.
    pub(super) json: bool,
    /// Whether it ends with its input, which comes even when its parent is killed.
    pub(super) exit_with_stdin: bool,
    /// What stands in the last line of a terminal.
    pub(super) line: Option<fn(&Snapshot) -> String>,
}

/// Runs a node until it is told to end: by a signal, over its control socket, by the end of its output's reader, or, if
/// asked for, by the end of its input.
pub(super) fn run(resolved: &Resolved, verbosity: u8, json: bool, exit_with_stdin: bool) -> Result<Exit, Failure> {
    serve(resolved, settings::settings(resolved)?, verbosity, Face { json, exit_with_stdin, line: None })
}

/// The same of any settings.
pub(super) fn serve(resolved: &Resolved, settings: Settings, verbosity: u8, face: Face) -> Result<Exit, Failure> {
    let log = logging::start(resolved, verbosity, Target::Errors)?;
    let yielding = resolved.is_default("listen");
    let tape = node::tape(resolved, &settings)?;
    node::run(async {
        let mut signals = Signals::catch()?;
        let (node, events) = Node::start(settings, yielding, log, tape).await?;
        let stop = CancellationToken::new();
        let feed = Feed::of(events, stop.clone());
        let input_ended = if face.exit_with_stdin { end_of_input()? } else { CancellationToken::new() };
        let printer = Printer::new(face, node.handle.snapshots());
        let first = [node.listening(), node.library()];
        let mut printing = tokio::spawn(printer.print(first, feed));
        let printed = tokio::select! {
            printed = &mut printing => Some(printed),
            () = signals.wait() => None,
            () = input_ended.cancelled() => None,
            () = Node::ended(&node.handle) => None,
        };
        tokio::select! {
            () = node.stop() => {}
            // Asked twice: at once.
            () = signals.wait() => {}
        }
        stop.cancel();
        let printed = match printed {
            Some(printed) => Some(printed),
            None => tokio::time::timeout(LAST_WORDS, printing).await.ok(),
        };
        match printed {
            Some(Ok(Err(error))) => Err(error.into()),
            _ => Ok(Exit::Done),
        }
    })
}

/// Writes events as they come, above a line that tells how things stand, if there is one. It waits for its reader, and
/// the feed drops and counts what that costs, so the node does not.
struct Printer {
    stdout: Stdout,
    json: bool,
    line: Option<fn(&Snapshot) -> String>,
    snapshots: watch::Receiver<Arc<Snapshot>>,
    /// The line as it stands in the terminal.
    shown: String,
}

impl Printer {
    fn new(face: Face, snapshots: watch::Receiver<Arc<Snapshot>>) -> Self {
        let places_cursor = || std::env::var_os("TERM").is_some_and(|term| term != "dumb");
        let line = face.line.filter(|_| !face.json && std::io::stdout().is_terminal() && places_cursor());
        Self { stdout: tokio::io::stdout(), json: face.json, line, snapshots, shown: String::new() }
    }

    async fn print(mut self, first: [Event; 2], mut feed: Feed) -> std::io::Result<()> {
        for event in &first {
            self.event(event).await?;
        }
        loop {
            self.status().await?;
            tokio::select! {
                event = feed.next() => match event {
                    Some(Event::Listening { .. }) => {}
                    Some(event) => self.event(&event).await?,
                    None => break,
                },
                Ok(()) = self.snapshots.changed(), if self.line.is_some() => {}
            }
        }
        if !self.shown.is_empty() {
            self.write("\n").await?;
        }
        Ok(())
    }

    async fn event(&mut self, event: &Event) -> std::io::Result<()> {
        let plain = format::event(event);
        if let Some(plain) = &plain {
            // What happens to a node reads well in its log file too; standard error is left to warnings.
            tracing::info!("{plain}");
        }
        let text = if self.json { Some(serde_json::to_string(event)?) } else { plain };
        let Some(text) = text else { return Ok(()) };
        let above = if self.shown.is_empty() { "" } else { CLEAR };
        self.shown.clear();
        self.write(&format!("{above}{text}\n")).await
    }

    /// Brings the line up to date.
    async fn status(&mut self) -> std::io::Result<()> {
        let Some(line) = self.line else { return Ok(()) };
        let text = line(&self.snapshots.borrow_and_update());
        let size = rustix::termios::tcgetwinsize(std::io::stdout());
        // A terminal that does not know its size says 0.
        let columns = size.ok().map(|size| size.ws_col).filter(|&columns| columns > 0).unwrap_or(80);
        let text = cut(&format::visible(&text), usize::from(columns) - 1);
        if text == self.shown {
            return Ok(());
        }
        self.write(&format!("{CLEAR}{text}")).await?;
        self.shown = text;
        Ok(())
    }

    async fn write(&mut self, text: &str) -> std::io::Result<()> {
        self.stdout.write_all(text.as_bytes()).await?;
        self.stdout.flush().await
    }
}

/// Cancelled when standard input ends. A thread of its own, because reading from it may block for ever.
fn end_of_input() -> Result<CancellationToken, Failure> {
    let ended = CancellationToken::new();
    let cancel = ended.clone().drop_guard();
    let read = move || {
        let (mut stdin, mut buffer) = (std::io::stdin().lock(), [0; 256]);
        while matches!(stdin.read(&mut buffer), Ok(1..)) {}
        drop(cancel);
    };
    let thread = std::thread::Builder::new().name("stdin".into()).spawn(read);
    thread
        .map(|_| ended)
        .map_err(|error| Failure::failed(format!("no thread can be started: {error}"), "look at `ulimit -u`"))
}
