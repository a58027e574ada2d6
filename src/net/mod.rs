//! The tokio driver of the overlay: listen, dial, TLS, one task per link, discovery. The only room with sockets.

mod identity;
mod limits;
mod random;
mod secret;
mod tls;

pub use identity::{Identity, IdentityError, KEY_FILE, node_id};
