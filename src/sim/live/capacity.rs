//! How much each node can upload. What ultra-peers are elected by differs by orders of magnitude between nodes (Saroiu,
//! Gummadi and Gribble, 2002), and an election among equals would show nothing.

use serde::{Deserialize, Serialize};

use super::hash::chance;
use super::units::{Fraction, Whole};
use crate::overlay::Standing;

/// Classes of a scenario.
pub const MAX_CLASSES: usize = 100;
/// What the shares of all classes may add up to beyond one: rounding.
pub(super) const TOLERANCE: f64 = 1e-9;

/// Nodes that can upload as much.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Class {
    /// Upload bandwidth in kbit/s, as a node measures it.
    pub kbps: Whole<1, 100_000_000>,
    /// The share of nodes that are of this class. Those that are of none have measured nothing yet.
    pub share: Fraction,
}

/// The capacity of each node: it follows from the seed and the node's number, and is the same in all its lives.
#[derive(Debug)]
pub(super) struct Capacities {
    classes: Vec<Class>,
    seed: u64,
}

impl Capacities {
    pub(super) fn new(classes: &[Class], seed: u64) -> Self {
        Self { classes: classes.to_vec(), seed }
    }

    /// What a node knows of its machine when it starts; `None` if that is nothing.
    pub(super) fn standing(&self, node: u32) -> Option<Standing> {
        let mut left = chance(&[self.seed, node.into()]);
        let class = self.classes.iter().find(|class| {
            left -= class.share.get();
            left < 0.0
        })?;
        Some(Standing { capacity_kbps: u32::try_from(class.kbps.0).ok(), availability: None })
    }
}

#[cfg(test)]
mod tests {
    use super::{Capacities, Class, Fraction, Whole};

    #[test]
    fn nodes_fall_into_classes_by_their_shares() {
        let class = |kbps, share| Class { kbps: Whole(kbps), share: Fraction::new(share) };
        let capacities = Capacities::new(&[class(64, 0.2), class(640, 0.5)], 3);
        let of = |kbps| {
            move |&node: &u32| capacity_of(&Capacities::new(&[class(64, 0.2), class(640, 0.5)], 3), node) == kbps
        };
        let counts = [Some(64), Some(640), None].map(|kbps| (0..10_000).filter(of(kbps)).count());
        assert!((1_900..2_100).contains(&counts[0]) && (4_850..5_150).contains(&counts[1]), "{counts:?}");
        assert_eq!(counts.iter().sum::<usize>(), 10_000);
        assert_eq!(capacity_of(&capacities, 7), capacity_of(&capacities, 7));
        assert!(Capacities::new(&[], 3).standing(7).is_none());
    }

    fn capacity_of(capacities: &Capacities, node: u32) -> Option<u32> {
        capacities.standing(node).and_then(|standing| standing.capacity_kbps)
    }
}
