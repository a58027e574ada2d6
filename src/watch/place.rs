//! Nodes as people call them.

use crate::app::{PeerAddr, Refusal};
use crate::proto::{NodeId, Untrusted};
use crate::sim::live::World;

/// Digits of an id from which on it is worth looking for.
const LEAST_DIGITS: usize = 4;
/// Bytes of a name in a refusal.
const SHOWN: usize = 40;

/// What a node is called: in a world nodes have numbers.
pub(super) fn name(id: &NodeId) -> Untrusted {
    called(World::number_of(id)).into()
}

/// A node's number in words.
pub(super) fn called(node: u32) -> String {
    format!("node {node}")
}

/// The node of a number, whether or not the word `node` is before it; of an address, with or without the port; or of
/// the beginning of an id.
///
/// # Errors
/// When there is none, or more than one.
pub(super) fn find(world: &World, text: &str) -> Result<u32, Refusal> {
    let text = text.trim();
    let number = text.strip_prefix("node").unwrap_or(text).trim_start_matches([' ', '-', '#']);
    if let Ok(node) = number.parse::<u64>() {
        return u32::try_from(node).ok().filter(|node| *node < world.population()).ok_or_else(|| none(world, text));
    }
    if let Some(node) = address(text).and_then(|addr| world.node_at(addr)) {
        return Ok(node);
    }
    let digits = text.to_ascii_lowercase();
    if digits.len() < LEAST_DIGITS || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(none(world, text));
    }
    let mut fits = (0..world.population()).filter(|node| world.id_of(*node).to_string().starts_with(&digits));
    match (fits.next(), fits.next()) {
        (Some(node), None) => Ok(node),
        (None, _) => Err(none(world, text)),
        (Some(_), Some(_)) => {
            let message = format!("more than one node's id begins with {digits}");
            Err(Refusal::new("no_such_node", message, "write more of it"))
        }
    }
}

/// An address of this world: the port is the same everywhere, and need not be written.
pub(super) fn address(text: &str) -> Option<PeerAddr> {
    text.parse().or_else(|_| format!("{text}:{PORT}").parse()).ok().map(PeerAddr)
}

/// The port that every node of a world listens at.
const PORT: u16 = 6346;

fn none(world: &World, text: &str) -> Refusal {
    let message = format!("there is no node {} here", Untrusted::from(text).visible(SHOWN));
    let last = world.population().saturating_sub(1);
    Refusal::new("no_such_node", message, format!("write a number from 0 to {last}, an address, or an id"))
}
