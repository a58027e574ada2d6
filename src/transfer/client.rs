//! The asking half of HTTP/1.1, over one stream to one source. Nothing that comes back is believed before it is checked.
//!
//! The connection is polled by the task that waits for the answer, so that a piece of a file goes from the socket to its
//! buffer without a hop between tasks.

use std::future::poll_fn;
use std::io;
use std::ops::Range;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{self, HeaderMap, HeaderName};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

use super::range;
use super::serve::{FILE_PATH, FILE_SIZE, GROUPS_PATH, QUEUE_POSITION};
use super::verify::{GroupList, group_count};
use crate::proto::{FileId, NodeId, PeerAddr, Untrusted};

/// How long an answer's head may take to come.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a list of groups may take to come, once it began.
const LIST_TIMEOUT: Duration = Duration::from_secs(120);
/// Header lines of an answer.
const MAX_HEADERS: usize = 64;
/// Bytes of an answer's head.
const MAX_HEAD: usize = 16 * 1024;
/// Bytes of the sentence with which a source refuses.
const MAX_SENTENCE: usize = 200;
/// What is waited for at the most when a source is busy, whatever it says.
const MAX_RETRY: Duration = Duration::from_secs(300);

/// A connection to a source.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// See [`Stream`].
pub type BoxStream = Box<dyn Stream>;

/// Opens connections to sources. The net room does, over TLS.
pub trait Dial: Send + Sync {
    /// Connects to `addr`, and if `node` is given, only to that node; tells who answers there.
    ///
    /// # Errors
    /// In words for the user, when that fails; `PermissionDenied` when another node answers there or will not let this one
    /// in, so that trying again is of no use. It should give up within half a minute.
    fn dial(&self, addr: PeerAddr, node: Option<NodeId>) -> BoxFuture<'_, io::Result<(BoxStream, NodeId)>>;
}

/// Why a download does not go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The source says to come back.
    Busy {
        /// When.
        retry: Duration,
        /// Why, in words.
        why: String,
    },
    /// The connection failed or broke: worth another try.
    Lost(String),
    /// The source is of no use for this file.
    Useless(String),
    /// What the source sent is not what the file's hash promises.
    Lied(String),
    /// The download cannot go on, whoever has the file.
    Fatal(String),
    /// Somebody told it to stop.
    Stopped,
}

/// A part of a file that is on its way.
pub(super) struct Part {
    /// Which; it starts where it was asked for, and may be shorter.
    pub(super) range: Range<u64>,
    body: Incoming,
}

/// A connection to one source.
pub(super) struct Client {
    sender: SendRequest<Empty<Bytes>>,
    connection: Option<http1::Connection<TokioIo<BoxStream>, Empty<Bytes>>>,
}

impl Client {
    /// Makes a stream speak HTTP.
    pub(super) async fn new(stream: BoxStream) -> Result<Self, Trouble> {
        let handshake = http1::Builder::new()
            .max_headers(MAX_HEADERS)
            .max_header_size(MAX_HEAD)
            .handshake(TokioIo::new(stream))
            .await;
        let (sender, connection) = handshake.map_err(|error| lost(&error))?;
        Ok(Self { sender, connection: Some(connection) })
    }

    /// Asks for the groups of a file, and checks them. `size` is what the link says.
    pub(super) async fn groups(&mut self, id: &FileId, size: Option<u64>) -> Result<GroupList, Trouble> {
        let response = self.ask(&format!("{GROUPS_PATH}{id}"), None).await?;
        if response.status() != StatusCode::OK {
            return Err(self.refusal(response).await);
        }
        let said = number(response.headers(), &FILE_SIZE).ok_or_else(|| broken("names no size"))?;
        check_size(size, said)?;
        let count =
            group_count(said).ok_or_else(|| Trouble::Useless(format!("a file of {said} bytes is too large")))?;
        let length = count as usize * blake3::OUT_LEN;
        if response.body().size_hint().exact().is_some_and(|announced| announced != length as u64) {
            return Err(broken("sends a list of checksums of the wrong length"));
        }
        let body = Limited::new(response.into_body(), length);
        let bytes = self
            .drive(tokio::time::timeout(LIST_TIMEOUT, body.collect()))
            .await
            .map_err(|_| Trouble::Lost("the checksums did not come".into()))?
            .map_err(|error| Trouble::Lost(format!("the checksums did not come: {error}")))?
            .to_bytes();
        let (values, []) = bytes.as_chunks() else { return Err(broken("sent a broken list of checksums")) };
        GroupList::check(id, said, values.to_vec()).map_err(|bad| Trouble::Lied(bad.to_string()))
    }

    /// Asks for a range of a file of `size` bytes.
    pub(super) async fn file(&mut self, id: &FileId, span: &Range<u64>, size: u64) -> Result<Part, Trouble> {
        let response = self.ask(&format!("{FILE_PATH}{id}"), Some(range::ask(span))).await?;
        let text = |name: HeaderName| response.headers().get(name).and_then(|value| value.to_str().ok());
        let (range, said) = match response.status() {
            StatusCode::PARTIAL_CONTENT => text(header::CONTENT_RANGE)
                .and_then(range::read_content_range)
                .ok_or_else(|| broken("does not say which part it sends"))?,
            StatusCode::OK => {
                let length = text(header::CONTENT_LENGTH).and_then(|text| text.parse().ok());
                let length = length.ok_or_else(|| broken("does not say how much it sends"))?;
                (0..length, length)
            }
            _ => return Err(self.refusal(response).await),
        };
        check_size(Some(size), said)?;
        if range.start != span.start || range.end > span.end {
            return Err(broken("sends another part than it was asked for"));
        }
        Ok(Part { range, body: response.into_body() })
    }

    /// The next bytes of a part; `None` at its end.
    pub(super) async fn bytes(&mut self, part: &mut Part) -> Result<Option<Bytes>, Trouble> {
        loop {
            match self.drive(part.body.frame()).await {
                None => return Ok(None),
                Some(Err(error)) => return Err(lost(&error)),
                // Trailers mean nothing here.
                Some(Ok(frame)) => {
                    if let Ok(bytes) = frame.into_data() {
                        return Ok(Some(bytes));
                    }
                }
            }
        }
    }

    async fn ask(&mut self, path: &str, range: Option<String>) -> Result<Response<Incoming>, Trouble> {
        let mut request = Request::get(path)
            .header(header::HOST, "hopscope")
            .header(header::USER_AGENT, concat!("hopscope/", env!("CARGO_PKG_VERSION")));
        if let Some(range) = range {
            request = request.header(header::RANGE, range);
        }
        let request = request.body(Empty::new()).map_err(|error| Trouble::Fatal(error.to_string()))?;
        let Self { sender, connection } = self;
        let answer = async {
            sender.ready().await?;
            sender.send_request(request).await
        };
        let answer = tokio::time::timeout(ANSWER_TIMEOUT, answer);
        match drive(connection, answer).await {
            Ok(result) => result.map_err(|error| lost(&error)),
            Err(_) => Err(Trouble::Lost("it did not answer".into())),
        }
    }

    /// Reads why a source does not send what was asked for.
    async fn refusal(&mut self, response: Response<Incoming>) -> Trouble {
        let (status, headers) = (response.status(), response.headers().clone());
        let body = Limited::new(response.into_body(), MAX_SENTENCE);
        let body = self.drive(tokio::time::timeout(ANSWER_TIMEOUT, body.collect())).await;
        let sentence = match body {
            Ok(Ok(body)) => String::from_utf8_lossy(&body.to_bytes()).trim().to_owned(),
            _ => String::new(),
        };
        let why = if sentence.is_empty() { format!("it answers {status}") } else { sentence };
        let why = Untrusted::new(why).visible(MAX_SENTENCE);
        match status {
            StatusCode::SERVICE_UNAVAILABLE => {
                let retry = number(&headers, &header::RETRY_AFTER).map_or(MAX_RETRY / 10, Duration::from_secs);
                let why = number(&headers, &QUEUE_POSITION).map_or(why, |place| format!("place {place} in its queue"));
                Trouble::Busy { retry: retry.clamp(Duration::from_secs(1), MAX_RETRY), why }
            }
            status if status.is_server_error() => Trouble::Lost(why),
            _ => Trouble::Useless(why),
        }
    }

    async fn drive<F: Future>(&mut self, work: F) -> F::Output {
        drive(&mut self.connection, work).await
    }
}

/// Polls the connection as long as `work` waits for something to come over it.
async fn drive<C, F>(connection: &mut Option<C>, work: F) -> F::Output
where
    C: Future + Unpin,
    F: Future,
{
    let mut work = pin!(work);
    poll_fn(|cx| {
        if let Poll::Ready(output) = work.as_mut().poll(cx) {
            return Poll::Ready(output);
        }
        if connection.as_mut().is_some_and(|connection| Pin::new(connection).poll(cx).is_ready()) {
            // Dropped, so that whatever waits for it learns that nothing more will come.
            *connection = None;
        }
        work.as_mut().poll(cx)
    })
    .await
}

fn number(headers: &HeaderMap, name: &HeaderName) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

fn check_size(link: Option<u64>, said: u64) -> Result<(), Trouble> {
    match link {
        Some(size) if size != said => Err(Trouble::Useless(format!(
            "the link says that the file has {size} bytes, the node that has it says {said}; one of them is wrong"
        ))),
        _ => Ok(()),
    }
}

fn lost(error: &hyper::Error) -> Trouble {
    if error.is_parse() {
        return broken("does not speak HTTP");
    }
    let cause = std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string);
    Trouble::Lost(format!("the connection broke ({cause})"))
}

fn broken(what: &str) -> Trouble {
    Trouble::Useless(format!("it {what}"))
}
