//! Where a key means what: the names of the tables `[keys.<scope>]`.

use crate::tui::action::PaneName;

/// Everywhere, after all others were asked.
pub const GLOBAL: &str = "global";
/// In a simulation, before everywhere.
pub const WORLD: &str = "world";
/// While anything is open over the screen.
pub const OVERLAY: &str = "overlay";
/// A question with yes and no.
pub const CONFIRM: &str = "overlay-confirm";
/// A field that asks for a search or an address.
pub const PROMPT: &str = "overlay-prompt";
/// The field that filters a list.
pub const FILTER: &str = "overlay-filter";
/// The command palette.
pub const PALETTE: &str = "overlay-palette";
/// The help.
pub const HELP: &str = "overlay-help";
/// The choice of columns.
pub const COLUMNS: &str = "overlay-columns";
/// What is wrong with keymap, theme and node.
pub const PROBLEMS: &str = "overlay-problems";

const OVERLAYS: [&str; 8] = [OVERLAY, CONFIRM, PROMPT, FILTER, PALETTE, HELP, COLUMNS, PROBLEMS];
const SCREENS: [&str; 6] = ["screen-1", "screen-2", "screen-3", "screen-4", "screen-5", "screen-6"];

/// The scope of a screen, 1 to 6.
#[must_use]
pub fn screen(n: u8) -> &'static str {
    SCREENS.get(usize::from(n).wrapping_sub(1)).copied().unwrap_or(GLOBAL)
}

/// Every scope that a keymap file may name.
pub fn all() -> impl Iterator<Item = &'static str> {
    let panes = PaneName::ALL.into_iter().map(PaneName::name);
    [GLOBAL, WORLD].into_iter().chain(SCREENS).chain(panes).chain(OVERLAYS)
}

/// The scopes that are asked while a pane has the focus, in their order.
#[must_use]
pub fn of_pane(pane: PaneName) -> [&'static str; 3] {
    [pane.name(), screen(pane.screen()), GLOBAL]
}

/// The scopes that are asked after this one, in their order.
pub(super) fn wider(scope: &str) -> Vec<&'static str> {
    let pane = PaneName::ALL.into_iter().find(|pane| pane.name() == scope);
    match (pane, scope) {
        (Some(pane), _) => vec![screen(pane.screen()), WORLD, GLOBAL],
        (None, GLOBAL | OVERLAY) => Vec::new(),
        (None, _) if OVERLAYS.contains(&scope) => vec![OVERLAY],
        (None, WORLD) => vec![GLOBAL],
        (None, _) => vec![WORLD, GLOBAL],
    }
}

/// What a scope is called in print.
#[must_use]
pub fn title(scope: &str) -> String {
    match scope {
        GLOBAL => "Everywhere".to_owned(),
        WORLD => "In a simulation".to_owned(),
        OVERLAY => "While something is open".to_owned(),
        CONFIRM => "In a question".to_owned(),
        PROMPT => "While typing a search or an address".to_owned(),
        FILTER => "While typing a filter".to_owned(),
        PALETTE => "In the palette".to_owned(),
        HELP => "In the help".to_owned(),
        COLUMNS => "In the choice of columns".to_owned(),
        PROBLEMS => "In the list of problems".to_owned(),
        _ => match scope.strip_prefix("screen-") {
            Some(n) => format!("On screen {n}"),
            None => format!("In the pane {scope}"),
        },
    }
}
