//! What a message does to the model, and what it asks of the loop. Pure: the time comes with the message.

mod act;
mod answer;
mod flood;
mod keys;
mod map;
mod mouse;
mod open;
mod recorded;
mod topology;
mod why;
mod world;

use std::time::Duration;

use super::action::PaneName;
use super::effect::{Effect, Message};
use super::flood::player;
use super::keymap::{KeyPress, Lookup, scope};
use super::model::{FILES_WINDOW, Model, Overlay, PromptKind};
use super::panes::role;

pub use topology::{in_words, is_said};
pub use why::offered;

/// Takes in what happened at a time of the loop's clock; returns what the loop must do.
pub fn update(model: &mut Model, at: Duration, message: Message) -> Vec<Effect> {
    model.clock = model.clock.max(at);
    let mut effects = Vec::new();
    match message {
        Message::Key(key) => keys::key(model, key, &mut effects),
        Message::Paste(text) => keys::paste(model, &text),
        Message::Mouse(event) => mouse::mouse(model, event, &mut effects),
        Message::Resize(width, height) => {
            model.size = (width, height).into();
            model.settle();
        }
        Message::Snapshot(snapshot) => answer::snapshot(model, snapshot),
        Message::Told(event) => topology::told(model, &event),
        Message::Answer(answer) => answer::answer(model, answer),
        Message::Reloaded(files) => answer::reloaded(model, *files),
        Message::Tick => {}
    }
    model.follow_flood();
    model.follow_map();
    if model.toast.as_ref().is_some_and(|toast| toast.until <= model.clock) {
        model.toast = None;
    }
    effects.extend(wanted_files(model));
    effects
}

/// When the model changes by itself, on the loop's clock: a message that goes, an age that is shown.
#[must_use]
pub fn next_tick(model: &Model) -> Option<Duration> {
    let toast = model.toast.as_ref().map(|toast| toast.until);
    let animates = model.animates().then(|| model.clock + ANIMATION);
    // In a simulation nothing ages by our clock, and in a recording nothing at all.
    let ages = (model.frozen.is_none() && model.world().is_none() && model.recorded().is_none()).then(|| {
        let now = model.clock;
        // Ages are shown in seconds for a minute only, and only while something young enough is in view.
        let young =
            model.screen <= 2 && model.snapshot.queries.iter().any(|row| row.age_ms + model.since_taken_ms() < 60_000);
        let step = if young || role::counts_down(model) { 1_000 } else { 60_000 };
        now + Duration::from_millis(step - model.now_ms() % step)
    });
    let plays = matches!(model.screen, 3 | 4) && model.flood.player.runs();
    let settles = model.screen == 4 && model.map.layout.moves();
    let moves = (plays || settles).then(|| model.clock + player::FRAME);
    toast.into_iter().chain(animates).chain(ages).chain(moves).min()
}

/// Between two frames of something that moves.
const ANIMATION: Duration = Duration::from_millis(125);

/// The part of the list of files that is in view but not here, if it was not asked for yet.
fn wanted_files(model: &mut Model) -> Option<Effect> {
    if model.screen != 5 || model.recorded().is_some() {
        return None;
    }
    let filter = model.list(PaneName::Files).filter.clone();
    let version = model.snapshot.library.version;
    let (index, files) = (model.list(PaneName::Files).index as u64, &model.files);
    let fresh = files.total.is_some() && files.version == version && files.filter == filter;
    let margin = FILES_WINDOW as u64 / 4;
    let (first, last) =
        (index.saturating_sub(margin), (index + margin).min(files.total.unwrap_or(0).saturating_sub(1)));
    let end = files.offset + files.rows.len() as u64;
    if fresh && files.offset <= first && (last < end || files.rows.is_empty()) {
        return None;
    }
    let offset = index.saturating_sub(FILES_WINDOW as u64 / 2);
    let wanted = (filter.clone(), offset, version);
    if files.asked.as_ref() == Some(&wanted) {
        return None;
    }
    model.files.asked = Some(wanted);
    Some(Effect::Files(filter, offset, version))
}

impl Model {
    /// The scopes in which a key is looked up now, the narrowest first.
    #[must_use]
    pub fn scopes(&self) -> Vec<&'static str> {
        let open = match &self.overlay {
            None => return super::paint::Paint::new(self).scopes(),
            Some(Overlay::Help { .. } | Overlay::Detail { .. } | Overlay::Why { .. }) => scope::HELP,
            Some(Overlay::Problems { .. }) => scope::PROBLEMS,
            Some(Overlay::Palette { .. }) => scope::PALETTE,
            Some(Overlay::Prompt(prompt)) if matches!(prompt.kind, PromptKind::Filter(_)) => scope::FILTER,
            Some(Overlay::Prompt(_)) => scope::PROMPT,
            Some(Overlay::Confirm { .. } | Overlay::Propose { .. }) => scope::CONFIRM,
            Some(Overlay::Columns { .. }) => scope::COLUMNS,
        };
        vec![open, scope::OVERLAY]
    }

    /// What may follow the keys that are pending, and what each would do.
    #[must_use]
    pub fn following(&self) -> Vec<(KeyPress, String)> {
        let Some((last, before)) = self.pending.split_last() else { return Vec::new() };
        match self.keymap.lookup(&self.scopes(), before, *last) {
            Lookup::Pending(follow) => follow,
            Lookup::Run(_) | Lookup::None => Vec::new(),
        }
    }
}

/// Carries an action out as if a key had asked for it.
#[cfg(test)]
pub(super) fn carry_out(model: &mut Model, action: super::action::Action) -> Vec<Effect> {
    let mut effects = Vec::new();
    act::act(model, action, &mut effects);
    effects
}

#[cfg(test)]
mod tests;
