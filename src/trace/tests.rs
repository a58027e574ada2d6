//! Traces that are whole, and traces that somebody damaged.

use std::io::{BufReader, Read};
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::app::{NodeId, Role};

const OWN: u8 = 1;

fn id(n: u8) -> String {
    NodeId([n; 32]).to_string()
}

fn header() -> String {
    format!("{{\"type\":\"trace\",\"version\":1,\"node\":\"{}\",\"name\":\"heron\",\"topology\":\"flood\"}}", id(OWN))
}

fn query() -> String {
    format!(
        "{{\"type\":\"query\",\"guid\":\"{}\",\"text\":\"bach\",\"ttl\":3,\"strategy\":\"flood\"}}",
        "07".repeat(16)
    )
}

fn hop(node: u8, from: u8, hop: u8, action: &str, sent: u16) -> String {
    format!(
        "{{\"type\":\"hop\",\"guid\":\"{}\",\"node\":\"{}\",\"name\":\"n{node}\",\"from\":\"{}\",\"hop\":{hop},\"ttl\":{},\
         \"action\":\"{action}\",\"hits\":0,\"sent\":{sent},\"at_ms\":{}}}",
        "07".repeat(16),
        id(node),
        id(from),
        3 - hop,
        10 * u64::from(hop)
    )
}

fn done(reached: u32, messages: u64, duplicates: u64) -> String {
    format!(
        "{{\"type\":\"done\",\"guid\":\"{}\",\"hits\":0,\"reached\":{reached},\"messages\":{messages},\"duplicates\":\
         {duplicates},\"bytes\":360,\"first_hit_ms\":null,\"elapsed_ms\":40,\"topology\":\"flood\",\"why\":\"complete\",\
         \"sent\":2,\"lost_reports\":0}}",
        "07".repeat(16)
    )
}

const END: &str = "{\"type\":\"end\",\"events\":5}";

/// A flood of four nodes: the origin's two neighbors know each other, and one of them knows a third.
fn whole() -> Vec<String> {
    vec![
        header(),
        query(),
        hop(2, OWN, 1, "forwarded", 2),
        hop(3, OWN, 1, "forwarded", 1),
        hop(3, 2, 2, "duplicate", 0),
        hop(2, 3, 2, "duplicate", 0),
        hop(4, 2, 2, "forwarded", 0),
        done(3, 5, 2),
        END.to_owned(),
    ]
}

fn text(lines: &[String]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn recording(lines: &[String]) -> Recording {
    read(text(lines).as_bytes()).expect("it can be read")
}

#[test]
fn a_whole_trace_tells_what_the_node_saw() {
    let recording = recording(&whole());
    assert_eq!(recording.doubts, Doubts::default());
    let [Recorded { search, ended: true, bytes: Some(360) }] = &recording.searches[..] else { panic!() };
    assert_eq!((search.row.nodes, search.messages, search.row.duplicates, search.elapsed_ms), (3, 5, 2, 40));
    assert_eq!((search.sent_here, search.hops.len(), search.by_hop[1].new), (2, 5, 1));
    assert_eq!(recording.origin.name.raw(), "heron");
    let snapshot = recording.snapshot();
    assert_eq!((snapshot.searches.len(), snapshot.queries.len(), snapshot.neighbors.len()), (1, 1, 0));
}

#[test]
fn the_sums_by_hop_are_those_of_the_search_also_when_it_ended_early() {
    let mut lines = whole();
    let sums = |lines: &[String]| {
        let search = Arc::clone(&recording(lines).searches[0].search);
        let sent: u32 = search.by_hop.iter().map(|row| row.sent).sum();
        let arrived: u32 = search.by_hop.iter().map(crate::app::HopRow::arrived).sum();
        assert_eq!(u64::from(sent), search.messages);
        (sent, arrived, search.untold())
    };
    assert_eq!(sums(&lines), (5, 5, 0));
    // One of the copies had not been told of when there was enough.
    lines.remove(6);
    lines[6] = done(2, 5, 2).replace("complete", "enough");
    assert_eq!(recording(&lines).doubts, Doubts::default());
    assert_eq!(sums(&lines), (5, 4, 1));
}

#[test]
fn what_the_node_was_is_told_by_its_own_reports_or_by_the_end_of_its_search() {
    let role = |change: fn(&mut Vec<String>)| {
        let mut lines = whole();
        change(&mut lines);
        let recording = recording(&lines);
        assert_eq!(recording.snapshot().own_role(), recording.origin.role);
        recording.origin.role
    };
    assert_eq!(role(|_| {}), None, "nobody told, and nothing is made up");
    let ended = |lines: &mut Vec<String>| lines[7] = lines[7].replace("\"sent\"", "\"role\":\"ultrapeer\",\"sent\"");
    assert_eq!(role(ended), Some(Role::Ultrapeer));
    let came_back = |lines: &mut Vec<String>| {
        lines.insert(5, hop(OWN, 3, 2, "duplicate", 0).replace("\"action\"", "\"role\":\"leaf\",\"action\""));
    };
    assert_eq!(role(came_back), Some(Role::Leaf));
}

#[test]
fn what_is_no_trace_is_refused_and_says_why() {
    let error = |text: &str| read(text.as_bytes()).expect_err(text).to_string();
    for text in ["", "\n", "hello", "{}", "[1]", &query(), &"x".repeat(3 * MAX_LINE_BYTES)] {
        assert!(error(text).contains("its first line does not say"), "{text:.40}");
    }
    let newer = header().replace("\"version\":1", "\"version\":2,\"fields\":[\"of\",\"another\",\"kind\"]");
    assert!(error(&newer.replace("\"node\"", "\"origin\"")).contains("version 2"));
    assert!(error(&header()).contains("no search"));
}

#[test]
fn a_cut_trace_is_read_as_far_as_it_goes() {
    let text = text(&whole());
    let cut = read(&text.as_bytes()[..text.len() - 100]).expect("it can be read");
    assert!(cut.doubts.cut && cut.doubts.malformed == 0 && !cut.doubts.inconsistent(), "{:?}", cut.doubts);
    let [Recorded { search, ended: false, bytes: None }] = &cut.searches[..] else { panic!() };
    assert_eq!((search.sent_here, search.row.nodes), (2, 3), "what reported was sent a copy");
}

#[test]
fn every_edit_is_marked_and_nobody_is_invented() {
    let doubts = |change: fn(&mut Vec<String>)| {
        let mut lines = whole();
        change(&mut lines);
        let recording = recording(&lines);
        let nodes: std::collections::BTreeSet<NodeId> =
            recording.searches.iter().flat_map(|one| one.search.hops.iter().map(|hop| hop.node)).collect();
        assert!(nodes.iter().all(|node| (2..=4).contains(&node.0[0])), "{nodes:?}");
        recording.doubts
    };
    assert_eq!(doubts(|lines| lines.insert(3, "{\"type\":\"hop\",\"hop\":300}".into())).malformed, 1);
    assert_eq!(doubts(|lines| lines.insert(3, "nonsense".into())).malformed, 1);
    assert_eq!(doubts(|lines| lines.insert(3, lines[2].clone())).repeated, 1);
    assert_eq!(doubts(|lines| lines.insert(8, hop(4, 3, 2, "duplicate", 0))).after_end, 1);
    let most = doubts(|lines| lines.insert(3, format!("{{\"type\":\"lost\",\"events\":{}}}", u64::MAX)));
    assert!(most.lost == u64::MAX && most.incomplete() && !most.inconsistent());
    assert_eq!(doubts(|lines| drop(lines.remove(4))).sums, 1);
    assert_eq!(doubts(|lines| lines[7] = done(900, 5, 2)).sums, 1);
    assert_eq!(doubts(|lines| lines.push("x".repeat(2 * MAX_LINE_BYTES))).too_long, 1);
    assert_eq!(doubts(|lines| lines.push(hop(9, 9, 1, "forwarded", 0).replace("0707", "0808"))).no_query, 1);
    assert_eq!(doubts(|lines| lines.push(header().replace(&id(OWN), &id(9)))).malformed, 1);
    assert_eq!(doubts(|lines| lines[2] = lines[2].replace("n2", &"n".repeat(80))).malformed, 1);
    let mixed = doubts(|lines| lines[1..8].reverse());
    assert!(mixed.after_end > 0 && mixed.malformed == 0 && mixed.no_query == 0, "{mixed:?}");
}

#[test]
fn what_a_newer_program_adds_is_no_mistake() {
    let mut lines = whole();
    lines.insert(2, "{\"type\":\"weather\",\"sun\":true}".into());
    lines[2 + 1] = lines[3].replace("\"hits\":0", "\"hits\":0,\"mood\":\"good\"");
    lines.insert(1, String::new());
    assert_eq!(recording(&lines).doubts, Doubts::default());
}

/// Lines for ever: a gigabyte is nothing to it.
struct Endless {
    head: Vec<u8>,
    line: Vec<u8>,
    at: usize,
    given: u64,
}

impl Read for Endless {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        for (i, byte) in into.iter_mut().enumerate() {
            let at = self.at + i;
            *byte = match at.checked_sub(self.head.len()) {
                None => self.head[at],
                Some(at) => self.line[at % self.line.len()],
            };
        }
        self.at += into.len();
        self.given += into.len() as u64;
        Ok(into.len())
    }
}

#[test]
fn a_file_without_end_is_read_to_the_limit() {
    let head = text(&whole()[..3]).into_bytes();
    for line in ["\n".to_owned(), "x".repeat(1 << 16)] {
        let endless = Endless { head: head.clone(), line: line.into_bytes(), at: 0, given: 0 };
        let mut from = BufReader::with_capacity(1 << 16, endless);
        let recording = read(&mut from).expect("its start makes sense");
        assert!(recording.doubts.unread && recording.lines <= MAX_LINES, "{:?}", recording.doubts);
        assert!(from.get_ref().given <= MAX_TRACE_BYTES + (1 << 17));
    }
}

#[test]
fn searches_reports_and_hits_have_bounds() {
    let mut lines = vec![header()];
    for n in 0..MAX_SEARCHES + 9 {
        lines.push(query().replace("0707", &format!("{n:04x}")));
    }
    let recording = recording(&lines);
    assert_eq!((recording.searches.len(), recording.doubts.left_out), (MAX_SEARCHES, 9));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_are_read_or_refused(bytes: Vec<u8>, at in 0usize..2_000, with in any::<u8>(), cut in 0usize..2_000) {
        let _ = read(&bytes[..]);
        let mut damaged = text(&whole()).into_bytes();
        let len = damaged.len();
        damaged[at % len] = with;
        damaged.truncate(len - cut % len);
        if let Ok(recording) = read(&damaged[..]) {
            prop_assert!(recording.searches.iter().all(|one| one.search.hops.len() <= 5));
        }
    }
}
