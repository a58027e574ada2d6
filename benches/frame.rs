//! Time of a frame of 200x60, from a new snapshot to the bytes for the terminal. The bar: 2 ms; with a flood of 1,000
//! nodes, or a map of them, 8 ms.
//!
//! `cargo bench --bench frame`

use std::io;
use std::sync::Arc;
use std::time::Duration;

use hopscope::tui::effect::{Answer, Message};
use hopscope::tui::fixture::{Fixture, Shape};
use hopscope::tui::flood::player::Play;
use hopscope::tui::glyphs::Glyphs;
use hopscope::tui::keymap::Keymap;
use hopscope::tui::map::Map;
use hopscope::tui::model::Model;
use hopscope::tui::theme::Theme;
use hopscope::tui::{draw, update::update};
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::{Terminal, TerminalOptions, Viewport};

fn main() {
    divan::main();
}

const SIZE: (u16, u16) = (200, 60);

fn frames(bencher: divan::Bencher<'_, '_>, shape: Shape, screen: u8) {
    let mut fixture = Fixture::new(shape, 7);
    let snapshots = [(); 8].map(|()| Arc::new(fixture.snapshot()));
    let (Some(keymap), Some(theme)) = (Keymap::builtin("default"), Theme::builtin("dark")) else { return };
    let mut model = Model::new(Arc::clone(&snapshots[0]), SIZE.into(), keymap, theme, Glyphs::UNICODE);
    model.screen = screen;
    let version = snapshots[0].library.version;
    model.files.asked = Some((String::new(), 0, version));
    let page = Ok(fixture.page(0, 256));
    update(&mut model, Duration::ZERO, Message::Answer(Answer::Files { filter: String::new(), version, page }));
    let viewport = Viewport::Fixed(Rect::new(0, 0, SIZE.0, SIZE.1));
    let backend = CrosstermBackend::new(io::sink());
    let Ok(mut terminal) = Terminal::with_options(backend, TerminalOptions { viewport }) else { return };
    let mut at = 0;
    bencher.bench_local(|| {
        at += 1;
        let next = Arc::clone(&snapshots[at % snapshots.len()]);
        update(&mut model, Duration::from_millis(50 * at as u64), Message::Snapshot(next));
        terminal.draw(|frame| draw(&model, frame)).is_ok()
    });
}

/// A node on a busy evening.
#[divan::bench(args = [1, 2, 5, 6])]
fn busy(bencher: divan::Bencher<'_, '_>, screen: u8) {
    frames(bencher, Shape::BUSY, screen);
}

/// The flood as rings: 1,048 nodes and 1,520 copies, all read and placed anew for each frame. The bar: 8 ms.
#[divan::bench]
fn flood_anew(bencher: divan::Bencher<'_, '_>) {
    frames(bencher, Shape::FULL, 3);
}

/// The same flood while it is played: only the picture is new.
#[divan::bench]
fn flood_played(bencher: divan::Bencher<'_, '_>) {
    let snapshot = Arc::new(Fixture::new(Shape::FULL, 7).snapshot());
    let (Some(keymap), Some(theme)) = (Keymap::builtin("default"), Theme::builtin("dark")) else { return };
    let mut model = Model::new(snapshot, SIZE.into(), keymap, theme, Glyphs::UNICODE);
    model.screen = 3;
    model.settle();
    let viewport = Viewport::Fixed(Rect::new(0, 0, SIZE.0, SIZE.1));
    let options = TerminalOptions { viewport };
    let Ok(mut terminal) = Terminal::with_options(CrosstermBackend::new(io::sink()), options) else { return };
    let mut at = 0;
    bencher.bench_local(|| {
        at += 1;
        model.flood.player.play = Play::Paused(at * 9_000 % 900_000);
        update(&mut model, Duration::ZERO, Message::Tick);
        terminal.draw(|frame| draw(&model, frame)).is_ok()
    });
}

/// As much as the limits allow: 256 neighbors, 500 queries, 2,000 hits, 1,000 lines of log.
#[divan::bench(args = [1, 2, 5, 6])]
fn full(bencher: divan::Bencher<'_, '_>, screen: u8) {
    frames(bencher, Shape::FULL, screen);
}

/// The map of a thousand nodes while the flood is played on it: only the picture is new. The bar: 8 ms.
#[divan::bench]
fn map_played(bencher: divan::Bencher<'_, '_>) {
    map(bencher, |model, at| model.flood.player.play = Play::Paused(at * 9_000 % 900_000));
}

/// The same while everybody on it still looks for a place. The bar: 8 ms.
#[divan::bench]
fn map_settling(bencher: divan::Bencher<'_, '_>) {
    map(bencher, |model, at| {
        if at % 8 == 0 {
            model.map = Map::default();
        }
    });
}

/// Frames of the map of one search's flood, each after a change.
fn map(bencher: divan::Bencher<'_, '_>, mut change: impl FnMut(&mut Model, u64)) {
    let shape = Shape { searches: 1, hits: 0, ..Shape::FULL };
    let snapshot = Arc::new(Fixture::new(shape, 7).snapshot());
    let (Some(keymap), Some(theme)) = (Keymap::builtin("default"), Theme::builtin("dark")) else { return };
    let mut model = Model::new(snapshot, SIZE.into(), keymap, theme, Glyphs::UNICODE);
    model.screen = 4;
    let viewport = Viewport::Fixed(Rect::new(0, 0, SIZE.0, SIZE.1));
    let options = TerminalOptions { viewport };
    let Ok(mut terminal) = Terminal::with_options(CrosstermBackend::new(io::sink()), options) else { return };
    let mut at = 0;
    for _ in 0..100 {
        at += 1;
        update(&mut model, Duration::from_millis(100 * at), Message::Tick);
    }
    bencher.bench_local(|| {
        at += 1;
        change(&mut model, at);
        update(&mut model, Duration::from_millis(100 * at), Message::Tick);
        terminal.draw(|frame| draw(&model, frame)).is_ok()
    });
}
