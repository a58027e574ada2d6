//! The terminal face: model, pure update, panes, keymap, theme.

pub mod action;
mod file;
pub mod glyphs;
pub mod keymap;
pub mod text;
pub mod theme;
