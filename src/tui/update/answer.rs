//! What comes back: snapshots of the node, answers to effects, files read anew.

use std::sync::Arc;

use super::super::action::PaneName;
use super::super::effect::{Answer, Reloaded};
use super::super::model::{Model, RowId, Tone};
use crate::app::{Direction, Refusal, Snapshot, Transfer, TransferState, Untrusted};

/// Bytes of a file's name in a message.
const NAME: usize = 60;

/// The node changed.
pub(super) fn snapshot(model: &mut Model, snapshot: Arc<Snapshot>) {
    tell_finished(model, &snapshot);
    model.latest = Arc::clone(&snapshot);
    if model.frozen.is_none() {
        show(model, snapshot);
    }
}

/// Shows a snapshot.
pub(super) fn show(model: &mut Model, snapshot: Arc<Snapshot>) {
    if model.snapshot.node.node != snapshot.node.node {
        model.start_over();
    }
    model.snapshot = snapshot;
    model.taken = model.clock;
    model.refresh();
}

/// Says it when a transfer came to its end.
fn tell_finished(model: &mut Model, new: &Snapshot) {
    let old = Arc::clone(&model.latest);
    let was_running = |row: &Transfer| {
        let before = old.transfers.iter().find(|before| before.id == row.id);
        before.is_some_and(|before| !before.state.is_final())
    };
    let ended = |row: &&Arc<Transfer>| row.direction == Direction::Download && row.state.is_final() && was_running(row);
    let Some(row) = new.transfers.iter().rfind(ended) else { return };
    let name = row.name.visible(NAME);
    let why = Untrusted::from(row.why.as_deref().unwrap_or_default()).visible(200);
    match row.state {
        TransferState::Done => model.say(Tone::Good, format!("{name} is here and verified"), why),
        TransferState::Failed => model.say(Tone::Bad, format!("{name} failed"), why),
        _ => {}
    }
}

/// An effect was carried out, or refused.
pub(super) fn answer(model: &mut Model, answer: Answer) {
    match answer {
        Answer::Search(Ok(guid)) => {
            model.chosen = Some(guid);
            model.hop = None;
            model.screen = 2;
            model.list_mut(PaneName::Results).selected = None;
            model.list_mut(PaneName::Cost).selected = Some(RowId::Query(guid));
            model.list_mut(PaneName::Queries).selected = Some(RowId::Query(guid));
            model.refresh();
        }
        Answer::Search(Err(refusal)) => refused(model, refusal),
        Answer::Why(request, result) => super::why::answered(model, &request, result),
        Answer::Files { filter, version, page } => files(model, filter, version, page),
        Answer::Topology { topology, before, proposed, result } => {
            super::topology::answered(model, topology, before, proposed, result);
        }
        Answer::Done(said, Ok(())) => model.say(Tone::Good, said, ""),
        // What came of it is on the screen.
        Answer::World(Ok(())) => {}
        Answer::World(Err(refusal)) => refused(model, refusal),
        Answer::Done(_, Err(refusal)) => refused(model, refusal),
    }
}

fn files(model: &mut Model, filter: String, version: u64, page: Result<crate::app::FilesPage, Refusal>) {
    let expected = model.files.asked.as_ref().is_some_and(|(asked, _, of)| *asked == filter && *of == version);
    match page {
        // An answer to a question that is no longer asked.
        Ok(_) if !expected => {}
        Ok(page) => {
            model.files.asked = None;
            model.files.total = Some(page.total);
            model.files.offset = page.offset;
            model.files.rows = page.files;
            model.files.filter = filter;
            model.files.version = version;
            model.settle();
        }
        Err(refusal) => {
            // Left as asked, so that a node that refuses is not asked again for the same at every message.
            refused(model, refusal);
        }
    }
}

/// The engine did not do what was asked.
pub(super) fn refused(model: &mut Model, refusal: Refusal) {
    let shown = |text: String| Untrusted::from(text).visible(300);
    model.say(Tone::Bad, shown(refusal.message), shown(refusal.hint));
}

/// Keymap and theme were read anew.
pub(super) fn reloaded(model: &mut Model, files: Reloaded) {
    model.keymap = files.keymap;
    model.theme = files.theme;
    model.pending.clear();
    model.problems = files.problems;
    match model.problems.first() {
        None => model.say(
            Tone::Good,
            format!("Keymap {} and theme {} are in use", model.keymap.name(), model.theme.name()),
            "",
        ),
        Some(first) => {
            let first = Untrusted::from(first.as_str()).visible(200);
            model.say(Tone::Bad, first, "the built-in ones hold until that is mended");
        }
    }
}
