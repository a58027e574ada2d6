//! The serving half: HTTP/1.1 over whatever stream a node brings, two kinds of paths, slots and a queue.
//!
//! - `GET /file/<hash>`: the file, or the range of it that is asked for.
//! - `GET /groups/<hash>`: the chaining values of its 1 MiB groups, 32 bytes each; `X-File-Size` says its size.
//!
//! 403: the owner stopped this transfer; 404: not offered here; 410: it changed since it was hashed; 503: come back
//! after `Retry-After` seconds, `X-Queue-Position` is the place in the queue if there is one. Bodies of errors are a sentence.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::Incoming;
use hyper::header::{self, HeaderName, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Semaphore;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use super::board::Board;
use super::body::{Answer, FilePart, Row};
use super::buffers::Buffers;
use super::ledger::Ledger;
use super::lists::{Lists, NoList};
use super::patience::Patience;
use super::range::{self, Wanted};
use super::slots::{self, Slots};
use super::source::{Files, OpenFile};
use super::state::{Direction, Transfer, TransferState};
use crate::base::Time;
use crate::proto::{FileId, NodeId, Untrusted};

/// The size of a file, in the answer to a request for its groups.
pub(super) const FILE_SIZE: HeaderName = HeaderName::from_static("x-file-size");
/// The place in the queue.
pub(super) const QUEUE_POSITION: HeaderName = HeaderName::from_static("x-queue-position");
/// Path of a file, before its hash.
pub(super) const FILE_PATH: &str = "/file/";
/// Path of a file's groups, before its hash.
pub(super) const GROUPS_PATH: &str = "/groups/";

/// Connections served at once; more are closed at once.
const MAX_CONNECTIONS: usize = 256;
/// How long a whole request may take to arrive, and how long a connection may idle.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// How often the rate of an upload that stands still is brought up to date.
const TICK: Duration = Duration::from_secs(1);
/// Header lines of a request.
const MAX_HEADERS: usize = 32;
/// Bytes of a request's head.
const MAX_HEAD: usize = 8 * 1024;
/// Uploads that the user stopped and that are refused since; the oldest are forgotten.
const MAX_REFUSED: usize = 256;
/// Seconds until a node asks again for groups that are being computed.
const COMPUTING_RETRY: u64 = 3;

/// Who is at the other end of a connection.
#[derive(Clone, Debug)]
pub struct PeerInfo {
    /// Its id, proven.
    pub node: NodeId,
    /// What to call it on the screen: its name or its address.
    pub name: Untrusted,
}

/// The uploads of one node.
pub(super) struct Uploads {
    board: Arc<Board>,
    ledger: Arc<Ledger>,
    files: Arc<dyn Files>,
    slots: Mutex<Slots>,
    refused: Mutex<VecDeque<(NodeId, FileId)>>,
    lists: Lists,
    buffers: Arc<Buffers>,
    connections: Semaphore,
    began: Instant,
}

impl Uploads {
    pub(super) fn new(
        board: Arc<Board>,
        ledger: Arc<Ledger>,
        files: Arc<dyn Files>,
        slots: usize,
        queue: usize,
    ) -> Arc<Self> {
        Arc::new(Self {
            board,
            ledger,
            files,
            slots: Mutex::new(Slots::new(slots, queue)),
            refused: Mutex::default(),
            lists: Lists::default(),
            buffers: Arc::default(),
            connections: Semaphore::new(MAX_CONNECTIONS),
            began: Instant::now(),
        })
    }

    /// Answers requests until the other node closes, idles, stalls, breaks the rules, or is cancelled.
    pub(super) async fn serve<S>(self: &Arc<Self>, stream: S, peer: PeerInfo)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send,
    {
        let Ok(_place) = self.connections.try_acquire() else { return };
        let connection = Arc::new(Connection::new(Arc::clone(self), peer));
        let stop = connection.stop.clone();
        let service = hyper::service::service_fn(|request| {
            let connection = Arc::clone(&connection);
            async move { Ok::<_, Infallible>(connection.answer(&request).await) }
        });
        let served = hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(REQUEST_TIMEOUT)
            .max_headers(MAX_HEADERS)
            .max_header_size(MAX_HEAD)
            .serve_connection(TokioIo::new(Patience::new(stream)), service);
        let mut served = std::pin::pin!(served);
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                result = &mut served => {
                    if let Err(error) = result {
                        tracing::debug!(node = connection.peer.node.short(), %error, "an upload connection broke");
                    }
                    return;
                }
                () = stop.cancelled() => return,
                _ = tick.tick() => connection.tick(),
            }
        }
    }

    fn slots(&self) -> MutexGuard<'_, Slots> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn refused(&self) -> MutexGuard<'_, VecDeque<(NodeId, FileId)>> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Time {
        Time::ZERO + self.began.elapsed()
    }
}

/// One connection. It has at most one slot, from the first request that needs one until it closes.
struct Connection {
    uploads: Arc<Uploads>,
    peer: PeerInfo,
    stop: CancellationToken,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    slot: bool,
    row: Option<(FileId, Arc<Row>)>,
}

/// What a request wants, once it is known to be answerable.
enum What {
    File,
    Groups,
}

type Reply = Response<Answer>;

impl Connection {
    fn new(uploads: Arc<Uploads>, peer: PeerInfo) -> Self {
        Self { uploads, peer, stop: CancellationToken::new(), held: Mutex::default() }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Brings the rate of an upload that stands still up to date.
    fn tick(&self) {
        if let Some((_, row)) = &self.held().row {
            row.tick();
        }
    }

    async fn answer(&self, request: &Request<Incoming>) -> Reply {
        let head = request.method() == Method::HEAD;
        if !head && request.method() != Method::GET {
            let mut reply = sentence(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD are answered here");
            reply.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
            return reply;
        }
        let Some((what, id)) = parse_path(request.uri().path()) else {
            return sentence(StatusCode::NOT_FOUND, "there is only /file/<hash> and /groups/<hash> here");
        };
        if self.uploads.refused().contains(&(self.peer.node, id)) {
            return sentence(StatusCode::FORBIDDEN, "the owner of the file stopped this transfer");
        }
        let files = Arc::clone(&self.uploads.files);
        let Ok(Some(shared)) = tokio::task::spawn_blocking(move || files.locate(&id)).await else {
            return sentence(StatusCode::NOT_FOUND, "this node does not share that file");
        };
        if !head && let Some(wait) = self.take_slot() {
            return wait;
        }
        let open = match tokio::task::spawn_blocking(|| OpenFile::open(shared)).await {
            Ok(Ok(open)) => Arc::new(open),
            Ok(Err(why)) => return sentence(StatusCode::GONE, why),
            Err(panic) => return sentence(StatusCode::INTERNAL_SERVER_ERROR, panic.to_string()),
        };
        let range = request.headers().get(header::RANGE).and_then(|value| value.to_str().ok());
        match what {
            What::File => self.file(id, open, range, head),
            What::Groups => self.groups(id, open, head).await,
        }
    }

    /// `None` when the connection has a slot now, else the answer that tells it to wait.
    fn take_slot(&self) -> Option<Reply> {
        let mut held = self.held();
        if held.slot {
            return None;
        }
        let slots::Answer::Wait { place, retry } = self.uploads.slots().ask(self.peer.node, self.uploads.now()) else {
            held.slot = true;
            return None;
        };
        let why = match place {
            Some(place) => format!("all upload slots are taken; place {place} in the queue"),
            None => "all upload slots are taken and the queue is full".to_owned(),
        };
        let mut reply = come_back(retry.as_secs(), why);
        if let Some(place) = place {
            reply.headers_mut().insert(QUEUE_POSITION, HeaderValue::from(place));
        }
        Some(reply)
    }

    fn file(&self, id: FileId, open: Arc<OpenFile>, range: Option<&str>, head: bool) -> Reply {
        let size = open.shared().size;
        let (status, range, content_range) = match range::wanted(range, size) {
            Wanted::Whole => (StatusCode::OK, 0..size, None),
            Wanted::Part(range) => {
                let header = range::content_range(&range, size);
                (StatusCode::PARTIAL_CONTENT, range, Some(header))
            }
            Wanted::Unsatisfiable => {
                let mut reply = sentence(StatusCode::RANGE_NOT_SATISFIABLE, "the file has no such range");
                set(&mut reply, header::CONTENT_RANGE, &format!("bytes */{size}"));
                return reply;
            }
        };
        let length = range.end - range.start;
        let body = if head {
            Answer::Length(length)
        } else {
            let row = self.row(id, &open);
            Answer::File(FilePart::new(open, row, Arc::clone(&self.uploads.buffers), range))
        };
        let mut reply = reply(status, body);
        reply.headers_mut().insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        reply.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        set(&mut reply, header::ETAG, &format!("\"{id}\""));
        if let Some(content_range) = content_range {
            set(&mut reply, header::CONTENT_RANGE, &content_range);
        }
        reply
    }

    async fn groups(&self, id: FileId, open: Arc<OpenFile>, head: bool) -> Reply {
        let size = open.shared().size;
        let mut reply = if head {
            reply(StatusCode::OK, Answer::bytes(Bytes::new()))
        } else {
            match self.uploads.lists.get(id, open).await {
                Ok(list) => reply(StatusCode::OK, Answer::bytes(list)),
                Err(NoList::NotYet) => return come_back(COMPUTING_RETRY, "the file is being prepared".into()),
                Err(NoList::Never(why)) => return sentence(StatusCode::GONE, why),
            }
        };
        reply.headers_mut().insert(FILE_SIZE, HeaderValue::from(size));
        reply
    }

    /// The line on the board for a file; a file of which several ranges go over one connection has one.
    fn row(&self, id: FileId, open: &OpenFile) -> Arc<Row> {
        let mut held = self.held();
        if let Some((last, row)) = &held.row {
            if *last == id {
                return Arc::clone(row);
            }
            row.close();
        }
        let shared = open.shared();
        let name = shared.path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let transfer = Transfer {
            id: 0,
            direction: Direction::Upload,
            name: name.into(),
            hash: id,
            bytes: 0,
            size: shared.size,
            rate: 0,
            sources: 1,
            state: TransferState::Active,
            why: None,
            peer: self.peer.name.clone(),
        };
        let ticket = self.uploads.board.add(transfer, self.stop.clone());
        let row = Row::new(ticket, self.uploads.ledger.open(self.peer.node), shared.size);
        held.row = Some((id, Arc::clone(&row)));
        row
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let held = std::mem::take(&mut *self.held());
        if held.slot {
            self.uploads.slots().give_back(self.peer.node);
        }
        let Some((id, row)) = held.row else { return };
        row.close();
        if self.stop.is_cancelled() {
            let mut refused = self.uploads.refused();
            if refused.len() >= MAX_REFUSED {
                refused.pop_front();
            }
            refused.push_back((self.peer.node, id));
        }
    }
}

fn parse_path(path: &str) -> Option<(What, FileId)> {
    let (what, hash) = match path.strip_prefix(FILE_PATH) {
        Some(hash) => (What::File, hash),
        None => (What::Groups, path.strip_prefix(GROUPS_PATH)?),
    };
    Some((what, hash.parse().ok()?))
}

fn reply(status: StatusCode, body: Answer) -> Reply {
    let mut reply = Response::new(body);
    *reply.status_mut() = status;
    reply.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    reply
}

fn sentence(status: StatusCode, text: impl Into<String>) -> Reply {
    let mut reply = reply(status, Answer::bytes(text.into() + "\n"));
    reply.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    reply
}

fn come_back(seconds: u64, why: String) -> Reply {
    let mut reply = sentence(StatusCode::SERVICE_UNAVAILABLE, why);
    reply.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    reply
}

/// Sets a header whose value is made of digits, hex and punctuation only.
fn set(reply: &mut Reply, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        reply.headers_mut().insert(name, value);
    }
}
