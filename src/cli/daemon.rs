//! `hopscope daemon`: a node without a screen.

use std::io::Read;
use std::time::Duration;

use tokio::io::{AsyncWriteExt, Stdout};
use tokio_util::sync::CancellationToken;

use super::failure::{Exit, Failure};
use super::format;
use super::logging::{self, Target};
use super::node::{self, Node, Signals};
use super::resolve::Resolved;
use super::settings;
use crate::app::Event;
use crate::control::Feed;

/// For the last events to be written, once the node has stopped.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// Runs a node until it is told to end: by a signal, over its control socket, by the end of its output's reader, or with
/// `exit_with_stdin` by the end of its input, which comes even when its parent is killed.
pub(super) fn run(resolved: &Resolved, verbosity: u8, json: bool, exit_with_stdin: bool) -> Result<Exit, Failure> {
    let settings = settings::settings(resolved)?;
    let log = logging::start(resolved, verbosity, Target::Errors)?;
    let yielding = resolved.is_default("listen");
    let tape = node::tape(resolved, &settings)?;
    node::run(async {
        let mut signals = Signals::catch()?;
        let (node, events) = Node::start(settings, yielding, log, tape).await?;
        let stop = CancellationToken::new();
        let feed = Feed::of(events, stop.clone());
        let input_ended = if exit_with_stdin { end_of_input()? } else { CancellationToken::new() };
        let first = [node.listening(), node.library()];
        let mut printing = tokio::spawn(print(first, feed, json));
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

/// Writes events as they come. It waits for its reader, and the feed drops and counts what that costs, so the node does not.
async fn print(first: [Event; 2], mut feed: Feed, json: bool) -> std::io::Result<()> {
    let mut stdout = tokio::io::stdout();
    for event in &first {
        write(&mut stdout, event, json).await?;
    }
    while let Some(event) = feed.next().await {
        if !matches!(event, Event::Listening { .. }) {
            write(&mut stdout, &event, json).await?;
        }
    }
    Ok(())
}

async fn write(stdout: &mut Stdout, event: &Event, json: bool) -> std::io::Result<()> {
    let plain = format::event(event);
    if let Some(plain) = &plain {
        // What happens to a node reads well in its log file too; standard error is left to warnings.
        tracing::info!("{plain}");
    }
    let line = if json { Some(serde_json::to_string(event)?) } else { plain };
    if let Some(mut line) = line {
        line.push('\n');
        stdout.write_all(line.as_bytes()).await?;
        stdout.flush().await?;
    }
    Ok(())
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
