//! What a node of the map looks like: a sign for what it is, a color for its hops, its role or its round trip.

use ratatui::style::{Modifier, Style};

use crate::app::Role;
use crate::tui::flood::tree::{Span, State};
use crate::tui::map::view::Colors;
use crate::tui::model::Model;
use crate::tui::paint::Paint;
use crate::tui::panes::role::role_word;

/// What a node is on the map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// This node.
    You,
    /// Has what the chosen search is for.
    Hit,
    /// Says of the chosen search what cannot be.
    Strange,
    /// Refused the chosen search.
    Refused,
    /// One whose role is known.
    Role(Role),
    /// Somebody who answered or reported once, and did not tell its role.
    Heard,
    /// Only named by others.
    Inferred,
    /// Nobody told of it for a while.
    Faded,
}

impl Look {
    /// What a node looks like at the moment that the player shows.
    pub(super) fn of(model: &Model, node: usize, span: Span, now_ms: u64) -> Self {
        let Some(known) = model.map.table.nodes.get(node) else { return Self::Inferred };
        if node == 0 {
            return Self::You;
        }
        let tree = model.flood.tree.as_ref();
        let told = tree.and_then(|tree| {
            let at = tree.find(known.id)?;
            let of = tree.nodes.get(at)?;
            let strange = tree.copies(of, span).any(|(copy, _)| tree.strange(copy).next().is_some());
            Some((tree.state(at, span)?, strange))
        });
        match (told, known.role) {
            (Some((_, true)), _) => Self::Strange,
            (Some((State::Hit, _)), _) => Self::Hit,
            (Some((State::Refused, _)), _) => Self::Refused,
            _ if known.faded(now_ms) => Self::Faded,
            (_, Some(role)) => Self::Role(role),
            _ if known.inferred() => Self::Inferred,
            _ => Self::Heard,
        }
    }

    /// The higher, the later it is drawn, over others on the same cell.
    pub(super) const fn rank(self) -> u8 {
        match self {
            Self::Faded => 0,
            Self::Inferred => 1,
            Self::Heard => 2,
            Self::Role(_) => 3,
            Self::Refused => 4,
            Self::Strange => 5,
            Self::Hit => 6,
            Self::You => 7,
        }
    }

    /// In a word or two.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::You => "you",
            Self::Hit => "hit",
            Self::Strange => "inconsistent",
            Self::Refused => "refused",
            Self::Role(role) => role_word(role),
            Self::Heard => "heard of",
            Self::Inferred => "inferred",
            Self::Faded => "not seen lately",
        }
    }
}

/// The sign of a node, and its color.
pub(super) fn sign(look: Look, node: usize, paint: &Paint<'_>) -> (&'static str, Style) {
    let glyphs = &paint.model.glyphs;
    match look {
        Look::You => (glyphs.you, paint.me()),
        Look::Hit => (glyphs.hit, paint.hit()),
        Look::Strange => (glyphs.warning, paint.warn().add_modifier(Modifier::BOLD)),
        Look::Refused => (glyphs.dropped, paint.dropped()),
        Look::Role(role) => (paint.role_symbol(role), color(node, Some(role), paint)),
        Look::Heard => (glyphs.unknown, color(node, None, paint)),
        Look::Inferred => (glyphs.dialling, paint.dim()),
        Look::Faded => (glyphs.duplicate, paint.dim()),
    }
}

/// What the colors tell of a node.
fn color(node: usize, role: Option<Role>, paint: &Paint<'_>) -> Style {
    let known = paint.model.map.table.nodes.get(node);
    match paint.model.map.view.colors {
        Colors::Hops => paint.hop(known.map_or(1, |node| node.hop)),
        Colors::Roles => role.map_or_else(|| paint.text(), |role| paint.role(role)),
        Colors::Rtt => {
            known.and_then(|node| node.rtt_ms).map_or_else(|| paint.dim(), |ms| rtt_color(rtt_band(ms), paint))
        }
    }
}

/// Round trips, in milliseconds, at which the next color begins.
pub(super) const RTT_BANDS: [f64; 4] = [10.0, 50.0, 150.0, 500.0];

/// Which of the colors a round trip has.
fn rtt_band(ms: f64) -> usize {
    RTT_BANDS.iter().filter(|from| ms >= **from).count()
}

/// The color of a band, from the same ramp as hops: the farther, the later.
pub(super) fn rtt_color(band: usize, paint: &Paint<'_>) -> Style {
    const HOPS: [u8; 5] = [1, 2, 4, 5, 7];
    paint.hop(HOPS.get(band).copied().unwrap_or(7))
}
