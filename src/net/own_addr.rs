//! The address at which others reach this node, when it listens on all of them: learned from where its peers see it.

use std::net::{IpAddr, SocketAddr};

use crate::overlay::LinkId;
use crate::proto::PeerAddr;

/// What live links say, each with one vote: one liar does not move a node that honest peers place elsewhere.
#[derive(Debug)]
pub(super) struct OwnAddr {
    port: u16,
    votes: Vec<(LinkId, IpAddr)>,
    /// Whether the user bound the node to one address: then there is nothing to learn.
    fixed: bool,
    current: Option<PeerAddr>,
}

impl OwnAddr {
    /// Starts from the address that the listener is bound to; for a wildcard `guess` holds until a peer knows better.
    pub(super) fn new(bound: SocketAddr, guess: Option<IpAddr>) -> Self {
        let fixed = !bound.ip().is_unspecified();
        let ip = if fixed { Some(bound.ip()) } else { guess };
        let current = ip.map(|ip| PeerAddr::from(SocketAddr::new(ip, bound.port()))).filter(|addr| addr.is_dialable());
        Self { port: bound.port(), votes: Vec::new(), fixed, current }
    }

    /// The address, as far as known.
    pub(super) fn get(&self) -> Option<PeerAddr> {
        self.current
    }

    /// A new link's peer, seen at `remote`, says at which address it sees this node. Returns the own address if it changed.
    pub(super) fn vote(&mut self, link: LinkId, remote: SocketAddr, observed: Option<PeerAddr>) -> Option<PeerAddr> {
        let seen = PeerAddr::from(SocketAddr::new(observed?.0.ip(), self.port));
        // Only who is on this machine itself can see it at a loopback address.
        let plausible = seen.is_dialable() && seen.0.ip().is_loopback() == remote.ip().to_canonical().is_loopback();
        if self.fixed || !plausible {
            return None;
        }
        self.votes.push((link, seen.0.ip()));
        self.count()
    }

    /// A link is gone, and its vote with it. Returns the own address if it changed.
    pub(super) fn forget(&mut self, link: LinkId) -> Option<PeerAddr> {
        let before = self.votes.len();
        self.votes.retain(|(voter, _)| *voter != link);
        if self.votes.len() == before { None } else { self.count() }
    }

    /// Most votes win; any address that other machines can reach beats loopback; of equals the present one stays, and so
    /// it does when nobody votes any more.
    fn count(&mut self) -> Option<PeerAddr> {
        let present = self.current.map(|addr| addr.0.ip());
        let votes = |ip: IpAddr| self.votes.iter().filter(|(_, voted)| *voted == ip).count();
        let rank = |ip: IpAddr| (!ip.is_loopback(), votes(ip), Some(ip) == present);
        let best = self.votes.iter().map(|(_, ip)| *ip).chain(present).max_by_key(|ip| rank(*ip))?;
        if Some(best) == present {
            return None;
        }
        self.current = Some(PeerAddr::from(SocketAddr::new(best, self.port)));
        self.current
    }
}

/// The address from which this machine would speak to the rest of the world: the best guess before anybody tells. Nothing is
/// sent for it: connecting a datagram socket only asks the system which way it would go.
pub(super) fn outward() -> Option<IpAddr> {
    // An address for documentation (RFC 5737): far away, and nobody's.
    let far = SocketAddr::from(([192, 0, 2, 1], 9));
    let socket = std::net::UdpSocket::bind((std::net::Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.connect(far).ok()?;
    socket.local_addr().ok().map(|addr| addr.ip()).filter(|ip| !ip.is_unspecified())
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::OwnAddr;
    use crate::overlay::LinkId;
    use crate::proto::PeerAddr;

    fn socket(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    fn vote(own: &mut OwnAddr, link: u32, remote: &str, observed: &str) -> Option<String> {
        own.vote(LinkId(link), socket(remote), Some(PeerAddr(socket(observed)))).map(|addr| addr.to_string())
    }

    #[test]
    fn a_bound_address_is_the_address() {
        let mut own = OwnAddr::new(socket("10.0.0.1:7"), None);
        assert_eq!(own.get(), Some(PeerAddr(socket("10.0.0.1:7"))));
        assert_eq!(vote(&mut own, 1, "10.0.0.2:5", "10.0.0.9:5"), None);
    }

    #[test]
    fn peers_tell_a_wildcard_listener_and_one_liar_does_not_win() {
        let mut own = OwnAddr::new(socket("0.0.0.0:7"), None);
        assert_eq!(own.get(), None);
        assert_eq!(vote(&mut own, 1, "127.0.0.1:5", "127.0.0.1:6"), Some("127.0.0.1:7".into()));
        assert_eq!(vote(&mut own, 2, "10.0.0.2:5", "10.0.0.1:6"), Some("10.0.0.1:7".into()), "beats loopback");
        assert_eq!(vote(&mut own, 3, "10.0.0.3:5", "10.0.0.1:6"), None, "known");
        assert_eq!(vote(&mut own, 4, "10.0.0.4:5", "198.51.100.1:6"), None, "one against two");
        assert_eq!(vote(&mut own, 5, "10.0.0.5:5", "127.0.0.1:6"), None, "cannot be true");
        assert_eq!(own.forget(LinkId(2)), None, "one each, the present one stays");
        assert_eq!(own.forget(LinkId(3)).map(|addr| addr.to_string()), Some("198.51.100.1:7".into()));
    }

    #[test]
    fn a_guess_holds_until_a_peer_on_another_machine_knows_better() {
        let mut own = OwnAddr::new(socket("0.0.0.0:7"), Some([192, 168, 0, 2].into()));
        assert_eq!(own.get(), Some(PeerAddr(socket("192.168.0.2:7"))));
        assert_eq!(vote(&mut own, 1, "127.0.0.1:5", "127.0.0.1:6"), None);
        assert_eq!(vote(&mut own, 2, "203.0.113.1:5", "198.51.100.1:6"), Some("198.51.100.1:7".into()));
    }
}
