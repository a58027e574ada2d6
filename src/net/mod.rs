//! The tokio driver of the overlay: the only room with sockets, with a clock and with the system's randomness.
//!
//! One task, the actor, owns the core and never waits for a peer. Around it, each with a bound on what a stranger can
//! make it hold (`limits`):
//!
//! ```text
//! listener -> endpoint (TLS, passphrase) -> link (hello) --+
//! dials ---^                                               |
//!                 reader -> batches -> +-------+ -> send queue -> writer   (a pair for each link)
//!     direct delivery in -> batches -> | actor | -> direct delivery out
//!  resolver, discovery -> addresses -> +-------+ -> events, traces, status
//! ```

mod actor;
mod admission;
mod clock;
mod command;
mod direct;
mod discovery;
mod endpoint;
mod files;
mod identity;
mod inbox;
mod limits;
mod link;
mod listener;
mod outbox;
mod own_addr;
mod random;
mod resolve;
mod room;
mod secret;
mod send_queue;
mod settings;
mod shared;
mod start;
mod status;
mod stream;
mod tally;
mod tls;

#[cfg(test)]
mod tests;

pub use actor::{SharedLibrary, SharedRegistry};
pub use files::{Dialer, IncomingFile};
pub use identity::{Identity, IdentityError, KEY_FILE, node_id};
pub use resolve::{PeerNameError, check_peer};
pub use settings::{NetAsk, NetCommand, NetError, NetSearch, NetSettings, SearchError};
pub use start::{Net, Shutdown, can_listen, start};
pub use status::{LinkStatus, NetStatus, Served};
pub use stream::Stream;
pub use tally::NetCounters;
pub use tls::Purpose;
