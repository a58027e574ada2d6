//! Characters that are drawn rather than written: frames, blocks, Braille dots, and the program's signs.

use super::canvas::{Canvas, Ink, THIN, num};
use super::{COLUMN, ROW, Rgb};

/// Width of a thick line of a frame.
const THICK: f64 = 3.0;
/// From the middle of a double line to its two halves.
const APART: f64 = 1.8;

/// Draws a character into the cell whose corner is at `x`, `y`; tells whether it knows it.
pub(super) fn draw(canvas: &mut Canvas, c: char, color: Rgb, x: f64, y: f64) -> bool {
    let mut cell = CellCanvas { canvas, color, x, y };
    match c {
        '╭' | '╮' | '╯' | '╰' => cell.arc(c),
        '\u{2500}'..='\u{257f}' => return cell.frame(c),
        '\u{2580}'..='\u{259f}' => cell.block(c),
        '\u{2800}'..='\u{28ff}' => cell.braille(c),
        _ => return cell.sign(c),
    }
    true
}

/// The arms of frame characters: up, right, down, left; 0 none, 1 thin, 2 thick, 3 double.
const FRAMES: &[(char, [u8; 4])] = &[
    ('─', [0, 1, 0, 1]),
    ('━', [0, 2, 0, 2]),
    ('│', [1, 0, 1, 0]),
    ('┃', [2, 0, 2, 0]),
    ('┌', [0, 1, 1, 0]),
    ('┐', [0, 0, 1, 1]),
    ('└', [1, 1, 0, 0]),
    ('┘', [1, 0, 0, 1]),
    ('┏', [0, 2, 2, 0]),
    ('┓', [0, 0, 2, 2]),
    ('┗', [2, 2, 0, 0]),
    ('┛', [2, 0, 0, 2]),
    ('├', [1, 1, 1, 0]),
    ('┤', [1, 0, 1, 1]),
    ('┬', [0, 1, 1, 1]),
    ('┴', [1, 1, 0, 1]),
    ('┼', [1, 1, 1, 1]),
    ('┣', [2, 2, 2, 0]),
    ('┫', [2, 0, 2, 2]),
    ('┳', [0, 2, 2, 2]),
    ('┻', [2, 2, 0, 2]),
    ('╋', [2, 2, 2, 2]),
    ('╴', [0, 0, 0, 1]),
    ('╵', [1, 0, 0, 0]),
    ('╶', [0, 1, 0, 0]),
    ('╷', [0, 0, 1, 0]),
    ('╸', [0, 0, 0, 2]),
    ('╹', [2, 0, 0, 0]),
    ('╺', [0, 2, 0, 0]),
    ('╻', [0, 0, 2, 0]),
    ('═', [0, 3, 0, 3]),
    ('║', [3, 0, 3, 0]),
    ('╔', [0, 3, 3, 0]),
    ('╗', [0, 0, 3, 3]),
    ('╚', [3, 3, 0, 0]),
    ('╝', [3, 0, 0, 3]),
];

/// A star of five rays around the middle of a cell.
const STAR: [(f64, f64); 10] = [
    (0.0, -5.2),
    (1.23, -1.7),
    (4.95, -1.61),
    (2.0, 0.65),
    (3.06, 4.21),
    (0.0, 2.1),
    (-3.06, 4.21),
    (-2.0, 0.65),
    (-4.95, -1.61),
    (-1.23, -1.7),
];

/// One cell of the canvas.
struct CellCanvas<'a> {
    canvas: &'a mut Canvas,
    color: Rgb,
    x: f64,
    y: f64,
}

impl CellCanvas<'_> {
    /// A rectangle in fractions of the cell.
    fn part(&mut self, ink: Ink, [x, y, w, h]: [f64; 4]) {
        let rect = [self.x + x * COLUMN, self.y + y * ROW, w * COLUMN, h * ROW];
        self.canvas.rect(ink, self.color, rect);
    }

    /// A rounded corner; its ends meet the straight lines of the next cells.
    fn arc(&mut self, c: char) {
        let (middle, center) = (self.x + COLUMN / 2.0, self.y + ROW / 2.0);
        let (right, bottom) = (self.x + COLUMN, self.y + ROW);
        let r = COLUMN / 2.0;
        let (from, turn, to, sweep, end) = match c {
            '╭' => (right, middle, center + r, 0, bottom),
            '╮' => (self.x, middle, center + r, 1, bottom),
            '╯' => (self.x, middle, center - r, 0, self.y),
            _ => (right, middle, center - r, 1, self.y),
        };
        let [from, turn, to, end, r, center] = [from, turn, to, end, r, center].map(num);
        self.canvas.path(Ink::Line, self.color, &format!("M{from} {center}A{r} {r} 0 0 {sweep} {turn} {to}V{end}"));
    }

    fn frame(&mut self, c: char) -> bool {
        let Some((_, arms)) = FRAMES.iter().find(|(known, _)| *known == c) else { return false };
        let reach = arms.iter().map(|weight| breadth(*weight)).fold(0.0, f64::max) / 2.0;
        for (direction, weight) in arms.iter().enumerate() {
            match weight {
                0 => {}
                3 => {
                    self.arm(direction, THIN, APART, reach);
                    self.arm(direction, THIN, -APART, reach);
                }
                _ => self.arm(direction, breadth(*weight), 0.0, reach),
            }
        }
        true
    }

    /// One arm from a little beyond the middle, so that arms join, to the edge.
    fn arm(&mut self, direction: usize, breadth: f64, aside: f64, beyond: f64) {
        let (middle, center) = (self.x + COLUMN / 2.0, self.y + ROW / 2.0);
        let (across, down) = (COLUMN / 2.0 + beyond, ROW / 2.0 + beyond);
        let half = breadth / 2.0;
        let rect = match direction {
            0 => [middle - half + aside, self.y, breadth, down],
            1 => [middle - beyond, center - half + aside, across, breadth],
            2 => [middle - half + aside, center - beyond, breadth, down],
            _ => [self.x, center - half + aside, across, breadth],
        };
        self.canvas.rect(Ink::Fill, self.color, rect);
    }

    fn block(&mut self, c: char) {
        let code = u32::from(c);
        let eighths = |n: u32| f64::from(n) / 8.0;
        match c {
            '▀' => self.part(Ink::Fill, [0.0, 0.0, 1.0, 0.5]),
            '▁'..='█' => {
                let height = eighths(code - 0x2580);
                self.part(Ink::Fill, [0.0, 1.0 - height, 1.0, height]);
            }
            '▉'..='▏' => self.part(Ink::Fill, [0.0, 0.0, eighths(0x2590 - code), 1.0]),
            '▐' => self.part(Ink::Fill, [0.5, 0.0, 0.5, 1.0]),
            '░' | '▒' | '▓' => self.part(Ink::Shade((code - 0x2590) as u8), [0.0, 0.0, 1.0, 1.0]),
            '▔' => self.part(Ink::Fill, [0.0, 0.0, 1.0, 0.125]),
            '▕' => self.part(Ink::Fill, [0.875, 0.0, 0.125, 1.0]),
            _ => self.quadrants(c),
        }
    }

    fn quadrants(&mut self, c: char) {
        // Upper left, upper right, lower left, lower right.
        let filled = match c {
            '▖' => [false, false, true, false],
            '▗' => [false, false, false, true],
            '▘' => [true, false, false, false],
            '▙' => [true, false, true, true],
            '▚' => [true, false, false, true],
            '▛' => [true, true, true, false],
            '▜' => [true, true, false, true],
            '▝' => [false, true, false, false],
            '▞' => [false, true, true, false],
            _ => [false, true, true, true],
        };
        let corners = [(0.0, 0.0), (0.5, 0.0), (0.0, 0.5), (0.5, 0.5)];
        for ((x, y), _) in corners.into_iter().zip(filled).filter(|(_, filled)| *filled) {
            self.part(Ink::Fill, [x, y, 0.5, 0.5]);
        }
    }

    fn braille(&mut self, c: char) {
        // Column and row of each bit of a Braille character.
        let places = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3)];
        for (bit, (column, row)) in places.into_iter().enumerate() {
            if u32::from(c) & (1 << bit) != 0 {
                let x = self.x + COLUMN * (0.25 + 0.5 * f64::from(column));
                let y = self.y + ROW * (0.125 + 0.25 * f64::from(row));
                self.dot(x, y);
            }
        }
    }

    fn dot(&mut self, x: f64, y: f64) {
        self.canvas.path(Ink::Dots, self.color, &format!("M{} {}h0", num(x), num(y)));
    }

    /// A polygon around the middle of the cell.
    fn polygon(&mut self, points: &[(f64, f64)]) {
        let points = self.around(points);
        self.canvas.polygon(Ink::Fill, self.color, &points);
    }

    /// A line around the middle of the cell.
    fn line(&mut self, points: &[(f64, f64)]) {
        let points = self.around(points);
        self.canvas.line(Ink::Line, self.color, &points);
    }

    fn around(&self, points: &[(f64, f64)]) -> Vec<(f64, f64)> {
        let (x, y) = self.middle();
        points.iter().map(|(dx, dy)| (x + dx, y + dy)).collect()
    }

    fn middle(&self) -> (f64, f64) {
        (self.x + COLUMN / 2.0, self.y + ROW / 2.0)
    }

    /// The program's own signs.
    fn sign(&mut self, c: char) -> bool {
        let (x, y) = self.middle();
        match c {
            '●' => self.canvas.circle(Ink::Fill, self.color, (x, y), 3.6),
            '◌' => {
                for (dx, dy) in [(3.4, 0.0), (1.7, 2.9), (-1.7, 2.9), (-3.4, 0.0), (-1.7, -2.9), (1.7, -2.9)] {
                    self.canvas.circle(Ink::Fill, self.color, (x + dx, y + dy), 0.8);
                }
            }
            '·' => self.canvas.circle(Ink::Fill, self.color, (x, y), 1.2),
            '◆' => self.polygon(&[(0.0, -5.2), (4.3, 0.0), (0.0, 5.2), (-4.3, 0.0)]),
            '★' => self.polygon(&STAR),
            '▲' => self.polygon(&[(0.0, -4.4), (4.4, 3.8), (-4.4, 3.8)]),
            '▼' => self.polygon(&[(0.0, 4.4), (4.4, -3.8), (-4.4, -3.8)]),
            '▴' => self.polygon(&[(0.0, -2.6), (3.2, 2.6), (-3.2, 2.6)]),
            '▾' => self.polygon(&[(0.0, 2.6), (3.2, -2.6), (-3.2, -2.6)]),
            '▶' => self.polygon(&[(4.2, 0.0), (-3.6, 4.4), (-3.6, -4.4)]),
            '◀' => self.polygon(&[(-4.2, 0.0), (3.6, 4.4), (3.6, -4.4)]),
            '▸' => self.polygon(&[(3.0, 0.0), (-2.2, 3.2), (-2.2, -3.2)]),
            '◇' => self.line(&[(0.0, -4.4), (3.6, 0.0), (0.0, 4.4), (-3.6, 0.0), (0.0, -4.4), (0.6, -3.7)]),
            '○' => {
                let turn = |part: u8| (f64::from(part) * std::f64::consts::TAU / 12.0).sin_cos();
                let points: Vec<(f64, f64)> = (0..=13).map(turn).map(|(sin, cos)| (3.4 * sin, -3.4 * cos)).collect();
                self.line(&points);
            }
            '□' => self.line(&[(-3.0, -3.0), (3.0, -3.0), (3.0, 3.0), (-3.0, 3.0), (-3.0, -3.0), (-2.0, -3.0)]),
            '■' => self.polygon(&[(-3.6, -3.6), (3.6, -3.6), (3.6, 3.6), (-3.6, 3.6)]),
            '▰' => self.polygon(&[(-2.0, -3.4), (4.2, -3.4), (2.0, 3.4), (-4.2, 3.4)]),
            '▱' => self.line(&[(-1.8, -2.8), (3.6, -2.8), (1.8, 2.8), (-3.6, 2.8), (-1.8, -2.8), (-1.4, -2.8)]),
            '✓' => self.line(&[(-3.4, 0.6), (-1.0, 3.2), (3.6, -3.8)]),
            '✗' => {
                self.line(&[(-3.2, -3.6), (3.2, 3.6)]);
                self.line(&[(3.2, -3.6), (-3.2, 3.6)]);
            }
            '‖' => {
                self.polygon(&[(-2.6, -4.4), (-0.9, -4.4), (-0.9, 4.4), (-2.6, 4.4)]);
                self.polygon(&[(0.9, -4.4), (2.6, -4.4), (2.6, 4.4), (0.9, 4.4)]);
            }
            '›' => self.line(&[(-1.4, -3.2), (1.6, 0.2), (-1.4, 3.6)]),
            '↑' => {
                self.line(&[(0.0, 4.6), (0.0, -4.2)]);
                self.line(&[(-2.8, -1.2), (0.0, -4.2), (2.8, -1.2)]);
            }
            '↓' => {
                self.line(&[(0.0, -4.6), (0.0, 4.2)]);
                self.line(&[(-2.8, 1.2), (0.0, 4.2), (2.8, 1.2)]);
            }
            _ => return false,
        }
        true
    }
}

/// How broad a line of a frame is.
fn breadth(weight: u8) -> f64 {
    match weight {
        1 => THIN,
        2 => THICK,
        3 => THIN + 2.0 * APART,
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::glyphs::Glyphs;

    fn drawn(c: char) -> Option<String> {
        let mut canvas = Canvas::default();
        let mut picture = String::new();
        draw(&mut canvas, c, [0; 3], 0.0, 0.0).then(|| canvas.print(&mut picture))?;
        Some(picture)
    }

    #[test]
    fn lines_reach_the_edges_of_their_cell() {
        assert!(drawn('─').is_some_and(|path| path.contains("M0 8.3h")));
        assert!(drawn('╭').is_some_and(|path| path.contains("M9 9A4.5 4.5 0 0 0 4.5 13.5V18")));
        assert_eq!(drawn('█').as_deref(), Some("<path fill=\"#000000\" d=\"M0 0h9v18h-9z\"/>\n"));
        assert!(drawn('▌').is_some_and(|path| path.contains("M0 0h4.5v18h-4.5z")));
        assert!(drawn('▂').is_some_and(|path| path.contains("M0 13.5h9v4.5h-9z")));
        assert!(drawn('▚').is_some_and(|path| path.contains("M0 0h4.5v9h-4.5zM4.5 9h4.5v9h-4.5z")));
    }

    #[test]
    fn braille_has_a_dot_for_each_bit() {
        for c in '\u{2800}'..='\u{28ff}' {
            let dots = drawn(c).unwrap_or_default().matches("h0").count();
            assert_eq!(dots, (u32::from(c) & 0xff).count_ones() as usize);
        }
    }

    #[test]
    fn the_programs_signs_are_drawn_and_letters_are_not() {
        let g = Glyphs::UNICODE;
        let signs = [
            g.you,
            g.ultra_peer,
            g.leaf,
            g.directory,
            g.client,
            g.peer,
            g.dialling,
            g.hit,
            g.duplicate,
            g.dropped,
            g.good,
            g.up,
            g.down,
            g.ascending,
            g.descending,
            g.path,
            g.selected,
            g.paused,
            g.live,
            g.separator,
            g.ttl[0],
            g.ttl[1],
            g.border.top_left,
            g.border.vertical_left,
            g.focus_border.bottom_right,
            g.focus_border.horizontal_top,
        ];
        for sign in signs.iter().chain(g.bar).chain(&g.spark[1..]).chain(g.spinner) {
            assert!(sign.chars().next().and_then(drawn).is_some(), "{sign}");
        }
        for c in ['a', '…', '日', '╳'] {
            assert_eq!(drawn(c), None);
        }
    }
}
