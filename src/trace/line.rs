//! The lines of a trace that are not events of a node: its header, what was lost, its end; and what the end of a search
//! tells beyond the event.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::app::recorded::Origin;
use crate::app::{Event, MAX_NODE_NAME, NodeId, Role, Search, TopologyKind, Untrusted};

/// The version of the format. Another one may mean other things by the same names, and is not read.
pub const VERSION: u64 = 1;

/// What every line says of itself.
#[derive(Debug, Deserialize)]
pub(super) struct Kind {
    /// What it is.
    #[serde(rename = "type")]
    pub(super) name: String,
}

/// The lines that only a trace has.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(super) enum Line {
    /// The first line.
    Trace(Header),
    /// Events that the recorder did not write.
    Lost { events: u64 },
    /// The last line: the recorder came to its end.
    End { events: u64 },
}

/// Whose searches follow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Header {
    pub(super) version: u64,
    node: NodeId,
    #[serde(default)]
    name: Untrusted,
    #[serde(default)]
    program: String,
    #[serde(default)]
    started: String,
    #[serde(default)]
    topology: String,
    #[serde(default)]
    hop_delay_ms: u64,
}

impl Header {
    /// The header of an origin's trace.
    pub(super) fn of(origin: &Origin) -> Self {
        Self {
            version: VERSION,
            node: origin.node,
            name: origin.name.clone(),
            program: origin.version.clone(),
            started: origin.started.clone(),
            topology: origin.topology.name().to_owned(),
            hop_delay_ms: origin.hop_delay_ms,
        }
    }

    /// The origin that it names; `None` if it has a name that no node can have.
    pub(super) fn origin(self) -> Option<Origin> {
        (self.name.raw().len() <= MAX_NODE_NAME).then(|| Origin {
            node: self.node,
            name: self.name,
            version: Untrusted::new(self.program).visible(MAX_NODE_NAME),
            started: Untrusted::new(self.started).visible(MAX_NODE_NAME),
            role: None,
            topology: serde_json::from_value::<TopologyKind>(Value::String(self.topology)).unwrap_or_default(),
            hop_delay_ms: self.hop_delay_ms,
        })
    }
}

/// What the end of a search tells in a trace, beyond the event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct DoneMore {
    /// Copies that the origin sent itself.
    #[serde(default)]
    pub(super) sent: Option<u16>,
    /// Reports that came and were left out because there were too many.
    #[serde(default)]
    pub(super) lost_reports: u64,
    /// What the origin was in its topology.
    #[serde(default)]
    pub(super) role: Option<Role>,
}

/// An event as a line; what only the node's snapshot knows is added to the end of a search.
///
/// # Errors
/// When a name in it cannot be JSON, which none is.
pub(super) fn of_event(event: &Event, search: Option<(&Search, Role)>) -> serde_json::Result<String> {
    #[derive(Serialize)]
    struct More<'a> {
        #[serde(flatten)]
        event: &'a Event,
        sent: u32,
        lost_reports: u64,
        role: Role,
    }
    match (event, search) {
        (Event::Done(_), Some((search, role))) => {
            let (sent, lost_reports) = (search.sent_here, search.lost_reports);
            serde_json::to_string(&More { event, sent, lost_reports, role })
        }
        _ => serde_json::to_string(event),
    }
}
