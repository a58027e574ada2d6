//! The evidence in sentences: what each source told, and what it did not.

use super::facts::{Facts, Flood};
use super::{About, Evidence};
use crate::overlay::{Action, DoneWhy, Explained, Role, Told, TopologyKind};
use crate::proto::limits::MAX_HITS_A_NODE;

/// All of it, in the order in which it was gathered.
pub(super) fn evidence(facts: &Facts) -> Vec<Evidence> {
    let who = facts.node.called();
    let mut lines = vec![Evidence { about: About::Query, text: flood(&who, &facts.first, facts) }];
    if let Some(wide) = &facts.wide {
        lines.push(Evidence { about: About::WideQuery, text: flood(&who, wide, facts) });
    }
    let account = match facts.told() {
        Some(told) => account(told, facts),
        None => vec![not_told(&facts.asked)],
    };
    lines.extend(account.into_iter().map(|text| Evidence { about: About::Account, text }));
    lines.extend(connection(facts).into_iter().map(|text| Evidence { about: About::Link, text }));
    lines
}

fn flood(who: &str, flood: &Flood, facts: &Facts) -> String {
    if facts.topology == TopologyKind::Central {
        return looked_up(who, flood);
    }
    let ttl = flood.ttl;
    match (flood.hits, flood.report, flood.hop) {
        (1.., _, _) => {
            let hit = flood.hit.as_deref().unwrap_or_default();
            let hop = flood.hop.map(|hop| format!(" at hop {hop}")).unwrap_or_default();
            format!("The search with TTL {ttl} got {} from {who}{hop}: {hit}", count(flood.hits.into(), "hit"))
        }
        (0, Some(report), hop) => {
            let hop = hop.map(|hop| format!(" at hop {hop}")).unwrap_or_default();
            let did = match report.action {
                Action::Answered => {
                    format!("it answered with {}, of which none arrived", count(report.hits.into(), "file"))
                }
                Action::Forwarded => "it passed it on and had no match".to_owned(),
                Action::Expired => "it had no match, and the TTL was used up".to_owned(),
                Action::Duplicate => "only of copies that it had seen before".to_owned(),
                Action::Refused => "it refused it".to_owned(),
            };
            format!("The search with TTL {ttl} got to {who}{hop}, as it reports: {did}")
        }
        (0, None, _) => {
            let mut text = format!(
                "The search with TTL {ttl} reached {}, and {who} did not report",
                count(flood.reached.into(), "node")
            );
            text.push_str(match flood.ended {
                _ if !flood.traced => "; no reports were asked for",
                _ if flood.lost_reports > 0 => "; reports were lost, its own may be among them",
                Some(DoneWhy::NoNeighbors) => "; this node has no neighbor to ask",
                Some(DoneWhy::TooMany) => "; too many searches ran",
                Some(DoneWhy::Deadline) => "; its time was up",
                None => "; it still runs",
                _ => "",
            });
            if flood.spared > 0 {
                // A leaf has several ultra-peers, and each spares it.
                let times = count(flood.spared.into(), "copy");
                text.push_str(&format!("; leaves were spared {times} for what their filters say"));
            }
            text
        }
    }
}

fn looked_up(who: &str, flood: &Flood) -> String {
    match (flood.hits, flood.ended) {
        (1.., _) => format!("The directory names {who} for it"),
        (0, Some(DoneWhy::NoDirectory)) => "There was no directory to ask".to_owned(),
        (0, _) => format!("The directory was asked, and does not name {who}"),
    }
}

/// What the node told, a sentence each.
fn account(told: &Told, facts: &Facts) -> Vec<String> {
    let mut lines = vec![holdings(told)];
    let missing = &told.missing;
    if missing.waiting > 0 {
        lines.push(format!("{} with such a name wait to be hashed and indexed", count(missing.waiting.into(), "file")));
    }
    if missing.excluded > 0 {
        let entries = count(missing.excluded.into(), "entry");
        lines.push(format!("{entries} of its shared folders with such a name left out: {}", missing.why.visible(120)));
    }
    if missing.unlooked > 0 {
        lines.push(format!(
            "{} more wait, too many for it to look at their names",
            count(missing.unlooked.into(), "file")
        ));
    }
    if missing.scanning {
        lines.push("It is going through its shared folders: there may be more".to_owned());
    }
    if facts.topology != TopologyKind::Central {
        lines.push(passed(told, facts));
    }
    lines.push(place(told));
    lines.push(format!(
        "Since it started {} ago it let {} go for want of room or rate, and held {} back",
        span(told.up_ms),
        count(told.limited, "message"),
        count(told.not_held, "query"),
    ));
    lines
}

fn holdings(told: &Told) -> String {
    let shares = count(told.files, "file");
    match (told.matches, told.near) {
        (0, 0) => format!("It shares {shares}; none matches"),
        (0, near) => {
            format!("It shares {shares}; none matches, and {} but for what else the search asks for", at_most(near))
        }
        (matches, _) => format!("It shares {shares}; {} now", at_most(matches)),
    }
}

fn at_most(count: u16) -> String {
    match count {
        1 => "1 matches".to_owned(),
        _ if usize::from(count) >= MAX_HITS_A_NODE => format!("{count} or more match"),
        _ => format!("{count} match"),
    }
}

fn passed(told: &Told, facts: &Facts) -> String {
    let ttl = facts.first.ttl;
    match told.passed {
        Some(passed) => format!(
            "It had the search with TTL {ttl} first at hop {}, of all copies at most with TTL {} left, and answered with {}{}",
            passed.hop,
            passed.ttl,
            count(passed.hits.into(), "file"),
            if passed.reported { "" } else { "; it did not report, for want of rate or because it does not" },
        ),
        None => format!("No copy of the search with TTL {ttl} got there, as far as it remembers"),
    }
}

fn place(told: &Told) -> String {
    let links = count(told.neighbors.into(), "neighbor");
    let filter = match told.let_through {
        Some(true) => "; its keyword filter as it gave it last lets the search through",
        Some(false) => "; its keyword filter as it gave it last does not let the search through",
        None if told.role == Role::Leaf => "; it has no keyword filter in force and is handed every search",
        None => "",
    };
    format!("It is in {} as {}, with {links}{filter}", told.topology.name(), told.role.name())
}

fn not_told(asked: &Explained) -> String {
    match asked {
        Explained::Account(_) => "It was asked, and refused to say".to_owned(),
        Explained::Unreachable(why) => format!("It could not be asked: {why}"),
        Explained::TurnedAway(why) => format!("It was asked, and turned the question away: {why}"),
        Explained::Silent => "It was asked, and did not answer in time".to_owned(),
        Explained::NotAsked(why) => format!("It was not asked: {why}"),
    }
}

/// The link, the address, and when it was heard of.
fn connection(facts: &Facts) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(link) = facts.link {
        let dropped = count(link.dropped, "message");
        lines.push(format!("It is a neighbor; {dropped} to it were dropped here because the link had no room"));
    }
    if facts.link.is_none() && facts.told().is_none() {
        let at = facts
            .node
            .addr
            .map_or_else(|| "no address of it is known".to_owned(), |addr| format!("its address is {addr}"));
        let seen = facts.seen_ago_ms.map_or_else(
            || "this node never heard of it before".to_owned(),
            |ago| format!("it was heard of last {} ago", span(ago)),
        );
        lines.push(format!("It is no neighbor; {at}; {seen}"));
    }
    lines
}

fn count(number: u64, what: &str) -> String {
    match (number, what.strip_suffix('y')) {
        (1, _) => format!("1 {what}"),
        (_, Some(stem)) => format!("{number} {stem}ies"),
        (_, None) => format!("{number} {what}s"),
    }
}

fn span(ms: u64) -> String {
    match ms / 1_000 {
        0 => format!("{ms} ms"),
        seconds @ 1..60 => format!("{seconds} s"),
        seconds @ 60..3_600 => format!("{} min", seconds / 60),
        seconds => format!("{} h", seconds / 3_600),
    }
}
