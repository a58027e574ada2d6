mod recorded;
mod topology;
mod why;

use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

use super::*;
use crate::app::{Guid, QueryState, Refusal, Snapshot, Strategy, TransferState};
use crate::tui::effect::{Answer, Reloaded, Wanted};
use crate::tui::fixture::{self, Fixture, Shape};
use crate::tui::glyphs::Glyphs;
use crate::tui::keymap::Keymap;
use crate::tui::model::{Costly, RowId, Tone};
use crate::tui::theme::Theme;

fn model_of(snapshot: Snapshot) -> Model {
    let (keymap, theme) = (Keymap::builtin("default").unwrap(), Theme::builtin("dark").unwrap());
    Model::new(Arc::new(snapshot), (120, 38).into(), keymap, theme, Glyphs::UNICODE)
}

fn model() -> Model {
    model_of(fixture::busy())
}

fn at(model: &mut Model, ms: u64, message: Message) -> Vec<Effect> {
    update(model, Duration::from_millis(ms), message)
}

fn key(model: &mut Model, code: KeyCode) -> Vec<Effect> {
    at(model, 0, Message::Key(KeyEvent::from(code)))
}

/// Types keys as they are named in a keymap file, apart by spaces; a longer word is typed letter by letter.
fn press(model: &mut Model, keys: &str) -> Vec<Effect> {
    let mut effects = Vec::new();
    for word in keys.split(' ') {
        let codes: Vec<KeyEvent> = match word {
            "enter" => vec![KeyCode::Enter.into()],
            "esc" => vec![KeyCode::Esc.into()],
            "tab" => vec![KeyCode::Tab.into()],
            "up" => vec![KeyCode::Up.into()],
            "down" => vec![KeyCode::Down.into()],
            "end" => vec![KeyCode::End.into()],
            "pgup" => vec![KeyCode::PageUp.into()],
            "space" => vec![KeyCode::Char(' ').into()],
            "ctrl-f" => vec![KeyEvent::new(KeyCode::Char('f'), KeyModifiers::CONTROL)],
            "ctrl-c" => vec![KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL)],
            letters => letters.chars().map(|c| KeyCode::Char(c).into()).collect(),
        };
        for code in codes {
            effects.extend(at(model, 0, Message::Key(code)));
        }
    }
    effects
}

fn click(model: &mut Model, ms: u64, column: u16, row: u16) -> Vec<Effect> {
    let kind = MouseEventKind::Down(MouseButton::Left);
    at(model, ms, Message::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE }))
}

#[test]
fn a_search_is_typed_with_its_ttl_and_shown_when_it_runs() {
    let mut model = model();
    let wanted = Wanted { text: "dawn chorus".into(), ttl: 5, strategy: Strategy::Flood };
    assert_eq!(press(&mut model, "/ dawn space chorus pgup enter"), [Effect::Search(wanted)]);
    assert!(model.overlay.is_none());
    let guid = model.snapshot.searches[0].row.guid;
    at(&mut model, 0, Message::Answer(Answer::Search(Ok(guid))));
    assert_eq!((model.screen, model.search().unwrap().row.guid), (2, guid));
}

#[test]
fn the_strategy_is_chosen_at_the_prompt_and_kept_for_the_next_search() {
    let mut model = model();
    let by = |strategy, ttl| [Effect::Search(Wanted { text: "dawn".into(), ttl, strategy })];
    assert_eq!(press(&mut model, "/ dawn tab enter"), by(Strategy::Ring, 4));
    assert_eq!(press(&mut model, "/ dawn enter"), by(Strategy::Ring, 4), "the same again");
    let walk = Strategy::ALL[2];
    assert_eq!(press(&mut model, "/ dawn tab pgup enter"), by(walk, 64), "steps are doubled");
    press(&mut model, "- - -");
    assert_eq!(press(&mut model, "/ dawn enter"), by(walk, 8), "and halved, out of the prompt too");
    assert_eq!(press(&mut model, "/ dawn tab enter"), by(Strategy::Flood, 4), "floods keep their TTL");
    press(&mut model, "a tab esc");
    assert_eq!(press(&mut model, "/ dawn enter"), by(Strategy::Flood, 4), "an address has no strategy");
}

#[test]
fn the_history_of_searches_is_recalled_and_what_was_being_typed_comes_back() {
    let mut model = model();
    press(&mut model, "/ one enter");
    press(&mut model, "/ two enter");
    let shown = |model: &Model| match &model.overlay {
        Some(Overlay::Prompt(prompt)) => prompt.line.text().to_owned(),
        other => panic!("{other:?}"),
    };
    press(&mut model, "/ thr up up up");
    assert_eq!(shown(&model), "one");
    press(&mut model, "down down");
    assert_eq!(shown(&model), "thr");
    press(&mut model, "esc");
    assert!(model.overlay.is_none());
    assert!(press(&mut model, "/ enter").is_empty(), "nothing typed, nothing searched");
}

#[test]
fn printable_keys_belong_to_the_line_that_is_typed() {
    let mut model = model();
    let effects = press(&mut model, "a q?:+ enter");
    assert_eq!(effects, [Effect::AddPeer("q?:+".into())]);
    press(&mut model, "/ q ctrl-c");
    assert_eq!(press(&mut model, "ctrl-c"), [Effect::Quit], "but not this one");
}

#[test]
fn what_is_pasted_is_searched_or_goes_where_one_types() {
    let mut model = model();
    at(&mut model, 0, Message::Paste("from elsewhere\n".into()));
    let effects = press(&mut model, "enter");
    assert_eq!(effects, [Effect::Search(Wanted { text: "from elsewhere".into(), ttl: 4, strategy: Strategy::Flood })]);
    press(&mut model, "?");
    at(&mut model, 0, Message::Paste("q".into()));
    assert!(matches!(model.overlay, Some(Overlay::Help { .. })), "and nowhere else");
}

#[test]
fn quitting_asks_only_while_transfers_run() {
    let mut model = model();
    assert!(press(&mut model, "q").is_empty());
    assert!(matches!(model.overlay, Some(Overlay::Confirm { what: Costly::Quit { running: 3 } })));
    assert!(press(&mut model, "n").is_empty());
    assert_eq!(press(&mut model, "q y"), [Effect::Quit]);
    let mut idle = model_of(Fixture::new(Shape::EMPTY, 1).snapshot());
    assert_eq!(press(&mut idle, "q"), [Effect::Quit]);
}

#[test]
fn a_result_is_downloaded_from_its_nearest_source() {
    let mut model = model();
    press(&mut model, "2 down");
    let best = model.rows.results[1].best().unwrap().clone();
    let got = press(&mut model, "enter");
    assert_eq!(got, [Effect::Get(best.magnet.clone(), best.name.visible(60))]);
    assert_eq!(press(&mut model, "d"), got);
    assert_eq!(press(&mut model, "y"), [Effect::Copy(best.magnet.clone())]);
}

#[test]
fn one_content_is_one_row_however_many_have_it() {
    let model = model();
    let hits = &model.search().unwrap().hits;
    assert!(model.rows.results.len() < hits.len());
    assert_eq!(model.rows.results.iter().map(|group| group.hits.len()).sum::<usize>(), hits.len());
}

#[test]
fn the_cursor_stays_on_its_row_when_rows_come_go_and_are_sorted() {
    let mut model = model();
    press(&mut model, "down down");
    let chosen = model.list(PaneName::Neighbors).selected.clone();
    assert_eq!(chosen, model.snapshot.neighbors[2].node.map(RowId::Node));
    press(&mut model, "s s");
    assert_eq!(model.list(PaneName::Neighbors).selected, chosen);
    let mut fewer = (*model.snapshot).clone();
    fewer.neighbors.remove(0);
    at(&mut model, 1, Message::Snapshot(Arc::new(fewer.clone())));
    assert_eq!(model.list(PaneName::Neighbors).selected, chosen);
    fewer.neighbors.retain(|row| row.node.map(RowId::Node) != chosen);
    at(&mut model, 2, Message::Snapshot(Arc::new(fewer)));
    assert!(model.position(PaneName::Neighbors).is_some_and(|at| at < model.count(PaneName::Neighbors)));
}

#[test]
fn a_frozen_screen_takes_no_snapshot_and_ages_nothing() {
    let mut model = model();
    at(&mut model, 3_000, Message::Tick);
    press(&mut model, "space");
    let age = model.now_ms();
    at(&mut model, 9_000, Message::Snapshot(Arc::new(Fixture::new(Shape::EMPTY, 2).snapshot())));
    assert_eq!((model.now_ms(), model.snapshot.neighbors.len()), (age, 9));
    press(&mut model, "space");
    assert_eq!((model.snapshot.neighbors.len(), model.frozen), (0, None));
}

#[test]
fn a_filter_works_while_it_is_typed_and_esc_drops_it() {
    let mut model = model();
    press(&mut model, "ctrl-f kes");
    assert_eq!(model.count(PaneName::Neighbors), 1);
    press(&mut model, "esc");
    assert_eq!(model.count(PaneName::Neighbors), 9, "left as it was");
    press(&mut model, "ctrl-f kes enter");
    assert_eq!(model.count(PaneName::Neighbors), 1);
    press(&mut model, "esc");
    assert_eq!(model.count(PaneName::Neighbors), 9);
}

#[test]
fn closing_a_link_or_a_running_transfer_asks_first() {
    let mut model = model();
    assert!(press(&mut model, "x").is_empty());
    let node = model.snapshot.neighbors[0].node.unwrap();
    assert_eq!(press(&mut model, "enter"), [Effect::DropNeighbor(node, "mallard".into())]);
    assert!(press(&mut model, "gt x").is_empty());
    let said = "Cancelled. What is verified is kept: d goes on, x deletes it";
    assert_eq!(press(&mut model, "y"), [Effect::CancelTransfer(1, said.into())]);
    // One that is over is only taken off the list.
    let said = "It is off the list";
    assert_eq!(press(&mut model, "down down down x"), [Effect::CancelTransfer(4, said.into())]);
}

#[test]
fn a_download_that_ended_early_starts_again_from_whom_a_search_found() {
    let mut snapshot = fixture::busy();
    let hit = Arc::clone(&snapshot.searches[1].hits[0]);
    let mut row = (*snapshot.transfers[0]).clone();
    row.state = TransferState::Cancelled;
    snapshot.transfers[0] = Arc::new(row.clone());
    let mut unknown = model_of(snapshot.clone());
    assert!(press(&mut unknown, "gt d").is_empty());
    assert_eq!(unknown.toast.as_ref().unwrap().hint, "/ searches for it again");
    let deleted = "It is off the list, and what was here of it is deleted";
    assert_eq!(press(&mut unknown, "x"), [Effect::CancelTransfer(1, deleted.into())]);
    row.hash = hit.hash;
    snapshot.transfers[0] = Arc::new(row);
    let mut model = model_of(snapshot);
    let got = press(&mut model, "gt d");
    assert!(matches!(&got[..], [Effect::Get(magnet, _)] if magnet.contains(&hit.hash.to_string())), "{got:?}");
    assert_eq!(press(&mut model, "enter"), got);
}

#[test]
fn own_queries_are_walked_and_others_only_looked_at() {
    let mut model = model();
    let [older, younger] = [0, 1].map(|i| model.snapshot.searches[i].row.guid);
    assert_eq!(model.search().unwrap().row.guid, younger);
    press(&mut model, "[");
    assert_eq!(model.search().unwrap().row.guid, older);
    press(&mut model, "[");
    assert_eq!(model.toast.as_ref().unwrap().text, "This is your first search");
    press(&mut model, "]");
    assert_eq!(model.search().unwrap().row.guid, younger);
    press(&mut model, "gq enter");
    assert_eq!(model.screen, 2, "an own query is followed to what it found");
    press(&mut model, "gq end enter");
    assert!(matches!(model.overlay, Some(Overlay::Detail { .. })));
    press(&mut model, "esc x");
    assert!(model.toast.as_ref().unwrap().text.contains("cannot be called back"));
    assert!(model.snapshot.queries.iter().any(|row| row.state == QueryState::Live && !row.own));
}

#[test]
fn the_flood_is_stepped_hop_by_hop() {
    let mut model = model();
    press(&mut model, ".");
    assert_eq!(model.hop, Some(1));
    press(&mut model, ". , ,");
    assert_eq!(model.hop, Some(0), "before the first hop only this node");
    press(&mut model, ",");
    assert_eq!(model.hop, Some(0), "and nothing before that");
    press(&mut model, ". . . . . . .");
    assert_eq!(model.hop, None, "after the last the whole flood");
    press(&mut model, ",");
    assert_eq!(model.hop, Some(5));
}

#[test]
fn a_sequence_waits_for_its_next_key_and_tells_what_may_follow() {
    let mut model = model();
    press(&mut model, "g");
    assert!(model.following().iter().any(|(_, label)| label == "log"));
    press(&mut model, "l");
    assert_eq!((model.screen, model.pane(), model.pending.len()), (6, Some(PaneName::Log), 0));
    press(&mut model, "g #");
    assert!(model.pending.is_empty(), "a key that does not follow ends it");
}

#[test]
fn files_are_asked_for_in_windows_and_once() {
    let mut model = model();
    assert_eq!(press(&mut model, "5"), [Effect::Files(String::new(), 0, 3)]);
    assert!(press(&mut model, "tab tab").is_empty());
    let mut fixture = Fixture::new(Shape::BUSY, 7);
    let answer =
        |page, filter: &str| Message::Answer(Answer::Files { filter: filter.into(), version: 3, page: Ok(page) });
    assert!(at(&mut model, 0, answer(fixture.page(0, FILES_WINDOW), "")).is_empty());
    assert_eq!(model.count(PaneName::Files), 20_000);
    let far = press(&mut model, "end");
    assert_eq!(far, [Effect::Files(String::new(), 19_871, 3)]);
    at(&mut model, 0, answer(fixture.page(19_871, FILES_WINDOW), ""));
    assert!(model.file_at(19_999).is_some());
    // An answer to a question that is no longer asked changes nothing.
    let typed = press(&mut model, "ctrl-f k");
    assert_eq!(typed, [Effect::Files("k".into(), 0, 3)]);
    at(&mut model, 0, answer(fixture.page(5, 3), ""));
    assert_eq!(model.files.offset, 19_871);
}

#[test]
fn a_refusal_says_why_and_what_to_do_and_goes_by_itself() {
    let mut model = model();
    let refusal = Refusal::new("x", "no\x1b[2J such peer", "try another");
    at(&mut model, 10, Message::Answer(Answer::Done("Dialling".into(), Err(refusal))));
    let toast = model.toast.clone().unwrap();
    assert_eq!((toast.tone, toast.text.as_str(), toast.hint.as_str()), (Tone::Bad, "no␛[2J such peer", "try another"));
    assert!(next_tick(&model).is_some_and(|tick| tick <= toast.until));
    update(&mut model, toast.until, Message::Tick);
    assert!(model.toast.is_none());
}

#[test]
fn a_download_that_ends_is_told() {
    let mut model = model();
    let mut after = (*model.snapshot).clone();
    let mut row = (*after.transfers[0]).clone();
    row.state = TransferState::Done;
    after.transfers[0] = Arc::new(row);
    at(&mut model, 1, Message::Snapshot(Arc::new(after)));
    assert_eq!(model.toast.as_ref().unwrap().text, "ubuntu-24.04.3-desktop-amd64.iso is here and verified");
}

#[test]
fn saved_files_hold_at_once_and_mistakes_are_listed() {
    let mut model = model();
    let files = Reloaded {
        keymap: Keymap::builtin("vim").unwrap(),
        theme: Theme::builtin("light").unwrap(),
        problems: vec!["keymaps/vim.toml:3: unknown action".into()],
    };
    at(&mut model, 0, Message::Reloaded(Box::new(files)));
    assert_eq!((model.keymap.name(), model.theme.name(), model.problems.len()), ("vim", "light", 1));
    assert_eq!(model.toast.as_ref().unwrap().tone, Tone::Bad);
    press(&mut model, "!");
    assert!(matches!(model.overlay, Some(Overlay::Problems { .. })));
}

#[test]
fn the_palette_runs_what_it_finds() {
    let mut model = model();
    press(&mut model, ": screen space 6 enter");
    assert_eq!(model.screen, 6);
    press(&mut model, ": esc");
    assert!(model.overlay.is_none());
}

#[test]
fn columns_are_chosen_but_one_stays() {
    let mut model = model();
    press(&mut model, "o enter esc");
    assert_eq!(model.list(PaneName::Neighbors).hidden, 0b10);
    press(&mut model, "o");
    for _ in 0..20 {
        press(&mut model, "enter down");
    }
    let named = crate::tui::panes::named_columns(PaneName::Neighbors);
    assert!(named.iter().any(|(i, _)| model.list(PaneName::Neighbors).hidden >> i & 1 == 0));
}

#[test]
fn the_mouse_chooses_opens_sorts_and_scrolls() {
    let mut model = model();
    let area = model.plan().area_of(PaneName::Queries).unwrap();
    click(&mut model, 0, area.x + 5, area.y + 4);
    assert_eq!((model.pane(), model.position(PaneName::Queries)), (Some(PaneName::Queries), Some(2)));
    click(&mut model, 100, area.x + 5, area.y + 4);
    assert!(matches!(model.overlay, Some(Overlay::Detail { .. })), "a double click acts");
    click(&mut model, 2_000, 0, 0);
    assert!(model.overlay.is_none(), "a click closes what is open");
    click(&mut model, 3_000, area.x + 4, area.y + 1);
    assert_eq!(model.list(PaneName::Queries).sort, Some((1, false)));
    click(&mut model, 9_000, area.x + 4, area.y + 1);
    assert_eq!(model.list(PaneName::Queries).sort, Some((1, true)));
    let wheel = MouseEvent { kind: MouseEventKind::ScrollDown, column: 3, row: 5, modifiers: KeyModifiers::NONE };
    at(&mut model, 9_500, Message::Mouse(wheel));
    assert_eq!(model.position(PaneName::Neighbors), Some(3));
    click(&mut model, 12_000, 14, 1);
    assert_eq!(model.screen, 2, "the screens' names are clicked too");
}

#[test]
fn the_log_follows_until_somebody_scrolls_up() {
    let mut model = model();
    press(&mut model, "6");
    assert_eq!(model.position(PaneName::Log), Some(59));
    press(&mut model, "up up");
    let read = model.list(PaneName::Log).selected.clone();
    let mut more = (*model.snapshot).clone();
    more.log = more.log.iter().cloned().chain([more.log[0].clone()]).collect();
    at(&mut model, 1, Message::Snapshot(Arc::new(more)));
    assert_eq!((model.position(PaneName::Log), &model.list(PaneName::Log).selected), (Some(57), &read));
    press(&mut model, "end");
    assert_eq!(model.list(PaneName::Log).selected, None);
}

#[test]
fn nothing_ticks_more_than_once_a_minute_when_nothing_moves() {
    let mut model = model_of(Fixture::new(Shape::EMPTY, 1).snapshot());
    at(&mut model, 5, Message::Tick);
    let tick = next_tick(&model).unwrap();
    // The next whole minute of the node's age, which the header shows.
    assert_eq!((model.snapshot.uptime_ms + tick.as_millis() as u64) % 60_000, 0);
    press(&mut model, "space");
    assert_eq!(next_tick(&model), None);
}

#[test]
fn an_unknown_search_is_no_search() {
    let mut model = model();
    model.chosen = Some(Guid([9; 16]));
    assert_eq!(model.search().unwrap().row.guid, model.snapshot.searches[1].row.guid);
    assert!(key(&mut model, KeyCode::F(9)).is_empty());
}
