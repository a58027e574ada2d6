//! Colours as theme files write them, and as terminals of less depth can show them.

use ratatui::style::Color;

/// How many colours a terminal shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ColorDepth {
    /// None, because the user said so (`NO_COLOR`) or the terminal is dumb.
    None,
    /// The 16 of the terminal's own palette.
    Ansi,
    /// The 256 of xterm.
    Indexed,
    /// All of them.
    TrueColor,
}

impl ColorDepth {
    /// The depth by what the environment says in `NO_COLOR`, `COLORTERM` and `TERM`.
    #[must_use]
    pub fn detect(no_color: Option<&str>, colorterm: Option<&str>, term: Option<&str>) -> Self {
        let (colorterm, term) = (colorterm.unwrap_or_default(), term.unwrap_or_default());
        if no_color.is_some_and(|value| !value.is_empty()) || term == "dumb" {
            return Self::None;
        }
        let says = |word: &str| colorterm.contains(word) || term.contains(word);
        // Terminals that show them all but whose COLORTERM does not survive ssh.
        let known = ["kitty", "ghostty", "wezterm", "alacritty", "foot", "iterm"];
        if says("truecolor") || says("24bit") || says("direct") || known.iter().any(|name| term.contains(name)) {
            Self::TrueColor
        } else if says("256") {
            Self::Indexed
        } else if term.starts_with("vt1") || term.starts_with("vt2") {
            Self::None
        } else {
            Self::Ansi
        }
    }
}

/// The 16 colours by name, in their order, and xterm's values for them.
const ANSI: [(&str, Color, [u8; 3]); 16] = [
    ("black", Color::Black, [0, 0, 0]),
    ("red", Color::Red, [205, 0, 0]),
    ("green", Color::Green, [0, 205, 0]),
    ("yellow", Color::Yellow, [205, 205, 0]),
    ("blue", Color::Blue, [0, 0, 238]),
    ("magenta", Color::Magenta, [205, 0, 205]),
    ("cyan", Color::Cyan, [0, 205, 205]),
    ("gray", Color::Gray, [229, 229, 229]),
    ("dark-gray", Color::DarkGray, [127, 127, 127]),
    ("bright-red", Color::LightRed, [255, 0, 0]),
    ("bright-green", Color::LightGreen, [0, 255, 0]),
    ("bright-yellow", Color::LightYellow, [255, 255, 0]),
    ("bright-blue", Color::LightBlue, [92, 92, 255]),
    ("bright-magenta", Color::LightMagenta, [255, 0, 255]),
    ("bright-cyan", Color::LightCyan, [0, 255, 255]),
    ("white", Color::White, [255, 255, 255]),
];

/// Levels of red, green and blue in xterm's cube of 6 x 6 x 6 colours.
const CUBE: [u8; 6] = [0, 95, 135, 175, 215, 255];

/// Reads `#rrggbb`, `#rgb`, one of the 16 by name, `0` to `255`, or `default`.
pub(super) fn parse(text: &str) -> Option<Color> {
    if let Some(hex) = text.strip_prefix('#') {
        return parse_hex(hex);
    }
    if text == "default" {
        return Some(Color::Reset);
    }
    let named = ANSI.iter().find(|(name, ..)| *name == text).map(|(_, color, _)| *color);
    named.or_else(|| text.parse().ok().map(Color::Indexed))
}

fn parse_hex(hex: &str) -> Option<Color> {
    let digits: Option<Vec<u8>> = hex.chars().map(|c| c.to_digit(16).map(|digit| digit as u8)).collect();
    match digits?.as_slice() {
        [r, g, b] => Some(Color::Rgb(r * 17, g * 17, b * 17)),
        [r, rr, g, gg, b, bb] => Some(Color::Rgb(r * 16 + rr, g * 16 + gg, b * 16 + bb)),
        _ => None,
    }
}

/// The names of colours, to suggest one.
pub(super) fn names<'a>() -> impl Iterator<Item = &'a str> {
    ANSI.iter().map(|(name, ..)| *name).chain(["default"])
}

/// Red, green and blue of a colour; `None` for the terminal's own default.
#[must_use]
pub fn rgb(color: Color) -> Option<[u8; 3]> {
    match color {
        Color::Reset => None,
        Color::Rgb(r, g, b) => Some([r, g, b]),
        Color::Indexed(n @ 0..=15) => Some(ANSI[usize::from(n)].2),
        Color::Indexed(n @ 16..=231) => {
            let n = usize::from(n - 16);
            Some([CUBE[n / 36], CUBE[n / 6 % 6], CUBE[n % 6]])
        }
        Color::Indexed(n) => Some([8 + 10 * (n - 232); 3]),
        named => ANSI.iter().find(|(_, color, _)| *color == named).map(|(.., rgb)| *rgb),
    }
}

/// The nearest colour that a terminal of that depth can show.
#[must_use]
pub fn at_depth(color: Color, depth: ColorDepth) -> Color {
    match (depth, color) {
        (ColorDepth::None, _) => Color::Reset,
        (ColorDepth::Indexed, Color::Rgb(r, g, b)) => indexed([r, g, b]),
        (ColorDepth::Ansi, Color::Rgb(..) | Color::Indexed(16..)) => rgb(color).map_or(Color::Reset, ansi),
        _ => color,
    }
}

/// The nearest of the cube and the grays, whose values, unlike those of the first 16, users do not change.
fn indexed(wanted: [u8; 3]) -> Color {
    let candidates = (16..=255).map(Color::Indexed);
    nearest(wanted, candidates)
}

fn ansi(wanted: [u8; 3]) -> Color {
    nearest(wanted, ANSI.iter().map(|(_, color, _)| *color))
}

fn nearest(wanted: [u8; 3], candidates: impl Iterator<Item = Color>) -> Color {
    candidates.min_by_key(|color| distance(wanted, rgb(*color).unwrap_or_default())).unwrap_or(Color::Reset)
}

/// How different two colours look: the usual cheap approximation ("redmean") of a perceptual distance.
fn distance(a: [u8; 3], b: [u8; 3]) -> i64 {
    let [r, g, b_] = [0, 1, 2].map(|n| i64::from(a[n]) - i64::from(b[n]));
    let mean = (i64::from(a[0]) + i64::from(b[0])) / 2;
    (512 + mean) * r * r / 256 + 4 * g * g + (767 - mean) * b_ * b_ / 256
}

/// A colour on a ramp of equally spaced ones, `at` from 0 to 1. Between two that have values it is mixed, else the
/// nearer one.
pub(super) fn on_ramp(ramp: &[Color], at: f64) -> Option<Color> {
    let last = ramp.len().checked_sub(1)?;
    let place = at.clamp(0.0, 1.0) * last as f64;
    let (low, part) = ((place.floor() as usize).min(last), place.fract());
    let (a, b) = (ramp[low], ramp[(low + 1).min(last)]);
    Some(match (a, b) {
        (Color::Rgb(r, g, b_), Color::Rgb(rr, gg, bb)) => {
            let mix = |from: u8, to: u8| (f64::from(from) + (f64::from(to) - f64::from(from)) * part).round() as u8;
            Color::Rgb(mix(r, rr), mix(g, gg), mix(b_, bb))
        }
        _ if part < 0.5 => a,
        _ => b,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colors_are_read() {
        assert_eq!(parse("#f0e442"), Some(Color::Rgb(0xf0, 0xe4, 0x42)));
        assert_eq!(parse("#fa0"), Some(Color::Rgb(0xff, 0xaa, 0)));
        assert_eq!(parse("bright-red"), Some(Color::LightRed));
        assert_eq!(parse("208"), Some(Color::Indexed(208)));
        assert_eq!(parse("default"), Some(Color::Reset));
        for text in ["", "#", "#12", "#12345é", "256", "-1", "purple", "#gggggg"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn depth_is_as_the_environment_says() {
        use ColorDepth::{Ansi, Indexed, None as No, TrueColor};
        for (no_color, colorterm, term, depth) in [
            (Some("1"), Some("truecolor"), Some("xterm-256color"), No),
            (Some(""), Some("truecolor"), Some("xterm"), TrueColor),
            (None, Some("24bit"), Some("xterm"), TrueColor),
            (None, None, Some("xterm-kitty"), TrueColor),
            (None, None, Some("xterm-direct"), TrueColor),
            (None, None, Some("tmux-256color"), Indexed),
            (None, None, Some("linux"), Ansi),
            (None, None, None, Ansi),
            (None, None, Some("vt100"), No),
            (None, Some("truecolor"), Some("dumb"), No),
        ] {
            assert_eq!(ColorDepth::detect(no_color, colorterm, term), depth, "{colorterm:?} {term:?}");
        }
    }

    #[test]
    fn less_depth_takes_the_nearest() {
        let orange = Color::Rgb(0xff, 0x87, 0x00);
        assert_eq!(at_depth(orange, ColorDepth::TrueColor), orange);
        assert_eq!(at_depth(orange, ColorDepth::Indexed), Color::Indexed(208));
        assert_eq!(at_depth(Color::Rgb(250, 5, 5), ColorDepth::Ansi), Color::LightRed);
        assert_eq!(at_depth(Color::Indexed(231), ColorDepth::Ansi), Color::White);
        assert_eq!(at_depth(Color::Cyan, ColorDepth::Indexed), Color::Cyan);
        assert_eq!(at_depth(orange, ColorDepth::None), Color::Reset);
        assert_eq!(at_depth(Color::Reset, ColorDepth::Ansi), Color::Reset);
    }

    #[test]
    fn every_index_is_its_own_nearest_color() {
        for n in 16..=255 {
            let [r, g, b] = rgb(Color::Indexed(n)).expect("a value");
            let back = at_depth(Color::Rgb(r, g, b), ColorDepth::Indexed);
            assert_eq!(rgb(back), Some([r, g, b]), "{n}");
        }
    }

    #[test]
    fn a_ramp_is_mixed() {
        let ramp = [Color::Rgb(0, 0, 0), Color::Rgb(100, 200, 50), Color::Rgb(0, 0, 0)];
        assert_eq!(on_ramp(&ramp, 0.25), Some(Color::Rgb(50, 100, 25)));
        assert_eq!(on_ramp(&ramp, 0.5), Some(Color::Rgb(100, 200, 50)));
        assert_eq!(on_ramp(&ramp, 7.0), Some(Color::Rgb(0, 0, 0)));
        assert_eq!(on_ramp(&[Color::Red, Color::Blue], 0.6), Some(Color::Blue));
        assert_eq!(on_ramp(&[], 0.5), None);
    }
}
