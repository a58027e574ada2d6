//! The directory that this node serves, whatever topology it is in itself.

use ratatui::text::{Line, Span};

use super::alarm;
use super::rows::Rows;
use crate::app::{Role, Serving};
use crate::tui::text;

/// The rows of a directory. `first` when that is what the node is there for.
pub(super) fn rows(rows: &mut Rows<'_>, serving: &Serving, first: bool) {
    let paint = rows.paint;
    let later = if first { 0 } else { 3 };
    if !first {
        let sign = Span::styled(paint.role_symbol(Role::Directory), paint.role(Role::Directory));
        let words = Span::styled(" a directory for others", paint.text());
        rows.line(2, "serves", Line::from(vec![sign, words]));
    }
    if let Some(trouble) = &serving.trouble {
        let words = format!("{} {}", paint.warning_symbol(), paint.foreign(trouble, u16::MAX));
        rows.text((0, 1), "trouble", &words, alarm(paint));
    }
    let grouped = text::grouped;
    let linked = format!("{} linked now", grouped(serving.clients as u64));
    let words = [
        format!("{} registered, {linked}", grouped(serving.nodes)),
        format!("{}, {linked}", grouped(serving.nodes)),
        grouped(serving.nodes),
    ];
    rows.fact(later, "nodes", &rows.choose(&words, rows.room), paint.text());
    rows.fact(later, "files", &grouped(serving.files), paint.text());
    let per_s = format!("{}/s", text::per_second(serving.lookups_per_s));
    let words = [format!("{per_s}, {} in all", grouped(serving.lookups)), per_s];
    rows.fact(later, "look-ups", &rows.choose(&words, rows.room), paint.text());
    if serving.refused > 0 {
        let words = format!("{} files, over a limit", grouped(serving.refused));
        rows.fact(later + 1, "refused", &words, paint.warn());
    } else {
        rows.fact(later + 4, "refused", "nothing", paint.dim());
    }
    rows.fact(later + 2, "taken in", &format!("{} changes", grouped(serving.registrations)), paint.text());
}
