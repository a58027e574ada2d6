//! Text for a place of some columns: cutting without splitting a letter, and numbers in few characters.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::app::Untrusted;

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

/// A text in at most `columns`, with `ellipsis` (one column) where it was cut.
#[must_use]
pub fn fit<'a>(text: &'a str, columns: usize, ellipsis: &str) -> Cow<'a, str> {
    let whole = start(text, columns);
    if whole.len() == text.len() {
        return Cow::Borrowed(text);
    }
    match columns.checked_sub(ellipsis.width()) {
        Some(room) => Cow::Owned(start(text, room).to_owned() + ellipsis),
        None => Cow::Borrowed(whole),
    }
}

/// A file's name in at most `columns`, cut in its middle so that the extension stays in view: nobody should take
/// `holiday.jpg.exe` for a picture.
#[must_use]
pub fn fit_name<'a>(name: &'a str, columns: usize, ellipsis: &str) -> Cow<'a, str> {
    let extension = extension(name);
    let tail = width(extension) + ellipsis.width();
    match columns.checked_sub(tail) {
        Some(room) if room > 0 && !extension.is_empty() && width(name) > columns => {
            let stem = &name[..name.len() - extension.len()];
            Cow::Owned(start(stem, room).to_owned() + ellipsis + extension)
        }
        _ => fit(name, columns, ellipsis),
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
pub fn untrusted(text: &Untrusted, columns: usize, ellipsis: &str) -> String {
    let raw = text.raw();
    let cap = columns.saturating_mul(BYTES_PER_COLUMN);
    let visible = if raw.len() <= cap {
        text.visible(usize::MAX)
    } else {
        // The middle goes before anything is made of it: a name of 64 KiB costs no more than a line.
        let (head, tail) = (boundary(raw, cap), boundary(raw, raw.len() - MAX_EXTENSION));
        let tail = Untrusted::new(&raw[tail.max(head)..]).visible(usize::MAX);
        Untrusted::new(&raw[..head]).visible(usize::MAX) + &tail
    };
    fit_name(&visible, columns, ellipsis).into_owned()
}

/// The last place up to `at` where a text may be cut.
fn boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// A text in exactly `columns`, at the left.
#[must_use]
pub fn left(text: &str, columns: usize, ellipsis: &str) -> String {
    let shown = fit(text, columns, ellipsis);
    let blanks = columns - width(&shown);
    shown.into_owned() + &" ".repeat(blanks)
}

/// A text in exactly `columns`, at the right.
#[must_use]
pub fn right(text: &str, columns: usize, ellipsis: &str) -> String {
    let shown = fit(text, columns, ellipsis);
    " ".repeat(columns - width(&shown)) + &shown
}

/// A size in at most eight characters: `812 B`, `3.4 KiB`, `5.7 GiB`.
#[must_use]
pub fn bytes(count: u64) -> String {
    scaled(count, 1024.0, &[" B", " KiB", " MiB", " GiB", " TiB", " PiB", " EiB"])
}

/// A number in at most five characters: `999`, `1.2k`, `140k`, `3.4M`.
#[must_use]
pub fn count(count: u64) -> String {
    scaled(count, 1000.0, &["", "k", "M", "G", "T", "P", "E"])
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

/// A short time: `0.4ms`, `18ms`, `1.8s`, `02:10`.
#[must_use]
pub fn latency(ms: f64) -> String {
    match ms {
        _ if !ms.is_finite() || ms < 0.0 => "-".to_owned(),
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
pub fn short_id(id: &str, ellipsis: &str) -> String {
    if id.len() <= 9 || !id.is_ascii() {
        return id.to_owned();
    }
    format!("{}{ellipsis}{}", &id[..4], &id[id.len() - 4..])
}
