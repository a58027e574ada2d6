//! "Why did I not find it?": the field that asks at which node, and the answer.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{popup, typed};
use crate::app::{About, Untrusted, Verdict, Why, WhyRequest};
use crate::tui::model::Prompt;
use crate::tui::paint::Paint;
use crate::tui::table::put;
use crate::tui::update::offered;

/// Nodes to choose from that are shown at once.
const SHOWN: usize = 8;
/// Columns of what tells where a piece of evidence is from.
const FROM: usize = 9;
/// Bytes of a sentence that are looked at.
const MAX_SENTENCE: usize = 1_024;

/// Draws the field and the nodes to choose from; returns where the cursor stands.
pub(super) fn prompt_box(buffer: &mut Buffer, prompt: &Prompt, paint: &Paint<'_>) -> (u16, u16) {
    let nodes = offered(paint.model);
    let rows = nodes.len().min(SHOWN);
    let inner = popup(buffer, 76, rows as u16 + 6, "Why not found? At which node?", "", paint);
    let cursor = typed(buffer, Rect { height: 1.min(inner.height), ..inner }, &prompt.line, paint);
    let words = "its name, its address (IP:PORT), or the beginning of its id";
    put(buffer, inner, 0, 1, inner.width, &Line::styled(paint.fit(words, inner.width), paint.dim()));
    let chosen = prompt.recalled.checked_sub(1);
    let first = chosen.map_or(0, |at| (at + 1).saturating_sub(rows));
    let last = inner.height.saturating_sub(1);
    for (y, (at, node)) in (3..last).zip(nodes.iter().enumerate().skip(first).take(rows)) {
        put(buffer, inner, 1, y, inner.width, &Line::styled(paint.foreign(node, inner.width), paint.text()));
        if chosen == Some(at) {
            let row = Rect { y: inner.y + y, height: 1, ..inner };
            buffer.set_style(row.intersection(inner), paint.selected(true));
        }
    }
    let mut keys = vec![("enter".to_owned(), "ask"), ("esc".to_owned(), "leave it")];
    if rows > 0 {
        keys.push(("up down".to_owned(), "choose a node"));
    }
    put(buffer, inner, 0, last, inner.width, &paint.hints(&keys, inner.width));
    cursor
}

/// The answer in lines of at most so many columns; until it is here, that it is awaited.
#[must_use]
pub fn why_lines(asked: &WhyRequest, answer: Option<&Why>, width: u16, paint: &Paint<'_>) -> Vec<Line<'static>> {
    let shown = |text: &str| Untrusted::from(text).visible(MAX_SENTENCE);
    let mut lines = Vec::new();
    let mut told = |text: &str, style| {
        lines.extend(paint.wrap(&shown(text), width).into_iter().map(|line| Line::styled(line, style)));
    };
    told(&format!("{}, at {}", asked.text, asked.at), paint.dim());
    let Some(why) = answer else {
        told("Asking the overlay, and the node itself …", paint.text());
        return lines;
    };
    let tone = if why.verdict == Verdict::Found { paint.hit() } else { paint.strong() };
    told(&format!("{}.", why.sentence), tone);
    lines.push(Line::default());
    let room = width.saturating_sub(FROM as u16).max(8);
    for (at, piece) in why.evidence.iter().enumerate() {
        let again = at > 0 && why.evidence.get(at - 1).is_some_and(|before| before.about == piece.about);
        for (nth, part) in paint.wrap(&shown(&piece.text), room).into_iter().enumerate() {
            let from = if again || nth > 0 { "" } else { from(piece.about) };
            lines.push(Line::from(vec![
                Span::styled(format!("{from:<FROM$}"), paint.dim()),
                Span::styled(part, paint.text()),
            ]));
        }
    }
    lines
}

/// Where a piece of evidence is from, in a word.
const fn from(about: About) -> &'static str {
    match about {
        About::Query => "search",
        About::WideQuery => "farther",
        About::Account => "node",
        About::Link => "link",
    }
}
