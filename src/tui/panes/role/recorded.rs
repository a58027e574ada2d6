//! The rows of a node that is only on record.

use super::rows::Rows;
use crate::app::recorded::Origin;
use crate::tui::text;

/// Columns of what a file says of itself.
const SAID: u16 = 60;

/// All that a recording tells of its node.
pub(super) fn rows(rows: &mut Rows<'_>, origin: &Origin) {
    let paint = rows.paint;
    let now = &paint.model.snapshot;
    rows.fact(0, "topology", origin.topology.name(), paint.title());
    let (sign, word, style) = super::own_role(paint);
    rows.fact(0, "role", &format!("{sign} {word}"), style);
    rows.fact(1, "recorded", &paint.foreign(&origin.started, SAID), paint.text());
    rows.fact(2, "by", &paint.foreign(&origin.version, SAID), paint.text());
    let searches = text::counted(now.searches.len() as u64, "search", "searches");
    rows.fact(3, "holds", &searches, paint.text());
    if origin.hop_delay_ms > 0 {
        let slow = format!("each query was held {} ms", origin.hop_delay_ms);
        rows.fact(1, "slow motion", &slow, paint.warn());
    }
    rows.fact(4, "id", &origin.node.to_string(), paint.dim());
    rows.text((2, 3), "", "Neighbors, traffic and transfers are not recorded", paint.dim());
}
