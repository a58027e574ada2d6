//! The machine face: HTTP/1.1 with JSON over a Unix socket, for the one-shot commands, scripts, tests and `curl`.
//!
//! The socket is the trust boundary: it lies in a folder of the user's own and has mode 0600, so whoever can open it may
//! ask anything. What comes over it is bounded all the same, because a script with a mistake must not cost the node its
//! memory.

mod api;
mod claim;
mod client;
mod feed;
mod http;
mod pace;
mod routes;
mod server;
mod stream;
#[cfg(test)]
mod tests;

use std::time::Duration;

pub use api::{Answer, SearchBody, Status, WhyBody};
pub use claim::Claim;
pub use client::{Client, ClientError, Line, Lines};
pub use feed::Feed;
pub use server::Server;

/// Bytes of a request's body.
const MAX_BODY: usize = 64 * 1024;
/// Bytes of a request's head.
const MAX_HEAD: usize = 16 * 1024;
/// Header fields of a request.
const MAX_HEADERS: usize = 64;
/// Connections at once, streams included.
const MAX_CONNECTIONS: usize = 64;
/// Files in one page.
const MAX_FILES_A_PAGE: usize = 1_000;
/// Files in a page that asks for no number.
const FILES_A_PAGE: usize = 100;
/// For a request's head, and again for its body, to arrive.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// For running answers to end when the node stops.
const STOP_GRACE: Duration = Duration::from_millis(500);
/// Progress lines a second on one stream, of all transfers and the library together.
const PROGRESS_A_SECOND: u64 = 10;
