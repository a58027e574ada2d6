//! Where a node listens.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

/// An address that a node says it can be dialled at. To the core it is opaque: something to compare, pass on and dial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PeerAddr(pub SocketAddr);

impl PeerAddr {
    /// Whether it can name one host to dial: no port 0, no unspecified, multicast or broadcast address.
    #[must_use]
    pub fn is_dialable(self) -> bool {
        let ip = self.0.ip();
        let broadcast = matches!(ip, IpAddr::V4(v4) if v4.is_broadcast());
        self.0.port() != 0 && !ip.is_unspecified() && !ip.is_multicast() && !broadcast
    }

    /// Whether it lies on this machine or on a private or link-local network (RFC 1918, RFC 4193, RFC 3927): where
    /// telling about neighbors tells nobody outside.
    #[must_use]
    pub fn is_local(self) -> bool {
        match self.0.ip().to_canonical() {
            IpAddr::V4(ip) => ip.is_loopback() || ip.is_private() || ip.is_link_local(),
            IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
        }
    }
}

impl fmt::Display for PeerAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<SocketAddr> for PeerAddr {
    /// An IPv4 address that came mapped into IPv6 is the same host.
    fn from(addr: SocketAddr) -> Self {
        Self(SocketAddr::new(addr.ip().to_canonical(), addr.port()))
    }
}

#[cfg(test)]
mod tests {
    use super::PeerAddr;

    #[test]
    fn only_addresses_of_one_host_are_dialled() {
        let dialable = |text: &str| PeerAddr::from(text.parse::<std::net::SocketAddr>().unwrap()).is_dialable();
        assert!(dialable("127.0.0.1:6346") && dialable("[2001:db8::1]:1"));
        for bad in ["0.0.0.0:6346", "127.0.0.1:0", "224.0.0.251:5353", "255.255.255.255:1", "[::]:6346", "[ff02::1]:1"]
        {
            assert!(!dialable(bad), "{bad}");
        }
    }

    #[test]
    fn private_and_loopback_are_local_and_public_is_not() {
        let local = |text: &str| PeerAddr(text.parse().unwrap()).is_local();
        assert!(local("10.1.2.3:1") && local("[::1]:1") && local("[::ffff:192.168.0.1]:1") && local("169.254.0.1:1"));
        assert!(!local("198.51.100.7:1") && !local("[2001:db8::1]:1"));
    }
}
