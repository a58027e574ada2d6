//! The tokio driver of the overlay: listen, dial, TLS, one task per link, discovery. The only room with sockets.
