//! What a recording cannot do, because there is no node, and what to do instead.

use super::super::action::Action;
use super::super::model::{Model, Tone};
use super::super::paint::Paint;

/// Says why an action that needs a node does nothing here.
pub(super) fn refuse(model: &mut Model, action: Action) {
    let paint = Paint::new(model);
    let key = |action: Action| paint.key(&action);
    let (what, hint) = match action {
        Action::SearchPrompt | Action::NextStrategy | Action::TtlUp | Action::TtlDown => {
            let others = format!("{} and {} choose a recorded search", key(Action::PrevQuery), key(Action::NextQuery));
            ("nothing can be searched in it", format!("{others}; `hopscope` starts a node that searches"))
        }
        Action::Download => {
            let copy = key(Action::Copy);
            ("nothing can be downloaded from it", format!("{copy} copies the magnet link for `hopscope get`"))
        }
        Action::WhyNot => {
            let ask = "`hopscope why` asks through a running node";
            ("there is nobody to ask why something was not found", ask.to_owned())
        }
        Action::Cancel => ("nothing runs in it that could be cancelled", String::new()),
        _ => ("there is no node that could do it", "`hopscope` starts one".to_owned()),
    };
    model.say(Tone::Plain, format!("This is a recording: {what}"), hint);
}
