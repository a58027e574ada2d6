//! Text for a place of some columns: cutting without splitting a letter, and numbers in few characters.
//!
//! All of it is Unicode; where a terminal has none, [`only_ascii`] goes over the finished screen.

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::glyphs::Glyphs;
use crate::app::Untrusted;

/// Where a text was cut. One column wide.
const ELLIPSIS: &str = Glyphs::UNICODE.ellipsis;

/// The longest ending that is kept in view as a file's extension, with its dot.
const MAX_EXTENSION: usize = 9;

/// Bytes of a stranger's text that are looked at for each column: four combining marks of up to four bytes, a letter,
/// and some room. More cannot be seen anyway.
const BYTES_PER_COLUMN: usize = 24;

/// How many columns a text takes.
#[must_use]
pub fn width(text: &str) -> usize {
    // By grapheme, because that is how a ratatui buffer lays it out.
    text.graphemes(true).map(UnicodeWidthStr::width).sum()
}

/// The longest start of a text that takes at most `columns`, cut between graphemes, without a mark.
#[must_use]
pub fn start(text: &str, columns: usize) -> &str {
    let mut taken = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        taken += grapheme.width();
        if taken > columns {
            return &text[..at];
        }
    }
    text
}

/// The longest end of a text that takes at most `columns`, for text fields, where the end is being typed.
#[must_use]
pub fn end(text: &str, columns: usize) -> &str {
    let mut taken = 0;
    for (at, grapheme) in text.grapheme_indices(true).rev() {
        taken += grapheme.width();
        if taken > columns {
            return &text[at + grapheme.len()..];
        }
    }
    text
}

/// A text in at most `columns`, its end in view, with `…` where it was cut.
#[must_use]
pub fn fit_end(text: &str, columns: usize) -> Cow<'_, str> {
    match columns.checked_sub(1) {
        Some(room) if width(text) > columns => Cow::Owned(ELLIPSIS.to_owned() + end(text, room)),
        _ => Cow::Borrowed(end(text, columns)),
    }
}

/// A text in at most `columns`, with `…` where it was cut.
#[must_use]
pub fn fit<'a>(text: &'a str, columns: usize) -> Cow<'a, str> {
    let whole = start(text, columns);
    if whole.len() == text.len() {
        return Cow::Borrowed(text);
    }
    match columns.checked_sub(1) {
        Some(room) => Cow::Owned(start(text, room).to_owned() + ELLIPSIS),
        None => Cow::Borrowed(whole),
    }
}

/// A file's name in at most `columns`, cut in its middle so that the extension stays in view: nobody should take
/// `holiday.jpg.exe` for a picture.
#[must_use]
pub fn fit_name<'a>(name: &'a str, columns: usize) -> Cow<'a, str> {
    let extension = extension(name);
    let tail = width(extension) + 1;
    match columns.checked_sub(tail) {
        Some(room) if room > 0 && !extension.is_empty() && width(name) > columns => {
            let stem = &name[..name.len() - extension.len()];
            Cow::Owned(start(stem, room).to_owned() + ELLIPSIS + extension)
        }
        _ => fit(name, columns),
    }
}

/// The extension with its dot; empty if there is none, or one too long to be one.
fn extension(name: &str) -> &str {
    match name.rfind('.') {
        Some(dot) if dot > 0 && (2..=MAX_EXTENSION).contains(&(name.len() - dot)) => &name[dot..],
        _ => "",
    }
}

/// A stranger's text, safe to show and in at most `columns`, its extension in view. The only way to the screen.
#[must_use]
pub fn untrusted(text: &Untrusted, columns: usize) -> String {
    let raw = text.raw();
    let cap = columns.saturating_mul(BYTES_PER_COLUMN);
    let visible = if raw.len() <= cap {
        text.visible(usize::MAX)
    } else {
        // The middle goes before anything is made of it: a name of 64 KiB costs no more than a line.
        let (head, tail) = (boundary(raw, cap), boundary(raw, raw.len().saturating_sub(MAX_EXTENSION)));
        let tail = Untrusted::new(&raw[tail.max(head)..]).visible(usize::MAX);
        Untrusted::new(&raw[..head]).visible(usize::MAX) + &tail
    };
    fit_name(&visible, columns).into_owned()
}

/// The last place up to `at` where a text may be cut.
fn boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// A text in exactly `columns`, at the left.
#[must_use]
pub fn left(text: &str, columns: usize) -> String {
    let shown = fit(text, columns);
    let blanks = columns - width(&shown);
    shown.into_owned() + &" ".repeat(blanks)
}

/// A text in exactly `columns`, at the right.
#[must_use]
pub fn right(text: &str, columns: usize) -> String {
    let shown = fit(text, columns);
    " ".repeat(columns - width(&shown)) + &shown
}

/// A text for a terminal without UTF-8, in as many columns: letters without their accents, and `?` for what has no
/// ASCII. Such a terminal takes the bytes of other characters for control characters, which a stranger could choose.
#[must_use]
pub fn ascii(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for grapheme in text.graphemes(true) {
        plain.push(ascii_sign(grapheme));
        plain.extend(std::iter::repeat_n(' ', grapheme.width().saturating_sub(1)));
    }
    plain
}

/// The one ASCII character that stands for a grapheme.
fn ascii_sign(grapheme: &str) -> char {
    match grapheme {
        "…" => '~',
        "‹" => '<',
        "›" => '>',
        "—" | "–" => '-',
        _ => grapheme.nfkd().next().filter(|c| c.is_ascii() && !c.is_control()).unwrap_or('?'),
    }
}

/// Makes a finished screen ASCII, whatever was drawn on it.
pub fn only_ascii(screen: &mut Buffer) {
    for cell in &mut screen.content {
        if !cell.symbol().is_ascii() {
            let sign = ascii_sign(cell.symbol());
            cell.set_char(sign);
        }
    }
}

/// A size in at most eight characters: `812 B`, `3.4 KiB`, `5.7 GiB`.
#[must_use]
pub fn bytes(count: u64) -> String {
    scaled(count, 1024.0, &[" B", " KiB", " MiB", " GiB", " TiB", " PiB", " EiB"])
}

/// A size in at most five characters: `812`, `3.4M`, `5.7G`.
#[must_use]
pub fn bytes_short(count: u64) -> String {
    scaled(count, 1024.0, &["", "K", "M", "G", "T", "P", "E"])
}

/// A number in at most five characters: `999`, `1.2k`, `140k`, `3.4M`.
#[must_use]
pub fn count(count: u64) -> String {
    scaled(count, 1000.0, &["", "k", "M", "G", "T", "P", "E"])
}

/// A number of things, in words.
#[must_use]
pub fn counted(number: u64, one: &str, many: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{} {many}", count(number)) }
}

/// A number in full, its thousands apart: `1,000,000`.
#[must_use]
pub fn grouped(count: u64) -> String {
    let digits = count.to_string();
    digits.bytes().enumerate().fold(String::new(), |mut text, (at, digit)| {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(char::from(digit));
        text
    })
}

/// Three figures at most, and the unit that makes it so.
fn scaled(count: u64, step: f64, units: &[&str]) -> String {
    let mut value = count as f64;
    let mut unit = 0;
    // 999.5 and more would be printed as 1000.
    while value >= 999.5 && unit + 1 < units.len() {
        value /= step;
        unit += 1;
    }
    let decimals = usize::from(unit > 0 && value < 9.95);
    format!("{value:.decimals$}{}", units[unit])
}

/// Bytes a second: `3.4 MiB/s`.
#[must_use]
pub fn rate(bytes_per_s: f64) -> String {
    bytes(whole(bytes_per_s)) + "/s"
}

/// Something a second, in at most five characters: `0`, `0.3`, `12`, `1.2k`.
#[must_use]
pub fn per_second(rate: f64) -> String {
    match rate {
        _ if !rate.is_finite() || rate < 0.05 => "0".to_owned(),
        _ if rate < 9.95 => format!("{rate:.1}"),
        _ => count(whole(rate)),
    }
}

fn whole(value: f64) -> u64 {
    // `as` takes what is no number as 0 and stops at the ends.
    value.round() as u64
}

/// A part of a whole: `0%`, `31%`, `0.02%`; `-` when the whole is nothing.
#[must_use]
pub fn percent(part: u64, of: u64) -> String {
    if of == 0 {
        return "-".to_owned();
    }
    let share = part as f64 * 100.0 / of as f64;
    match share {
        _ if part == 0 => "0%".to_owned(),
        _ if share < 0.01 => "<0.01%".to_owned(),
        _ if share < 0.995 => format!("{share:.2}%"),
        // Not all is not 100 %.
        _ if part < of => format!("{:.0}%", share.min(99.0)),
        _ => format!("{share:.0}%"),
    }
}

/// A long time: `00:41`, `02:14:33`, `3d 02:14`.
#[must_use]
pub fn duration(ms: u64) -> String {
    let seconds = ms / 1000;
    let (d, h, m, s) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    match (d, h) {
        (0, 0) => format!("{m:02}:{s:02}"),
        (0, _) => format!("{h:02}:{m:02}:{s:02}"),
        _ => format!("{d}d {h:02}:{m:02}"),
    }
}

/// A short time: `<1ms` for what no clock here tells from nothing, `0.4ms`, `18ms`, `1.8s`, `02:10`.
#[must_use]
pub fn latency(ms: f64) -> String {
    match ms {
        _ if !ms.is_finite() || ms < 0.0 => "-".to_owned(),
        _ if ms < 0.05 => "<1ms".to_owned(),
        _ if ms < 0.95 => format!("{ms:.1}ms"),
        _ if ms < 999.5 => format!("{ms:.0}ms"),
        _ if ms < 59_950.0 => format!("{:.1}s", ms / 1000.0),
        _ => duration(ms as u64),
    }
}

/// How long ago, in at most four characters: `now`, `41s`, `14m`, `3h`, `12d`.
#[must_use]
pub fn age(ms: u64) -> String {
    let seconds = ms / 1000;
    match seconds {
        0 => "now".to_owned(),
        1..=59 => format!("{seconds}s"),
        60..=3599 => format!("{}m", seconds / 60),
        3600..=86_399 => format!("{}h", seconds / 3600),
        _ => format!("{}d", (seconds / 86_400).min(999)),
    }
}

/// A long id as its two ends: `7f3a…c21e`.
#[must_use]
pub fn short_id(id: &str) -> String {
    if id.len() <= 9 || !id.is_ascii() {
        return id.to_owned();
    }
    format!("{}{ELLIPSIS}{}", &id[..4], &id[id.len() - 4..])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn no_room_shows_nothing_of_a_text_however_short() {
        assert_eq!(["", "x", "a.iso"].map(|text| untrusted(&text.into(), 0)), ["", "", ""]);
    }

    #[test]
    fn cutting_says_so() {
        assert_eq!(fit("hopscope", 8), "hopscope");
        assert_eq!(fit("hopscope", 7), "hopsco…");
        assert_eq!(fit("hopscope", 1), "…");
        assert_eq!(fit("hopscope", 0), "");
        assert_eq!(fit("日本語", 5), "日本…");
        assert_eq!([5, 4, 1, 0].map(|columns| fit_end("127:1", columns)), ["127:1", "…7:1", "…", ""]);
        assert_eq!(fit("日本語", 4), "日…");
        assert_eq!(end("日本語", 5), "本語");
        assert_eq!(left("日本語", 4), "日… ");
        assert_eq!(right("ab", 4), "  ab");
    }

    #[test]
    fn the_extension_stays_in_view() {
        let name = |text: &str, columns| untrusted(&Untrusted::from(text), columns);
        assert_eq!(name("annual report 2025.tar.zst", 14), "annual re….zst");
        assert_eq!(name("holiday.jpg.exe", 10), "holid….exe");
        assert_eq!(name("holiday.exe", 5), "holi…");
        assert_eq!(name(".bashrc-of-somebody", 8), ".bashrc…");
        assert_eq!(name("no extension at all. Really not", 10), "no extens…");
        assert_eq!(name("a\u{202e}fdp.exe", 30), "a‹U+202E›fdp.exe");
        let long = format!("{}.flac", "é".repeat(64 * 1024));
        assert_eq!(name(&long, 12), format!("{}….flac", "é".repeat(6)));
    }

    #[test]
    fn a_flag_or_a_family_is_one_letter() {
        let family = "👨\u{200d}👩\u{200d}👧";
        assert_eq!(start(&format!("{family}!"), 1), "");
        assert_eq!(start(&format!("{family}!"), 2), family);
        assert_eq!(fit("🇩🇪🇫🇷", 3), "🇩🇪…");
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!(
            [0, 999, 1000, 1234, 9949, 9950, 140_400].map(count),
            ["0", "999", "1.0k", "1.2k", "9.9k", "10k", "140k"]
        );
        assert_eq!([999_499, 999_500, 3_400_000].map(count), ["999k", "1.0M", "3.4M"]);
        assert_eq!([812, 3482, 6_120_328_397].map(bytes), ["812 B", "3.4 KiB", "5.7 GiB"]);
        assert_eq!([812, 3482, 6_120_328_397].map(bytes_short), ["812", "3.4K", "5.7G"]);
        assert_eq!(rate(3_000_000.0), "2.9 MiB/s");
        assert_eq!([0.0, 0.01, 0.32, 12.0, 1240.0, f64::NAN].map(per_second), ["0", "0", "0.3", "12", "1.2k", "0"]);
        assert_eq!(percent(1, 0), "-");
        assert_eq!(
            [0, 1, 60, 3100, 9999, 10_000].map(|n| percent(n, 10_000)),
            ["0%", "0.01%", "0.60%", "31%", "99%", "100%"]
        );
        assert_eq!(percent(1, 1_000_000), "<0.01%");
    }

    #[test]
    fn large_numbers_are_read_in_groups() {
        assert_eq!([0, 999, 1_000, 10_000, 1_234_567].map(grouped), ["0", "999", "1,000", "10,000", "1,234,567"]);
    }

    #[test]
    fn times_are_short() {
        assert_eq!([0, 41_000, 8_073_000, 267_240_000].map(duration), ["00:00", "00:41", "02:14:33", "3d 02:14"]);
        assert_eq!([0.4, 18.2, 999.4, 1800.0, 130_000.0].map(latency), ["0.4ms", "18ms", "999ms", "1.8s", "02:10"]);
        assert_eq!(latency(-1.0), "-");
        assert_eq!([0, 41_000, 840_000, 11_000_000, u64::MAX].map(age), ["now", "41s", "14m", "3h", "999d"]);
        assert_eq!(short_id("7f3a0000c21e",), "7f3a…c21e");
        assert_eq!(short_id("kestrel"), "kestrel");
    }

    #[test]
    fn ascii_keeps_what_it_can() {
        assert_eq!(ascii("Björk – Jóga 日…"), "Bjork - Joga ? ~");
        let mut screen = Buffer::with_lines(["é日x\u{9b}▲"]);
        only_ascii(&mut screen);
        assert!(screen.content.iter().all(|cell| cell.symbol().bytes().all(|b| (b' '..=b'~').contains(&b))));
        assert_eq!(screen.content[0].symbol(), "e");
    }

    /// Text as it comes from strangers: with wide letters, marks, joined emoji and flags.
    fn wild() -> impl Strategy<Value = String> {
        let part = prop_oneof![
            any::<char>().prop_map(String::from),
            "[a-z.]{0,6}",
            Just("日".to_owned()),
            Just("e\u{301}\u{301}".to_owned()),
            Just("👨\u{200d}👩\u{200d}👧".to_owned()),
            Just("🇩🇪".to_owned()),
            Just("\u{202e}".to_owned()),
        ];
        proptest::collection::vec(part, 0..40).prop_map(|parts| parts.concat())
    }

    fn is_grapheme_prefix(part: &str, whole: &str) -> bool {
        part.len() == whole.len() || whole.grapheme_indices(true).any(|(at, _)| at == part.len())
    }

    proptest! {
        #[test]
        fn cuts_fit_and_split_nothing(text in wild(), columns in 0usize..60) {
            prop_assert!(width(start(&text, columns)) <= columns);
            prop_assert!(is_grapheme_prefix(start(&text, columns), &text));
            prop_assert!(width(end(&text, columns)) <= columns);
            let fitted = fit(&text, columns);
            prop_assert!(width(&fitted) <= columns);
            if let Some(cut) = fitted.strip_suffix(ELLIPSIS) {
                prop_assert!(fitted == text || is_grapheme_prefix(cut, &text));
            }
            prop_assert_eq!(width(&left(&text, columns)), columns);
            prop_assert_eq!(width(&right(&text, columns)), columns);
        }

        #[test]
        fn a_strangers_text_fits_and_controls_nothing(text in wild(), columns in 0usize..60) {
            let shown = untrusted(&Untrusted::new(text), columns);
            prop_assert!(width(&shown) <= columns, "{shown:?}");
            // A ratatui buffer gives it the columns that this room counts.
            let mut line = Buffer::empty(ratatui::layout::Rect::new(0, 0, 80, 1));
            let (end, _) = line.set_stringn(0, 0, &shown, 80, ratatui::style::Style::new());
            prop_assert_eq!(usize::from(end), width(&shown));
            let controls = shown.chars().any(|c| c.is_control() || c == '\u{202e}');
            prop_assert!(!controls);
        }

        #[test]
        fn ascii_is_ascii(text in wild()) {
            let plain = ascii(&text).bytes().all(|b| (b' '..=b'~').contains(&b));
            prop_assert!(plain);
        }

        #[test]
        fn numbers_keep_their_width(n: u64) {
            prop_assert!(count(n).len() <= 5 && bytes_short(n).len() <= 5 && bytes(n).len() <= 8, "{}", bytes(n));
        }
    }
}
