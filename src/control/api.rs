//! The shapes of requests and answers. The names are a contract with other programs: add, don't rename.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::app::{
    Delivery, FilesPage, LibraryStatus, MAX_WALKERS, Neighbor, NodeStatus, QueryRow, Refusal, RoleStatus,
    SearchRequest, Snapshot, Strategy, Traffic, Transfer, Warning, Why,
};

/// What the node answers to a request that is no stream. As JSON, `type` comes first.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Answer {
    /// To `GET /v1/status`.
    Status(Box<Status>),
    /// To `GET /v1/neighbors`.
    Neighbors {
        /// Neighbors, and addresses being dialled.
        neighbors: Vec<Neighbor>,
    },
    /// To `GET /v1/queries`.
    Queries {
        /// Own queries and relayed ones.
        queries: Vec<QueryRow>,
    },
    /// To `GET /v1/transfers`.
    Transfers {
        /// Running and finished ones.
        transfers: Vec<Arc<Transfer>>,
    },
    /// To `GET /v1/files`.
    Files(FilesPage),
    /// To `POST /v1/topology`: what holds now.
    Topology(Box<RoleStatus>),
    /// To `POST /v1/why`.
    Why(Box<Why>),
    /// To `POST /v1/get`: the transfer began under this number.
    Accepted {
        /// The transfer's number.
        id: u64,
    },
    /// What was asked is done.
    Ok,
}

/// The node at a glance.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Status {
    /// Who it is.
    #[serde(flatten)]
    pub node: NodeStatus,
    /// Milliseconds since it started.
    pub uptime_ms: u64,
    /// Topology and role, and why.
    pub role: RoleStatus,
    /// What it shares.
    pub library: LibraryStatus,
    /// Query traffic against content traffic.
    pub traffic: Traffic,
    /// Transfers that are not over.
    pub transfers: usize,
    /// Queries in the list.
    pub queries: usize,
    /// What the user should know.
    pub warnings: Vec<Warning>,
}

impl From<&Snapshot> for Status {
    fn from(snapshot: &Snapshot) -> Self {
        Self {
            node: NodeStatus::clone(&snapshot.node),
            uptime_ms: snapshot.uptime_ms,
            role: snapshot.role.clone(),
            library: LibraryStatus::clone(&snapshot.library),
            traffic: snapshot.traffic.clone(),
            transfers: snapshot.transfers.iter().filter(|transfer| !transfer.state.is_final()).count(),
            queries: snapshot.queries.len(),
            warnings: snapshot.warnings.to_vec(),
        }
    }
}

/// `POST /v1/search`. A field that is left out takes the node's setting; one that is unknown is a mistake, and said so.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SearchBody {
    /// The words.
    pub text: String,
    /// How far: 1 to 7 hops, or 1 to 128 steps of each walker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl: Option<u8>,
    /// For how long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
    /// Until how many hits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enough: Option<usize>,
    /// How hits travel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hits: Option<Delivery>,
    /// How it spreads: `flood`, `ring` or `walk`; checked against what this version has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strategy: Option<String>,
    /// Walkers of a walk, 1 to 64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub walkers: Option<u8>,
}

impl SearchBody {
    /// What the engine is asked.
    ///
    /// # Errors
    /// When there is no such strategy, or it has no such number of walkers.
    pub(super) fn request(self) -> Result<SearchRequest, Refusal> {
        Ok(SearchRequest {
            strategy: self.strategy()?,
            text: self.text,
            ttl: self.ttl,
            timeout: self.timeout_ms.map(std::time::Duration::from_millis),
            enough: self.enough,
            hits: self.hits,
        })
    }

    fn strategy(&self) -> Result<Option<Strategy>, Refusal> {
        let named = self.strategy.as_deref().map(|name| {
            Strategy::named(name).ok_or_else(|| {
                let shown: String = name.chars().take(40).collect();
                let message = format!("this version has no strategy `{shown}`");
                Refusal::new("no_such_strategy", message, "it has flood, ring and walk")
            })
        });
        let strategy = named.transpose()?;
        let Some(walkers) = self.walkers else { return Ok(strategy) };
        let walk = strategy.and_then(|strategy| strategy.with_walkers(walkers));
        walk.map(Some).ok_or_else(|| {
            let message = format!("{walkers} walkers are not possible here");
            Refusal::new("bad_walkers", message, format!("a walk has 1 to {MAX_WALKERS}, other strategies have none"))
        })
    }
}

/// `POST /v1/why`: why a search did not find something at a node.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WhyBody {
    /// The words.
    pub text: String,
    /// The node: its name, its address, or the beginning of its id.
    pub at: String,
    /// How far the search goes, 1 to 7.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl: Option<u8>,
    /// The GUID of a search that is over and did not find it; without it the words are sent once more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub search: Option<String>,
}

/// `POST /v1/get`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GetBody {
    /// A magnet link.
    pub(super) magnet: String,
}

/// `POST /v1/neighbors`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PeerBody {
    /// `host:port`.
    pub(super) addr: String,
}

/// `POST /v1/topology`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TopologyBody {
    /// Its name; checked against what this version has.
    pub(super) topology: String,
    /// Whether to propose it to all others as well.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) propose: bool,
}
