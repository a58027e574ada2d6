//! A list with columns: which of them fit, how wide each is, and the rows that are in view.
//!
//! Each list states its columns once, as a table of title, width, rank, order and cell; heads, cells, sorting and the
//! choice of columns come from there.

use std::cmp::Ordering;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::model::ListState;
use super::paint::Paint;

/// Columns between two columns.
const GAP: u16 = 1;

/// Makes the text of a cell, for so many columns.
pub type Cell<R> = fn(&R, &Paint<'_>, u16) -> Line<'static>;
/// Compares two rows.
pub type Order<R> = fn(&R, &R) -> Ordering;

/// How wide a column is.
#[derive(Clone, Copy, Debug)]
pub enum Width {
    /// Always so many columns.
    Is(u16),
    /// At least so many, and a share of the room that is left.
    Grows {
        /// The least.
        least: u16,
        /// Its share.
        share: u16,
        /// The most.
        most: u16,
    },
}

impl Width {
    const fn least(self) -> u16 {
        match self {
            Self::Is(width) | Self::Grows { least: width, .. } => width,
        }
    }
}

/// One column of a list of `R`s.
pub struct Column<R> {
    /// Its head.
    pub title: &'static str,
    /// Its head where there is room for it, with the unit; empty if that is the same.
    pub long: &'static str,
    /// Its width.
    pub width: Width,
    /// Whether head and cells stand at its right end.
    pub right: bool,
    /// How soon it gives way where there is no room: 0 never does.
    pub rank: u8,
    /// How rows are sorted by it, if they can be.
    pub order: Option<Order<R>>,
    /// Its cells.
    pub cell: Cell<R>,
}

impl<R> Column<R> {
    /// A column at the left that is sorted by.
    pub const fn left(title: &'static str, width: Width, rank: u8, order: Order<R>, cell: Cell<R>) -> Self {
        Self { title, long: "", width, right: false, rank, order: Some(order), cell }
    }

    /// A column of numbers that is sorted by.
    pub const fn number(title: &'static str, width: u16, rank: u8, order: Order<R>, cell: Cell<R>) -> Self {
        Self { title, long: "", width: Width::Is(width), right: true, rank, order: Some(order), cell }
    }

    /// A column of numbers in a list that has one order.
    pub const fn figure(title: &'static str, width: u16, rank: u8, cell: Cell<R>) -> Self {
        Self { title, long: "", width: Width::Is(width), right: true, rank, order: None, cell }
    }

    /// The same column, with a longer head where there is room for it.
    #[must_use]
    pub const fn or(mut self, long: &'static str) -> Self {
        self.long = long;
        self
    }

    /// Columns that the longer head takes beyond what the column has at least.
    fn longer(&self) -> u16 {
        (self.long.len() as u16).saturating_sub(self.width.least())
    }

    /// A column that says nothing to sort by.
    pub const fn plain(title: &'static str, width: Width, rank: u8, cell: Cell<R>) -> Self {
        Self { title, long: "", width, right: false, rank, order: None, cell }
    }
}

/// A column that is shown: its number, where it begins, and its width.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Which of the columns.
    pub column: usize,
    /// Where it begins, from the left of the list.
    pub x: u16,
    /// How wide it is.
    pub width: u16,
}

/// Which columns fit, and where.
#[must_use]
pub fn place<R>(columns: &[Column<R>], hidden: u32, width: u16) -> Vec<Placed> {
    let mut shown: Vec<usize> = (0..columns.len()).filter(|&i| hidden >> i.min(31) & 1 == 0).collect();
    let needed = |shown: &[usize]| {
        let widths: u16 = shown.iter().map(|&i| columns[i].width.least()).sum();
        widths + GAP * (shown.len() as u16).saturating_sub(1)
    };
    while needed(&shown) > width && shown.len() > 1 {
        // The highest rank goes first, of equals the rightmost.
        let Some(at) = (0..shown.len()).max_by_key(|&at| (columns[shown[at]].rank, at)) else { break };
        shown.remove(at);
    }
    let mut spare = width.saturating_sub(needed(&shown));
    let long = with_long_heads(columns, &shown, spare / 2);
    spare -= long.iter().map(|&i| columns[i].longer()).sum::<u16>();
    let mut shares: u16 = shown.iter().map(|&i| share_of(columns[i].width)).sum();
    let mut x = 0;
    let mut placed = Vec::with_capacity(shown.len());
    for i in shown {
        let share = share_of(columns[i].width);
        let least = columns[i].width.least() + if long.contains(&i) { columns[i].longer() } else { 0 };
        let room = match columns[i].width {
            Width::Grows { most, .. } if shares > 0 => (u32::from(spare) * u32::from(share) / u32::from(shares))
                .min(u32::from(most.saturating_sub(least)))
                as u16,
            _ => 0,
        };
        spare -= room;
        shares -= share;
        let width = (least + room).min(width.saturating_sub(x));
        placed.push(Placed { column: i, x, width });
        x += width + GAP;
    }
    placed
}

/// The columns that have their longer heads within so much room, those first that need the least of it.
fn with_long_heads<R>(columns: &[Column<R>], shown: &[usize], mut room: u16) -> Vec<usize> {
    let mut long: Vec<usize> = shown.iter().copied().filter(|&i| columns[i].longer() > 0).collect();
    long.sort_by_key(|&i| columns[i].longer());
    long.retain(|&i| {
        let fits = columns[i].longer() <= room;
        room -= if fits { columns[i].longer() } else { 0 };
        fits
    });
    long
}

const fn share_of(width: Width) -> u16 {
    match width {
        Width::Is(_) => 0,
        Width::Grows { share, .. } => share,
    }
}

/// The heads of the columns, the one that the list is sorted by marked.
pub fn heads<R>(buffer: &mut Buffer, area: Rect, columns: &[Column<R>], list: &ListState, paint: &Paint<'_>) {
    for at in place(columns, list.hidden, area.width) {
        let column = &columns[at.column];
        let sorted = list.sort.filter(|(by, _)| *by == at.column);
        let glyphs = &paint.model.glyphs;
        let mark = sorted.map_or("", |(_, down)| if down { glyphs.descending } else { glyphs.ascending });
        let style = if sorted.is_some() { paint.strong().patch(paint.column()) } else { paint.column() };
        let room = usize::from(at.width).saturating_sub(mark.chars().count());
        let fits = !column.long.is_empty() && column.long.len() <= room;
        let title: String = if fits { column.long } else { column.title }.chars().take(room).collect();
        let text = format!("{title}{mark}");
        let indent = if column.right { at.width.saturating_sub(text.chars().count() as u16) } else { 0 };
        put(buffer, area, at.x + indent, 0, at.width - indent, &Line::styled(text, style));
    }
}

/// The rows that are in view, from `first` on. `row` finds one by its number in the list.
pub fn rows<'r, R: 'r>(
    buffer: &mut Buffer,
    area: Rect,
    columns: &[Column<R>],
    view: View<'_>,
    paint: &Paint<'_>,
    row: impl Fn(usize) -> Option<&'r R>,
) {
    let placed = place(columns, view.list.hidden, area.width);
    for y in 0..area.height {
        let index = view.first + usize::from(y);
        let Some(row) = row(index) else { break };
        let under = view.cursor == Some(index);
        for at in &placed {
            let column = &columns[at.column];
            let line = (column.cell)(row, paint, at.width);
            let indent = if column.right { at.width.saturating_sub(line.width() as u16) } else { 0 };
            put(buffer, area, at.x + indent, y, at.width - indent, &line);
        }
        if under {
            buffer.set_style(Rect { y: area.y + y, height: 1, ..area }, paint.selected(view.focused));
        }
    }
}

/// How a list is seen.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// How the user looks at it.
    pub list: &'a ListState,
    /// The first row in view.
    pub first: usize,
    /// The row under the cursor.
    pub cursor: Option<usize>,
    /// Whether it has the focus.
    pub focused: bool,
}

/// Writes a line, cut to its room and to the area.
pub fn put(buffer: &mut Buffer, area: Rect, x: u16, y: u16, width: u16, line: &Line<'_>) {
    if y >= area.height || x >= area.width {
        return;
    }
    buffer.set_line(area.x + x, area.y + y, line, width.min(area.width - x));
}

/// A bar along the right border for lists that are longer than their pane.
pub fn scrollbar(buffer: &mut Buffer, area: Rect, first: usize, shown: usize, count: usize, paint: &Paint<'_>) {
    if count <= shown || area.height == 0 {
        return;
    }
    let height = usize::from(area.height);
    let size = (height * shown / count).clamp(1, height);
    let start = (height - size) * first.min(count - shown) / (count - shown);
    for y in start..start + size {
        let at = (area.x, area.y + y as u16);
        if let Some(cell) = buffer.cell_mut(at) {
            cell.set_symbol(paint.model.glyphs.thumb).set_style(paint.bar_style());
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn column(width: Width, rank: u8) -> Column<()> {
        Column::plain("head", width, rank, |(), _, _| Line::default())
    }

    #[test]
    fn columns_give_way_by_rank_and_the_rest_shares_the_room() {
        let grows = Width::Grows { least: 10, share: 1, most: 40 };
        let columns = [column(grows, 0), column(Width::Is(6), 2), column(Width::Is(6), 1)];
        let shown = |width| place(&columns, 0, width).iter().map(|at| (at.column, at.width)).collect::<Vec<_>>();
        assert_eq!(shown(100), [(0, 40), (1, 6), (2, 6)]);
        assert_eq!(shown(30), [(0, 16), (1, 6), (2, 6)]);
        assert_eq!(shown(20), [(0, 13), (2, 6)]);
        assert_eq!(shown(5), [(0, 5)]);
        assert_eq!(place(&columns, 0b10, 30).len(), 2);
    }

    #[test]
    fn a_head_tells_its_unit_where_there_is_room() {
        let columns = [column(Width::Is(6), 0), column(Width::Is(5), 0).or("head a second")];
        let widths = |width| place(&columns, 0, width).iter().map(|at| at.width).collect::<Vec<_>>();
        assert_eq!((widths(27), widths(28)), (vec![6, 5], vec![6, 13]), "half of the room is left to others");
    }

    proptest! {
        #[test]
        fn columns_never_overlap_nor_leave_their_room(
            widths in prop::collection::vec((0u16..40, 0u16..4, 0u8..5), 1..12), hidden: u32, width in 0u16..250,
        ) {
            let columns: Vec<_> = widths
                .into_iter()
                .map(|(least, share, rank)| match share {
                    0 => column(Width::Is(least), rank),
                    _ => column(Width::Grows { least, share, most: least + 30 }, rank),
                })
                .collect();
            let mut end = 0;
            for at in place(&columns, hidden, width) {
                prop_assert!(at.x >= end);
                end = at.x + at.width;
                prop_assert!(at.width == 0 || end <= width);
            }
        }
    }
}
