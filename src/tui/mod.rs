//! The terminal face: model, pure update, panes, keymap, theme.
