//! How a search spreads: all at once, ring by ring, or by walkers.

use std::time::Duration;

use crate::proto::Ttl;
use crate::proto::limits::{MAX_WALK_TTL, MAX_WALKERS};

/// Between two rounds of a ring, for each hop that the first of them goes and its answers come back: what a round may
/// take where no report tells that it is over. LimeWire's dynamic queries wait 2.4 s for each hop, over modems.
const ROUND_A_HOP: Duration = Duration::from_millis(500);

/// TTL of a ring's first round.
pub(super) const FIRST_ROUND: Ttl = 1;

/// How a query spreads. Only in overlays: a directory is asked once whatever the strategy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Strategy {
    /// To every node within its TTL, all at once.
    #[default]
    Flood,
    /// The expanding ring (Lv and others, 2002): a flood of TTL 1, then of 2, 4 and so on up to its TTL, until a round
    /// brought enough. Dear where little is found, cheap where much is near.
    Ring,
    /// Random walks (Lv and others, 2002): each walker is one copy that goes from a node to one of its neighbors drawn at
    /// random, until it finds a match or its TTL is used up.
    Walk {
        /// Copies that the origin sends, 1 to [`MAX_WALKERS`].
        walkers: u8,
    },
}

impl Strategy {
    /// Walkers of a search that names no number.
    pub const WALKERS: u8 = 4;
    /// Steps of a search by walkers that names no TTL.
    pub const WALK_TTL: Ttl = 32;
    /// Hits that end a ring that names no number.
    pub const RING_ENOUGH: usize = 1;
    /// Each of them, in the order in which a key leads from one to the next.
    pub const ALL: [Self; 3] = [Self::Flood, Self::Ring, Self::Walk { walkers: Self::WALKERS }];

    /// The name that settings, screen and JSON use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Flood => "flood",
            Self::Ring => "ring",
            Self::Walk { .. } => "walk",
        }
    }

    /// The strategy of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|strategy| strategy.name() == name)
    }

    /// The one that a keystroke leads to.
    #[must_use]
    pub const fn next(self) -> Self {
        match self {
            Self::Flood => Self::Ring,
            Self::Ring => Self::Walk { walkers: Self::WALKERS },
            Self::Walk { .. } => Self::Flood,
        }
    }

    /// Copies that the origin sends of a walk; `None` where that is not a matter of choice.
    #[must_use]
    pub const fn walkers(self) -> Option<u8> {
        match self {
            Self::Walk { walkers } => Some(walkers),
            Self::Flood | Self::Ring => None,
        }
    }

    /// The same with that many walkers, within bounds; `None` if it has none.
    #[must_use]
    pub fn with_walkers(self, walkers: u8) -> Option<Self> {
        let within = (1..=MAX_WALKERS).contains(&walkers);
        (within && matches!(self, Self::Walk { .. })).then_some(Self::Walk { walkers })
    }

    /// The highest TTL of a search, where a flood's is `max_ttl`. A walker's is in steps: it makes one message each.
    #[must_use]
    pub const fn max_ttl(self, max_ttl: Ttl) -> Ttl {
        match self {
            Self::Walk { .. } => MAX_WALK_TTL,
            Self::Flood | Self::Ring => max_ttl,
        }
    }

    /// The TTLs of the rounds that a search of `ttl` has at the most, in their order: 1, 2, 4, ... and `ttl` for a ring.
    pub fn rounds(self, ttl: Ttl) -> impl Iterator<Item = Ttl> {
        let first = if self == Self::Ring { FIRST_ROUND } else { ttl };
        std::iter::successors(Some(first.min(ttl)), move |round| next_round(*round, ttl))
    }

    /// How much longer than any other search this one may take: what the slow motion of the nodes on its way takes, and a
    /// ring's waits between its rounds.
    #[must_use]
    pub fn takes_longer(self, ttl: Ttl, hop_delay: Duration) -> Duration {
        let hops = self.rounds(ttl).map(u32::from).sum::<u32>();
        let waits = if self == Self::Ring { ROUND_A_HOP * hops } else { Duration::ZERO };
        waits + hop_delay * hops
    }
}

/// The TTL of the round after one; `None` after the last.
pub(super) fn next_round(round: Ttl, ttl: Ttl) -> Option<Ttl> {
    (round < ttl).then(|| round.saturating_mul(2).min(ttl))
}

/// How long a round is waited for at the most.
pub(super) fn round_takes(round: Ttl, hop_delay: Duration) -> Duration {
    (ROUND_A_HOP + hop_delay) * u32::from(round)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{ROUND_A_HOP, Strategy};

    #[test]
    fn a_ring_doubles_its_ttl_up_to_the_last_round() {
        let rounds = |ttl| Strategy::Ring.rounds(ttl).collect::<Vec<_>>();
        assert_eq!([rounds(1), rounds(2), rounds(4)], [vec![1], vec![1, 2], vec![1, 2, 4]]);
        assert_eq!(rounds(7), [1, 2, 4, 7]);
        assert_eq!(Strategy::Flood.rounds(7).collect::<Vec<_>>(), [7]);
        let delay = Duration::from_millis(100);
        assert_eq!(Strategy::Flood.takes_longer(7, delay), delay * 7);
        assert_eq!(Strategy::Ring.takes_longer(7, delay), (delay + ROUND_A_HOP) * 14);
    }

    #[test]
    fn names_and_numbers_lead_to_strategies() {
        let mut strategy = Strategy::default();
        for expected in ["ring", "walk", "flood"] {
            strategy = strategy.next();
            assert_eq!((strategy.name(), Strategy::named(expected)), (expected, Some(strategy)));
        }
        let walk = Strategy::named("walk").unwrap();
        assert_eq!(walk.with_walkers(64).and_then(Strategy::walkers), Some(64));
        assert_eq!([walk.with_walkers(0), walk.with_walkers(65), Strategy::Ring.with_walkers(4)], [None; 3]);
    }
}
