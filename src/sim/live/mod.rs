//! A world in which anything may happen: nodes come and go, links are slow, break, hold back and lie, and the same code that
//! runs real nodes has to live with it, in virtual time and from one seed.
//!
//! [`World`] is told by a [`Scenario`] what it is like. Everything that happens waits in an agenda; the next of it is given to
//! a core, and what the core wants done goes back into the agenda. The rules that must hold are looked at on the way.

mod agenda;
mod ask;
mod asked;
mod births;
mod capacity;
mod carry;
mod check;
mod directory;
mod draw;
mod faults;
mod fetch;
mod hash;
mod horizon;
mod law;
mod library;
mod links;
mod observe;
mod outcome;
mod population;
mod roles;
mod scenario;
mod sweep;
mod tally;
mod units;
mod unrest;
mod violation;
mod watch;
mod whole;
mod workload;
mod world;

#[cfg(test)]
mod tests;

pub use ask::{Answer, name, words};
pub use asked::ByTtl;
pub use capacity::{Class, MAX_CLASSES};
pub use check::{Checked, check};
pub use draw::draw;
pub use faults::{Fault, FaultKind};
pub use horizon::ByHop;
pub use law::{Kind as LawKind, Law};
pub use library::{Replication, Shares};
pub use links::Links;
pub use observe::{MAX_OBSERVED, Seen, Sight};
pub use outcome::{Load, Neighbors, Outcome, Roles};
pub use scenario::{
    Churn, Contradiction, Crowd, Join, Layout, MAX_FAULTS, MAX_LIVE_NODES, Scenario, Searches, Settings, TOPOLOGIES,
};
pub use tally::{Direct, Lives, Traffic};
pub use units::{Fraction, LONGEST, Real, Span, Spread, UnitError, Whole};
pub use violation::Violation;
pub use world::World;
