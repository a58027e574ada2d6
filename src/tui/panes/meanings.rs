//! What the columns of each list tell, and in which unit: for the help.

use super::super::action::PaneName;

/// What a pane's columns mean, by their titles. Those that say it themselves are left out.
#[must_use]
pub const fn meanings(pane: PaneName) -> &'static [(&'static str, &'static str)] {
    match pane {
        PaneName::Neighbors => &[
            ("kind", "what it is in its topology; → this node dialled it, ← it dialled this node"),
            ("rtt", "round trip of the last ping"),
            ("in/s", "messages a second from it, of every kind, over the last seconds"),
            ("out/s", "messages a second to it"),
            ("dup", "share of the queries from it that this node had seen already"),
            ("drop", "messages to it that found no room in its queue"),
            ("files", "files that it shares, as it told"),
            ("since", "how long the link is up"),
            ("queries 1 min", "bytes of queries and hits in each second of the last minute, both ways"),
            ("query/s", "bytes a second of queries and hits, both ways: K is 1,024"),
            ("query", "the same in all since the link is up: in, and out"),
            ("content 1 min", "bytes of files in each second of the last minute, both ways"),
            ("content/s", "bytes a second of files, both ways"),
            ("content", "the same in all: in, and out"),
        ],
        PaneName::Queries => &[
            (
                "TTL left",
                "hops that the copy that came here may still travel; of an own query what its youngest copies may",
            ),
            ("nodes", "of an own query those that reported it, of another the neighbors that it was passed on to"),
            ("dup", "copies of it that came to somebody who had seen it"),
            ("hits", "files that were found for an own query; for another those of this node"),
            ("age", "time since it came here"),
        ],
        PaneName::Transfers => &[("rate", "bytes a second now"), ("left", "time until it is whole, at this rate")],
        PaneName::Results => &[
            ("sources", "nodes that have this very content"),
            ("hops", "how far away the nearest of them is"),
            ("after", "time from the search to its first hit"),
        ],
        PaneName::Flood | PaneName::Hops => &[
            ("sent", "copies that were sent to this hop"),
            ("new", "of these, copies that came to a node for the first time"),
            ("dup", "copies to nodes that had seen it"),
            ("drop", "copies that were refused"),
            ("hits", "files that were found there"),
            ("median", "time after which half of these copies had come"),
        ],
        PaneName::Role | PaneName::Cost | PaneName::Rings | PaneName::Story | PaneName::Map => &[],
        PaneName::About | PaneName::Shares | PaneName::Files | PaneName::Log => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::super::columns;
    use super::meanings;
    use crate::tui::action::PaneName;

    #[test]
    fn they_are_of_columns_that_there_are() {
        for pane in PaneName::ALL {
            let titles: Vec<&str> = columns(pane).into_iter().map(|(title, _)| title).collect();
            for (title, _) in meanings(pane) {
                assert!(titles.contains(title), "{pane:?} has no column {title}");
            }
        }
        let unsaid = columns(PaneName::Neighbors).into_iter().map(|(title, _)| title);
        let mut unsaid = unsaid.filter(|title| !meanings(PaneName::Neighbors).iter().any(|(told, _)| told == title));
        assert!(unsaid.all(|title| matches!(title, "" | "peer")));
    }
}
