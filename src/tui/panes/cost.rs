//! Cost: own searches, and what the chosen one cost; why it found little, and what to do.

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::Digest;
use super::compared;
use super::lookup::{self, is_lookup};
use crate::app::{DirectoryState, DoneWhy, HopReport, MAX_TTL, Role, Search, Spread, Strategy, TopologyKind};
use crate::tui::action::{Action, PaneName};
use crate::tui::map::horizon::Horizon;
use crate::tui::paint::Paint;
use crate::tui::table::{self, Column, View, Width, put};
use crate::tui::text;

/// Lines of the pane around the list of searches: borders, heads, what the chosen one cost, and where a pane of that
/// height has the room what other searches for the same words did.
#[must_use]
pub const fn around(height: u16) -> u16 {
    3 + below(height.saturating_sub(2))
}

/// Lines below the list of searches in an inside of that height.
const fn below(height: u16) -> u16 {
    if height >= ROOMY { FACTS + compared::LINES } else { FACTS }
}

/// Lines that the facts take.
const FACTS: u16 = 16;
/// From that many lines on there is room to compare searches.
const ROOMY: u16 = 28;
/// Columns of the names of facts.
const NAMES: u16 = 12;
/// Fewer files than this make somebody wonder why.
const FEW: usize = 5;

/// The columns of the list of own searches.
pub const COLUMNS: &[Column<Search>] = &[
    Column::plain("", Width::Is(1), 0, mark),
    Column::plain("my searches", Width::Grows { least: 12, share: 1, most: 60 }, 0, |row, paint, width| {
        Line::styled(paint.words(&row.row.text, width), paint.me())
    }),
    Column::plain("hits", Width::Is(5), 1, |row, paint, _| {
        Line::styled(text::count(row.row.hits.into()), if row.row.hits > 0 { paint.hit() } else { paint.dim() })
    }),
    Column::plain("age", Width::Is(4), 2, |row, paint, _| super::queries::age(&row.row, paint, 4)),
];

fn mark(row: &Search, paint: &Paint<'_>, _: u16) -> Line<'static> {
    let chosen = paint.model.search().is_some_and(|search| search.row.guid == row.row.guid);
    match (row.ended, chosen) {
        (None, _) => Line::styled(paint.spinner(), paint.me()),
        (Some(_), true) => Line::styled(paint.self_symbol(), paint.me()),
        (Some(_), false) => Line::styled(paint.dot(), paint.dim()),
    }
}

/// What stands in the border.
pub fn digest(paint: &Paint<'_>) -> Digest {
    let Some(search) = paint.model.search() else { return Digest::default() };
    Digest { short: String::new(), long: ended(search).into() }
}

/// Draws the pane's inside.
pub fn draw(buffer: &mut Buffer, area: Rect, paint: &Paint<'_>, focused: bool) {
    let Some(search) = paint.model.search() else {
        let key = paint.key(&Action::SearchPrompt);
        let words = format!("What a search costs stands here: nodes reached, copies, bytes. {key} begins one");
        return super::say(buffer, area, &words, paint);
    };
    let model = paint.model;
    let list = model.list(PaneName::Cost);
    let room = area.height.saturating_sub(below(area.height) + 1);
    let height = room.min(model.rows.searches.len() as u16);
    if height > 0 {
        table::heads(buffer, Rect { height: 1, ..area }, COLUMNS, list, paint);
        let inner = Rect { y: area.y + 1, height, ..area };
        let first = model.view_offset(PaneName::Cost, room.into());
        let view = View { list, first, cursor: model.position(PaneName::Cost), focused };
        let row = |i: usize| model.snapshot.searches.get(*model.rows.searches.get(i)?).map(AsRef::as_ref);
        table::rows(buffer, inner, COLUMNS, view, paint, row);
    }
    let used = if height > 0 { height + 1 } else { 0 };
    let rest = Rect { y: area.y + used, height: area.height - used, ..area };
    let comparison = if area.height >= ROOMY { compared::LINES.min(rest.height) } else { 0 };
    compared::draw(buffer, Rect { height: comparison, ..rest }, paint);
    let used = if compared::compared(paint).is_empty() { 0 } else { comparison };
    facts(buffer, Rect { y: rest.y + used, height: rest.height - used, ..rest }, search, paint);
}

fn facts(buffer: &mut Buffer, area: Rect, search: &Search, paint: &Paint<'_>) {
    let room = area.width.saturating_sub(NAMES);
    let mut lines = vec![("", Line::default())];
    lines.extend(if is_lookup(search) { of_lookup(search, room, paint) } else { of_flood(search, room, paint) });
    lines.push(("", Line::default()));
    for (y, (name, line)) in (0..area.height).zip(&lines) {
        put(buffer, area, 0, y, NAMES, &Line::styled(*name, paint.dim()));
        put(buffer, area, NAMES, y, room, line);
    }
    let below = lines.len() as u16;
    for (y, line) in (below..area.height).zip(paint.wrap(&advice(paint).unwrap_or_default(), area.width)) {
        put(buffer, area, 0, y, area.width, &Line::styled(line, paint.warn()));
    }
}

/// A fact: its name, and what it is.
type Fact = (&'static str, Line<'static>);

/// What a look-up cost: no other node had anything to do with it.
fn of_lookup(search: &Search, room: u16, paint: &Paint<'_>) -> Vec<Fact> {
    let row = &search.row;
    let took = match search.ended {
        Some(DoneWhy::NoDirectory) => Line::styled(paint.none(), paint.dim()),
        _ => Line::styled(text::latency(paint.elapsed_ms(search) as f64), paint.text()),
    };
    vec![
        ("query", Line::styled(paint.words(&row.text, room), paint.me())),
        ("state", Line::styled(paint.fit(ended(search), room), paint.text())),
        ("asked", asked(search, room, paint)),
        ("requests", copies(search, paint)),
        ("hits", Line::styled(text::count(row.hits.into()), paint.text())),
        ("first hit", first_hit(search, paint)),
        ("took", took),
    ]
}

/// The directory that was asked, as far as it is still the same one.
fn asked(search: &Search, room: u16, paint: &Paint<'_>) -> Line<'static> {
    let directory = paint.model.snapshot.role.directory.as_ref();
    let name = match directory {
        _ if search.ended == Some(DoneWhy::NoDirectory) => "nobody".into(),
        Some(directory) if directory.state == DirectoryState::Own => "this node's own directory".into(),
        Some(directory) if !directory.name.raw().trim().is_empty() => paint.untrusted(&directory.name, room),
        _ => "a directory".into(),
    };
    Line::styled(paint.fit(&name, room), paint.role(Role::Directory))
}

/// What a flood cost, at all nodes that it reached.
fn of_flood(search: &Search, room: u16, paint: &Paint<'_>) -> Vec<Fact> {
    let row = &search.row;
    let walks = row.strategy == Spread::Walk;
    let known = known_nodes(search, paint);
    let mut reached =
        paint.bar(f64::from(row.nodes) / known.max(1) as f64, room.saturating_sub(16).min(16), paint.bar_style());
    reached.push_span(Span::styled(format!(" {} of ~{known}", text::count(row.nodes.into())), paint.text()));
    let duplicates =
        format!("{} {} {}", text::count(row.duplicates), paint.dot(), text::percent(row.duplicates, search.messages));
    let each = redundancy(search.messages, row.nodes.into());
    let each = each.map_or_else(|| paint.none().to_owned(), |each| format!("{each:.2} copies a node"));
    let mut lines = vec![
        ("query", Line::styled(paint.words(&row.text, room), paint.me())),
        ("strategy", Line::styled(paint.fit(&strategy(search), room), paint.text())),
        (if walks { "steps left" } else { "TTL left" }, super::queries::ttl_of(row, paint)),
        ("state", Line::styled(paint.fit(ended(search), room), paint.text())),
        ("reached", reached),
        ("copies", copies(search, paint)),
    ];
    lines.extend(on_the_way(search.untold(), true, search, paint).map(|line| ("on the way", line)));
    lines.extend([
        ("duplicates", Line::styled(duplicates, paint.duplicate())),
        ("redundancy", Line::styled(each, paint.text())),
        ("tracing", Line::styled(tracing(search, paint), paint.dim())),
        ("first hit", first_hit(search, paint)),
        ("took", Line::styled(text::latency(paint.elapsed_ms(search) as f64), paint.text())),
    ]);
    if search.lost_reports > 0 || !search.traced {
        let why = if search.traced { "some reports were left out" } else { "reports are off" };
        lines.push(("", Line::styled(format!("at least: {why}"), paint.warn())));
    }
    lines
}

/// How the search spread, in words.
fn strategy(search: &Search) -> String {
    match search.strategy {
        Strategy::Flood => "flood, all at once".into(),
        Strategy::Ring => format!("ring, {}", super::story::rounds(search)),
        Strategy::Walk { walkers } => format!("walk, {}", nodes(walkers.into(), "walker")),
    }
}

/// Copies of the query, and their bytes.
fn copies(search: &Search, paint: &Paint<'_>) -> Line<'static> {
    let words = format!("{} {} {}", text::count(search.messages), paint.dot(), text::bytes(search.bytes));
    Line::styled(words, paint.text())
}

/// Copies that were sent and of which nobody told that they came, at the moment that is shown or at the `end`; `None` when
/// there are none, or not all reports are here.
pub(super) fn on_the_way(untold: u64, end: bool, search: &Search, paint: &Paint<'_>) -> Option<Line<'static>> {
    let known = untold > 0 && search.traced && search.lost_reports == 0;
    let when = if end && search.ended.is_some() { " when it ended" } else { "" };
    known.then(|| Line::styled(format!("{}{when}", text::counted(untold, "copy", "copies")), paint.text()))
}

/// What the reports took that tell all this, apart from what the search itself took.
pub(super) fn tracing(search: &Search, paint: &Paint<'_>) -> String {
    if !search.traced {
        return "no reports asked for".into();
    }
    if is_lookup(search) {
        return "nothing: the answer tells".into();
    }
    format!("{} {} {}", nodes(search.reports, "report"), paint.dot(), text::bytes(search.report_bytes))
}

fn first_hit(search: &Search, paint: &Paint<'_>) -> Line<'static> {
    let first = search.first_hit_ms.map(|ms| format!("after {}", text::latency(ms as f64)));
    Line::styled(first.unwrap_or_else(|| paint.none().to_owned()), paint.text())
}

/// Nodes that this one knows of: at least as many as any search reached.
pub(super) fn known_nodes(search: &Search, paint: &Paint<'_>) -> usize {
    let (role, searches) = (&paint.model.snapshot.role, &paint.model.snapshot.searches);
    let reached = searches.iter().map(|other| other.row.nodes).max().unwrap_or(0).max(search.row.nodes);
    role.known_hosts.max(role.neighbors).max(reached as usize)
}

/// Why the chosen search found little, and what to do; `None` when it found enough.
pub fn advice(paint: &Paint<'_>) -> Option<String> {
    // What was recorded is over: there is nothing left to do.
    let search = paint.model.search().filter(|_| paint.model.recorded().is_none())?;
    let ended = search.ended?;
    match ended {
        DoneWhy::NoDirectory => return Some(lookup::no_directory(paint)),
        DoneWhy::Cut => return Some("This node changed its topology while the search ran: search again".into()),
        DoneWhy::TooMany => return Some("Too many searches run at once: cancel one, then try again".into()),
        _ => {}
    }
    let few = paint.model.rows.results.len() < FEW;
    if is_lookup(search) {
        return few.then(|| lookup::few(paint));
    }
    if ended == DoneWhy::NoNeighbors || search.sent_here == 0 {
        return Some(format!("There was no neighbor to ask. Press {} to add one", paint.key(&Action::AddPeer)));
    }
    few.then(|| horizon(search, paint))
}

/// How far a flood went that found little.
fn horizon(search: &Search, paint: &Paint<'_>) -> String {
    let (known, reached) = (known_nodes(search, paint), search.row.nodes as usize);
    let whose = if paint.model.snapshot.role.topology == TopologyKind::Ultrapeer {
        // What a filter kept from a leaf did not reach it, and it had nothing to answer with.
        "; leaves whose filter rules them out are not asked"
    } else {
        ""
    };
    if search.row.strategy == Spread::Walk {
        let key = paint.key(&Action::TtlUp);
        return format!("Walkers came to {reached} of ~{known} known nodes{whose}: more steps with {key}, or a flood");
    }
    if search.row.strategy == Spread::Ring && search.ended == Some(DoneWhy::Enough) {
        let ttl = Horizon::ttl_of(search);
        return format!("The ring had enough at TTL {ttl} and went no further{whose}: a flood finds what lies beyond");
    }
    // Somebody had it with no TTL left, and may have neighbors that never heard of it.
    let ran_out = |report: &Arc<HopReport>| report.ttl == 0 && report.role != Some(Role::Leaf);
    if search.row.ttl < MAX_TTL && (reached < known || search.hops.iter().any(ran_out)) {
        let key = paint.key(&Action::TtlUp);
        let far = if reached < known {
            format!("{reached} of ~{known} known nodes reached")
        } else {
            "the TTL was used up before the overlay was".to_owned()
        };
        return format!("Horizon: {far}{whose}. Raise the TTL with {key} and search again");
    }
    if search.ended == Some(DoneWhy::Enough) {
        return format!("It ended when it had enough{whose}: who was not asked by then may have more");
    }
    format!("All that the query could reach was asked{whose}: try fewer or other words")
}

/// Copies sent for each node reached.
pub fn redundancy(messages: u64, reached: u64) -> Option<f64> {
    (reached > 0).then(|| messages as f64 / reached as f64)
}

/// A number of things, in words.
pub fn nodes(count: u64, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{} {what}s", text::count(count)) }
}

/// How a search ended, in words.
pub fn ended(search: &Search) -> &'static str {
    match search.ended {
        None if is_lookup(search) => "asked the directory",
        None if search.row.strategy == Spread::Walk => "walking",
        None => "flooding",
        Some(DoneWhy::Complete) if is_lookup(search) => "done: answered",
        Some(DoneWhy::Deadline) if is_lookup(search) => "no answer in time",
        Some(DoneWhy::Deadline) => "done: its time was up",
        Some(DoneWhy::Complete) => "done: all accounted for",
        Some(DoneWhy::Enough) => "done: enough found",
        Some(DoneWhy::Cancelled) => "cancelled",
        Some(DoneWhy::NoNeighbors) => "no neighbor to ask",
        Some(DoneWhy::NoDirectory) => "no directory to ask",
        Some(DoneWhy::Cut) => "cut: the topology changed",
        Some(DoneWhy::Shutdown) => "cut by the shutdown",
        Some(DoneWhy::TooMany) => "too many searches",
    }
}
