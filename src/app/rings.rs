//! Hops as they are told and drawn: those of a flood each for itself; the many steps of a walk in ranges that double, so
//! that a hundred of them are a few lines of a table and a few rings of a picture.

use crate::overlay::Strategy;
use crate::proto::Ttl;

/// The ring that a hop belongs to, from 1: of a walk 1, 2, 3 to 4, 5 to 8, 9 to 16 steps and so on.
#[must_use]
pub const fn ring_of(strategy: Strategy, hop: u8) -> u8 {
    match strategy {
        Strategy::Flood | Strategy::Ring => hop,
        Strategy::Walk { .. } => {
            if hop <= 1 {
                hop
            } else {
                1 + (u8::BITS - (hop - 1).leading_zeros()) as u8
            }
        }
    }
}

/// The first and the last hop of a ring.
#[must_use]
pub const fn hops_of(strategy: Strategy, ring: u8) -> (u8, u8) {
    match strategy {
        Strategy::Flood | Strategy::Ring => (ring, ring),
        Strategy::Walk { .. } => match ring {
            0 | 1 => (ring, ring),
            9.. => (129, u8::MAX),
            _ => ((1 << (ring - 2)) + 1, 1 << (ring - 1)),
        },
    }
}

/// The rings of a search with that TTL, each with its first and its last hop.
pub(super) fn rings(strategy: Strategy, ttl: Ttl) -> impl Iterator<Item = (u8, u8)> {
    (1..=ring_of(strategy, ttl)).map(move |ring| {
        let (first, last) = hops_of(strategy, ring);
        (first, last.min(ttl))
    })
}

#[cfg(test)]
mod tests {
    use super::{hops_of, ring_of, rings};
    use crate::overlay::Strategy;

    const WALK: Strategy = Strategy::Walk { walkers: 4 };

    #[test]
    fn the_steps_of_a_walk_fall_into_ranges_that_double_and_have_no_gaps() {
        let all = [(1, 1), (2, 2), (3, 4), (5, 8), (9, 16), (17, 32), (33, 64), (65, 128)];
        assert_eq!(rings(WALK, 128).collect::<Vec<_>>(), all);
        assert_eq!(rings(WALK, 20).last(), Some((17, 20)));
        for hop in 0..=u8::MAX {
            let (first, last) = hops_of(WALK, ring_of(WALK, hop));
            assert!((first..=last).contains(&hop), "{hop} in {first} to {last}");
        }
    }

    #[test]
    fn the_hops_of_a_flood_are_rings_themselves() {
        assert_eq!(rings(Strategy::Ring, 3).collect::<Vec<_>>(), [(1, 1), (2, 2), (3, 3)]);
        assert_eq!((ring_of(Strategy::Flood, 200), hops_of(Strategy::Flood, 200)), (200, (200, 200)));
    }
}
