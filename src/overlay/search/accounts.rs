//! Whether every copy of a search's query is accounted for, node by node.

use crate::base::{Map, Seed};
use crate::proto::NodeId;

/// What is known of one node.
#[derive(Clone, Copy, Debug, Default)]
struct Account {
    /// Copies that it reported to have had.
    told: u16,
    /// Copies that it says it sent, less those that others had from it.
    balance: i32,
}

/// What nodes report of one search. Sums over all of them could come out even by chance while a report is still on its way:
/// its copies are missing where it had them, and were told of where it sent them on.
#[derive(Debug)]
pub(super) struct Accounts {
    nodes: Map<NodeId, Account>,
    /// Nodes that told of a copy.
    reached: u32,
    /// Nodes whose balance is not even.
    open: u32,
}

impl Accounts {
    pub(super) fn new(state: Seed) -> Self {
        Self { nodes: Map::with_hasher(state), reached: 0, open: 0 }
    }

    /// Copies that a node told of.
    pub(super) fn told(&self, node: &NodeId) -> u16 {
        self.nodes.get(node).map_or(0, |account| account.told)
    }

    /// Nodes that told of a copy.
    pub(super) fn reached(&self) -> u32 {
        self.reached
    }

    /// A node tells of a copy that it had from another one, and of as many that it sent on.
    pub(super) fn had(&mut self, node: NodeId, from: NodeId, sent: u16) {
        let account = self.nodes.entry(node).or_default();
        self.reached += u32::from(account.told == 0);
        account.told = account.told.saturating_add(1);
        self.sent(node, sent);
        self.came(from);
    }

    /// A node sent so many copies.
    pub(super) fn sent(&mut self, node: NodeId, copies: u16) {
        self.change(node, i32::from(copies));
    }

    /// A copy came from a node.
    pub(super) fn came(&mut self, from: NodeId) {
        self.change(from, -1);
    }

    fn change(&mut self, node: NodeId, by: i32) {
        let balance = &mut self.nodes.entry(node).or_default().balance;
        let was_open = *balance != 0;
        *balance = balance.saturating_add(by);
        self.open = self.open + u32::from(*balance != 0) - u32::from(was_open);
    }

    /// Whether each copy that a node sent was received by one that told of it, and each that was received was told of by
    /// the node that sent it.
    pub(super) fn are_even(&self) -> bool {
        self.open == 0
    }
}

#[cfg(test)]
mod tests {
    use super::Accounts;
    use crate::base::seed;
    use crate::proto::NodeId;

    #[test]
    fn sums_that_are_even_by_chance_are_not_enough() {
        let [own, a, b, c] = [0, 1, 2, 3].map(|byte| NodeId([byte; 32]));
        let mut accounts = Accounts::new(seed(1));
        assert!(accounts.are_even(), "nothing was sent");
        accounts.sent(own, 2);
        accounts.had(a, own, 1);
        // As many copies as were sent were received, and yet what b sent on is not known of.
        accounts.had(c, b, 0);
        accounts.had(c, a, 0);
        assert!(!accounts.are_even());
        accounts.had(b, own, 1);
        assert!(accounts.are_even());
        assert_eq!((accounts.reached(), accounts.told(&c), accounts.told(&own)), (3, 2, 0));
    }
}
