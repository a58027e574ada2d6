//! The other end of the socket, for the one-shot commands.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::header::HOST;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use tokio::net::UnixStream;
use tokio_util::task::AbortOnDropHandle;

use super::api::{Answer, GetBody, PeerBody, SearchBody, TopologyBody, WhyBody};
use super::http::encode;
use crate::app::{Event, Home, Why};

/// For an answer that is no stream. A node that needs longer is stuck.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(15);
/// For the answer to why something was not found: two searches and a question take a while, longer where nodes are slowed
/// down.
const WHY_TIMEOUT: Duration = Duration::from_secs(300);
/// Bytes of an answer: a page of the longest names there are.
const MAX_ANSWER: usize = 16 * 1024 * 1024;
/// Bytes of one line of a stream.
const MAX_LINE: usize = 1024 * 1024;

/// Why a request to the running node came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Nobody answers at the socket.
    #[error("no node runs on this home: nobody answers at {}", .0.display())]
    NoNode(PathBuf),
    /// The node does not want to.
    #[error("{message}")]
    Refused {
        /// A stable word for programs.
        code: String,
        /// One clear sentence.
        message: String,
        /// What to do.
        hint: String,
    },
    /// The node was there and did not answer in time.
    #[error("the node did not answer within {} s", .0.as_secs())]
    Timeout(Duration),
    /// The connection broke, or the answer makes no sense.
    #[error("the talk with the node broke off: {0}")]
    Broken(String),
}

/// Asks the node of a home. Each question takes a connection of its own.
#[derive(Clone, Debug)]
pub struct Client {
    socket: PathBuf,
}

/// An answer as it came, and what it means to this version.
#[derive(Debug)]
pub struct Line {
    /// One JSON object, without its line's end.
    pub text: String,
    /// `None` for what only a newer node knows.
    pub event: Option<Event>,
}

impl Client {
    /// For the node of this home.
    #[must_use]
    pub fn new(home: &Home) -> Self {
        Self { socket: home.socket.clone() }
    }

    /// `GET /v1/{view}`; returns the answer, and its text as it came.
    ///
    /// # Errors
    /// When no node runs, or it refuses.
    pub async fn view(&self, view: &str) -> Result<(Answer, String), ClientError> {
        self.ask(Method::GET, view, Bytes::new()).await
    }

    /// A part of the list of shared files.
    ///
    /// # Errors
    /// When no node runs.
    pub async fn files(&self, filter: &str, offset: u64, limit: usize) -> Result<(Answer, String), ClientError> {
        self.view(&format!("files?filter={}&offset={offset}&limit={limit}", encode(filter))).await
    }

    /// Starts a search; the lines are its events. Dropping them ends it.
    ///
    /// # Errors
    /// When no node runs, or the words are no query.
    pub async fn search(&self, search: &SearchBody) -> Result<Lines, ClientError> {
        self.lines(Method::POST, "search", body(search)?).await
    }

    /// All events from now on.
    ///
    /// # Errors
    /// When no node runs.
    pub async fn events(&self) -> Result<Lines, ClientError> {
        self.lines(Method::GET, "events", Bytes::new()).await
    }

    /// Why a search did not find something at a node; returns the answer, and its text as it came.
    ///
    /// # Errors
    /// When no node runs, or it refuses.
    pub async fn why(&self, why: &WhyBody) -> Result<(Why, String), ClientError> {
        match self.ask_within(WHY_TIMEOUT, Method::POST, "why", body(why)?).await? {
            (Answer::Why(why), text) => Ok((*why, text)),
            (_, text) => Err(ClientError::Broken(format!("it answered {}", excerpt(&text)))),
        }
    }

    /// Starts a download; returns the transfer's number.
    ///
    /// # Errors
    /// When no node runs, or it refuses the link.
    pub async fn get(&self, magnet: &str) -> Result<u64, ClientError> {
        let body = body(&GetBody { magnet: magnet.into() })?;
        match self.ask(Method::POST, "get", body).await? {
            (Answer::Accepted { id }, _) => Ok(id),
            (_, text) => Err(ClientError::Broken(format!("it answered {}", excerpt(&text)))),
        }
    }

    /// Stops a transfer.
    ///
    /// # Errors
    /// When no node runs, or it knows no such transfer.
    pub async fn cancel_transfer(&self, id: u64) -> Result<(), ClientError> {
        self.ask(Method::DELETE, &format!("transfers/{id}"), Bytes::new()).await.map(drop)
    }

    /// Has the node dial `host:port`.
    ///
    /// # Errors
    /// When no node runs, or that is no address.
    pub async fn add_peer(&self, addr: &str) -> Result<(), ClientError> {
        let body = body(&PeerBody { addr: addr.into() })?;
        self.ask(Method::POST, "neighbors", body).await.map(drop)
    }

    /// Changes the topology, and with `propose` asks all others to change too; returns what holds then.
    ///
    /// # Errors
    /// When no node runs, or it refuses.
    pub async fn set_topology(&self, name: &str, propose: bool) -> Result<(Answer, String), ClientError> {
        let body = body(&TopologyBody { topology: name.into(), propose })?;
        self.ask(Method::POST, "topology", body).await
    }

    async fn ask(&self, method: Method, path: &str, body: Bytes) -> Result<(Answer, String), ClientError> {
        self.ask_within(ANSWER_TIMEOUT, method, path, body).await
    }

    async fn ask_within(
        &self,
        limit: Duration,
        method: Method,
        path: &str,
        body: Bytes,
    ) -> Result<(Answer, String), ClientError> {
        let asked = async {
            let (response, _connection) = self.send(method, path, body).await?;
            let text = whole(response).await?;
            let answer = serde_json::from_str(&text)
                .map_err(|error| ClientError::Broken(format!("{error} in {}", excerpt(&text))))?;
            Ok((answer, text.trim_end().to_owned()))
        };
        tokio::time::timeout(limit, asked).await.unwrap_or(Err(ClientError::Timeout(limit)))
    }

    async fn lines(&self, method: Method, path: &str, body: Bytes) -> Result<Lines, ClientError> {
        let sent = tokio::time::timeout(ANSWER_TIMEOUT, self.send(method, path, body)).await;
        let (response, connection) = sent.unwrap_or(Err(ClientError::Timeout(ANSWER_TIMEOUT)))?;
        Ok(Lines { body: response.into_body(), buffer: BytesMut::new(), searched: 0, _connection: connection })
    }

    /// Sends a request; an answer that is no success is turned into its refusal.
    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Bytes,
    ) -> Result<(Response<Incoming>, AbortOnDropHandle<()>), ClientError> {
        let stream = UnixStream::connect(&self.socket).await.map_err(|error| match error.kind() {
            ErrorKind::NotFound | ErrorKind::ConnectionRefused => ClientError::NoNode(self.socket.clone()),
            _ => ClientError::Broken(format!("{} cannot be opened: {error}", self.socket.display())),
        })?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
        let connection = AbortOnDropHandle::new(tokio::spawn(async move { connection.await.unwrap_or_default() }));
        let request = Request::builder()
            .method(method)
            .uri(format!("/v1/{path}"))
            .header(HOST, "hopscope")
            .body(Full::new(body))
            .map_err(broken)?;
        let response = sender.send_request(request).await.map_err(broken)?;
        if response.status().is_success() {
            return Ok((response, connection));
        }
        let status = response.status();
        match serde_json::from_str(&whole(response).await?) {
            Ok(Event::Error { code, message, hint }) => Err(ClientError::Refused { code, message, hint }),
            _ => Err(ClientError::Broken(format!("it answered {status}"))),
        }
    }
}

/// The lines of an answer that goes on.
#[derive(Debug)]
pub struct Lines {
    body: Incoming,
    buffer: BytesMut,
    /// Bytes of the buffer that hold no line's end.
    searched: usize,
    _connection: AbortOnDropHandle<()>,
}

impl Lines {
    /// The next line; `None` at the end of the answer. Cancelling it loses nothing.
    ///
    /// # Errors
    /// When the connection breaks, or a line is longer than any the node writes.
    pub async fn next(&mut self) -> Result<Option<Line>, ClientError> {
        loop {
            if let Some(end) = self.buffer[self.searched..].iter().position(|&byte| byte == b'\n') {
                let line = self.buffer.split_to(self.searched + end + 1);
                self.searched = 0;
                let text = String::from_utf8_lossy(&line).trim_end().to_owned();
                return Ok(Some(Line { event: serde_json::from_str(&text).ok(), text }));
            }
            self.searched = self.buffer.len();
            if self.buffer.len() > MAX_LINE {
                return Err(ClientError::Broken("a line has no end".into()));
            }
            match self.body.frame().await {
                Some(Ok(frame)) => self.buffer.extend_from_slice(&frame.into_data().unwrap_or_default()),
                Some(Err(error)) => return Err(broken(error)),
                None => return Ok(None),
            }
        }
    }
}

fn body<T: Serialize>(value: &T) -> Result<Bytes, ClientError> {
    serde_json::to_vec(value).map(Bytes::from).map_err(broken)
}

async fn whole(response: Response<Incoming>) -> Result<String, ClientError> {
    let collected = Limited::new(response.into_body(), MAX_ANSWER).collect().await;
    let bytes = collected.map_err(|error| ClientError::Broken(error.to_string()))?.to_bytes();
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn broken(error: impl std::fmt::Display) -> ClientError {
    ClientError::Broken(error.to_string())
}

fn excerpt(text: &str) -> String {
    format!("`{}`", text.chars().filter(|c| !c.is_control()).take(80).collect::<String>())
}
