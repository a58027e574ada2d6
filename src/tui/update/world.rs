//! Steering the simulated world: its clock, and which of its nodes is looked at.

use super::super::action::Action;
use super::super::effect::Effect;
use super::super::model::{Model, PromptKind, RowId, Tone};
use super::{act, open};
use crate::app::{Look, NodeId, Step, WorldCommand};

/// Carries an action out that is the world's alone; tells whether it was one.
pub(super) fn act(model: &mut Model, action: Action, effects: &mut Vec<Effect>) -> bool {
    let command = match action {
        Action::WorldPause => WorldCommand::Pause,
        Action::WorldStep => WorldCommand::Step(Step::News),
        Action::WorldHop => WorldCommand::Step(Step::Hop),
        Action::WorldAhead => WorldCommand::Step(Step::Time),
        Action::WorldSlower => WorldCommand::Faster(-1),
        Action::WorldFaster => WorldCommand::Faster(1),
        Action::PrevNode => WorldCommand::Look(Look::Previous),
        Action::NextNode => WorldCommand::Look(Look::Next),
        Action::GoToSearcher => WorldCommand::Look(Look::Asking),
        Action::GoToNode | Action::LookAt => {
            match action {
                _ if model.latest.world.is_none() => only_simulated(model),
                Action::GoToNode => open::prompt(model, PromptKind::Node),
                _ => look(model, effects),
            }
            return true;
        }
        _ => return false,
    };
    if model.latest.world.is_none() {
        only_simulated(model);
    } else {
        effects.push(Effect::World(command));
    }
    true
}

fn only_simulated(model: &mut Model) {
    model.say(Tone::Plain, "Only a simulation can do that", "hopscope sim watch SCENARIO looks into one");
}

/// Looks at the node under the cursor.
fn look(model: &mut Model, effects: &mut Vec<Effect>) {
    let selected = model.pane().and_then(|pane| act::under(model, pane));
    let node = match selected {
        Some(RowId::Node(node) | RowId::Reached(node)) => Some(node),
        Some(RowId::Content(hash)) => {
            let group = model.rows.results.iter().find(|group| group.hash == hash);
            group.and_then(|group| group.best()).map(|hit| hit.node)
        }
        _ => None,
    };
    match node {
        Some(node) => look_at(node, effects),
        None => {
            model.say(Tone::Plain, "Select a node first: a neighbor, one of the flood or of the map, or a result", "")
        }
    }
}

/// Looks at a node.
pub(super) fn look_at(node: NodeId, effects: &mut Vec<Effect>) {
    effects.push(Effect::World(WorldCommand::Look(Look::Node(node))));
}
