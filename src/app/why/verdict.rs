//! The verdict: a pure function of what is known.
//!
//! In this order, the first that holds:
//!
//! 1. The search finds it: `found`.
//! 2. The node gave an account of itself, and shares nothing that matches. That comes before how far a search goes: no
//!    TTL helps. A file waits to be hashed: `not_indexed`. Files have the words and the search leaves them out for
//!    something else, or the node's own keyword filter kept a query away that would have found nothing: `filtered`.
//!    Else `not_shared`.
//! 3. The node shares a match. The search was not sent, for want of neighbors, or the node is in another topology, or
//!    alone: `unreachable`. It had the query: with no match then,
//!    `not_indexed`; with one, the hit was lost, `dropped`. It did not have the query: its filter as last given lets none
//!    through, `filtered`; the query reaches it with a higher TTL only, or with none there is, `beyond_horizon`; it should
//!    have got it, `dropped`.
//! 4. It gave no account, but reported: what it did with the query decides, as above.
//! 5. It, or the connection, refused: `refused`.
//! 6. It does not answer: `gone`; over a link that had no room for messages, `dropped`.
//! 7. It could not be asked: `unknown`.

use super::Verdict;
use super::facts::{Facts, Flood};
use crate::overlay::{Action, DoneWhy, Explained, Role, Told, TopologyKind, Unwilling};
use crate::proto::Ttl;
use crate::proto::limits::MAX_TTL;

/// A verdict, and the same in a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Judged {
    pub(super) verdict: Verdict,
    pub(super) needs_ttl: Option<Ttl>,
    pub(super) sentence: String,
}

fn judged(verdict: Verdict, sentence: impl Into<String>) -> Judged {
    Judged { verdict, needs_ttl: None, sentence: sentence.into() }
}

/// Judges what is known.
pub(super) fn judge(facts: &Facts) -> Judged {
    let who = facts.node.called();
    if facts.first.hits > 0 {
        return judged(Verdict::Found, format!("The search does find it at {who}"));
    }
    match facts.told() {
        Some(told) if told.matches == 0 => without_match(&who, told, facts),
        Some(told) => with_match(&who, told, facts),
        None => by_reports(&who, facts).unwrap_or_else(|| by_connection(&who, facts)),
    }
}

/// The node told that it shares nothing that matches.
fn without_match(who: &str, told: &Told, facts: &Facts) -> Judged {
    let missing = &told.missing;
    let floods = facts.topology != TopologyKind::Central;
    let was_spared = floods && told.let_through == Some(false) && told.passed.is_none() && !facts.first.got_there();
    if missing.waiting > 0 {
        judged(Verdict::NotIndexed, format!("{who} has it, and has not hashed and indexed it yet: search again later"))
    } else if told.near > 0 {
        let what = format!("{who} has {} with these words", files(told.near.into()));
        judged(
            Verdict::Filtered,
            format!(
                "{what}; the search itself leaves out what it has, by extension, kind, size, hash or a word not wanted"
            ),
        )
    } else if missing.excluded > 0 {
        let why = missing.why.visible(120);
        judged(Verdict::NotShared, format!("{who} has it in a shared folder and leaves it out: {why}"))
    } else if missing.scanning || missing.unlooked > 0 {
        let sentence = format!("{who} does not share it so far, and has not gone through all that it is to share");
        judged(Verdict::NotIndexed, sentence)
    } else if was_spared {
        let sentence = format!(
            "{who} is a leaf, and its keyword filter lets no such search through: nothing that it shares matches"
        );
        judged(Verdict::Filtered, sentence)
    } else {
        judged(Verdict::NotShared, format!("{who} shares nothing that matches"))
    }
}

/// The node told that it shares a match.
fn with_match(who: &str, told: &Told, facts: &Facts) -> Judged {
    if let Some(not_sent) = not_sent(who, facts.first.ended) {
        return not_sent;
    }
    let (here, there) = (facts.topology, told.topology);
    let central = TopologyKind::Central;
    if (here == central) != (there == central) {
        let (here, there) = (here.name(), there.name());
        let sentence =
            format!("{who} shares it and is in {there}, this node in {here}: no search gets from one to the other");
        return judged(Verdict::Unreachable, sentence);
    }
    if here == central {
        let sentence = format!(
            "{who} shares it, and the directory of this node does not list it: it is registered elsewhere, or not yet"
        );
        return judged(Verdict::NotIndexed, sentence);
    }
    let then = told.passed.map(|passed| u16::from(passed.hits));
    let then =
        then.or(facts.first.report.filter(|report| report.action != Action::Duplicate).map(|report| report.hits));
    match then {
        Some(0) => judged(
            Verdict::NotIndexed,
            format!("{who} shares it now, and did not when the search came by: search again"),
        ),
        Some(_) => judged(Verdict::Dropped, format!("{who} answered the search, and its hit did not arrive")),
        None => not_reached(who, told, facts),
    }
}

/// The search did not leave this node.
fn not_sent(who: &str, ended: Option<DoneWhy>) -> Option<Judged> {
    let (verdict, why) = match ended? {
        DoneWhy::NoNeighbors => (Verdict::Unreachable, "this node has no neighbor to ask"),
        DoneWhy::NoDirectory => (Verdict::Unreachable, "this node has no directory to ask"),
        DoneWhy::TooMany => (Verdict::Dropped, "too many searches ran here"),
        _ => return None,
    };
    Some(judged(verdict, format!("{who} shares it, and the search was not sent: {why}")))
}

/// The node shares a match, and the query did not come by.
fn not_reached(who: &str, told: &Told, facts: &Facts) -> Judged {
    if told.let_through == Some(false) {
        let sentence = format!(
            "{who} is a leaf, and the keyword filter that it gave last does not know of it yet: search again in some seconds"
        );
        return judged(Verdict::Filtered, sentence);
    }
    if told.neighbors == 0 {
        return judged(Verdict::Unreachable, format!("{who} shares it and has no neighbor: no search gets there"));
    }
    let is_leaf = told.role == Role::Leaf;
    let wide = facts.wide.as_ref();
    match wide.and_then(|wide| wide.hop) {
        Some(hop) => beyond_or_lost(who, ttl_for(hop, is_leaf), facts),
        None if wide.is_some() || facts.first.ttl >= MAX_TTL => lost_or_too_far(who, facts),
        None => judged(
            Verdict::Unknown,
            format!("{who} shares it and did not get the search; how far away it is is not known"),
        ),
    }
}

/// The TTL that reaches a node at that hop: a leaf is one hop further than the ultra-peer that hands it the query.
fn ttl_for(hop: u8, is_leaf: bool) -> Ttl {
    hop.saturating_sub(u8::from(is_leaf)).max(1)
}

fn beyond_or_lost(who: &str, needed: Ttl, facts: &Facts) -> Judged {
    let ttl = facts.first.ttl;
    if needed > ttl {
        let sentence =
            format!("{who} is too far away: a search with TTL {ttl} does not get there, one with TTL {needed} does");
        return Judged { needs_ttl: Some(needed), ..judged(Verdict::BeyondHorizon, sentence) };
    }
    let sentence = format!(
        "{who} is within the horizon, and the search did not get there: a copy was lost on the way, or a link came up since; search again"
    );
    judged(Verdict::Dropped, sentence)
}

fn lost_or_too_far(who: &str, facts: &Facts) -> Judged {
    if facts.link.is_some_and(|link| link.dropped > 0) {
        return judged(Verdict::Dropped, format!("The link to {who} had no room for the search: it was dropped here"));
    }
    if facts.link.is_some() {
        return judged(
            Verdict::Dropped,
            format!("{who} is a neighbor, and the search got lost on the way there: search again"),
        );
    }
    let sentence = format!("{who} is too far away: not even a search with TTL {MAX_TTL}, the highest, gets there");
    judged(Verdict::BeyondHorizon, sentence)
}

/// The node told nothing but what it reported, if it did.
fn by_reports(who: &str, facts: &Facts) -> Option<Judged> {
    let (first, wide) = (&facts.first, facts.wide.as_ref());
    if let Some(report) = first.report {
        return Some(match report.action {
            Action::Refused => judged(Verdict::Refused, format!("{who} had the search and refused it")),
            _ if report.hits > 0 => {
                judged(Verdict::Dropped, format!("{who} answered the search, and its hit did not arrive"))
            }
            Action::Duplicate => {
                let sentence = format!("{who} had the search, and what it did with it got lost");
                judged(Verdict::Unknown, sentence)
            }
            _ => judged(Verdict::NotShared, format!("{who} had the search and shared nothing that matches")),
        });
    }
    let wide: &Flood = wide.filter(|wide| wide.got_there())?;
    if wide.hits == 0 && wide.report.is_some_and(|report| report.hits == 0 && report.action != Action::Refused) {
        let sentence = format!("{who} had the search when it went as far as any goes, and shared nothing that matches");
        return Some(judged(Verdict::NotShared, sentence));
    }
    wide.hop.map(|hop| beyond_or_lost(who, ttl_for(hop, wide.is_leaf), facts))
}

/// The node told nothing at all.
fn by_connection(who: &str, facts: &Facts) -> Judged {
    match &facts.asked {
        Explained::Account(account) => {
            let why = match account.told {
                Err(Unwilling::Outsider) => "it tells only who asks from its own machine or network",
                Err(Unwilling::TooMany) => "it was asked too often lately; ask again in some seconds",
                Err(Unwilling::NotUnderstood) | Ok(_) => "it cannot read this search, perhaps for its age",
            };
            judged(Verdict::Refused, format!("{who} refuses to say: {why}"))
        }
        Explained::TurnedAway(why) => judged(Verdict::Refused, format!("{who} refuses the connection: {why}")),
        Explained::Unreachable(why) => judged(Verdict::Gone, format!("{who} does not answer: {why}")),
        Explained::Silent if facts.link.is_some_and(|link| link.dropped > 0) => judged(
            Verdict::Dropped,
            format!("The link to {who} has no room: the search was dropped here, and so was the question"),
        ),
        Explained::Silent => judged(
            Verdict::Gone,
            format!(
                "{who} does not answer: it was asked, and no answer came back; if nobody can reach this node, none could"
            ),
        ),
        Explained::NotAsked(why) => {
            judged(Verdict::Unknown, format!("{who} did not report and could not be asked: {why}"))
        }
    }
}

fn files(count: u32) -> String {
    if count == 1 { "a file".to_owned() } else { format!("{count} files") }
}

#[cfg(test)]
mod tests {
    use super::{Facts, Flood, Judged, Verdict, judge};
    use crate::app::nodes::KnownNode;
    use crate::app::why::facts::{LinkFacts, Reported};
    use crate::overlay::{Account, Action, DoneWhy, Explained, Missing, PassedBy, Role, Told, TopologyKind, Unwilling};
    use crate::proto::{Guid, NodeId};

    /// A node that was not heard of in a search with TTL 2, and was not asked.
    fn silent() -> Facts {
        let node = KnownNode { node: Some(NodeId([1; 32])), name: "kestrel".into(), ..KnownNode::default() };
        Facts {
            node,
            topology: TopologyKind::Flood,
            first: Flood { ttl: 2, traced: true, reached: 5, ..Flood::default() },
            wide: None,
            asked: Explained::NotAsked("no address of it is known"),
            link: None,
            seen_ago_ms: None,
        }
    }

    fn told(told: Told) -> Facts {
        let account = Account { guid: Guid([1; 16]), node: NodeId([1; 32]), told: Ok(told) };
        Facts { asked: Explained::Account(account), ..silent() }
    }

    /// A node in the flood that shares so many matches.
    fn sharing(matches: u16) -> Told {
        Told { matches, files: 10, neighbors: 2, ..Told::default() }
    }

    fn reported(action: Action, hits: u16) -> Option<Reported> {
        Some(Reported { action, ttl: 0, hits })
    }

    fn reached(ttl: u8, hop: u8, action: Action, hits: u16) -> Flood {
        Flood { ttl, hop: Some(hop), report: reported(action, hits), ..Flood::default() }
    }

    fn verdict(facts: &Facts) -> Verdict {
        let Judged { verdict, needs_ttl, sentence } = judge(facts);
        assert_eq!(needs_ttl.is_some(), sentence.contains("does not get there, one with TTL"), "{sentence}");
        assert!(sentence.contains("kestrel"), "{sentence}");
        verdict
    }

    #[test]
    fn a_hit_says_more_than_anything_else() {
        let first = Flood { hits: 1, ..silent().first };
        assert_eq!(verdict(&Facts { first, ..told(sharing(0)) }), Verdict::Found);
    }

    #[test]
    fn what_is_not_shared_is_not_found_however_far_a_search_goes() {
        let far = Facts { wide: Some(reached(7, 4, Action::Expired, 0)), ..told(sharing(0)) };
        assert_eq!(verdict(&far), Verdict::NotShared);
        let central = Told { topology: TopologyKind::Central, ..sharing(0) };
        assert_eq!(verdict(&told(central)), Verdict::NotShared);
        let hidden = Missing { excluded: 1, why: "hidden".into(), ..Missing::default() };
        let judged = judge(&told(Told { missing: hidden, ..sharing(0) }));
        assert_eq!((judged.verdict, judged.sentence.ends_with("leaves it out: hidden")), (Verdict::NotShared, true));
    }

    #[test]
    fn what_waits_to_be_hashed_is_not_indexed_yet() {
        for missing in [
            Missing { waiting: 1, ..Missing::default() },
            Missing { scanning: true, ..Missing::default() },
            Missing { unlooked: 9, ..Missing::default() },
        ] {
            assert_eq!(verdict(&told(Told { missing, ..sharing(0) })), Verdict::NotIndexed);
        }
        let passed = Some(PassedBy { hop: 1, ttl: 1, hits: 0, reported: true });
        assert_eq!(verdict(&told(Told { passed, ..sharing(1) })), Verdict::NotIndexed, "indexed since");
        let central =
            Facts { topology: TopologyKind::Central, ..told(Told { topology: TopologyKind::Central, ..sharing(1) }) };
        assert_eq!(verdict(&central), Verdict::NotIndexed, "not in that directory");
    }

    #[test]
    fn a_search_or_a_leafs_filter_keeps_it_out() {
        assert_eq!(verdict(&told(Told { near: 2, ..sharing(0) })), Verdict::Filtered);
        let leaf = |matches| Told { role: Role::Leaf, let_through: Some(false), ..sharing(matches) };
        assert_eq!(verdict(&told(leaf(0))), Verdict::Filtered);
        assert_eq!(verdict(&told(leaf(1))), Verdict::Filtered, "the filter is older than the file");
        let passed = Some(PassedBy { hop: 1, ttl: 0, hits: 0, reported: true });
        assert_eq!(verdict(&told(Told { passed, ..leaf(0) })), Verdict::NotShared, "it came by all the same");
    }

    #[test]
    fn beyond_the_horizon_it_says_which_ttl_gets_there() {
        let far = |told_of: Told, hop| Facts { wide: Some(reached(7, hop, Action::Answered, 1)), ..told(told_of) };
        let needs = |facts: &Facts| (judge(facts).verdict, judge(facts).needs_ttl);
        assert_eq!(needs(&far(sharing(1), 4)), (Verdict::BeyondHorizon, Some(4)));
        let leaf = Told { role: Role::Leaf, let_through: Some(true), ..sharing(1) };
        assert_eq!(needs(&far(leaf.clone(), 4)), (Verdict::BeyondHorizon, Some(3)), "its ultra-peer is at hop 3");
        assert_eq!(needs(&far(leaf, 3)), (Verdict::Dropped, None), "TTL 2 gets to its ultra-peer");
        let reports_only = Facts { wide: Some(reached(7, 4, Action::Answered, 1)), ..silent() };
        assert_eq!(needs(&reports_only), (Verdict::BeyondHorizon, Some(4)));
        let nowhere = Facts { wide: Some(Flood { ttl: 7, ..Flood::default() }), ..told(sharing(1)) };
        assert_eq!(needs(&nowhere), (Verdict::BeyondHorizon, None), "no TTL gets there");
    }

    #[test]
    fn what_should_have_arrived_and_did_not_was_dropped() {
        let passed = Some(PassedBy { hop: 1, ttl: 1, hits: 1, reported: true });
        assert_eq!(verdict(&told(Told { passed, ..sharing(1) })), Verdict::Dropped, "its hit");
        let answered = Facts { first: reached(2, 1, Action::Answered, 1), ..silent() };
        assert_eq!(verdict(&answered), Verdict::Dropped, "its hit, by its report");
        let near = Facts { wide: Some(reached(7, 2, Action::Answered, 1)), ..told(sharing(1)) };
        assert_eq!(verdict(&near), Verdict::Dropped, "the query");
        let wide = Some(Flood { ttl: 7, ..Flood::default() });
        for dropped in [0, 3] {
            let linked = Facts { link: Some(LinkFacts { dropped }), wide: wide.clone(), ..told(sharing(1)) };
            assert_eq!(verdict(&linked), Verdict::Dropped, "over its own link");
        }
        let full = Facts { link: Some(LinkFacts { dropped: 3 }), asked: Explained::Silent, ..silent() };
        assert_eq!(verdict(&full), Verdict::Dropped);
    }

    #[test]
    fn another_topology_and_a_lonely_node_are_out_of_reach() {
        assert_eq!(verdict(&told(Told { topology: TopologyKind::Central, ..sharing(1) })), Verdict::Unreachable);
        assert_eq!(verdict(&Facts { topology: TopologyKind::Central, ..told(sharing(1)) }), Verdict::Unreachable);
        assert_eq!(verdict(&told(Told { neighbors: 0, ..sharing(1) })), Verdict::Unreachable);
        let mixed = Told { topology: TopologyKind::Ultrapeer, ..sharing(1) };
        let met = Facts { wide: Some(reached(7, 3, Action::Answered, 1)), ..told(mixed) };
        assert_eq!(verdict(&met), Verdict::BeyondHorizon, "flooding nodes and ultra-peers relay to each other");
    }

    #[test]
    fn a_search_that_was_not_sent_finds_nothing() {
        for (ended, wanted) in [
            (DoneWhy::NoNeighbors, Verdict::Unreachable),
            (DoneWhy::NoDirectory, Verdict::Unreachable),
            (DoneWhy::TooMany, Verdict::Dropped),
        ] {
            let first = Flood { ended: Some(ended), ..silent().first };
            assert_eq!(verdict(&Facts { first: first.clone(), ..told(sharing(1)) }), wanted, "{ended:?}");
            assert_eq!(verdict(&Facts { first, ..told(sharing(0)) }), Verdict::NotShared, "{ended:?}");
        }
    }

    #[test]
    fn who_tells_nothing_is_judged_by_its_reports() {
        let first = |action| Facts { first: reached(2, 2, action, 0), ..silent() };
        assert_eq!(verdict(&first(Action::Expired)), Verdict::NotShared);
        assert_eq!(verdict(&first(Action::Refused)), Verdict::Refused);
        assert_eq!(verdict(&first(Action::Duplicate)), Verdict::Unknown);
        let wide = Facts { wide: Some(reached(7, 5, Action::Forwarded, 0)), ..silent() };
        assert_eq!(verdict(&wide), Verdict::NotShared, "however far away it is");
    }

    #[test]
    fn who_is_silent_is_judged_by_the_connection() {
        let asked = |asked| verdict(&Facts { asked, ..silent() });
        assert_eq!(asked(Explained::Unreachable("connection refused".to_owned())), Verdict::Gone);
        assert_eq!(asked(Explained::Silent), Verdict::Gone);
        assert_eq!(asked(Explained::TurnedAway("it is private".to_owned())), Verdict::Refused);
        assert_eq!(asked(Explained::NotAsked("no address of it is known")), Verdict::Unknown);
        for why in [Unwilling::Outsider, Unwilling::TooMany, Unwilling::NotUnderstood] {
            let account = Account { guid: Guid([1; 16]), node: NodeId([1; 32]), told: Err(why) };
            assert_eq!(asked(Explained::Account(account)), Verdict::Refused, "{why:?}");
        }
    }
}
