//! A screen as a picture: a ratatui buffer becomes an SVG that looks like a terminal's window, for the README. The same
//! buffer always makes the same text, so that a test can tell whether a picture is fresh.
//!
//! Letters are text in the reader's own monospace font, each run stretched to its columns. Whatever must join or align,
//! frames, bars, dots and signs, is drawn as a shape, because fonts do not agree on them.

mod canvas;
mod shapes;

use std::fmt::Write as _;

use canvas::{Canvas, Ink, num};
use ratatui::buffer::{Buffer, Cell};
use ratatui::style::Modifier;
use unicode_width::UnicodeWidthStr;

use super::theme::rgb;

/// Red, green and blue.
pub type Rgb = [u8; 3];

/// What a picture shows around and behind the buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look<'a> {
    /// On the window's frame, and for those who have the picture read to them.
    pub title: &'a str,
    /// The terminal's own colour of letters.
    pub foreground: Rgb,
    /// The terminal's own background.
    pub background: Rgb,
}

impl<'a> Look<'a> {
    /// A dark terminal.
    #[must_use]
    pub const fn dark(title: &'a str) -> Self {
        Self { title, foreground: [0xd8, 0xde, 0xe9], background: [0x14, 0x18, 0x20] }
    }

    /// A light terminal.
    #[must_use]
    pub const fn light(title: &'a str) -> Self {
        Self { title, foreground: [0x2e, 0x34, 0x40], background: [0xff, 0xff, 0xff] }
    }
}

/// Size of a column and a row: whole numbers, so that cells meet on whole pixels.
const COLUMN: f64 = 9.0;
const ROW: f64 = 18.0;
/// Most monospace fonts are 0.6 of their size wide.
const FONT_SIZE: u32 = 15;
/// From a row's top to the line on which letters stand.
const BASELINE: f64 = 13.5;
const MARGIN: f64 = 12.0;
const TITLE_BAR: f64 = 32.0;
const FONTS: &str =
    "ui-monospace,'JetBrains Mono','Cascadia Mono','SF Mono',Menlo,Consolas,'DejaVu Sans Mono',monospace";

/// Draws a buffer as a terminal's window.
#[must_use]
pub fn svg(buffer: &Buffer, look: &Look<'_>) -> String {
    let (columns, rows) = (f64::from(buffer.area.width), f64::from(buffer.area.height));
    let (width, height) = (columns * COLUMN + 2.0 * MARGIN, rows * ROW + TITLE_BAR + MARGIN);
    let mut picture = String::new();
    // Writing to a string cannot fail.
    let _ = write!(
        picture,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} {1}\" role=\"img\" \
         font-family=\"{FONTS}\" font-size=\"{FONT_SIZE}\">\n<title>{2}</title>\n",
        num(width),
        num(height),
        escape(look.title),
    );
    window(&mut picture, look, width, height);
    let _ = writeln!(picture, "<g transform=\"translate({} {})\">", num(MARGIN), num(TITLE_BAR));
    let mut painter = Painter { look, canvas: Canvas::default(), texts: String::new() };
    for y in 0..buffer.area.height {
        painter.row(buffer, y);
    }
    painter.canvas.print(&mut picture);
    picture.push_str(&painter.texts);
    picture.push_str("</g>\n</svg>\n");
    picture
}

/// The frame with its three buttons and its title.
fn window(picture: &mut String, look: &Look<'_>, width: f64, height: f64) {
    let frame = mix(look.foreground, look.background, 0.75);
    let _ = writeln!(
        picture,
        "<rect x=\".5\" y=\".5\" width=\"{}\" height=\"{}\" rx=\"9\" fill=\"{}\" stroke=\"{}\"/>",
        num(width - 1.0),
        num(height - 1.0),
        hex(look.background),
        hex(frame),
    );
    for (n, color) in ["#ff5f57", "#febc2e", "#28c840"].into_iter().enumerate() {
        let _ = writeln!(picture, "<circle cx=\"{}\" cy=\"16\" r=\"5.5\" fill=\"{color}\"/>", 20 + 19 * n);
    }
    let _ = writeln!(
        picture,
        "<text x=\"{}\" y=\"20.5\" text-anchor=\"middle\" font-size=\"13\" fill=\"{}\">{}</text>",
        num(width / 2.0),
        hex(mix(look.foreground, look.background, 0.35)),
        escape(look.title),
    );
}

/// What makes two cells one run of text.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Pen {
    color: Rgb,
    bold: bool,
    italic: bool,
    underline: bool,
    crossed: bool,
}

/// Letters of one pen, side by side.
struct Run {
    pen: Pen,
    column: u16,
    columns: u16,
    text: String,
}

struct Painter<'a> {
    look: &'a Look<'a>,
    canvas: Canvas,
    texts: String,
}

impl Painter<'_> {
    fn row(&mut self, buffer: &Buffer, y: u16) {
        let mut run: Option<Run> = None;
        let mut x = 0;
        while x < buffer.area.width {
            let Some(cell) = buffer.cell((buffer.area.x + x, buffer.area.y + y)) else { break };
            // A wide letter covers the next cell, whatever is in it.
            let columns = (cell.symbol().width().max(1) as u16).min(buffer.area.width - x);
            self.cell(cell, x, y, columns, &mut run);
            x += columns;
        }
        self.flush(run, y);
    }

    fn cell(&mut self, cell: &Cell, x: u16, y: u16, columns: u16, run: &mut Option<Run>) {
        let (pen, background) = self.colors(cell);
        let (left, top) = (f64::from(x) * COLUMN, f64::from(y) * ROW);
        if background != self.look.background {
            self.canvas.rect(Ink::Ground, background, [left, top, f64::from(columns) * COLUMN, ROW]);
        }
        let symbol = if cell.modifier.contains(Modifier::HIDDEN) { " " } else { cell.symbol() };
        let decorated = pen.underline || pen.crossed;
        let mut chars = symbol.chars();
        if let (Some(c), None, false) = (chars.next(), chars.next(), decorated)
            && (c == ' ' || shapes::draw(&mut self.canvas, c, pen.color, left, top))
        {
            return self.flush(run.take(), y);
        }
        // A sign that the font lacks comes from another one, with other widths: it stands alone.
        let alone = columns > 1 || !symbol.is_ascii();
        if run.as_ref().is_some_and(|run| alone || run.pen != pen) {
            self.flush(run.take(), y);
        }
        let grown = run.get_or_insert_with(|| Run { pen, column: x, columns: 0, text: String::new() });
        grown.columns += columns;
        grown.text.push_str(symbol);
        if alone {
            self.flush(run.take(), y);
        }
    }

    /// How a cell's letter looks, and what is behind it.
    fn colors(&self, cell: &Cell) -> (Pen, Rgb) {
        let has = |modifier| cell.modifier.contains(modifier);
        let mut color = rgb(cell.fg).unwrap_or(self.look.foreground);
        let mut background = rgb(cell.bg).unwrap_or(self.look.background);
        if has(Modifier::REVERSED) {
            std::mem::swap(&mut color, &mut background);
        }
        if has(Modifier::DIM) {
            color = mix(color, background, 0.4);
        }
        let pen = Pen {
            color,
            bold: has(Modifier::BOLD),
            italic: has(Modifier::ITALIC),
            underline: has(Modifier::UNDERLINED),
            crossed: has(Modifier::CROSSED_OUT),
        };
        (pen, background)
    }

    fn flush(&mut self, run: Option<Run>, y: u16) {
        let Some(Run { pen, column, columns, text }) = run else { return };
        let mut style = String::new();
        for (on, attribute) in [
            (pen.bold, " font-weight=\"700\""),
            (pen.italic, " font-style=\"italic\""),
            (pen.underline && !pen.crossed, " text-decoration=\"underline\""),
            (pen.crossed, " text-decoration=\"line-through\""),
        ] {
            style.push_str(if on { attribute } else { "" });
        }
        let _ = writeln!(
            self.texts,
            "<text x=\"{}\" y=\"{}\" textLength=\"{}\" lengthAdjust=\"spacingAndGlyphs\" fill=\"{}\"{style} \
             xml:space=\"preserve\">{}</text>",
            num(f64::from(column) * COLUMN),
            num(f64::from(y) * ROW + BASELINE),
            num(f64::from(columns) * COLUMN),
            hex(pen.color),
            escape(&text),
        );
    }
}

/// A colour as SVG writes it.
fn hex([r, g, b]: Rgb) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

/// `part` of the way from one colour to another.
fn mix(from: Rgb, to: Rgb, part: f64) -> Rgb {
    [0, 1, 2].map(|n| (f64::from(from[n]) + (f64::from(to[n]) - f64::from(from[n])) * part).round() as u8)
}

/// A text as XML holds it. Characters that XML forbids are not in a screen that was drawn right; a picture of one that
/// was not must still open.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            _ if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => escaped.push('\u{fffd}'),
            _ => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ratatui::layout::Rect;
    use ratatui::style::{Color, Style};

    use super::*;

    fn picture(lines: &[&str], style: Style) -> String {
        let mut buffer = Buffer::with_lines(lines.iter().copied());
        buffer.set_style(buffer.area, style);
        svg(&buffer, &Look::dark("hopscope & <you>"))
    }

    /// Whether every element is closed, in order, and every attribute quoted: enough to say that it opens.
    fn is_well_formed(xml: &str) -> bool {
        let mut open = Vec::new();
        let mut rest = xml;
        while let Some(start) = rest.find('<') {
            let Some(end) = rest[start..].find('>') else { return false };
            let tag = &rest[start + 1..start + end];
            let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap_or_default();
            if !tag.matches('"').count().is_multiple_of(2) || (tag.starts_with('/') && open.pop() != Some(name)) {
                return false;
            }
            if !tag.starts_with('/') && !tag.ends_with('/') {
                open.push(name);
            }
            rest = &rest[start + end + 1..];
        }
        open.is_empty()
    }

    #[test]
    fn text_keeps_its_columns() {
        let drawn = picture(&["ab  cd", "日x"], Style::new());
        assert!(drawn.contains("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"78\" height=\"80\""), "{drawn}");
        for run in [
            "<text x=\"0\" y=\"13.5\" textLength=\"18\" lengthAdjust=\"spacingAndGlyphs\" fill=\"#d8dee9\" xml:space=\"preserve\">ab</text>",
            "<text x=\"36\" y=\"13.5\" textLength=\"18\"",
            "<text x=\"0\" y=\"31.5\" textLength=\"18\" lengthAdjust=\"spacingAndGlyphs\" fill=\"#d8dee9\" xml:space=\"preserve\">日</text>",
            "<text x=\"18\" y=\"31.5\" textLength=\"9\"",
        ] {
            assert!(drawn.contains(run), "{run} in {drawn}");
        }
        assert!(drawn.contains("<title>hopscope &amp; &lt;you&gt;</title>") && is_well_formed(&drawn));
    }

    #[test]
    fn colors_and_modifiers_are_kept() {
        let style = Style::new().fg(Color::Rgb(1, 2, 3)).bg(Color::Rgb(200, 100, 50));
        let plain = picture(&["a"], style);
        assert!(plain.contains("<path fill=\"#c86432\" d=\"M0 0h9v18h-9z\"/>") && plain.contains("fill=\"#010203\""));
        let reversed = picture(&["a"], style.add_modifier(Modifier::REVERSED | Modifier::BOLD));
        assert!(
            reversed.contains("<path fill=\"#010203\"") && reversed.contains("fill=\"#c86432\" font-weight=\"700\"")
        );
        let faint = picture(&["a"], Style::new().add_modifier(Modifier::DIM | Modifier::UNDERLINED));
        assert!(faint.contains("fill=\"#8a8f99\" text-decoration=\"underline\""), "{faint}");
        assert!(!picture(&["a"], Style::new().add_modifier(Modifier::HIDDEN)).contains(">a<"));
    }

    #[test]
    fn two_colors_are_two_runs_and_frames_are_paths() {
        let mut buffer = Buffer::empty(Rect::new(3, 4, 4, 1));
        buffer.set_string(3, 4, "│ab", Style::new());
        buffer.set_style(Rect::new(5, 4, 1, 1), Style::new().fg(Color::Red));
        let drawn = svg(&buffer, &Look::light("t"));
        assert!(drawn.contains(">a</text>") && drawn.contains(">b</text>") && !drawn.contains('│'));
        assert!(drawn.contains("<path fill=\"#2e3440\" d=\"M3.8 0h1.4"), "{drawn}");
        assert_eq!(drawn, svg(&buffer, &Look::light("t")));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn whatever_is_on_the_screen_the_picture_opens(symbols: Vec<String>, width in 1u16..9) {
            let mut buffer = Buffer::empty(Rect::new(0, 0, width, 4));
            for (cell, symbol) in buffer.content.iter_mut().zip(&symbols) {
                cell.set_symbol(symbol);
            }
            prop_assert!(is_well_formed(&svg(&buffer, &Look::dark(&symbols.concat()))));
        }
    }
}
