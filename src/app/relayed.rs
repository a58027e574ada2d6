//! Queries of others that passed through this node lately, as the faces see them.

use std::collections::VecDeque;

use super::snapshot::{QueryRow, QueryState, Spread};
use crate::overlay::{Action, Trace};
use crate::proto::Guid;

/// Queries kept; the oldest gives way. A busy node passes on thousands a second: this is what a person can look at.
const MAX_KEPT: usize = 200;
/// How long a query that was passed on counts as in flight: about what a flood takes to die.
const IN_FLIGHT_MS: u64 = 5_000;
/// How long a query stays listed after that.
const LISTED_MS: u64 = 120_000;

/// The list, the youngest first.
#[derive(Debug, Default)]
pub(super) struct Relayed {
    kept: VecDeque<Passed>,
}

#[derive(Debug)]
struct Passed {
    row: QueryRow,
    first_ms: u64,
    /// Until when the slow motion holds it.
    held_until_ms: u64,
}

impl Relayed {
    /// Takes in what was done with one copy.
    pub(super) fn trace(&mut self, trace: &Trace, now_ms: u64, hop_delay_ms: u64) {
        if let Some(body) = &trace.body {
            let state = if trace.ttl == 0 { QueryState::Expired } else { QueryState::Live };
            let row = QueryRow {
                guid: trace.guid,
                text: (*body.text).into(),
                own: false,
                ttl: trace.ttl.saturating_add(trace.hop),
                ttl_left: trace.ttl,
                nodes: u32::from(trace.sent),
                duplicates: 0,
                hits: u32::from(trace.hits),
                age_ms: 0,
                state,
                strategy: if body.walk { Spread::Walk } else { Spread::Flood },
                round: None,
            };
            self.kept.truncate(MAX_KEPT - 1);
            let held_until_ms = if trace.sent > 0 { now_ms + hop_delay_ms } else { now_ms };
            self.kept.push_front(Passed { row, first_ms: now_ms, held_until_ms });
        } else if let Some(passed) = self.find(&trace.guid) {
            passed.row.duplicates += u64::from(trace.action == Action::Duplicate);
            passed.row.ttl_left = passed.row.ttl_left.max(trace.ttl);
            passed.row.nodes = passed.row.nodes.max(u32::from(trace.sent));
        }
    }

    fn find(&mut self, guid: &Guid) -> Option<&mut Passed> {
        self.kept.iter_mut().find(|passed| passed.row.guid == *guid)
    }

    /// Whether any of them is in flight, so that its age and state go on changing.
    pub(super) fn any_live(&self) -> bool {
        self.kept.iter().any(|passed| matches!(passed.row.state, QueryState::Live | QueryState::Held))
    }

    /// The rows as they stand, the youngest first; those that are long over are dropped.
    pub(super) fn rows(&mut self, now_ms: u64) -> Vec<QueryRow> {
        self.kept.retain(|passed| now_ms.saturating_sub(passed.first_ms) < LISTED_MS);
        for passed in &mut self.kept {
            let age_ms = now_ms.saturating_sub(passed.first_ms);
            passed.row.state = match passed.row.state {
                QueryState::Expired => QueryState::Expired,
                _ if now_ms < passed.held_until_ms => QueryState::Held,
                _ if age_ms < IN_FLIGHT_MS => QueryState::Live,
                _ => QueryState::Passed,
            };
            passed.row.age_ms = age_ms;
        }
        self.kept.iter().map(|passed| passed.row.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{MAX_KEPT, Relayed};
    use crate::app::snapshot::QueryState;
    use crate::overlay::{Action, Delivery, LinkId, QueryBody, Trace};
    use crate::proto::Guid;

    fn trace(n: u8, ttl: u8, first: bool) -> Trace {
        let body = first.then(|| Arc::new(QueryBody::new("bach", None, Delivery::Reverse, false)));
        let action = if first { Action::Forwarded } else { Action::Duplicate };
        Trace { guid: Guid([n; 16]), link: LinkId(1), hop: 2, ttl, action, hits: 0, sent: 3, body }
    }

    #[test]
    fn a_query_is_held_then_in_flight_then_passed() {
        let mut relayed = Relayed::default();
        relayed.trace(&trace(1, 4, true), 0, 400);
        relayed.trace(&trace(1, 3, false), 10, 400);
        let states = [100, 1_000, 10_000].map(|now| relayed.rows(now)[0].state);
        assert_eq!(states, [QueryState::Held, QueryState::Live, QueryState::Passed]);
        let row = &relayed.rows(10_000)[0];
        assert_eq!((row.ttl, row.ttl_left, row.duplicates, row.nodes), (6, 4, 1, 3));
        assert!(relayed.rows(1_000_000).is_empty());
    }

    #[test]
    fn the_list_is_bounded_and_youngest_first() {
        let mut relayed = Relayed::default();
        (0..=255).for_each(|n| relayed.trace(&trace(n, 0, true), u64::from(n), 0));
        let rows = relayed.rows(300);
        assert_eq!((rows.len(), rows[0].guid, rows[0].state), (MAX_KEPT, Guid([255; 16]), QueryState::Expired));
    }
}
