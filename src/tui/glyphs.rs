//! Signs: what a colour says is said by a sign too, in Unicode, or in ASCII where the terminal has nothing else.

use ratatui::symbols::border;

/// A set of signs. Each is one column wide unless it says otherwise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Glyphs {
    /// This node.
    pub you: &'static str,
    /// An ultra-peer.
    pub ultra_peer: &'static str,
    /// A leaf.
    pub leaf: &'static str,
    /// A peer where all are equal.
    pub peer: &'static str,
    /// A directory.
    pub directory: &'static str,
    /// A node that asks a directory.
    pub client: &'static str,
    /// A node of which nobody told what it is.
    pub unknown: &'static str,
    /// An address that is being dialled.
    pub dialling: &'static str,
    /// A hit.
    pub hit: &'static str,
    /// A duplicate copy.
    pub duplicate: &'static str,
    /// A message that was dropped.
    pub dropped: &'static str,
    /// Verified, done, fine.
    pub good: &'static str,
    /// Not so.
    pub bad: &'static str,
    /// Something to look at.
    pub warning: &'static str,
    /// To the network.
    pub up: &'static str,
    /// From the network.
    pub down: &'static str,
    /// A list sorted upwards.
    pub ascending: &'static str,
    /// A list sorted downwards.
    pub descending: &'static str,
    /// From one node to the next.
    pub path: &'static str,
    /// The selected row.
    pub selected: &'static str,
    /// The screen is frozen.
    pub paused: &'static str,
    /// It is live.
    pub live: &'static str,
    /// Between two things on a line.
    pub separator: &'static str,
    /// A small dot between words.
    pub dot: &'static str,
    /// No value.
    pub none: &'static str,
    /// A text was cut here.
    pub ellipsis: &'static str,
    /// A scrollbar's thumb.
    pub thumb: &'static str,
    /// A scrollbar's track.
    pub track: &'static str,
    /// The cursor of a text field where the terminal's own is hidden.
    pub cursor: &'static str,
    /// Frame of a pane.
    pub border: border::Set<'static>,
    /// Frame of the pane that has the focus.
    pub focus_border: border::Set<'static>,
    /// TTL that is left, and TTL that is spent.
    pub ttl: [&'static str; 2],
    /// Parts of one column of a bar, from the smallest to a full one.
    pub bar: &'static [&'static str],
    /// The rest of a bar.
    pub bar_empty: &'static str,
    /// The parts that a bar is made of, where it shows a sum.
    pub parts: [&'static str; 4],
    /// Heights of one column of a sparkline, from zero to full.
    pub spark: &'static [&'static str],
    /// A wheel that turns while something runs.
    pub spinner: &'static [&'static str],
    /// Whether lines may be drawn with Braille dots.
    pub braille: bool,
}

const ASCII_BORDER: border::Set<'static> = border::Set {
    top_left: "+",
    top_right: "+",
    bottom_left: "+",
    bottom_right: "+",
    vertical_left: "|",
    vertical_right: "|",
    horizontal_top: "-",
    horizontal_bottom: "-",
};

const ASCII_FOCUS: border::Set<'static> = border::Set {
    top_left: "#",
    top_right: "#",
    bottom_left: "#",
    bottom_right: "#",
    vertical_left: "#",
    vertical_right: "#",
    horizontal_top: "=",
    horizontal_bottom: "=",
};

impl Glyphs {
    /// For terminals with UTF-8.
    pub const UNICODE: Self = Self {
        you: "◆",
        ultra_peer: "▲",
        leaf: "●",
        peer: "◇",
        directory: "■",
        client: "□",
        unknown: "○",
        dialling: "◌",
        hit: "★",
        duplicate: "·",
        dropped: "✗",
        good: "✓",
        bad: "✗",
        warning: "!",
        up: "↑",
        down: "↓",
        ascending: "▴",
        descending: "▾",
        path: "›",
        selected: "▸",
        paused: "‖",
        live: "▶",
        separator: "│",
        dot: "·",
        none: "—",
        ellipsis: "…",
        thumb: "┃",
        track: "│",
        cursor: "▏",
        border: border::ROUNDED,
        focus_border: border::THICK,
        ttl: ["▰", "▱"],
        bar: &["▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"],
        bar_empty: " ",
        parts: ["█", "▓", "▒", "░"],
        spark: &[" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
        spinner: &["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"],
        braille: true,
    };

    /// For all others.
    pub const ASCII: Self = Self {
        you: "@",
        ultra_peer: "^",
        leaf: "o",
        peer: "p",
        directory: "D",
        client: "c",
        unknown: "u",
        dialling: "?",
        hit: "*",
        duplicate: ".",
        dropped: "x",
        good: "+",
        bad: "x",
        warning: "!",
        up: "^",
        down: "v",
        ascending: "^",
        descending: "v",
        path: ">",
        selected: ">",
        paused: "=",
        live: ">",
        separator: "|",
        dot: "-",
        none: "-",
        ellipsis: "~",
        thumb: "#",
        track: "|",
        cursor: "_",
        border: ASCII_BORDER,
        focus_border: ASCII_FOCUS,
        ttl: ["#", "-"],
        bar: &["#"],
        bar_empty: ".",
        parts: ["#", "=", "+", "-"],
        spark: &[" ", ".", ":", "-", "=", "+", "*", "%", "#"],
        spinner: &["|", "/", "-", "\\"],
        braille: false,
    };

    /// The set for a terminal: ASCII if asked for, or if the locale (`LC_ALL`, `LC_CTYPE`, `LANG`: the first one that is
    /// set and not empty) has no UTF-8.
    #[must_use]
    pub fn choose(ascii: bool, lc_all: Option<&str>, lc_ctype: Option<&str>, lang: Option<&str>) -> Self {
        let locale = [lc_all, lc_ctype, lang].into_iter().flatten().find(|value| !value.is_empty());
        let utf8 = locale.is_some_and(|locale| {
            let folded = locale.to_ascii_lowercase();
            folded.contains("utf-8") || folded.contains("utf8")
        });
        if ascii || !utf8 { Self::ASCII } else { Self::UNICODE }
    }

    /// Whether this is the ASCII set.
    #[must_use]
    pub const fn is_ascii(&self) -> bool {
        !self.braille
    }

    /// The filled and the empty part of a bar, together exactly `width` columns. A fraction above 0 shows a little,
    /// one below 1 is never full, so that "almost done" does not look like "done".
    #[must_use]
    pub fn bar_parts(&self, fraction: f64, width: u16) -> (String, String) {
        let per_column = self.bar.len();
        let whole = usize::from(width) * per_column;
        let fraction = if fraction.is_finite() { fraction.clamp(0.0, 1.0) } else { 0.0 };
        let rounded = (fraction * whole as f64).round() as usize;
        let least = usize::from(fraction > 0.0).min(whole);
        let most = if fraction < 1.0 { whole.saturating_sub(1) } else { whole };
        let parts = rounded.min(most).max(least);
        let full = self.bar.last().copied().unwrap_or_default();
        let mut filled = full.repeat(parts / per_column);
        if let Some(part) = (parts % per_column).checked_sub(1) {
            filled.push_str(self.bar[part]);
        }
        let rest = usize::from(width) - parts.div_ceil(per_column);
        (filled, self.bar_empty.repeat(rest))
    }

    /// A bar of exactly `width` columns.
    #[must_use]
    pub fn bar(&self, fraction: f64, width: u16) -> String {
        let (filled, empty) = self.bar_parts(fraction, width);
        filled + &empty
    }

    /// A TTL as a bar: `of` columns, `left` of them filled.
    #[must_use]
    pub fn ttl(&self, left: u8, of: u8) -> String {
        let left = left.min(of);
        self.ttl[0].repeat(left.into()) + &self.ttl[1].repeat((of - left).into())
    }

    /// A sparkline of exactly `width` columns, one for each of the last values, scaled to the largest of them. A value
    /// above zero is never drawn as zero.
    #[must_use]
    pub fn spark(&self, values: &[u64], width: usize) -> String {
        let shown = &values[values.len().saturating_sub(width)..];
        let largest = shown.iter().copied().max().unwrap_or(0).max(1);
        let top = (self.spark.len() - 1) as u128;
        let height = |value: u64| (u128::from(value) * top).div_ceil(u128::from(largest)) as usize;
        let blank = self.spark[0].repeat(width - shown.len());
        blank + &shown.iter().map(|value| self.spark[height(*value)]).collect::<String>()
    }

    /// The wheel after `ticks`.
    #[must_use]
    pub fn spin(&self, ticks: u64) -> &'static str {
        self.spinner[(ticks % self.spinner.len() as u64) as usize]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use unicode_width::UnicodeWidthStr;

    use super::*;

    const BOTH: [Glyphs; 2] = [Glyphs::UNICODE, Glyphs::ASCII];

    fn signs(set: &Glyphs) -> Vec<&'static str> {
        let frames = [set.border, set.focus_border].into_iter().flat_map(|b| {
            [b.top_left, b.top_right, b.bottom_left, b.bottom_right].into_iter().chain([
                b.vertical_left,
                b.vertical_right,
                b.horizontal_top,
                b.horizontal_bottom,
            ])
        });
        let single = [
            set.you,
            set.ultra_peer,
            set.leaf,
            set.peer,
            set.directory,
            set.client,
            set.unknown,
            set.dialling,
            set.hit,
            set.duplicate,
            set.dropped,
            set.good,
            set.bad,
            set.warning,
            set.up,
            set.down,
            set.ascending,
            set.descending,
            set.path,
            set.selected,
            set.paused,
            set.live,
            set.separator,
            set.dot,
            set.none,
            set.ellipsis,
            set.thumb,
            set.track,
            set.cursor,
            set.bar_empty,
        ];
        let lists = [set.bar, set.spark, set.spinner, &set.ttl, &set.parts].concat();
        single.into_iter().chain(frames).chain(lists).collect()
    }

    #[test]
    fn every_sign_is_one_column_wide() {
        for set in BOTH {
            for sign in signs(&set) {
                assert_eq!(sign.width(), 1, "{sign:?}");
            }
        }
        assert!(signs(&Glyphs::ASCII).iter().all(|sign| sign.is_ascii()));
    }

    #[test]
    fn roles_and_outcomes_differ_by_sign_alone() {
        for set in BOTH {
            let mut told_apart = vec![
                set.you,
                set.ultra_peer,
                set.leaf,
                set.peer,
                set.directory,
                set.client,
                set.dialling,
                set.hit,
                set.duplicate,
                set.dropped,
            ];
            told_apart.sort_unstable();
            told_apart.dedup();
            assert_eq!(told_apart.len(), 10);
            let mut transfers = vec![set.good, set.bad, set.up, set.down, set.hit];
            transfers.sort_unstable();
            transfers.dedup();
            assert_eq!(transfers.len(), 5);
        }
    }

    #[test]
    fn the_locale_chooses() {
        let choose = |ascii, all, ctype, lang| Glyphs::choose(ascii, all, ctype, lang).is_ascii();
        assert!(!choose(false, None, None, Some("en_US.UTF-8")));
        assert!(!choose(false, Some(""), Some("C.utf8"), Some("C")));
        assert!(choose(false, Some("C"), None, Some("en_US.UTF-8")));
        assert!(choose(false, None, None, None));
        assert!(choose(true, Some("en_US.UTF-8"), None, None));
    }

    #[test]
    fn bars_show_little_and_almost() {
        let u = Glyphs::UNICODE;
        assert_eq!(u.bar(0.0, 4), "    ");
        assert_eq!(u.bar(0.0001, 4), "▏   ");
        assert_eq!(u.bar(0.5, 4), "██  ");
        assert_eq!(u.bar(0.9999, 4), "███▉");
        assert_eq!(u.bar(1.0, 4), "████");
        assert_eq!(u.bar(f64::NAN, 2), "  ");
        assert_eq!(Glyphs::ASCII.bar(0.5, 4), "##..");
        assert_eq!(Glyphs::ASCII.bar(0.99, 4), "###.");
    }

    #[test]
    fn ttl_and_sparklines() {
        assert_eq!(Glyphs::UNICODE.ttl(5, 7), "▰▰▰▰▰▱▱");
        assert_eq!(Glyphs::ASCII.ttl(9, 3), "###");
        assert_eq!(Glyphs::UNICODE.spark(&[0, 1, 50, 100], 4), " ▁▄█");
        assert_eq!(Glyphs::UNICODE.spark(&[9, 0, 8], 2), " █");
        assert_eq!(Glyphs::UNICODE.spark(&[u64::MAX], 3), "  █");
        assert_eq!(Glyphs::ASCII.spark(&[], 2), "  ");
    }

    proptest! {
        #[test]
        fn widths_are_exact(fraction: f64, width in 0u16..300, left: u8, of: u8, values: Vec<u64>) {
            for set in BOTH {
                prop_assert_eq!(set.bar(fraction, width).width(), usize::from(width));
                prop_assert_eq!(set.ttl(left, of).width(), usize::from(of));
                prop_assert_eq!(set.spark(&values, width.into()).width(), usize::from(width));
            }
        }
    }
}
