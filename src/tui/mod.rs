//! The terminal face: model, pure update, panes, keymap, theme.
//!
//! A key becomes an [`action::Action`], an action changes the [`model::Model`] and asks for effects in [`update`], and
//! [`draw()`] makes a frame of the model and of nothing else. The loop behind [`run()`] is the only part that waits.

pub mod action;
pub mod draw;
pub mod edit;
pub mod effect;
mod file;
#[doc(hidden)]
pub mod fixture;
pub mod flood;
pub mod glyphs;
mod header;
mod input;
pub mod keymap;
pub mod layout;
pub mod map;
pub mod model;
mod options;
pub mod overlays;
pub mod paint;
pub mod panes;
mod picture;
mod reload;
pub mod rows;
mod run;
mod shell;
mod start;
mod summary;
pub mod svg;
pub mod table;
mod terminal;
pub mod text;
pub mod theme;
pub mod update;
pub mod world;

#[cfg(test)]
mod draw_tests;

pub use draw::draw;
pub use options::{Environment, TuiOptions};
pub use picture::flood_picture;
pub use shell::shepherd;
pub use start::run;
pub use summary::ExitSummary;
