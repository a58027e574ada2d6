//! A recording: every screen makes sense without a node, and what needs one says what to do instead.

use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;

use super::*;
use crate::app::recorded::{self, Origin};
use crate::app::{DoneWhy, Role, Search, TopologyKind};
use crate::tui::action::Action;
use crate::tui::draw::draw_buffer;
use crate::tui::update::carry_out;

/// What a recording of the fixture's node shows, in that role.
pub(super) fn recording(role: Option<Role>) -> Model {
    let busy = fixture::busy();
    let origin = Origin {
        node: busy.node.node,
        name: "heron".into(),
        version: "hopscope/0.1.0".into(),
        started: "2026-11-22T20:00:00Z".into(),
        topology: TopologyKind::Ultrapeer,
        role,
        hop_delay_ms: 0,
    };
    let over = |search: &Arc<Search>| {
        let ended = search.ended.or(Some(DoneWhy::Complete));
        Arc::new(Search { ended, ..(**search).clone() })
    };
    let mut model = model_of(recorded::snapshot(&origin, busy.searches.iter().map(over).collect()));
    press(&mut model, "3");
    model
}

/// What is on the screen, line by line.
fn screen(model: &Model) -> String {
    let mut buffer = Buffer::empty(Rect::new(0, 0, model.size.width, model.size.height));
    draw_buffer(model, &mut buffer);
    let lines = buffer.content.chunks(model.size.width.into());
    lines.map(|cells| cells.iter().map(Cell::symbol).collect::<String>() + "\n").collect()
}

#[test]
fn what_needs_a_node_says_what_to_do_instead_and_asks_nobody() {
    for screen in 1..=6 {
        for action in Action::all() {
            let mut model = recording(None);
            model.screen = screen;
            model.settle();
            let effects = carry_out(&mut model, *action);
            let local = |effect: &Effect| {
                matches!(effect, Effect::Quit | Effect::Copy(_) | Effect::Theme(_) | Effect::Redraw | Effect::Suspend)
            };
            assert!(effects.iter().all(local), "{action}: {effects:?}");
            if action.needs_node() {
                let said = model.toast.map(|toast| toast.text).unwrap_or_default();
                assert!(said.starts_with("This is a recording: ") && model.overlay.is_none(), "{action}: {said}");
            }
            assert!(at(&mut recording(None), 0, Message::Tick).is_empty());
        }
    }
    let mut model = recording(None);
    at(&mut model, 0, Message::Paste("from elsewhere".into()));
    assert!(model.overlay.is_none() && model.toast.is_some(), "what is pasted would be searched");
    assert!(press(&mut model, "5").is_empty(), "nobody is asked for files");
}

#[test]
fn a_result_is_looked_at_and_its_link_copied() {
    let mut model = recording(None);
    assert!(press(&mut model, "2 enter").is_empty());
    assert!(matches!(model.overlay, Some(Overlay::Detail { .. })));
    press(&mut model, "esc d");
    assert!(model.toast.as_ref().unwrap().hint.starts_with("y copies the magnet link"), "{:?}", model.toast);
    assert!(matches!(&press(&mut model, "y")[..], [Effect::Copy(link)] if link.starts_with("magnet:")));
}

#[test]
fn keys_that_do_nothing_here_are_not_offered() {
    let mut model = recording(None);
    for (keys, gone) in [("", "/ search"), ("?", "Type a search"), (":", "next-topology")] {
        if !keys.is_empty() {
            press(&mut model, keys);
        }
        let drawn = screen(&model);
        assert!(!drawn.contains(gone), "{gone} on\n{drawn}");
        model.overlay = None;
    }
}

#[test]
fn every_screen_makes_sense_without_a_node() {
    for size in [(120, 38), (200, 60), (80, 24), (40, 12)] {
        for nth in 1..=6 {
            let mut model = recording(Some(Role::Leaf));
            at(&mut model, 0, Message::Resize(size.0, size.1));
            press(&mut model, &nth.to_string());
            // Where panes are tabs, each of them.
            for _ in 0..5 {
                press(&mut model, "tab");
                let drawn = screen(&model);
                for words in ["0.0.0.0", "0 B/s", "<1 min", "No neighbors", "shared yet", "happened yet", "peer for"] {
                    assert!(!drawn.contains(words), "{words} on screen {nth} at {size:?}:\n{drawn}");
                }
                assert!(drawn.contains("heron") && drawn.contains("leaf"), "screen {nth} at {size:?}:\n{drawn}");
            }
        }
    }
    assert_eq!(next_tick(&recording(None)), None, "nothing of it goes on by itself");
}

#[test]
fn a_search_without_results_says_why_and_not_what_to_press() {
    let ends = [
        (TopologyKind::Central, DoneWhy::Complete, "The directory knew nobody"),
        (TopologyKind::Central, DoneWhy::NoDirectory, "no directory to ask"),
        (TopologyKind::Flood, DoneWhy::Complete, "Nobody within 7 hops had that"),
        (TopologyKind::Flood, DoneWhy::Cut, "changed its topology"),
        (TopologyKind::Flood, DoneWhy::NoNeighbors, "no neighbor to ask"),
    ];
    for (topology, ended, words) in ends {
        let mut model = recording(None);
        let search =
            Search { topology, ended: Some(ended), hits: Arc::default(), ..(**model.search().unwrap()).clone() };
        let snapshot = Snapshot { searches: vec![Arc::new(search)], ..(*model.snapshot).clone() };
        at(&mut model, 1, Message::Snapshot(Arc::new(snapshot)));
        press(&mut model, "2");
        let drawn = screen(&model);
        assert!(
            drawn.contains(words) && !drawn.contains("Press") && !drawn.contains("changes to"),
            "{words}:\n{drawn}"
        );
    }
}

#[test]
fn a_role_that_was_not_told_is_not_made_up() {
    let drawn = screen(&recording(None));
    let header = drawn.lines().next().unwrap();
    assert!(header.contains("ultrapeer ○ role not told") && !header.contains("peer │"), "{header}");
}
