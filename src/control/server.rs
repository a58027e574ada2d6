//! Accepts connections on the control socket.

use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::routes::{Face, answer};
use super::{Claim, MAX_CONNECTIONS, MAX_HEAD, MAX_HEADERS, REQUEST_TIMEOUT, STOP_GRACE};
use crate::app::{Handle, Refusal};

/// After an error of `accept`, which is mostly a lack of file descriptors: time for some to become free.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// What a connection beyond [`MAX_CONNECTIONS`] reads.
const BUSY: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n\
{\"type\":\"error\",\"code\":\"busy\",\"message\":\"too many programs talk to this node at once\",\"hint\":\"close some\"}\n";

/// The control socket of a running node.
#[derive(Debug)]
pub struct Server {
    stop: CancellationToken,
    accepting: JoinHandle<()>,
    /// Kept until the last answer is out, so that no other node takes the home meanwhile.
    _claim: Arc<Claim>,
}

impl Server {
    /// Answers on the claimed socket from now on. Needs a tokio runtime.
    ///
    /// # Errors
    /// When the system does not let the runtime watch the socket.
    pub fn start(claim: Claim, handle: Handle) -> Result<Self, Refusal> {
        let listener = claim.listener.try_clone().and_then(UnixListener::from_std).map_err(|error| {
            Refusal::new("control", format!("cannot listen on the control socket: {error}"), "look at `ulimit -n`")
        })?;
        let stop = CancellationToken::new();
        let face = Arc::new(Face { handle, stop: stop.clone() });
        let accepting = tokio::spawn(accept(listener, face));
        Ok(Self { stop, accepting, _claim: Arc::new(claim) })
    }

    /// Takes no more requests, ends the streams, gives running answers a moment, and removes the socket.
    pub async fn stop(self) {
        self.stop.cancel();
        if self.accepting.await.is_err() {
            tracing::error!("the control socket's task failed");
        }
    }
}

async fn accept(listener: UnixListener, face: Arc<Face>) {
    let permits = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let connections = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = face.stop.cancelled() => break,
        };
        match accepted {
            Ok((stream, _)) => match Arc::clone(&permits).try_acquire_owned() {
                Ok(permit) => {
                    let serving = serve(stream, Arc::clone(&face));
                    connections.spawn(async move {
                        serving.await;
                        drop(permit);
                    });
                }
                // Said without waiting; a socket just opened has room for it.
                Err(_) => drop(stream.try_write(BUSY)),
            },
            Err(error) => {
                tracing::warn!(%error, "the control socket accepts nobody for a moment");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    connections.close();
    // Whoever is not through by then reads from a node that is gone.
    let _ = tokio::time::timeout(STOP_GRACE, connections.wait()).await;
}

/// One connection, one request: a stream holds its connection anyway, and nobody waits on one that is kept open.
async fn serve(stream: UnixStream, face: Arc<Face>) {
    let stop = face.stop.clone();
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(REQUEST_TIMEOUT)
        .max_buf_size(MAX_HEAD)
        .max_headers(MAX_HEADERS)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service_fn(move |request| answer(Arc::clone(&face), request)));
    tokio::pin!(connection);
    let result = tokio::select! {
        result = connection.as_mut() => result,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = result {
        tracing::debug!(%error, "a connection to the control socket broke");
    }
}
