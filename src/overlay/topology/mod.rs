//! The topologies: who relays to whom, and who answers.

mod flood;

pub(super) use flood::Flood;
