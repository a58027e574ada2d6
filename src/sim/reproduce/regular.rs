//! Random regular graphs: reach and duplicates by TTL.

use super::lab::{Lab, Stop};
use super::row::{Basis, Row};
use super::survey::{Plan, Survey};
use crate::sim::Kind;

/// What is known at one TTL.
#[derive(Clone, Copy, Debug)]
struct Entry {
    ttl: usize,
    reached: f64,
    /// Percent of what is reached.
    off: f64,
    /// Percent of all messages.
    duplicates: f64,
    /// Points.
    duplicates_off: f64,
}

const fn entry(ttl: usize, reached: f64, off: f64, duplicates: f64, duplicates_off: f64) -> Entry {
    Entry { ttl, reached, off, duplicates, duplicates_off }
}

/// 4 links each, 10,000 nodes.
const FOUR: [Entry; 5] = [
    entry(5, 473.0, 0.5, 1.55, 0.2),
    entry(6, 1_358.0, 0.5, 4.65, 0.2),
    entry(7, 3_547.0, 0.5, 13.0, 0.2),
    entry(8, 7_313.0, 0.5, 31.3, 0.2),
    entry(9, 9_804.0, 0.5, 55.3, 0.2),
];
/// 8 links each, 100,000 nodes.
const EIGHT: [Entry; 5] = [
    entry(4, 3_151.0, 0.5, 1.34, 0.2),
    entry(5, 20_082.0, 0.5, 8.97, 0.2),
    entry(6, 79_185.0, 0.3, 43.67, 0.2),
    entry(7, 99_997.0, 0.02, 81.96, 0.2),
    entry(8, 99_999.0, 0.02, 85.71, 0.2),
];
/// 8 links each, 1,000,000 nodes.
const MILLION: [Entry; 4] = [
    entry(5, 22_165.0, 0.3, 0.956, 0.2),
    entry(6, 145_189.0, 0.3, 6.43, 0.2),
    entry(7, 666_507.0, 0.3, 34.42, 0.2),
    entry(8, 999_537.0, 0.02, 78.58, 0.2),
];

pub(super) fn run(lab: &mut Lab<'_>) -> Result<(), Stop> {
    for (nodes, degree, entries) in [(10_000, 4, &FOUR[..]), (100_000, 8, &EIGHT), (1_000_000, 8, &MILLION)] {
        mean_field_rows(lab, nodes, degree, entries)?;
    }
    let count = lab.by_effort(6, 500, 3_000);
    let survey = table(lab, 10_000, 4, count, &FOUR)?;
    let messages = survey.messages(8);
    let row = Row::core("4-regular, 10,000 nodes, TTL 8: messages", 10_645.0, messages.value).percent(0.5);
    lab.row(lab.sampled(row, messages))?;
    if lab.by_effort(false, true, true) {
        let count = lab.by_effort(0, 12, 60);
        table(lab, 100_000, 8, count, &EIGHT)?;
    }
    Ok(())
}

/// The largest one.
pub(super) fn million(lab: &mut Lab<'_>) -> Result<(), Stop> {
    let nodes = 1_000_000;
    mean_field_rows(lab, nodes, 8, &MILLION)?;
    let count = lab.by_effort(0, 3, 30);
    if count == 0 {
        return Ok(());
    }
    let survey = table(lab, nodes, 8, count, &MILLION)?;
    let hops = survey.mean_hops();
    let row = Row::core("8-regular, 1,000,000 nodes: mean hops", 7.163, hops.value).points(0.005).shown(3, "");
    lab.row(lab.sampled(row, hops))?;
    let full = &survey.reports[0];
    let row = |what, published, ours: u64| {
        Row::core(format!("8-regular, 1,000,000 nodes, full: {what}"), published, ours as f64).from(Basis::Formula)
    };
    lab.row(row("messages", 7_000_001.0, full.messages))?;
    lab.row(row("duplicates", 6_000_002.0, full.duplicates))
}

/// Floods from so many sources, as far as they go, beside what is known at each TTL.
fn table(lab: &mut Lab<'_>, nodes: usize, degree: usize, count: usize, entries: &[Entry]) -> Result<Survey, Stop> {
    let part = (nodes + degree) as u64;
    let name = format!("{degree}-regular, {} nodes", grouped(nodes));
    lab.done(&name, 0, count)?;
    let graph = lab.graph(part, Kind::Regular, nodes, degree)?;
    let survey = Survey::take(lab, &name, part, &graph, count, Plan::plain(255))?;
    for entry in entries {
        let reached = survey.reached(entry.ttl);
        let row = Row::core(format!("{name}, TTL {}: reached", entry.ttl), entry.reached, reached.value);
        lab.row(lab.sampled(row.percent(entry.off), reached))?;
        let again = survey.duplicates(entry.ttl);
        let row = Row::core(format!("{name}, TTL {}: duplicates", entry.ttl), entry.duplicates, again.value);
        lab.row(lab.sampled(row.points(entry.duplicates_off).shown(2, "%"), again))?;
    }
    Ok(survey)
}

/// What the mean-field recursion says of each entry.
fn mean_field_rows(lab: &mut Lab<'_>, nodes: usize, degree: usize, entries: &[Entry]) -> Result<(), Stop> {
    let expected = mean_field(nodes as f64, degree as f64, 12);
    for entry in entries {
        let (reached, messages) = expected[entry.ttl - 1];
        let name = format!("{degree}-regular, {} nodes, TTL {}, mean field", grouped(nodes), entry.ttl);
        lab.row(Row::formula(format!("{name}: reached"), entry.reached, reached).percent(0.25))?;
        let share = 100.0 * (1.0 - reached / messages);
        lab.row(
            Row::formula(format!("{name}: duplicates"), entry.duplicates, share)
                .points(entry.duplicates_off)
                .shown(2, "%"),
        )?;
    }
    Ok(())
}

/// Reached nodes and messages by TTL, from 1, in the mean field: each copy under way takes one of the link ends that are
/// still free, with equal chances. `untouched` nodes have all of theirs free. Of a node that is reached, the ends that are
/// left are those that no copy came by; it sends over all but one, though, for of several copies at once only the first
/// one's sender is known to have the query.
fn mean_field(nodes: f64, degree: f64, ttl: usize) -> Vec<(f64, f64)> {
    let (mut untouched, mut copies) = (nodes - 1.0, degree);
    (0..ttl)
        .map(|_| {
            let messages = degree + (degree - 1.0) * (nodes - 1.0 - untouched);
            let free = degree * untouched + copies;
            let taken = (copies / (free - 1.0)).min(1.0);
            let left = untouched * (1.0 - taken).powf(degree);
            copies = (degree * (untouched - left) - degree * untouched * taken).max(0.0);
            untouched = left;
            (nodes - 1.0 - untouched, messages)
        })
        .collect()
}

/// A number with its thousands set apart.
pub(super) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut shown = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}
