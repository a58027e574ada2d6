//! Changing the topology, proposing one to the overlay, and what the node tells of such changes.

use super::super::action::{Action, TOPOLOGIES};
use super::super::effect::Effect;
use super::super::model::{Model, Overlay, Tone};
use super::super::paint::Paint;
use super::super::panes::role::role_word;
use super::{answer, open};
use crate::app::{DirectoryState, Event, Refusal, Role, TopologyKind, Untrusted, UpDown};

/// Columns of a reason in a message.
const WHY: usize = 300;
/// Neighbors that go so soon after a change of role go because of it, and that has been said.
const SETTLING_MS: u64 = 2_000;

/// The topology that this node is in, or on its way to.
fn heading_for(model: &Model) -> TopologyKind {
    model.changing.unwrap_or(model.latest.role.topology)
}

/// Changes this node to a topology, or to the next one, at once.
pub(super) fn change(model: &mut Model, wanted: Option<TopologyKind>, effects: &mut Vec<Effect>) {
    let before = heading_for(model);
    let topology = wanted.unwrap_or_else(|| before.next());
    if topology == before {
        return model.say(Tone::Plain, format!("This node is in {} already", topology.name()), "");
    }
    model.changing = Some(topology);
    model.say(Tone::Plain, format!("Changing to {}: {}", topology.name(), in_words(topology)), "");
    effects.push(Effect::Topology { topology, before, propose: false });
}

/// Asks whether to propose a topology to the overlay, by itself the next one.
pub(super) fn ask(model: &mut Model, wanted: Option<TopologyKind>) {
    let chosen = wanted.unwrap_or_else(|| heading_for(model).next());
    model.overlay = Some(Overlay::Propose { chosen });
}

/// An action while that question is open.
pub(super) fn in_question(model: &mut Model, chosen: TopologyKind, action: Action, effects: &mut Vec<Effect>) {
    match action {
        Action::Act => {
            let before = heading_for(model);
            model.changing = Some(chosen);
            effects.push(Effect::Topology { topology: chosen, before, propose: true });
        }
        Action::Back | Action::Quit => {}
        _ => {
            let last = TOPOLOGIES.len() - 1;
            let at = TOPOLOGIES.iter().position(|topology| *topology == chosen).unwrap_or(0);
            let to = open::moved(action, at, last, last).unwrap_or(at);
            model.overlay = Some(Overlay::Propose { chosen: TOPOLOGIES.get(to).copied().unwrap_or(chosen) });
        }
    }
}

/// The node changed as it was asked, or refused.
pub(super) fn answered(
    model: &mut Model,
    topology: TopologyKind,
    before: TopologyKind,
    proposed: bool,
    result: Result<(), Refusal>,
) {
    if model.changing == Some(topology) {
        model.changing = None;
    }
    if let Err(refusal) = result {
        return answer::refused(model, refusal);
    }
    let name = topology.name();
    let back = way_back(model, topology, before);
    if proposed {
        model.say(Tone::Good, format!("Proposed {name} to the overlay: nodes that follow proposals come along"), back);
    } else {
        model.say(Tone::Good, format!("Now in {name}: {}", in_words(topology)), back);
    }
}

/// How to get back from a topology to the one before.
fn way_back(model: &Model, topology: TopologyKind, before: TopologyKind) -> String {
    let key = Paint::new(model).key(&Action::NextTopology);
    match before {
        _ if before == topology => String::new(),
        _ if topology.next() == before => format!("press {key} to go back to {}", before.name()),
        _ => format!("press {key} twice to go back to {}", before.name()),
    }
}

/// What a topology means for a search, in a few words.
pub const fn in_words(topology: TopologyKind) -> &'static str {
    match topology {
        TopologyKind::Flood => "searches go from neighbor to neighbor",
        TopologyKind::Ultrapeer => "capable nodes search for all others",
        TopologyKind::Central => "one directory answers all searches",
    }
}

/// Whether an event is one that `told` has words for.
#[must_use]
pub const fn is_said(event: &Event) -> bool {
    matches!(event, Event::Topology { .. } | Event::Proposal { .. } | Event::Directory { .. } | Event::Neighbor { .. })
}

/// Says what the node told of.
pub(super) fn told(model: &mut Model, event: &Event) {
    let shown = |text: &str| Untrusted::from(text).visible(WHY);
    match event {
        Event::Topology { topology, role, why } => {
            model.say(Tone::Plain, format!("Now {}", place(*topology, *role)), shown(why));
        }
        Event::Proposal { node, topology, followed, why } => proposal(model, *node, *topology, *followed, &shown(why)),
        Event::Directory { state, addr, why } => {
            let at = addr.map_or_else(String::new, |addr| format!(" at {addr}"));
            let (tone, said) = match state {
                DirectoryState::Registered => (Tone::Good, format!("Registered with the directory{at}")),
                DirectoryState::Own => (Tone::Good, "This node asks the directory that it serves itself".into()),
                DirectoryState::Registering => (Tone::Plain, format!("Telling the directory{at} what is shared")),
                DirectoryState::Connecting => (Tone::Plain, format!("Looking for a directory{at}")),
                DirectoryState::Unreachable => (Tone::Bad, "No directory answers: searches find nothing".into()),
                DirectoryState::None => (Tone::Bad, "No directory is known: searches find nothing".into()),
            };
            // Who left that topology has no directory, and needs none.
            if *state != DirectoryState::None || heading_for(model) == TopologyKind::Central {
                model.say(tone, said, shown(why));
            }
        }
        Event::Neighbor { event, name, kind, why, .. } => neighbor(model, *event, name, *kind, why.as_deref()),
        _ => {}
    }
}

/// A leaf's only ultra-peer, or the last neighbor of all: whoever loses that is told, and when there is one again.
fn neighbor(model: &mut Model, event: UpDown, name: &Untrusted, kind: Role, why: Option<&str>) {
    let now = &model.latest;
    let just_changed = now.uptime_ms.saturating_sub(now.role.since_ms) < SETTLING_MS;
    let linked = now.neighbors.iter().filter(|row| row.node.is_some()).count();
    if just_changed || now.role.topology == TopologyKind::Central {
        return;
    }
    let (name, why) = (name.visible(40), why.map(|why| Untrusted::from(why).visible(WHY)).unwrap_or_default());
    match event {
        UpDown::Down if linked == 0 && kind == Role::Ultrapeer && now.role.role == Role::Leaf => {
            model.say(Tone::Bad, format!("The ultra-peer {name} is gone: looking for another"), why);
        }
        UpDown::Down if linked == 0 => model.say(Tone::Bad, format!("The last neighbor, {name}, is gone"), why),
        UpDown::Up if linked == 1 && now.role.role == Role::Leaf => {
            model.say(Tone::Good, format!("The ultra-peer {name} answers for this node now"), String::new());
        }
        _ => {}
    }
}

fn proposal(model: &mut Model, node: crate::app::NodeId, topology: TopologyKind, followed: bool, why: &str) {
    // What this node proposed itself its own answer tells of.
    if node == model.latest.node.node {
        return;
    }
    let name = topology.name();
    let from = model.latest.neighbors.iter().find(|row| row.node == Some(node));
    let from = from.map(|row| row.name.visible(40)).filter(|name| !name.trim().is_empty());
    let from = from.unwrap_or_else(|| node.short());
    if followed {
        model.say(Tone::Plain, format!("{from} proposes {name}: this node goes along"), why);
    } else {
        let stays = heading_for(model).name();
        model.say(Tone::Plain, format!("{from} proposes {name}: this node stays in {stays}"), why);
    }
}

/// A role and its topology, in words: `a leaf in ultrapeer`.
fn place(topology: TopologyKind, role: Role) -> String {
    let article = if role == Role::Ultrapeer { "an" } else { "a" };
    format!("{article} {} in {}", role_word(role), topology.name())
}
