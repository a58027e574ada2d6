//! Shapes gathered by colour: one path for all shapes of a colour keeps the picture small, and shapes that meet in one
//! path meet without a seam at any zoom.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{Rgb, hex};

/// How a path is painted, the undermost first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Ink {
    /// The background of cells.
    Ground,
    /// Filled with a quarter, half or three quarters of the colour.
    Shade(u8),
    /// Filled.
    Fill,
    /// Drawn as a thin line.
    Line,
    /// Dots at the points of the path.
    Dots,
}

/// Width of a thin line.
pub(super) const THIN: f64 = 1.4;

#[derive(Debug, Default)]
pub(super) struct Canvas {
    paths: BTreeMap<(Ink, Rgb), String>,
}

impl Canvas {
    /// Adds a piece of a path.
    pub(super) fn path(&mut self, ink: Ink, color: Rgb, piece: &str) {
        self.paths.entry((ink, color)).or_default().push_str(piece);
    }

    /// Adds a rectangle: left, top, width, height.
    pub(super) fn rect(&mut self, ink: Ink, color: Rgb, [x, y, w, h]: [f64; 4]) {
        self.path(ink, color, &format!("M{} {}h{}v{}h{}z", num(x), num(y), num(w), num(h), num(-w)));
    }

    /// Adds a polygon.
    pub(super) fn polygon(&mut self, ink: Ink, color: Rgb, points: &[(f64, f64)]) {
        self.line(ink, color, points);
        self.path(ink, color, "z");
    }

    /// Adds a line from point to point.
    pub(super) fn line(&mut self, ink: Ink, color: Rgb, points: &[(f64, f64)]) {
        let mut piece = String::new();
        for (n, (x, y)) in points.iter().enumerate() {
            let _ = write!(piece, "{}{} {}", if n == 0 { 'M' } else { 'L' }, num(*x), num(*y));
        }
        self.path(ink, color, &piece);
    }

    /// Adds a circle.
    pub(super) fn circle(&mut self, ink: Ink, color: Rgb, (x, y): (f64, f64), radius: f64) {
        let (r, d) = (num(radius), num(2.0 * radius));
        let back = num(-2.0 * radius);
        self.path(ink, color, &format!("M{} {}a{r} {r} 0 1 0 {d} 0a{r} {r} 0 1 0 {back} 0z", num(x - radius), num(y)));
    }

    /// Writes all paths, the undermost first.
    pub(super) fn print(&self, picture: &mut String) {
        for ((ink, color), path) in &self.paths {
            let color = hex(*color);
            let paint = match ink {
                Ink::Ground | Ink::Fill => format!("fill=\"{color}\""),
                Ink::Shade(quarters) => {
                    format!("fill=\"{color}\" fill-opacity=\"{}\"", num(f64::from(*quarters) / 4.0))
                }
                Ink::Line => format!("fill=\"none\" stroke=\"{color}\" stroke-width=\"{THIN}\""),
                Ink::Dots => {
                    format!("fill=\"none\" stroke=\"{color}\" stroke-width=\"2.4\" stroke-linecap=\"round\"")
                }
            };
            let _ = writeln!(picture, "<path {paint} d=\"{path}\"/>");
        }
    }
}

/// A number with at most two decimals and nothing superfluous, the same on every machine.
pub(super) fn num(value: f64) -> String {
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    match text {
        "-0" => "0".to_owned(),
        _ => text.replacen("0.", ".", usize::from(text.starts_with("0.") || text.starts_with("-0."))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        assert_eq!(
            [0.0, -0.001, 0.5, -0.25, 10.0, 100.0, 20.05].map(num),
            ["0", "0", ".5", "-.25", "10", "100", "20.05"]
        );
    }

    #[test]
    fn one_path_for_each_color_and_ink() {
        let mut canvas = Canvas::default();
        canvas.rect(Ink::Fill, [255, 0, 0], [0.0, 0.0, 9.0, 18.0]);
        canvas.rect(Ink::Ground, [0, 0, 255], [9.0, 0.0, 9.0, 18.0]);
        canvas.rect(Ink::Fill, [255, 0, 0], [18.0, 0.0, 9.0, 18.0]);
        let mut picture = String::new();
        canvas.print(&mut picture);
        let lines: Vec<_> = picture.lines().collect();
        assert_eq!(lines[0], "<path fill=\"#0000ff\" d=\"M9 0h9v18h-9z\"/>");
        assert_eq!(lines[1], "<path fill=\"#ff0000\" d=\"M0 0h9v18h-9zM18 0h9v18h-9z\"/>");
    }
}
