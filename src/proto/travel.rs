//! How far a message may still go, and how far it has come.

use super::limits::{MAX_WALK_BACK, MAX_WAY_BACK};

/// Hops that a message may still travel.
pub type Ttl = u8;

/// TTL and hops as one value, because the rules that keep a flood finite are about the two together.
///
/// The origin sends with `hops = 0`. A receiver first calls [`Travel::arrive`], then processes the message, and passes it
/// on only if [`Travel::may_go_on`]. So a TTL of 1 reaches the neighbors only, and a TTL of 0 is never sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Travel {
    ttl: Ttl,
    hops: u8,
}

impl Travel {
    /// What the origin sends: `ttl` between 1 and `max`, clamped. A real node's `max` is at most
    /// [`super::limits::MAX_TTL`].
    #[must_use]
    pub fn start(ttl: Ttl, max: Ttl) -> Self {
        Self { ttl: ttl.clamp(1, max.max(1)), hops: 0 }
    }

    /// What a hit or report starts its way back with. It follows the first arrivals of its query, which may be more hops
    /// than the copy that it answers came; gtk-gnutella caps a hit's TTL at the same number.
    #[must_use]
    pub const fn way_back() -> Self {
        Self { ttl: MAX_WAY_BACK, hops: 0 }
    }

    /// The same where the query is a walk.
    #[must_use]
    pub const fn way_back_of_walk() -> Self {
        Self { ttl: MAX_WALK_BACK, hops: 0 }
    }

    /// What was read from the wire, not to be trusted before [`Travel::arrive`].
    #[must_use]
    pub const fn from_wire(ttl: Ttl, hops: u8) -> Self {
        Self { ttl, hops }
    }

    /// A message's step onto this node: TTL falls by one, hops rise by one, and their sum is clamped to `max`, never
    /// trusted. `None` for a TTL of 0, which nobody may send, and for hops that already used `max` up.
    #[must_use]
    pub fn arrive(self, max: Ttl) -> Option<Self> {
        if self.ttl == 0 || self.hops >= max {
            return None;
        }
        let hops = self.hops + 1;
        Some(Self { ttl: (self.ttl - 1).min(max - hops), hops })
    }

    /// Whether the message may be passed on.
    #[must_use]
    pub const fn may_go_on(self) -> bool {
        self.ttl > 0
    }

    /// Hops that it may still travel.
    #[must_use]
    pub const fn ttl(self) -> Ttl {
        self.ttl
    }

    /// Hops that it has travelled.
    #[must_use]
    pub const fn hops(self) -> u8 {
        self.hops
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Travel;

    #[test]
    fn a_ttl_of_one_reaches_the_neighbors_only() {
        let at_neighbor = Travel::start(1, 7).arrive(7).unwrap();
        assert_eq!((at_neighbor.hops(), at_neighbor.may_go_on()), (1, false));
        assert_eq!(Travel::from_wire(0, 0).arrive(7), None);
    }

    proptest! {
        #[test]
        fn whatever_arrives_dies_within_the_maximum(ttl: u8, hops: u8, max in 1u8..=15) {
            let mut copies = 0;
            let mut travel = Travel::from_wire(ttl, hops);
            while let Some(arrived) = travel.arrive(max) {
                prop_assert_eq!(arrived.hops(), travel.hops() + 1);
                prop_assert!(arrived.ttl() + arrived.hops() <= max);
                prop_assert!(arrived.ttl() < travel.ttl());
                copies += 1;
                travel = arrived;
            }
            prop_assert!(copies <= max);
        }
    }
}
