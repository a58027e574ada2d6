//! "Why did I not find it?": at which node, asking, and what came of it.

use super::super::action::Action;
use super::super::edit::LineEdit;
use super::super::effect::Effect;
use super::super::model::{Model, Overlay, Prompt, PromptKind, RowId, Tone};
use super::super::overlays::{detail_width, page, why_lines};
use super::super::paint::Paint;
use super::{answer, open};
use crate::app::{NodeId, Refusal, Untrusted, Verdict, Why, WhyRequest};

/// Nodes that are offered.
const MAX_OFFERED: usize = 200;
/// A search that is older is sent once more: those that had it forget it after some minutes.
const REMEMBERED_MS: u64 = 240_000;
/// Bytes of a node's name.
const NAME: usize = 40;

/// Asks at which node, about the search that is looked at.
pub(super) fn ask(model: &mut Model) {
    if model.search().is_none() {
        let key = Paint::new(model).key(&Action::SearchPrompt);
        return model.say(Tone::Plain, "No search of yours yet to ask about", format!("{key} searches"));
    }
    let under = under_cursor(model).map(|node| called(model, node)).unwrap_or_default();
    let kind = PromptKind::Why;
    model.overlay = Some(Overlay::Prompt(Prompt { kind, line: LineEdit::new(&under), recalled: 0, before: under }));
}

/// The node under the cursor of the focused pane.
fn under_cursor(model: &Model) -> Option<NodeId> {
    let pane = model.pane()?;
    match model.position(pane).and_then(|index| model.row_id(pane, index))? {
        RowId::Node(node) | RowId::Reached(node) if node != model.snapshot.node.node => Some(node),
        _ => None,
    }
}

/// Nodes to choose from, as they can be named: those that had the search in the order in which they reported, then
/// neighbors.
#[must_use]
pub fn offered(model: &Model) -> Vec<String> {
    let own = model.snapshot.node.node;
    let reported = model.search().into_iter().flat_map(|search| search.hops.iter()).map(|hop| hop.node);
    let neighbors = model.snapshot.neighbors.iter().filter_map(|row| row.node);
    let mut nodes: Vec<NodeId> = Vec::new();
    for node in reported.chain(neighbors).filter(|node| *node != own) {
        if nodes.len() < MAX_OFFERED && !nodes.contains(&node) {
            nodes.push(node);
        }
    }
    nodes.into_iter().map(|node| called(model, node)).collect()
}

/// What to type for a node: its name if that is no other's too, else the beginning of its id.
fn called(model: &Model, node: NodeId) -> String {
    let reports = model.search().into_iter().flat_map(|search| search.hops.iter()).map(|hop| (hop.node, &hop.name));
    let neighbors = model.snapshot.neighbors.iter().filter_map(|row| Some((row.node?, &row.name)));
    let mut names = reports.chain(neighbors);
    let name = names.clone().find(|(other, _)| *other == node).map(|(_, name)| name);
    let plain = name.map(|name| name.visible(NAME)).filter(|shown| name.is_some_and(|name| name.raw() == shown));
    match plain.filter(|shown| !shown.trim().is_empty()) {
        Some(shown) if !names.any(|(other, name)| other != node && name.raw() == shown) => shown,
        _ => node.short(),
    }
}

/// Shows the next or the one before of those to choose from in the line.
pub(super) fn choose(model: &Model, prompt: &mut Prompt, down: bool) {
    if prompt.recalled == 0 {
        prompt.before = prompt.line.text().to_owned();
    }
    let nodes = offered(model);
    prompt.recalled = if down { (prompt.recalled + 1).min(nodes.len()) } else { prompt.recalled.saturating_sub(1) };
    let text = prompt.recalled.checked_sub(1).and_then(|place| nodes.get(place)).unwrap_or(&prompt.before);
    prompt.line.set(text);
}

/// A node was named: asks.
pub(super) fn submit(model: &mut Model, at: String, effects: &mut Vec<Effect>) {
    let Some(search) = model.search() else { return };
    let text = search.row.text.raw().to_owned();
    // A walk's is in steps, and what is sent anew is a flood.
    let ttl = search.strategy.walkers().is_none().then_some(search.row.ttl);
    let is_fresh = search.ended.is_some() && search.row.age_ms < REMEMBERED_MS;
    let request = WhyRequest { text, at, ttl, search: is_fresh.then_some(search.row.guid) };
    model.overlay = Some(Overlay::Why { asked: request.clone(), answer: None, scroll: 0 });
    effects.push(Effect::Why(request));
}

/// An action while the answer, or that it is awaited, is shown.
pub(super) fn act_in(model: &mut Model, asked: WhyRequest, answer: Option<Box<Why>>, scroll: usize, action: Action) {
    let screen = ratatui::layout::Rect::new(0, 0, model.size.width, model.size.height);
    let lines = why_lines(&asked, answer.as_deref(), detail_width(screen), &Paint::new(model)).len();
    let most = lines.saturating_sub(page(model.size.height));
    let moved = open::moved(action, scroll.min(most), most, page(model.size.height));
    model.overlay = moved.map(|scroll| Overlay::Why { asked, answer, scroll });
}

/// The answer came. Who closed what waited for it is told in a sentence.
pub(super) fn answered(model: &mut Model, request: &WhyRequest, result: Result<Why, Refusal>) {
    let waits = matches!(&model.overlay, Some(Overlay::Why { asked, answer: None, .. }) if asked == request);
    match result {
        Ok(why) if waits => {
            let asked = request.clone();
            model.overlay = Some(Overlay::Why { asked, answer: Some(Box::new(why)), scroll: 0 });
        }
        Ok(why) => {
            let tone = if why.verdict == Verdict::Found { Tone::Good } else { Tone::Plain };
            model.say(tone, Untrusted::from(why.sentence.as_str()).visible(200), "");
        }
        Err(refusal) => {
            if waits {
                model.overlay = None;
            }
            answer::refused(model, refusal);
        }
    }
}
