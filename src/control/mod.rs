//! The machine face: control socket and its client.
