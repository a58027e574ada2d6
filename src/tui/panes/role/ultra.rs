//! The role among ultra-peers and leaves: links, score, and what keeps the role.

use ratatui::text::{Line, Span};

use super::rows::Rows;
use super::{remaining, score};
use crate::app::{Role, UltraRole};
use crate::tui::text;

/// Lines from which each part of the score has one of its own.
const TALL: u16 = 11;

/// The rows of a node in this topology.
pub(super) fn rows(rows: &mut Rows<'_>, ultra: &UltraRole) {
    let paint = rows.paint;
    let role = &paint.model.snapshot.role;
    if let Some(left) = ultra.held_until_ms.and_then(|until| remaining(until, paint)) {
        let words = rows.choose(&[format!("for {left} more, whatever happens"), format!("for {left} more")], rows.room);
        rows.fact(4, "role held", &words, paint.dim());
    }
    if role.role == Role::Ultrapeer {
        links_of_ultra_peer(rows, ultra);
    } else {
        links_of_leaf(rows, ultra);
    }
    score::rows(rows, &ultra.score, rows.height < TALL);
    if role.role == Role::Leaf {
        filter(rows, ultra);
    }
}

fn links_of_ultra_peer(rows: &mut Rows<'_>, ultra: &UltraRole) {
    let paint = rows.paint;
    let most = paint.model.snapshot.role.max_neighbors;
    let share = |now: usize, most: usize| now as f64 / most.max(1) as f64;
    let leaves = format!("{}/{}", ultra.leaves, ultra.max_leaves);
    let full = ultra.leaves >= ultra.max_leaves;
    let style = if full { paint.warn() } else { paint.text() };
    rows.bar(0, "leaves", share(ultra.leaves, ultra.max_leaves), paint.role(Role::Leaf), &leaves, style);
    let peers = format!("{}/{most}", ultra.ultrapeers);
    let style = if ultra.ultrapeers == 0 { paint.warn() } else { paint.text() };
    rows.bar(0, "ultra-peers", share(ultra.ultrapeers, most), paint.role(Role::Ultrapeer), &peers, style);
}

fn links_of_leaf(rows: &mut Rows<'_>, ultra: &UltraRole) {
    let paint = rows.paint;
    let linked = match ultra.seeking_ms {
        Some(ms) => {
            let words = format!("{} none: looking for {}", paint.warning_symbol(), seeking(ms, paint));
            Line::styled(words, super::alarm(paint))
        }
        None => Line::from(vec![
            Span::styled(paint.role_symbol(Role::Ultrapeer), paint.role(Role::Ultrapeer)),
            Span::styled(format!(" {} linked {} ", ultra.ultrapeers, paint.dot()), paint.text()),
            reserve(rows, ultra),
        ]),
    };
    rows.line(0, "ultra-peers", linked);
}

/// Where a leaf turns to when its ultra-peers go.
fn reserve(rows: &Rows<'_>, ultra: &UltraRole) -> Span<'static> {
    let paint = rows.paint;
    if ultra.alternatives == 0 {
        return Span::styled("no other known", paint.warn());
    }
    let many = ultra.alternatives;
    let words = rows.choose(
        &[format!("{many} more known, if these go"), format!("{many} more known")],
        rows.room.saturating_sub(13),
    );
    Span::styled(words, paint.text())
}

/// For how long a leaf has been looking for an ultra-peer.
pub(super) fn seeking(ms: u64, paint: &crate::tui::paint::Paint<'_>) -> String {
    text::age(ms + paint.model.since_taken_ms())
}

/// The filter of words by which ultra-peers know which queries this leaf may answer.
fn filter(rows: &mut Rows<'_>, ultra: &UltraRole) {
    let paint = rows.paint;
    let Some(thousandths) = ultra.filter_fill else {
        return rows.fact(3, "filter", "none: every query comes here", paint.text());
    };
    let number = format!("{} full", text::percent(thousandths.into(), 1_000));
    rows.bar(3, "filter", f64::from(thousandths) / 1_000.0, paint.bar_style(), &number, paint.text());
}
