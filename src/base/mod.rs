//! The ground floor: what every other room stands on, and nothing that knows about overlays.
//!
//! Everything here is deterministic: time is a number that somebody passes in, randomness comes from a seed, and maps
//! iterate and hash the same way on every machine for the same seed.

mod map;
mod rng;
mod time;

pub use map::{Generations, Map, Seed, seed};
pub use rng::Rng;
pub use time::Time;
