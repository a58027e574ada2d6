//! Writes a trace while the node runs, on a thread of its own: the node never waits for the disk. What waits to be
//! written is bounded by the queue of events; what does not fit there is lost, counted, and said in the trace.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::sync::{broadcast, oneshot, watch};
use tokio_util::sync::CancellationToken;

use super::MAX_LINES;
use super::line::{self, Header, Line};
use crate::app::recorded::Origin;
use crate::app::{Event, Handle, Snapshot};

/// For the last lines to be written. A disk that hangs must not keep the process.
const LAST_LINES: Duration = Duration::from_secs(2);
/// Lines kept free for what was lost and for the end.
const SPARE: u64 = 2;

/// A file that waits to be recorded to: open, so that one that cannot be written is said before the node starts.
#[derive(Debug)]
pub struct Tape {
    path: PathBuf,
    file: File,
}

impl Tape {
    /// Makes the file.
    ///
    /// # Errors
    /// When it cannot be made, or holds something already: a recording is not written over.
    pub fn new(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        let holds = file.metadata()?;
        if holds.is_file() && holds.len() > 0 {
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, "it holds something already"));
        }
        Ok(Self { path: path.to_owned(), file })
    }
}

/// What a recorder wrote.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Lines about searches.
    pub events: u64,
    /// Events that are not in the trace.
    pub lost: u64,
    /// Searches that began.
    pub searches: u64,
}

/// Records a node's searches until it is told to stop.
#[derive(Debug)]
pub struct Recorder {
    path: PathBuf,
    stop: CancellationToken,
    written: oneshot::Receiver<io::Result<Written>>,
}

impl Recorder {
    /// Starts to record what a node's searches do from now on.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn start(tape: Tape, handle: &Handle) -> io::Result<Self> {
        let Tape { path, file } = tape;
        let stop = CancellationToken::new();
        let (done, written) = oneshot::channel();
        let source = Source { events: handle.events(), snapshots: handle.snapshots(), stop: stop.clone() };
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        std::thread::Builder::new().name("record".into()).spawn(move || {
            let result = runtime.block_on(record(source, BufWriter::new(file)));
            if let Err(error) = &result {
                tracing::warn!("the recording stopped: {error}");
            }
            // Nobody waits any more when it took too long.
            let _ = done.send(result);
        })?;
        Ok(Self { path, stop, written })
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes what has happened by now, and ends the trace.
    ///
    /// # Errors
    /// When not all of it could be written.
    pub async fn finish(self) -> io::Result<Written> {
        self.stop.cancel();
        match tokio::time::timeout(LAST_LINES, self.written).await {
            Ok(Ok(written)) => written,
            Ok(Err(_)) => Err(io::Error::other("the recorder failed")),
            Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "the disk does not take the last lines")),
        }
    }
}

/// Where a recorder reads.
struct Source {
    events: broadcast::Receiver<Event>,
    snapshots: watch::Receiver<Arc<Snapshot>>,
    stop: CancellationToken,
}

/// What the source has next.
enum Heard {
    Event(Box<Event>),
    Lost(u64),
    /// Nothing now: time to hand to the disk what was written.
    Quiet,
    End,
}

impl Source {
    async fn next(&mut self, flushed: bool) -> Heard {
        match self.events.try_recv() {
            Ok(event) => return Heard::Event(Box::new(event)),
            Err(TryRecvError::Lagged(count)) => return Heard::Lost(count),
            Err(TryRecvError::Closed) => return Heard::End,
            Err(TryRecvError::Empty) if self.stop.is_cancelled() => return Heard::End,
            Err(TryRecvError::Empty) if !flushed => return Heard::Quiet,
            Err(TryRecvError::Empty) => {}
        }
        tokio::select! {
            got = self.events.recv() => match got {
                Ok(event) => Heard::Event(Box::new(event)),
                Err(RecvError::Lagged(count)) => Heard::Lost(count),
                Err(RecvError::Closed) => Heard::End,
            },
            // What came just before the stop is still there to be read.
            () = self.stop.cancelled() => Heard::Quiet,
        }
    }

    fn origin(&self) -> Origin {
        let snapshot = self.snapshots.borrow();
        let node = &snapshot.node;
        Origin {
            node: node.node,
            name: node.name.clone(),
            version: format!("hopscope/{}", node.version),
            started: node.started.clone(),
            topology: snapshot.role.topology,
            role: None,
            hop_delay_ms: node.hop_delay_ms,
        }
    }

    /// An event as a line; `None` for one that is not about a search.
    fn line(&self, event: &Event) -> Option<io::Result<String>> {
        let line = match event {
            Event::Done(done) => {
                let snapshot = self.snapshots.borrow();
                let search = snapshot.searches.iter().find(|search| search.row.guid == done.guid);
                line::of_event(event, search.map(|search| (search.as_ref(), snapshot.role.role)))
            }
            Event::Query { .. } | Event::Round { .. } | Event::Hop { .. } | Event::Hit(_) => {
                line::of_event(event, None)
            }
            _ => return None,
        };
        Some(line.map_err(io::Error::from))
    }
}

async fn record(mut source: Source, mut file: impl Write) -> io::Result<Written> {
    let mut written = Written::default();
    put(&mut file, &Line::Trace(Header::of(&source.origin())))?;
    let mut flushed = false;
    let mut lines = 1;
    loop {
        match source.next(flushed).await {
            Heard::Event(event) => {
                let Some(line) = source.line(&event) else { continue };
                if lines + SPARE >= MAX_LINES {
                    written.lost += 1;
                    continue;
                }
                writeln!(file, "{}", line?)?;
                flushed = false;
                lines += 1;
                written.events += 1;
                written.searches += u64::from(matches!(*event, Event::Query { .. }));
            }
            Heard::Lost(count) => written.lost += count,
            Heard::Quiet => {
                file.flush()?;
                flushed = true;
            }
            Heard::End => break,
        }
    }
    if written.lost > 0 {
        put(&mut file, &Line::Lost { events: written.lost })?;
    }
    put(&mut file, &Line::End { events: written.events })?;
    file.flush()?;
    Ok(written)
}

fn put(file: &mut impl Write, line: &Line) -> io::Result<()> {
    serde_json::to_writer(&mut *file, line)?;
    file.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;

    use super::*;
    use crate::app::{Done, DoneWhy, Guid, HopReport, NodeId, Role, TopologyKind, Untrusted};
    use crate::trace::read;

    const GUID: Guid = Guid([7; 16]);

    fn source(queue: usize) -> (broadcast::Sender<Event>, watch::Sender<Arc<Snapshot>>, Source) {
        let origin = Origin {
            node: NodeId([1; 32]),
            name: "heron".into(),
            version: "1".into(),
            started: String::new(),
            topology: TopologyKind::Flood,
            role: None,
            hop_delay_ms: 0,
        };
        let (snapshot, snapshots) = watch::channel(Arc::new(crate::app::recorded::snapshot(&origin, Vec::new())));
        let (events, heard) = broadcast::channel(queue);
        (events, snapshot, Source { events: heard, snapshots, stop: CancellationToken::new() })
    }

    fn query() -> Event {
        Event::Query { guid: GUID, text: "bach".into(), ttl: 3, strategy: "flood".into(), walkers: None }
    }

    fn hop(n: u8) -> Event {
        let (node, from) = (NodeId([n; 32]), NodeId([1; 32]));
        let action = crate::app::Action::Forwarded;
        let (role, name) = (Some(Role::Ultrapeer), Untrusted::default());
        let (hits, sent, leaves, filtered, at_ms) = (0, 2, 1, 23, 5);
        let report = HopReport { node, name, role, from, hop: 1, ttl: 2, action, hits, sent, leaves, filtered, at_ms };
        Event::Hop { guid: GUID, report }
    }

    fn done() -> Event {
        Event::Done(Done {
            guid: GUID,
            hits: 0,
            reached: 2,
            messages: 4,
            duplicates: 0,
            bytes: 240,
            reports: 2,
            report_bytes: 300,
            first_hit_ms: None,
            elapsed_ms: 9,
            strategy: crate::app::Spread::Flood,
            topology: TopologyKind::Flood,
            why: DoneWhy::Deadline,
        })
    }

    #[tokio::test]
    async fn what_was_said_before_the_stop_is_written_and_read_again() {
        let (events, _snapshot, source) = source(64);
        for event in [query(), hop(2), Event::Library { files: 1, bytes: 1, hashing: 0 }, hop(3), done()] {
            events.send(event).unwrap();
        }
        source.stop.cancel();
        let mut file = Vec::new();
        let written = record(source, &mut file).await.unwrap();
        assert_eq!(written, Written { events: 4, lost: 0, searches: 1 });
        let text = String::from_utf8(file.clone()).unwrap();
        assert!(text.lines().all(|line| line.starts_with("{\"type\":\"")), "{text}");
        assert!(text.starts_with("{\"type\":\"trace\",\"version\":1,"), "{text}");
        let recording = read(&file[..]).unwrap();
        let told = &recording.searches[0].search.hops;
        assert_eq!((told.len(), told[0].role, told[0].leaves, told[0].filtered), (2, Some(Role::Ultrapeer), 1, 23));
        assert!(!recording.doubts.cut && recording.doubts.malformed == 0, "{:?}", recording.doubts);
    }

    #[tokio::test]
    async fn a_recorder_that_is_too_slow_loses_events_and_says_how_many() {
        let (events, _snapshot, source) = source(4);
        events.send(query()).unwrap();
        for n in 2..40 {
            events.send(hop(n)).unwrap();
        }
        drop(events);
        let mut file = Vec::new();
        let written = record(source, &mut file).await.unwrap();
        assert_eq!((written.events, written.lost), (4, 35));
        assert!(String::from_utf8(file).unwrap().contains("{\"type\":\"lost\",\"events\":35}"));
    }

    #[tokio::test]
    async fn a_file_that_holds_something_is_left_alone_and_an_empty_one_is_recorded_to() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("flood.ndjson");
        let (events, _commands) = (broadcast::channel(8).0, mpsc::channel::<()>(1));
        let (_snapshot, snapshots) = {
            let (_, snapshot, source) = source(1);
            (snapshot, source.snapshots)
        };
        let handle = Handle::new(mpsc::channel(1).0, snapshots, events.clone());
        let recorder = Recorder::start(Tape::new(&path).unwrap(), &handle).unwrap();
        events.send(query()).unwrap();
        assert_eq!(recorder.path(), path);
        assert_eq!(recorder.finish().await.unwrap().searches, 1);
        assert_eq!(Tape::new(&path).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert!(std::fs::read_to_string(&path).unwrap().ends_with("{\"type\":\"end\",\"events\":1}\n"));
    }
}
