//! What people read on standard output: aligned, coloured only on a terminal and without `NO_COLOR`, and quiet when
//! nobody listens.

use std::io::{self, IsTerminal, StdoutLock, Write};

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::failure::Failure;

/// How a piece of text is set off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    Strong,
    Faint,
    Good,
    Bad,
}

/// Standard output. Errors of writing come back as a [`Failure`] that is silent if the reader just went away.
#[derive(Debug)]
pub(super) struct Out {
    stdout: StdoutLock<'static>,
    colour: bool,
    /// Columns of the terminal; `None` if it is none.
    pub(super) width: Option<usize>,
}

impl Out {
    pub(super) fn new() -> Self {
        let stdout = io::stdout().lock();
        let terminal = stdout.is_terminal();
        let width =
            terminal.then(|| rustix::termios::tcgetwinsize(&stdout).map_or(80, |size| size.ws_col.max(20).into()));
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let able = std::env::var_os("TERM").is_some_and(|term| term != "dumb");
        Self { stdout, colour: terminal && wanted && able, width }
    }

    /// One line.
    pub(super) fn line(&mut self, line: impl AsRef<str>) -> Result<(), Failure> {
        writeln!(self.stdout, "{}", line.as_ref())?;
        Ok(self.stdout.flush()?)
    }

    /// One JSON object, on one line.
    pub(super) fn json<T: serde::Serialize>(&mut self, value: &T) -> Result<(), Failure> {
        let line = serde_json::to_string(value).map_err(std::io::Error::from)?;
        self.line(line)
    }

    /// Bytes as they are.
    pub(super) fn raw(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.stdout.write_all(bytes)?;
        Ok(self.stdout.flush()?)
    }

    /// Replaces the line that the cursor is in. Only for terminals.
    pub(super) fn replace(&mut self, line: &str) -> Result<(), Failure> {
        write!(self.stdout, "\r\x1b[K{line}")?;
        Ok(self.stdout.flush()?)
    }

    /// A text in a style, if this output has styles.
    pub(super) fn paint(&self, style: Style, text: &str) -> String {
        let code = match style {
            Style::Plain => return text.to_owned(),
            Style::Strong => "1",
            Style::Faint => "2",
            Style::Good => "32",
            Style::Bad => "31",
        };
        if self.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    /// A table with a faint head: columns as wide as their widest cell, the last one cut to the terminal.
    pub(super) fn table(&mut self, head: &[Column], rows: &[Vec<String>]) -> Result<(), Failure> {
        let widths: Vec<usize> = (0..head.len())
            .map(|at| {
                rows.iter()
                    .filter_map(|row| row.get(at))
                    .map(|cell| cell.width())
                    .chain([head[at].name.width()])
                    .max()
                    .unwrap_or(0)
            })
            .collect();
        let names: Vec<String> = head.iter().map(|column| column.name.to_owned()).collect();
        let line = self.paint(Style::Faint, &lay_out(head, &widths, &names, self.width));
        self.line(line)?;
        rows.iter().try_for_each(|row| self.line(lay_out(head, &widths, row, self.width)))
    }
}

/// A column of a table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    name: &'static str,
    right: bool,
}

/// A column of text.
pub(super) const fn left(name: &'static str) -> Column {
    Column { name, right: false }
}

/// A column of numbers.
pub(super) const fn right(name: &'static str) -> Column {
    Column { name, right: true }
}

fn lay_out(head: &[Column], widths: &[usize], cells: &[String], limit: Option<usize>) -> String {
    let mut line = String::new();
    for ((column, &width), cell) in head.iter().zip(widths).zip(cells) {
        let gap = " ".repeat(width.saturating_sub(cell.width()));
        let (before, after) = if column.right { (gap.as_str(), "") } else { ("", gap.as_str()) };
        for part in [before, cell, after, "  "] {
            line.push_str(part);
        }
    }
    match limit {
        Some(limit) => cut(line.trim_end(), limit),
        None => line.trim_end().to_owned(),
    }
}

/// A text of at most so many columns; a longer one ends in `…`.
pub(super) fn cut(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let mut shown = String::new();
    let mut used = 1;
    for grapheme in text.graphemes(true) {
        used += grapheme.width();
        if used > columns {
            break;
        }
        shown.push_str(grapheme);
    }
    shown + "…"
}

#[cfg(test)]
mod tests {
    use super::{cut, lay_out, left, right};

    #[test]
    fn columns_align_by_what_is_seen() {
        let head = [left("name"), right("size")];
        let row = |name: &str, size: &str| lay_out(&head, &[6, 4], &[name.to_owned(), size.to_owned()], None);
        assert_eq!(row("日本", "1"), "日本       1");
        assert_eq!(row("abcdef", "1000"), "abcdef  1000");
        assert_eq!(lay_out(&head, &[6, 4], &["abcdef".into(), "1000".into()], Some(9)), "abcdef  …");
    }

    #[test]
    fn a_cut_never_splits_a_letter() {
        assert_eq!(cut("日本語", 4), "日…");
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("e\u{301}e\u{301}e\u{301}", 2), "e\u{301}…");
    }
}
