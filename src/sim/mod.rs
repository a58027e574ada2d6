//! The simulator: the very core that a real node runs, many times in one process and in virtual time.
//!
//! Nothing here reads a clock or draws randomness that the caller did not seed, so that the same seed gives the same run,
//! down to a hash over all its events.

mod bfs;
mod delay;
mod edges;
mod flood;
mod graph;
pub mod live;
mod make;
mod part;
mod queue;
mod report;
pub mod reproduce;
mod tally;
mod world;

#[cfg(test)]
mod tests;

pub use bfs::{Ball, breadth_first};
pub use delay::{Delay, DelayError, MAX_SPREAD};
pub use edges::{Mistake, read_pairs};
pub use flood::{Flood, FloodError, Prepared};
pub use graph::{Graph, MAX_LINKS, MAX_NODES};
pub use make::{Kind, MakeError, make};
pub use report::Report;
pub use world::MAX_THREADS;
