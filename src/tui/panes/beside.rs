//! Names and stars beside signs, where there is room for them.

use ratatui::layout::Rect;

/// What lies on each cell.
pub(super) struct Room {
    width: u16,
    taken: Vec<bool>,
}

impl Room {
    /// An area with signs on some cells.
    pub(super) fn new(area: Rect, signs: impl Iterator<Item = (u16, u16)>) -> Self {
        let mut room =
            Self { width: area.width, taken: vec![false; usize::from(area.width) * usize::from(area.height)] };
        signs.for_each(|(x, y)| room.take(x, y, 1));
        room
    }

    /// Takes the room for a star at the right of a sign; false where there is none.
    pub(super) fn star(&mut self, (x, y): (u16, u16)) -> bool {
        let free = self.free(x + 1, y, 1);
        if free {
            self.take(x + 1, y, 1);
        }
        free
    }

    /// Takes the room for a name beside a sign, which may have a star, and tells where it begins; `None` where there is
    /// none, or where it would not be `quiet` enough to be read.
    pub(super) fn beside(
        &mut self,
        (x, y): (u16, u16),
        star: bool,
        width: u16,
        quiet: impl Fn(u16, u16) -> bool,
    ) -> Option<(u16, u16)> {
        // Away from the middle first: that is where there is room.
        let last = x + u16::from(star);
        let (left, right) = (x.checked_sub(width + 1), Some(last + 2));
        let sides = if x < self.width / 2 { [left, right] } else { [right, left] };
        // The cells at both its ends must be free too, lest the name seem to be another's.
        let fits = |at: &u16| {
            let start = at.saturating_sub(1).max(if *at > x { last + 1 } else { 0 });
            let end = (at + width + 1).min(if *at > x { self.width } else { x });
            width > 0 && at + width <= self.width && self.free(start, y, end - start) && quiet(*at, y)
        };
        let at = sides.into_iter().flatten().find(fits)?;
        self.write(at, y, width);
        Some((at, y))
    }

    /// The same for a name that must be seen: above or below the sign if there is no room beside it, then across lines,
    /// and in the end whatever it hides.
    pub(super) fn near(
        &mut self,
        (x, y): (u16, u16),
        star: bool,
        width: u16,
        quiet: impl Fn(u16, u16) -> bool,
    ) -> Option<(u16, u16)> {
        if let Some(place) = self.beside((x, y), star, width, &quiet) {
            return Some(place);
        }
        let starts = [x.checked_sub(width / 2), Some(x), (x + 1).checked_sub(width)];
        let rows = [y.checked_sub(1), Some(y + 1)];
        let around = rows.into_iter().flatten().flat_map(|y| starts.into_iter().flatten().map(move |x| (x, y)));
        let found = around.filter(|(x, y)| self.free(*x, *y, width)).find(|(x, y)| quiet(*x, *y));
        if found.is_none()
            && let Some(place) = self.beside((x, y), star, width, |_, _| true)
        {
            return Some(place);
        }
        let over = || {
            let from = x + 2 + u16::from(star);
            let right = (width > 0 && from + width <= self.width).then_some(from);
            right.or(x.checked_sub(width + 1)).map(|at| (at, y))
        };
        let (at, y) = found.or_else(over)?;
        self.write(at, y, width);
        Some((at, y))
    }

    /// Takes a name's cells and those at its ends, lest the next name begin where this one stops.
    fn write(&mut self, at: u16, y: u16, width: u16) {
        let start = at.saturating_sub(1);
        self.take(start, y, (at + width + 1).min(self.width) - start);
    }

    fn cells(&self, x: u16, y: u16, width: u16) -> std::ops::Range<usize> {
        let start = usize::from(y) * usize::from(self.width) + usize::from(x);
        start..start + usize::from(width)
    }

    /// Whether cells of a line are free, and there.
    pub(super) fn free(&self, x: u16, y: u16, width: u16) -> bool {
        x + width <= self.width
            && self.taken.get(self.cells(x, y, width)).is_some_and(|cells| cells.iter().all(|taken| !taken))
    }

    /// Takes cells of a line.
    pub(super) fn take(&mut self, x: u16, y: u16, width: u16) {
        let cells = self.cells(x, y, width);
        self.taken.get_mut(cells).into_iter().flatten().for_each(|taken| *taken = true);
    }
}
