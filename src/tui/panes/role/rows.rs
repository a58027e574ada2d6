//! Facts below each other, as many as there is room for: those that matter less give way first.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::tui::paint::Paint;
use crate::tui::table::put;
use crate::tui::text;

/// Columns of the names at the left.
const NAMES: u16 = 12;

/// One line.
struct Row {
    /// How soon it gives way where there is no room: 0 last.
    rank: u8,
    name: &'static str,
    value: Line<'static>,
    /// Of a text in several lines, this line.
    part: Option<(String, Style)>,
    /// Whether it takes the columns of the name too.
    wide: bool,
}

/// The facts of the pane.
pub(super) struct Rows<'p> {
    pub(super) paint: &'p Paint<'p>,
    /// Columns of a value.
    pub(super) room: u16,
    /// Columns of a line.
    pub(super) width: u16,
    /// Lines that there are.
    pub(super) height: u16,
    rows: Vec<Row>,
}

impl<'p> Rows<'p> {
    pub(super) fn new(area: Rect, paint: &'p Paint<'p>) -> Self {
        let room = area.width.saturating_sub(NAMES);
        Self { paint, room, width: area.width, height: area.height, rows: Vec::new() }
    }

    /// A fact whose value is a line.
    pub(super) fn line(&mut self, rank: u8, name: &'static str, value: impl Into<Line<'static>>) {
        let value = fitted(value.into(), self.room.into());
        self.rows.push(Row { rank, name, value, part: None, wide: false });
    }

    /// A fact in a few words of one style.
    pub(super) fn fact(&mut self, rank: u8, name: &'static str, value: &str, style: Style) {
        let value = self.paint.fit(value, self.room);
        self.line(rank, name, Line::styled(value, style));
    }

    /// A line without a name.
    pub(super) fn wide(&mut self, rank: u8, value: Line<'static>) {
        self.rows.push(Row { rank, name: "", value, part: None, wide: true });
    }

    /// A sentence in as many lines as it takes; those after the first have a rank of their own.
    pub(super) fn text(&mut self, ranks: (u8, u8), name: &'static str, sentence: &str, style: Style) {
        let lines = self.paint.wrap(sentence, self.room);
        for (at, line) in lines.iter().enumerate() {
            let (rank, name) = if at == 0 { (ranks.0, name) } else { (ranks.1, "") };
            let value = Line::styled(line.clone(), style);
            self.rows.push(Row { rank, name, value, part: Some((line.clone(), style)), wide: false });
        }
    }

    /// A bar and a number beside it.
    pub(super) fn bar(&mut self, rank: u8, name: &'static str, share: f64, bar: Style, number: &str, style: Style) {
        let room = self.room.saturating_sub(text::width(number) as u16 + 1);
        let mut line = if room < 4 { Line::default() } else { self.paint.bar(share, room.min(20), bar) };
        line.push_span(Span::styled(format!(" {number}"), style));
        self.line(rank, name, line);
    }

    /// The longest of some wordings that fits, the longest first; the last if none does.
    pub(super) fn choose(&self, wordings: &[String], room: u16) -> String {
        let fits = wordings.iter().find(|words| text::width(words) <= usize::from(room));
        fits.or(wordings.last()).cloned().unwrap_or_default()
    }

    /// Draws as many as there is room for.
    pub(super) fn draw(mut self, buffer: &mut Buffer, area: Rect) {
        while self.rows.len() > usize::from(area.height) {
            let Some(at) = (0..self.rows.len()).max_by_key(|&at| (self.rows[at].rank, at)) else { break };
            let gone = self.rows.remove(at);
            // The line before says that something followed it.
            let before = at.checked_sub(1).and_then(|at| self.rows.get_mut(at));
            if let (Some(Row { part: Some((line, style)), value, .. }), true) = (before, gone.part.is_some())
                && gone.name.is_empty()
            {
                *value = Line::styled(with_more(line, self.room.into()), *style);
            }
        }
        for (y, row) in (0..area.height).zip(&self.rows) {
            if row.wide {
                put(buffer, area, 0, y, area.width, &row.value);
                continue;
            }
            put(buffer, area, 0, y, NAMES, &Line::styled(row.name, self.paint.dim()));
            put(buffer, area, NAMES, y, self.room, &row.value);
        }
    }
}

/// A line whose end says so if it had to be cut.
fn fitted(mut line: Line<'static>, room: usize) -> Line<'static> {
    while line.width() > room {
        let Some(last) = line.spans.pop() else { break };
        let left = room.saturating_sub(line.width());
        if left > 0 {
            let end = text::fit(&last.content, left).into_owned();
            line.push_span(Span::styled(end, last.style));
        }
    }
    line
}

/// A line that something followed, cut between words where the mark of that has no room.
fn with_more(line: &str, room: usize) -> String {
    let fits = |line: &&str| text::width(line) + 2 <= room;
    let shorter = line.rsplit_once(' ').map(|(start, _)| start);
    let line = [Some(line), shorter].into_iter().flatten().find(fits).unwrap_or_default();
    format!("{line} …")
}
