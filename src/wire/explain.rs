//! Questions to a node about a search, and its accounts: bodies, encoding and decoding in one place.

use serde::{Deserialize, Serialize};

use super::body;
use super::decode::{read, too_long, within};
use super::encode::{frame, pack};
use super::envelope::{Envelope, kind};
use crate::overlay::{Account, Acquaintance, ExplainMessage, Missing, PassedBy, Question, Told, Unwilling};
use crate::proto::{Guid, NodeId, PeerAddr, Travel, Untrusted, limits};

#[derive(Serialize, Deserialize)]
struct QuestionBody<'a> {
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    reply_to: Option<PeerAddr>,
    #[serde(rename = "q")]
    query: Guid,
    #[serde(rename = "t", borrow)]
    text: &'a str,
    #[serde(rename = "i", default, borrow, skip_serializing_if = "str::is_empty")]
    whois: &'a str,
}

#[derive(Serialize, Deserialize)]
struct AccountBody {
    #[serde(rename = "n")]
    node: NodeId,
    /// See [`UNWILLING`]; then the rest is missing.
    #[serde(rename = "x", default, skip_serializing_if = "Option::is_none")]
    unwilling: Option<u8>,
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    told: Option<ToldBody>,
}

#[derive(Serialize, Deserialize)]
struct ToldBody {
    #[serde(rename = "n", default)]
    name: Untrusted,
    #[serde(rename = "t")]
    topology: u8,
    #[serde(rename = "r")]
    role: u8,
    #[serde(rename = "l", default)]
    neighbors: u16,
    #[serde(rename = "u", default)]
    up_ms: u64,
    #[serde(rename = "f", default)]
    files: u64,
    #[serde(rename = "m", default)]
    matches: u16,
    #[serde(rename = "o", default)]
    near: u16,
    #[serde(rename = "w", default)]
    waiting: u32,
    #[serde(rename = "v", default)]
    unlooked: u32,
    #[serde(rename = "s", default)]
    scanning: bool,
    #[serde(rename = "e", default)]
    excluded: u32,
    #[serde(rename = "y", default)]
    why: Untrusted,
    /// Hop, TTL, hits, and whether a report was sent.
    #[serde(rename = "p", default, skip_serializing_if = "Option::is_none")]
    passed: Option<(u8, u8, u8, bool)>,
    #[serde(rename = "k", default, skip_serializing_if = "Option::is_none")]
    let_through: Option<bool>,
    #[serde(rename = "g", default, skip_serializing_if = "Option::is_none")]
    knows: Option<KnowsBody>,
    #[serde(rename = "d", default)]
    limited: u64,
    #[serde(rename = "h", default)]
    not_held: u64,
}

#[derive(Serialize, Deserialize)]
struct KnowsBody {
    #[serde(rename = "n")]
    node: NodeId,
    #[serde(rename = "m", default)]
    name: Untrusted,
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    addr: Option<PeerAddr>,
}

/// Why a node gives no account; its number is its place. It may grow at the end, nothing else.
const UNWILLING: [Unwilling; 3] = [Unwilling::Outsider, Unwilling::TooMany, Unwilling::NotUnderstood];

impl From<&Told> for ToldBody {
    fn from(told: &Told) -> Self {
        Self {
            name: told.name.clone(),
            topology: body::code_of(&body::TOPOLOGIES, told.topology),
            role: body::code_of(&body::ROLES, told.role),
            neighbors: told.neighbors,
            up_ms: told.up_ms,
            files: told.files,
            matches: told.matches,
            near: told.near,
            waiting: told.missing.waiting,
            unlooked: told.missing.unlooked,
            scanning: told.missing.scanning,
            excluded: told.missing.excluded,
            why: told.missing.why.clone(),
            passed: told.passed.map(|passed| (passed.hop, passed.ttl, passed.hits, passed.reported)),
            let_through: told.let_through,
            knows: told.knows.as_ref().map(|known| KnowsBody {
                node: known.node,
                name: known.name.clone(),
                addr: known.addr,
            }),
            limited: told.limited,
            not_held: told.not_held,
        }
    }
}

impl ToldBody {
    fn read(self) -> Result<Told, String> {
        let Self { waiting, unlooked, scanning, excluded, .. } = self;
        let why = within(self.why, limits::MAX_REASON)?;
        let knows = self.knows.map(|known| {
            let addr = known.addr.filter(|addr| addr.is_dialable());
            Ok::<_, String>(Acquaintance { node: known.node, name: within(known.name, limits::MAX_NODE_NAME)?, addr })
        });
        Ok(Told {
            name: within(self.name, limits::MAX_NODE_NAME)?,
            topology: body::topology_of(self.topology),
            role: body::role_of(self.role),
            neighbors: self.neighbors,
            up_ms: self.up_ms,
            files: self.files,
            matches: self.matches,
            near: self.near,
            missing: Missing { waiting, unlooked, scanning, excluded, why },
            passed: self.passed.map(|(hop, ttl, hits, reported)| PassedBy { hop, ttl, hits, reported }),
            let_through: self.let_through,
            knows: knows.transpose()?,
            limited: self.limited,
            not_held: self.not_held,
        })
    }
}

/// Appends a question or an account as one frame.
pub(super) fn encode(message: &ExplainMessage, out: &mut Vec<u8>) {
    let (guid, kind, body) = match message {
        ExplainMessage::Question(Question { guid, reply_to, query, text, whois }) => {
            (*guid, kind::ASK, pack(&QuestionBody { reply_to: *reply_to, query: *query, text, whois }))
        }
        ExplainMessage::Account(Account { guid, node, told }) => {
            let unwilling = told.as_ref().err().map(|why| body::code_of(&UNWILLING, *why));
            let told = told.as_ref().ok().map(ToldBody::from);
            (*guid, kind::ACCOUNT, pack(&AccountBody { node: *node, unwilling, told }))
        }
    };
    frame(out, guid, Travel::start(1, 1), kind, &body);
}

/// Reads a question or an account.
///
/// # Errors
/// Says what is wrong with its body.
pub(super) fn decode(envelope: &Envelope<'_>) -> Result<ExplainMessage, String> {
    let guid = envelope.guid;
    if envelope.kind == kind::ASK {
        let body: QuestionBody<'_> = read(envelope)?;
        if body.text.len() > limits::MAX_QUERY_TEXT {
            return Err(too_long(body.text.len(), limits::MAX_QUERY_TEXT));
        }
        if body.whois.len() > limits::MAX_NODE_NAME {
            return Err(too_long(body.whois.len(), limits::MAX_NODE_NAME));
        }
        let reply_to = body.reply_to.filter(|addr| addr.is_dialable());
        let (query, text, whois) = (body.query, body.text.into(), body.whois.into());
        return Ok(ExplainMessage::Question(Question { guid, reply_to, query, text, whois }));
    }
    let body: AccountBody = read(envelope)?;
    let told = match (body.told, body.unwilling) {
        (Some(told), None) => Ok(told.read()?),
        (None, Some(code)) => Err(*UNWILLING.get(usize::from(code)).ok_or("a refusal of a newer version")?),
        _ => return Err("an account that both tells and refuses, or neither".to_owned()),
    };
    Ok(ExplainMessage::Account(Account { guid, node: body.node, told }))
}
