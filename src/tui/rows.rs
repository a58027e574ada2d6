//! The rows of each list as they are shown: filtered, sorted, results grouped by content. Taken anew when something
//! changed, so that drawing a frame only reads.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::action::PaneName;
use super::model::{ListState, Model, RowId};
use super::panes::{cost, flood, hops, log, neighbors, queries, results, shares, transfers};
use super::table::Column;
use crate::app::{FileId, Hit, LogLine, Untrusted};

/// One content that a search found, with everybody who has it.
#[derive(Clone, Debug)]
pub struct Group {
    /// The content.
    pub hash: FileId,
    /// Who has it, the first to answer first.
    pub hits: Vec<Arc<Hit>>,
}

impl Group {
    /// The hit to download from: the nearest, a direct one first.
    #[must_use]
    pub fn best(&self) -> Option<&Arc<Hit>> {
        self.hits.iter().min_by_key(|hit| (hit.addr.is_none(), hit.hops, hit.at_ms))
    }
}

/// The rows of each list, as places in the snapshot's own lists.
#[derive(Debug, Default)]
pub struct Rows {
    /// Neighbors.
    pub neighbors: Vec<usize>,
    /// Queries.
    pub queries: Vec<usize>,
    /// Transfers.
    pub transfers: Vec<usize>,
    /// Own searches, the youngest first.
    pub searches: Vec<usize>,
    /// Results of the search that is looked at.
    pub results: Vec<Group>,
    /// Results that the filter hides.
    pub results_hidden: usize,
    /// Lines of the log.
    pub log: Vec<usize>,
    grouped: Option<Arc<[Arc<Hit>]>>,
    groups: Vec<Group>,
}

impl Rows {
    /// Takes them anew.
    pub fn refresh(&mut self, model: &Model) {
        let now = &model.snapshot;
        self.neighbors = ordered(&now.neighbors, model.list(PaneName::Neighbors), neighbors::COLUMNS, |row, words| {
            has(&row.name, words)
                || row.addr.is_some_and(|addr| addr.to_string().contains(words))
                || row.node.is_some_and(|node| node.to_string().starts_with(words))
        });
        self.queries = ordered(&now.queries, model.list(PaneName::Queries), queries::COLUMNS, |row, words| {
            has(&row.text, words) || row.guid.to_string().starts_with(words)
        });
        self.transfers = ordered(&now.transfers, model.list(PaneName::Transfers), transfers::COLUMNS, |row, words| {
            has(&row.name, words) || has(&row.peer, words)
        });
        self.searches = (0..now.searches.len()).rev().collect();
        self.log = ordered(&now.log, model.list(PaneName::Log), log::COLUMNS, |row, words| {
            has(&row.text, words) || row.target.contains(words)
        });
        self.group(model);
    }

    /// Groups the hits of the search that is looked at; grouping thousands of them is worth remembering.
    fn group(&mut self, model: &Model) {
        let hits = model.search().map(|search| Arc::clone(&search.hits)).unwrap_or_default();
        if !self.grouped.as_ref().is_some_and(|grouped| Arc::ptr_eq(grouped, &hits)) {
            self.groups = groups(&hits);
            self.grouped = Some(hits);
        }
        let list = model.list(PaneName::Results);
        let order = ordered(&self.groups, list, results::COLUMNS, |group, words| {
            group.hits.iter().any(|hit| has(&hit.name, words) || has(&hit.node_name, words))
        });
        self.results = order.iter().filter_map(|&i| self.groups.get(i).cloned()).collect();
        self.results_hidden = self.groups.len() - self.results.len();
    }
}

fn groups(hits: &[Arc<Hit>]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut places: BTreeMap<FileId, usize> = BTreeMap::new();
    for hit in hits {
        let place = *places.entry(hit.hash).or_insert(groups.len());
        match groups.get_mut(place) {
            Some(group) => group.hits.push(Arc::clone(hit)),
            None => groups.push(Group { hash: hit.hash, hits: vec![Arc::clone(hit)] }),
        }
    }
    groups
}

fn has(text: &Untrusted, words: &str) -> bool {
    text.raw().to_lowercase().contains(words)
}

/// The places of the rows that pass a list's filter, in its order. Rows that compare equal keep the engine's order.
fn ordered<R, T: std::borrow::Borrow<R>>(
    rows: &[T],
    list: &ListState,
    columns: &[Column<R>],
    passes: impl Fn(&R, &str) -> bool,
) -> Vec<usize> {
    let words = list.filter.to_lowercase();
    let mut places: Vec<usize> = (0..rows.len())
        .filter(|&i| words.is_empty() || rows.get(i).is_some_and(|row| passes(row.borrow(), &words)))
        .collect();
    if let Some((order, down)) = list.sort.and_then(|(column, down)| Some((columns.get(column)?.order?, down))) {
        places.sort_by(|&a, &b| match (rows.get(a), rows.get(b)) {
            (Some(a), Some(b)) if down => order(b.borrow(), a.borrow()),
            (Some(a), Some(b)) => order(a.borrow(), b.borrow()),
            _ => Ordering::Equal,
        });
    }
    places
}

impl Model {
    /// Rows of a pane's list.
    #[must_use]
    pub fn count(&self, pane: PaneName) -> usize {
        match pane {
            PaneName::Neighbors => self.rows.neighbors.len(),
            PaneName::Queries => self.rows.queries.len(),
            PaneName::Role => 0,
            PaneName::Transfers => self.rows.transfers.len(),
            PaneName::Flood => self.search().map_or(0, |search| search.by_hop.len()),
            PaneName::Results => self.rows.results.len(),
            PaneName::Cost => self.rows.searches.len(),
            PaneName::Rings => self.flood.tree.as_ref().map_or(0, |tree| tree.nodes.len()),
            PaneName::Hops => self.flood.shown.rows.len(),
            PaneName::Map => self.map.table.nodes.len(),
            PaneName::Story | PaneName::About => 0,
            PaneName::Shares => self.snapshot.library.roots.len(),
            PaneName::Files => self.files.total.and_then(|total| usize::try_from(total).ok()).unwrap_or(0),
            PaneName::Log => self.rows.log.len(),
        }
    }

    /// What the row at a place of a pane's list is.
    #[must_use]
    pub fn row_id(&self, pane: PaneName, index: usize) -> Option<RowId> {
        let now = &self.snapshot;
        match pane {
            PaneName::Neighbors => {
                let row = now.neighbors.get(*self.rows.neighbors.get(index)?)?;
                row.node.map(RowId::Node).or(row.addr.map(RowId::Dial))
            }
            PaneName::Queries => Some(RowId::Query(now.queries.get(*self.rows.queries.get(index)?)?.guid)),
            PaneName::Role => None,
            PaneName::Transfers => Some(RowId::Transfer(now.transfers.get(*self.rows.transfers.get(index)?)?.id)),
            PaneName::Flood => Some(RowId::Hop(self.search()?.by_hop.get(index)?.hop)),
            PaneName::Results => Some(RowId::Content(self.rows.results.get(index)?.hash)),
            PaneName::Cost => Some(RowId::Query(now.searches.get(*self.rows.searches.get(index)?)?.row.guid)),
            PaneName::Rings => Some(RowId::Reached(self.flood.tree.as_ref()?.nodes.get(index)?.id)),
            PaneName::Hops => Some(RowId::Hop(self.flood.shown.rows.get(index)?.hop)),
            PaneName::Map => Some(RowId::Reached(self.map.table.nodes.get(index)?.id)),
            PaneName::Story | PaneName::About => None,
            PaneName::Shares => Some(RowId::Share(now.library.roots.get(index)?.alias.clone())),
            PaneName::Files => self.file_at(index).map(|row| RowId::Path(row.path.clone())),
            PaneName::Log => {
                let place = *self.rows.log.get(index)?;
                let at_ms = now.log.get(place)?.at_ms;
                let same = |line: &&LogLine| line.at_ms == at_ms;
                Some(RowId::Line(at_ms, now.log.get(..place)?.iter().rev().take_while(same).count()))
            }
        }
    }

    /// The shared file at a place of the list, if it is here.
    #[must_use]
    pub fn file_at(&self, index: usize) -> Option<&crate::app::FileRow> {
        self.files.rows.get(usize::try_from((index as u64).checked_sub(self.files.offset)?).ok()?)
    }

    /// The place of the row under a list's cursor.
    #[must_use]
    pub fn position(&self, pane: PaneName) -> Option<usize> {
        let last = self.count(pane).checked_sub(1)?;
        let list = self.list(pane);
        Some(match &list.selected {
            None if pane == PaneName::Log => last,
            // The cursor may have gone to where no row is at hand yet.
            None if pane == PaneName::Files => list.index.min(last),
            None => 0,
            // Most frames find it where it was.
            Some(id) if self.row_id(pane, list.index).as_ref() == Some(id) => list.index,
            // A file that is not among those at hand is where it was, as far as anybody knows.
            Some(_) if pane == PaneName::Files => {
                let place = self.files.rows.iter().position(|row| Some(RowId::Path(row.path.clone())) == list.selected);
                place.map_or(list.index, |place| self.files.offset as usize + place).min(last)
            }
            Some(RowId::Reached(id)) if pane == PaneName::Rings => {
                self.flood.tree.as_ref().and_then(|tree| tree.find(*id)).unwrap_or(0)
            }
            Some(RowId::Reached(id)) if pane == PaneName::Map => self.map.table.find(*id).unwrap_or(0),
            Some(id) => (0..=last).find(|&i| self.row_id(pane, i).as_ref() == Some(id)).unwrap_or(list.index.min(last)),
        })
    }

    /// Puts a list's cursor on a place, as far as there is one.
    pub fn select(&mut self, pane: PaneName, index: usize) {
        let index = index.min(self.count(pane).saturating_sub(1));
        let follows = pane == PaneName::Log && index + 1 >= self.count(pane);
        let selected = if follows { None } else { self.row_id(pane, index) };
        let list = self.list_mut(pane);
        list.index = index;
        list.selected = selected;
        self.settle();
    }

    /// After rows came, went or moved: keeps each cursor on its row, or near to where that was, and in view.
    pub fn settle(&mut self) {
        self.follow_flood();
        self.follow_map();
        let plan = self.plan();
        for (pane, area) in plan.panes {
            let Some(index) = self.position(pane) else {
                self.list_mut(pane).offset = 0;
                continue;
            };
            let kept = self.list(pane).selected.is_some() || pane == PaneName::Files;
            let id = kept.then(|| self.row_id(pane, index)).flatten();
            let offset = self.view_offset(pane, rows_in(pane, area.height));
            let list = self.list_mut(pane);
            list.index = index;
            list.offset = offset;
            if id.is_some() {
                list.selected = id;
            }
        }
    }

    /// The first row to draw in a list of that height, so that its cursor is in view.
    #[must_use]
    pub fn view_offset(&self, pane: PaneName, height: usize) -> usize {
        let (count, index) = (self.count(pane), self.position(pane).unwrap_or(0));
        let height = height.max(1);
        let most = count.saturating_sub(height);
        self.list(pane).offset.min(most).clamp((index + 1).saturating_sub(height), index)
    }
}

/// Rows of a list that a pane of that height shows.
#[must_use]
pub fn rows_in(pane: PaneName, height: u16) -> usize {
    let around = match pane {
        PaneName::Cost => cost::around(height),
        PaneName::Shares => shares::around(height),
        PaneName::Flood => flood::AROUND,
        PaneName::Hops => hops::AROUND,
        _ => 3,
    };
    usize::from(height.saturating_sub(around))
}
