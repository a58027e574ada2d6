//! Where a node listens.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// An address that a node says it can be dialled at. To the core it is opaque: something to compare, pass on and dial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
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

impl Serialize for PeerAddr {
    /// `ip:port` for people; 6 or 18 bytes (address, then port in network order) on the wire, as Gnutella writes it.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            return serializer.collect_str(self);
        }
        let mut bytes = [0; 18];
        let ip_len = match self.0.ip() {
            IpAddr::V4(ip) => copy_into(&mut bytes, &ip.octets()),
            IpAddr::V6(ip) => copy_into(&mut bytes, &ip.octets()),
        };
        bytes[ip_len..ip_len + 2].copy_from_slice(&self.0.port().to_be_bytes());
        serializer.serialize_bytes(&bytes[..ip_len + 2])
    }
}

fn copy_into(bytes: &mut [u8; 18], octets: &[u8]) -> usize {
    bytes[..octets.len()].copy_from_slice(octets);
    octets.len()
}

impl<'de> Deserialize<'de> for PeerAddr {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = String::deserialize(deserializer)?;
            return text.parse::<SocketAddr>().map(Self::from).map_err(de::Error::custom);
        }
        let bytes = <serde_bytes::ByteBuf>::deserialize(deserializer)?;
        let (ip, port) = bytes.split_at_checked(bytes.len().saturating_sub(2)).unwrap_or_default();
        let ip = match ip.len() {
            4 => <[u8; 4]>::try_from(ip).map(IpAddr::from),
            _ => <[u8; 16]>::try_from(ip).map(IpAddr::from),
        };
        match (ip, <[u8; 2]>::try_from(port)) {
            (Ok(ip), Ok(port)) => Ok(Self::from(SocketAddr::new(ip, u16::from_be_bytes(port)))),
            _ => Err(de::Error::invalid_length(bytes.len(), &"6 or 18 bytes of address and port")),
        }
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
    fn it_travels_as_the_bytes_of_address_and_port() {
        for text in ["192.0.2.7:6346", "[2001:db8::7]:1"] {
            let addr = PeerAddr(text.parse().unwrap());
            let bytes = rmp_serde::to_vec(&addr).unwrap();
            assert_eq!(bytes.len(), 2 + if addr.0.is_ipv4() { 6 } else { 18 });
            assert_eq!(rmp_serde::from_slice::<PeerAddr>(&bytes).unwrap(), addr);
        }
        for bad in [&[][..], &[1], &[1, 2, 3, 4, 5], &[0; 19]] {
            let bytes = rmp_serde::to_vec(serde_bytes::Bytes::new(bad)).unwrap();
            assert!(rmp_serde::from_slice::<PeerAddr>(&bytes).is_err());
        }
    }

    #[test]
    fn private_and_loopback_are_local_and_public_is_not() {
        let local = |text: &str| PeerAddr(text.parse().unwrap()).is_local();
        assert!(local("10.1.2.3:1") && local("[::1]:1") && local("[::ffff:192.168.0.1]:1") && local("169.254.0.1:1"));
        assert!(!local("198.51.100.7:1") && !local("[2001:db8::1]:1"));
    }
}
