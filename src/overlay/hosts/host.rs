//! One address: what is known of the node there, and whether and how soon it is dialled.

use crate::base::Time;
use crate::overlay::io::HostSource;
use crate::proto::PeerAddr;

/// One address.
#[derive(Clone, Debug)]
pub(super) struct Host {
    pub(super) addr: PeerAddr,
    /// Where it was learned first; a host that the user names becomes the user's.
    pub(super) source: HostSource,
    /// How often in a row it could not be reached, or its link broke before it answered.
    pub(super) failures: u8,
    /// How often in a row it had no room.
    pub(super) refusals: u8,
    /// How often it had told of room and then had none; that is not forgiven.
    pub(super) lies: u8,
    /// When it may be dialled again.
    pub(super) next_try: Time,
    /// What it waits for until then.
    pub(super) waits: Waits,
    /// Whether a link to it was up at some time: what is worth remembering and telling.
    pub(super) proven: bool,
    /// Whether it called on this node since it could not be reached last: it is there, and looks for neighbors.
    pub(super) called: bool,
    /// Whether a dial is under way.
    pub(super) dialling: bool,
    /// Whether the user sent it away: not dialled until it is named again.
    pub(super) sent_away: bool,
    /// Whether it is an ultra-peer, as far as known.
    pub(super) ultra: bool,
    /// Whether an ultra-peer without room named it instead of itself, and it was not dialled since.
    pub(super) instead: bool,
    /// Whether the user named it and no link to it was up since: dialled even by a node with neighbors enough.
    pub(super) wished_for: bool,
}

// Most of what a node of a large simulation remembers.
const _: () = assert!(size_of::<Host>() <= 56);

/// Why a host waits for its next try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Waits {
    /// Only because the roles of the two did not go together.
    Unfit,
    /// It had no room, or went away.
    Refused,
    /// One of the two closed the link on purpose.
    SentAway,
    /// For something that has nothing to do with roles.
    Other,
}

/// Whom a node looks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::overlay) enum Wish {
    /// Anybody: it has too few neighbors.
    Anyone,
    /// Those that the user named, and no others.
    Named,
    /// Those that the user named and that it has not met yet: it has neighbors enough.
    Unmet,
    /// Those with whom contact was lost without a word, in this run or since an earlier one.
    Lost,
    /// Anybody at all, and nobody before others.
    Whoever,
    /// Those that it never met.
    Strangers,
    /// Ultra-peers.
    Ultrapeers,
    /// Ultra-peers that the user named.
    NamedUltrapeers,
}

impl Host {
    /// One of which nothing is known but where it was learned.
    pub(super) fn new(addr: PeerAddr, source: HostSource) -> Self {
        Self {
            addr,
            source,
            failures: 0,
            refusals: 0,
            lies: 0,
            next_try: Time::ZERO,
            waits: Waits::Other,
            proven: false,
            called: false,
            dialling: false,
            sent_away: false,
            ultra: false,
            instead: false,
            wished_for: source == HostSource::Configured,
        }
    }

    /// It is left alone until then, and one that lied not for a shorter time than before.
    pub(super) fn wait(&mut self, why: Waits, until: Time) {
        (self.dialling, self.waits) = (false, why);
        self.next_try = if self.lies > 0 { until.max(self.next_try) } else { until };
    }

    /// The lower, the sooner it is dialled. A node that needs nobody gives each the same chance: those that come first may
    /// be gone for good.
    pub(super) fn rank(&self, wish: Wish) -> u8 {
        match self.source {
            _ if self.lies > 0 => 4,
            _ if matches!(wish, Wish::Lost | Wish::Whoever | Wish::Strangers) => 0,
            HostSource::Configured => 0,
            _ if self.instead => 1,
            _ if self.proven && self.failures == 0 => 2,
            _ => 3,
        }
    }

    /// Whether it is one that is looked for, and nothing but the time forbids to dial it.
    pub(super) fn may_dial(&self, wish: Wish, linked: &[PeerAddr]) -> bool {
        self.fits(wish) && !self.dialling && !self.sent_away && !linked.contains(&self.addr)
    }

    /// Whether it was a neighbor, and its link broke or it could not be reached since: either it is gone, or something
    /// came between the two.
    fn is_lost(&self) -> bool {
        let was_linked = self.proven || self.source == HostSource::Remembered;
        was_linked && self.failures > 0 && self.waits == Waits::Other
    }

    /// Whether it is one that is looked for.
    pub(super) fn fits(&self, wish: Wish) -> bool {
        let named = self.source == HostSource::Configured;
        match wish {
            Wish::Anyone | Wish::Whoever => true,
            Wish::Named => named,
            Wish::Unmet => self.wished_for,
            Wish::Lost => self.is_lost(),
            Wish::Strangers => !self.proven,
            Wish::Ultrapeers => self.ultra,
            Wish::NamedUltrapeers => self.ultra && named,
        }
    }
}
