//! Which transfers changed since the faces were told last.

use std::sync::Arc;

use crate::transfer::Transfer;

/// The transfers as they were told last.
#[derive(Debug, Default)]
pub(super) struct TransferEvents {
    told: Vec<Arc<Transfer>>,
}

impl TransferEvents {
    /// The transfers that are new or differ from what was told, which they are from now on.
    pub(super) fn news(&mut self, now: &[Arc<Transfer>]) -> Vec<Transfer> {
        let changed = |transfer: &&Arc<Transfer>| {
            let before = self.told.iter().find(|told| told.id == transfer.id);
            before.is_none_or(|told| !Arc::ptr_eq(told, transfer) && told != *transfer)
        };
        let news = now.iter().filter(changed).map(|transfer| Transfer::clone(transfer)).collect();
        self.told = now.to_vec();
        news
    }
}
