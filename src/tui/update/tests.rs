use std::sync::Arc;

use super::*;
use crate::tui::fixture;
use crate::tui::glyphs::Glyphs;
use crate::tui::keymap::Keymap;
use crate::tui::theme::Theme;

#[test]
fn look() {
    let size: Vec<u16> = std::env::var("LOOK").unwrap_or("120x38".into()).split('x').map(|n| n.parse().unwrap()).collect();
    let mut model = Model::new(
        Arc::new(fixture::busy()),
        (size[0], size[1]).into(),
        Keymap::builtin("default").unwrap(),
        Theme::builtin(&std::env::var("THEME").unwrap_or("dark".into())).unwrap(),
        Glyphs::UNICODE,
    );
    model.files.asked = Some((String::new(), 0, 3));
    let page = fixture::Fixture::new(fixture::Shape::BUSY, 7).page(0, 256);
    update(&mut model, Duration::ZERO, Message::Answer(crate::tui::effect::Answer::Files { filter: String::new(), version: 3, page: Ok(page) }));
    let keys = std::env::var("KEYS").unwrap_or_default();
    for screen in 1..=6 {
        model.overlay = None;
        model.screen = screen;
        model.settle();
        for c in keys.chars() {
            let code = match c { '\n' => crossterm::event::KeyCode::Enter, '\t' => crossterm::event::KeyCode::Tab, c => crossterm::event::KeyCode::Char(c) };
            update(&mut model, Duration::ZERO, Message::Key(crossterm::event::KeyEvent::from(code)));
        }
        let mut terminal = ratatui::Terminal::new(ratatui::backend::TestBackend::new(size[0], size[1])).unwrap();
        terminal.draw(|frame| crate::tui::draw(&model, frame)).unwrap();
        println!("{}", terminal.backend());
        let look = if model.theme.name() == "light" { crate::tui::svg::Look::light("hopscope") } else { crate::tui::svg::Look::dark("hopscope") };
        std::fs::write(format!("/tmp/look{screen}.svg"), crate::tui::svg::svg(terminal.backend().buffer(), &look)).unwrap();
    }
}
