//! Searches that asked a directory instead of flooding: what is said of them in place of hops.

use crate::app::{DoneWhy, Guid, Search, TopologyKind};
use crate::tui::action::Action;
use crate::tui::paint::Paint;

/// Whether a search asks, or asked, a directory.
#[must_use]
pub fn is_lookup(search: &Search) -> bool {
    search.topology == TopologyKind::Central
}

/// Whether the own query of that name is such a search.
#[must_use]
pub fn is_lookup_row(guid: Guid, paint: &Paint<'_>) -> bool {
    let search = paint.model.snapshot.searches.iter().find(|search| search.row.guid == guid);
    search.is_some_and(|search| is_lookup(search))
}

/// Why there are no hops of it.
#[must_use]
pub fn no_flood(search: &Search, paint: &Paint<'_>) -> String {
    if paint.model.recorded().is_some() && search.ended == Some(DoneWhy::NoDirectory) {
        return "Nothing was sent: there was no directory to ask".into();
    }
    if search.ended == Some(DoneWhy::NoDirectory) {
        return format!("Nothing was sent. {}", no_directory(paint));
    }
    let look_up = "A look-up has no flood: one request to the directory, one answer, and no other node hears of it";
    if paint.model.recorded().is_some() {
        return look_up.into();
    }
    let key = paint.key(&Action::NextTopology);
    let next = TopologyKind::Central.next().name();
    format!(
        "{look_up}. \
         To watch a search spread, {key} changes to {next}"
    )
}

/// There was no directory to ask, and what to do.
#[must_use]
pub fn no_directory(paint: &Paint<'_>) -> String {
    let key = paint.key(&Action::NextTopology);
    let next = TopologyKind::Central.next().name();
    format!("There was no directory to ask: search again when this node is registered, or {key} changes to {next}")
}

/// Why a directory knew little, and what to do.
#[must_use]
pub fn few(paint: &Paint<'_>) -> String {
    let key = paint.key(&Action::NextTopology);
    let next = TopologyKind::Central.next().name();
    format!(
        "What is not registered with this directory is not found, however near it is: {key} changes to {next}, \
         which asks the nodes themselves"
    )
}
