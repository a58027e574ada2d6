//! What of files moved between this node and each other one. Whoever moves a file holds the other node's account and adds
//! to it without a lock; the table of accounts is looked at when a connection opens, and once a second by the engine.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::proto::NodeId;

/// Nodes whose accounts are kept. When there are more, the one whose connection was opened longest ago gives way.
const MAX_ACCOUNTS: usize = 1_024;

/// Bytes of files that moved between this node and another one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    /// Verified bytes that came from there.
    pub received: u64,
    /// Bytes that went there.
    pub sent: u64,
}

/// The account of one other node.
#[derive(Debug, Default)]
pub(super) struct Account {
    received: AtomicU64,
    sent: AtomicU64,
}

impl Account {
    /// So many more bytes came from there, and are verified.
    pub(super) fn received(&self, bytes: u64) {
        self.received.fetch_add(bytes, Ordering::Relaxed);
    }

    /// So many more bytes went there.
    pub(super) fn sent(&self, bytes: u64) {
        self.sent.fetch_add(bytes, Ordering::Relaxed);
    }

    fn read(&self) -> Moved {
        Moved { received: self.received.load(Ordering::Relaxed), sent: self.sent.load(Ordering::Relaxed) }
    }
}

/// The accounts of all other nodes.
#[derive(Debug, Default)]
pub(super) struct Ledger(Mutex<Accounts>);

#[derive(Debug, Default)]
struct Accounts {
    /// With the number of the connection that was opened last.
    by_node: BTreeMap<NodeId, (u64, Arc<Account>)>,
    opened: u64,
}

impl Ledger {
    /// The account of a node to which a connection was opened.
    pub(super) fn open(&self, node: NodeId) -> Arc<Account> {
        let mut accounts = self.lock();
        accounts.opened += 1;
        let now = accounts.opened;
        if accounts.by_node.len() >= MAX_ACCOUNTS && !accounts.by_node.contains_key(&node) {
            let oldest = accounts.by_node.iter().min_by_key(|(_, (opened, _))| *opened).map(|(node, _)| *node);
            oldest.map(|node| accounts.by_node.remove(&node));
        }
        let (opened, account) = accounts.by_node.entry(node).or_default();
        *opened = now;
        Arc::clone(account)
    }

    /// What moved between this node and each other one.
    pub(super) fn read(&self) -> BTreeMap<NodeId, Moved> {
        self.lock().by_node.iter().map(|(node, (_, account))| (*node, account.read())).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Accounts> {
        // A panic elsewhere while it was held leaves a table that is whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(n: usize) -> NodeId {
        NodeId(std::array::from_fn(|i| n.to_be_bytes().get(i).copied().unwrap_or(0)))
    }

    #[test]
    fn each_node_has_its_own_account_and_the_oldest_of_too_many_gives_way() {
        let ledger = Ledger::default();
        let first = ledger.open(node(0));
        first.received(10);
        ledger.open(node(1)).sent(7);
        ledger.open(node(0)).sent(1);
        assert_eq!(ledger.read()[&node(0)], Moved { received: 10, sent: 1 });
        assert_eq!(ledger.read()[&node(1)], Moved { received: 0, sent: 7 });
        (2..=MAX_ACCOUNTS).for_each(|n| drop(ledger.open(node(n))));
        let kept = ledger.read();
        assert_eq!((kept.len(), kept.contains_key(&node(0)), kept.contains_key(&node(1))), (MAX_ACCOUNTS, true, false));
        first.received(5);
        assert_eq!(ledger.read()[&node(0)].received, 15);
    }
}
