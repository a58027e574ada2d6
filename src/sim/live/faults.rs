//! What breaks when: partitions, clogged links, crashes, clocks, and topologies that change.

use serde::{Deserialize, Serialize};

use super::hash::chance;
use super::units::{Fraction, Span};

/// One thing that breaks for a while.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// What.
    pub kind: FaultKind,
    /// When.
    pub at: Span,
    /// For how long.
    #[serde(rename = "for", default)]
    pub lasts: Span,
    /// The share of nodes, or of links, that it hits.
    #[serde(default = "half")]
    pub share: Fraction,
    /// A partition: only what goes from the smaller side to the other stays out.
    #[serde(default)]
    pub one_way: bool,
}

fn half() -> Fraction {
    Fraction::new(0.5)
}

/// What breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FaultKind {
    /// A share of the nodes and the others cannot reach each other. Links stay up and hold what is sent, as TCP does, until
    /// the partition ends, the queue is full or a node loses patience.
    Partition,
    /// The same for single links, both ways.
    Clog,
    /// Nodes crash, and start again with their disk when it ends; with no length they stay away.
    Crash,
    /// The same without their disk.
    Wipe,
    /// Nodes vanish without a trace, and start again when it ends.
    Vanish,
    /// Links break.
    Break,
    /// The clocks of nodes jump forward by that long, as when a machine was asleep. They stay ahead.
    Jump,
    /// Nodes change to topologies drawn for each, and back when it ends; with no length they stay.
    Change,
    /// A node proposes a topology to all, and the old one when it ends. In a run with such faults all follow proposals.
    Propose,
}

impl FaultKind {
    /// Whether it brings nodes into other topologies than that of the run.
    pub(super) const fn mixes(self) -> bool {
        matches!(self, Self::Change | Self::Propose)
    }
}

/// The faults of a run, and which of them are on.
#[derive(Debug)]
pub(super) struct Faults {
    list: Vec<Fault>,
    on: Vec<usize>,
    seed: u64,
    over: bool,
}

impl Faults {
    pub(super) fn new(list: &[Fault], seed: u64) -> Self {
        Self { list: list.to_vec(), on: Vec::new(), seed, over: false }
    }

    pub(super) fn list(&self) -> &[Fault] {
        &self.list
    }

    pub(super) fn begin(&mut self, fault: usize) {
        self.on.push(fault);
    }

    pub(super) fn end(&mut self, fault: usize) {
        self.on.retain(|&on| on != fault);
    }

    /// None of those that are still planned begins any more.
    pub(super) fn no_more(&mut self) {
        self.over = true;
    }

    /// Whether the planned ones are left out from now on.
    pub(super) fn are_over(&self) -> bool {
        self.over
    }

    /// Whether any is on.
    pub(super) fn any(&self) -> bool {
        !self.on.is_empty()
    }

    /// Whether a fault hits a node or a link: it follows from the seed, so that the same ones return at its end.
    pub(super) fn hits(&self, fault: usize, what: u64) -> bool {
        chance(&[self.seed, fault as u64, what]) < self.list[fault].share.get()
    }

    /// Whether nothing gets from one node to another, over this link if there is one already.
    pub(super) fn blocks(&self, from: u32, to: u32, link: Option<u32>) -> bool {
        self.on.iter().any(|&fault| match self.list[fault].kind {
            FaultKind::Partition => {
                let inside = [from, to].map(|node| self.hits(fault, node.into()));
                if self.list[fault].one_way { inside == [true, false] } else { inside[0] != inside[1] }
            }
            FaultKind::Clog => link.is_some_and(|link| self.hits(fault, link.into())),
            _ => false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Fault, FaultKind, Faults};
    use crate::sim::live::units::{Fraction, Span};

    fn faults(kind: FaultKind, one_way: bool) -> Faults {
        let (at, lasts) = (Span::secs(1), Span::secs(1));
        let mut faults = Faults::new(&[Fault { kind, at, lasts, share: Fraction::new(0.5), one_way }], 4);
        faults.begin(0);
        faults
    }

    #[test]
    fn a_partition_cuts_between_its_sides_and_one_way_only_one_way() {
        let pairs = || (0..20u32).flat_map(|a| (0..20u32).map(move |b| (a, b)));
        for one_way in [false, true] {
            let faults = faults(FaultKind::Partition, one_way);
            let (mut cut, mut half_cut) = (0, 0);
            for (a, b) in pairs() {
                let (there, back) = (faults.blocks(a, b, Some(1)), faults.blocks(b, a, None));
                let apart = faults.hits(0, a.into()) != faults.hits(0, b.into());
                assert_eq!(there || back, apart);
                cut += u32::from(there && back);
                half_cut += u32::from(there != back);
            }
            assert!(if one_way { cut == 0 && half_cut > 0 } else { cut > 0 && half_cut == 0 });
        }
    }

    #[test]
    fn a_clog_hits_links_and_ends() {
        let mut faults = faults(FaultKind::Clog, false);
        let clogged = (0..1_000).filter(|&link| faults.blocks(1, 2, Some(link))).count();
        assert!((430..570).contains(&clogged), "{clogged}");
        assert!(!faults.blocks(1, 2, None), "new links are not clogged");
        faults.end(0);
        assert!(!faults.any() && !faults.blocks(1, 2, Some(clogged as u32)));
    }
}
