//! Which transfers changed since the faces were told last.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::proto::Untrusted;
use crate::transfer::Transfer;

/// The transfers as they were told last, by number.
#[derive(Debug, Default)]
pub(super) struct TransferEvents {
    told: BTreeMap<u64, Arc<Transfer>>,
}

impl TransferEvents {
    /// The transfers that are new or differ from what was told, which they are from now on; and whether one of them is new
    /// or in another state, not merely further on.
    pub(super) fn news(&mut self, now: &[Arc<Transfer>]) -> (Vec<Transfer>, bool) {
        let mut moved_on = false;
        let mut news = Vec::new();
        for transfer in now {
            let before = self.told.get(&transfer.id);
            if before.is_some_and(|told| Arc::ptr_eq(told, transfer) || told == transfer) {
                continue;
            }
            if before.is_none_or(|told| told.state != transfer.state) {
                moved_on = true;
                let why = transfer.why.as_deref().unwrap_or_default();
                let (name, why) = (transfer.name.visible(80), Untrusted::from(why).visible(200));
                tracing::info!("{:?} of {name}: {:?} {why}", transfer.direction, transfer.state);
            }
            news.push(Transfer::clone(transfer));
        }
        self.told = now.iter().map(|transfer| (transfer.id, Arc::clone(transfer))).collect();
        (news, moved_on)
    }
}
