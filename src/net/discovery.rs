//! Other nodes on the local network, found over multicast DNS (RFC 6762, RFC 6763).
//!
//! A node of a private overlay is announced under a random name and without its id: that some node is here cannot be hidden
//! from the local network, which one it is can.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use mdns_sd::{IfKind, ResolvedService, ServiceDaemon, ServiceEvent, ServiceInfo};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::inbox::Note;
use super::limits::{MAX_ADDRS_A_SERVICE, MAX_DISCOVERED};
use super::random;
use crate::overlay::HostSource;
use crate::proto::{NodeId, PeerAddr};

/// What nodes look for.
const SERVICE: &str = "_hopscope._tcp.local.";
/// The node id's key in the service's TXT record.
const ID_KEY: &str = "id";
/// For the goodbye on the local network to leave.
const GOODBYE: Duration = Duration::from_millis(500);

/// How a node shows itself.
pub(super) struct Announcement {
    /// Where it listens; on a wildcard all of its addresses are announced.
    pub(super) listen: SocketAddr,
    /// Who it is; `None` keeps that to itself.
    pub(super) node: Option<NodeId>,
    /// Who it is, so that it does not find itself.
    pub(super) own: NodeId,
}

/// Announces this node and looks for others until the node stops. If that cannot be done it says so and ends: a network
/// without multicast is no reason not to run.
pub(super) async fn discover(announcement: Announcement, notes: mpsc::Sender<Note>, stop: CancellationToken) {
    let (daemon, found, instance) = match announce(&announcement) {
        Ok(started) => started,
        Err(why) => {
            tracing::warn!("nodes on the local network will not be found: {why}; name peers with --peer instead");
            return;
        }
    };
    // What is here, by the service's name.
    let mut known: Vec<(String, Vec<PeerAddr>)> = Vec::new();
    loop {
        let event = tokio::select! {
            () = stop.cancelled() => break,
            event = found.recv_async() => event,
        };
        let Ok(event) = event else { break };
        match event {
            ServiceEvent::ServiceResolved(service) if !service.get_fullname().starts_with(&instance) => {
                let addrs = addresses(&service, announcement.own);
                if is_news(&mut known, service.get_fullname(), &addrs)
                    && notes.send(Note::Hosts(addrs, HostSource::Discovered)).await.is_err()
                {
                    break;
                }
            }
            ServiceEvent::ServiceRemoved(_, name) => known.retain(|(service, _)| *service != name),
            _ => {}
        }
    }
    say_goodbye(&daemon, &instance).await;
}

/// Whether a service is new or moved; it is remembered then, if there is room.
fn is_news(known: &mut Vec<(String, Vec<PeerAddr>)>, name: &str, addrs: &[PeerAddr]) -> bool {
    if addrs.is_empty() {
        return false;
    }
    match known.iter().position(|(service, _)| service == name) {
        Some(index) => std::mem::replace(&mut known[index].1, addrs.to_vec()) != addrs,
        None if known.len() < MAX_DISCOVERED => {
            known.push((name.to_owned(), addrs.to_vec()));
            true
        }
        None => false,
    }
}

type Started = (ServiceDaemon, mdns_sd::Receiver<ServiceEvent>, String);

fn announce(announcement: &Announcement) -> Result<Started, String> {
    let instance = match announcement.node {
        Some(node) => node.to_string()[..16].to_owned(),
        None => random::guid().map_err(|error| error.to_string())?.to_string()[..16].to_owned(),
    };
    let ip = announcement.listen.ip();
    let mut text = Vec::new();
    if let Some(node) = announcement.node {
        text.push((ID_KEY, node.to_string()));
    }
    let started = || -> mdns_sd::Result<Started> {
        let daemon = ServiceDaemon::new()?;
        let host = format!("{instance}.local.");
        let port = announcement.listen.port();
        let service = if ip.is_unspecified() {
            ServiceInfo::new(SERVICE, &instance, &host, "", port, &text[..])?.enable_addr_auto()
        } else {
            daemon.disable_interface(IfKind::All)?;
            daemon.enable_interface(if ip.is_loopback() { loopback(ip) } else { IfKind::Addr(ip) })?;
            ServiceInfo::new(SERVICE, &instance, &host, ip, port, &text[..])?
        };
        daemon.register(service)?;
        let found = daemon.browse(SERVICE)?;
        Ok((daemon, found, instance.clone()))
    };
    started().map_err(|error| error.to_string())
}

fn loopback(ip: IpAddr) -> IfKind {
    if ip.is_ipv4() { IfKind::LoopbackV4 } else { IfKind::LoopbackV6 }
}

/// Where a found service can be dialled: only addresses of the local network, whatever it claims. IPv6 link-local ones are
/// left out, because they mean nothing without the name of an interface.
fn addresses(service: &ResolvedService, own: NodeId) -> Vec<PeerAddr> {
    let id = service.get_property_val_str(ID_KEY).and_then(|id| id.parse::<NodeId>().ok());
    if id == Some(own) {
        return Vec::new();
    }
    let scoped = |ip: &IpAddr| matches!(ip, IpAddr::V6(ip) if ip.is_unicast_link_local());
    let ips = service.get_addresses().iter().map(mdns_sd::ScopedIp::to_ip_addr).filter(|ip| !scoped(ip));
    let addrs = ips.map(|ip| PeerAddr::from(SocketAddr::new(ip, service.get_port())));
    let mut addrs: Vec<PeerAddr> = addrs.filter(|addr| addr.is_dialable() && addr.is_local()).collect();
    addrs.sort_unstable();
    addrs.truncate(MAX_ADDRS_A_SERVICE);
    addrs
}

async fn say_goodbye(daemon: &ServiceDaemon, instance: &str) {
    if let Ok(done) = daemon.unregister(&format!("{instance}.{SERVICE}")) {
        let _ = tokio::time::timeout(GOODBYE, done.recv_async()).await;
    }
    if let Ok(done) = daemon.shutdown() {
        let _ = tokio::time::timeout(GOODBYE, done.recv_async()).await;
    }
}
