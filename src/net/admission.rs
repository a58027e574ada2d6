//! How many strangers may be connected at once, in all and from one address.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::limits::MAX_INBOUND_AN_IP;
use crate::base::{Map, seed};

/// The places for inbound connections.
#[derive(Debug)]
pub(super) struct Admission {
    places: Arc<Semaphore>,
    by_ip: Mutex<Map<IpAddr, u32>>,
}

/// The place of one inbound connection, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Slot {
    admission: Arc<Admission>,
    ip: Option<IpAddr>,
    _place: OwnedSemaphorePermit,
}

impl Admission {
    /// All places free. The seed keeps strangers from choosing addresses that collide.
    pub(super) fn new(places: usize, seed_bits: u64) -> Arc<Self> {
        let by_ip = Mutex::new(Map::with_hasher(seed(seed_bits)));
        Arc::new(Self { places: Arc::new(Semaphore::new(places)), by_ip })
    }

    /// Waits for a place; `None` once the node stops.
    pub(super) async fn place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.places).acquire_owned().await.ok()
    }

    /// Gives a place to a connection from `ip`, unless too many are from there.
    pub(super) fn admit(self: &Arc<Self>, place: OwnedSemaphorePermit, ip: IpAddr) -> Option<Slot> {
        let ip = counted(ip);
        if let Some(ip) = ip {
            let mut by_ip = self.by_ip.lock().unwrap_or_else(PoisonError::into_inner);
            let count = by_ip.entry(ip).or_default();
            if *count >= MAX_INBOUND_AN_IP {
                return None;
            }
            *count += 1;
        }
        Some(Slot { admission: Arc::clone(self), ip, _place: place })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let Some(ip) = self.ip else { return };
        let mut by_ip = self.admission.by_ip.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = by_ip.get_mut(&ip) {
            *count -= 1;
            if *count == 0 {
                by_ip.remove(&ip);
            }
        }
    }
}

/// What counts as one address; `None` for loopback, which is not counted. Whoever has one IPv6 address has a whole /64.
fn counted(ip: IpAddr) -> Option<IpAddr> {
    match ip.to_canonical() {
        ip if ip.is_loopback() => None,
        IpAddr::V6(ip) => Some(IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() & (!0 << 64)))),
        ip => Some(ip),
    }
}

#[cfg(test)]
mod tests {
    use super::{Admission, MAX_INBOUND_AN_IP};
    use crate::net::limits::MAX_INBOUND;

    #[tokio::test]
    async fn one_address_holds_a_bounded_number_of_places_and_gives_them_back() {
        let admission = Admission::new(MAX_INBOUND, 1);
        let admit = async |ip: &str| admission.admit(admission.place().await.unwrap(), ip.parse().unwrap());
        let mut held = Vec::new();
        for n in 0..MAX_INBOUND_AN_IP {
            held.push(admit(&format!("2001:db8::{n:x}")).await.unwrap());
        }
        assert!(admit("2001:db8::ffff:1").await.is_none(), "the same /64");
        assert!(admit("2001:db8:0:1::1").await.is_some());
        assert!(admit("198.51.100.1").await.is_some());
        held.pop();
        assert!(admit("2001:db8::1").await.is_some());
        held.clear();
        assert!(admission.by_ip.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn loopback_is_bounded_by_the_whole_only() {
        let admission = Admission::new(MAX_INBOUND, 1);
        let mut held = Vec::new();
        for _ in 0..=MAX_INBOUND_AN_IP {
            held.push(admission.admit(admission.place().await.unwrap(), "::ffff:127.0.0.1".parse().unwrap()).unwrap());
        }
    }
}
