//! The registry against a plain one that goes through everything.

mod disk;
mod durable;
mod model;

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::catalogue::{Bounds, Catalogue};
use crate::overlay::{FoundFile, Registration, Registry, RegistryFull};
use crate::proto::{FileId, NodeId, Query, any_query};
use model::Model;

/// Nobody: who asks and has no files.
const STRANGER: NodeId = NodeId([99; 32]);
const TIGHT: Bounds = Bounds { nodes: 3, files: 12, files_a_node: 6 };

/// What is done to a registry.
#[derive(Clone, Debug)]
enum Act {
    Put(u8, String),
    Add(u8, Vec<FoundFile>),
    /// Removes the files at these places of the node's list, and one that is not there.
    Remove(u8, Vec<prop::sample::Index>),
    Forget(u8),
    Renew(u8),
    Reopen,
    Kill,
}

fn node(n: u8) -> NodeId {
    NodeId([n; 32])
}

fn file(name: &str, size: u64, content: u8) -> FoundFile {
    FoundFile { name: name.into(), size, id: FileId([content; 32]) }
}

fn files() -> impl Strategy<Value = Vec<FoundFile>> {
    let name = "(wu|tang|tan|Täng|日本|a|b1){1}([-_ .](wu|tang|tan|live|日|b2|tanger|tangerine)){0,4}(\\.(mp3|FLAC|tar\\.gz|txt))?";
    let file = (name, 0u64..8, 0u8..3).prop_map(|(name, size, content)| file(&name, size, content));
    prop::collection::vec(file, 0..9)
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        3 => (0u8..4, "[a-c]").prop_map(|(node, name)| Act::Put(node, name)),
        6 => (0u8..4, files()).prop_map(|(node, files)| Act::Add(node, files)),
        3 => (0u8..4, prop::collection::vec(any::<prop::sample::Index>(), 0..4)).prop_map(|(n, at)| Act::Remove(n, at)),
        1 => (0u8..4).prop_map(Act::Forget),
        1 => (0u8..4).prop_map(Act::Renew),
        1 => Just(Act::Reopen),
        1 => Just(Act::Kill),
    ]
}

/// Does the same to both, and compares what they answer. Neither reopens.
fn act_on(registry: &mut impl Registry, model: &mut Model, act: &Act) {
    match act {
        Act::Put(n, name) => {
            let registration = Registration { name: name.as_str().into(), addr: None };
            let put: Result<(), RegistryFull> = registry.put(node(*n), registration.clone());
            assert_eq!(put, model.put(node(*n), registration));
        }
        Act::Add(n, files) => assert_eq!(registry.add(&node(*n), files), model.add(&node(*n), files)),
        Act::Remove(n, places) => {
            let all = model.all_tags(&node(*n));
            let mut tags: Vec<u64> = places.iter().filter(|_| !all.is_empty()).map(|place| *place.get(&all)).collect();
            tags.push(5);
            registry.remove(&node(*n), &tags);
            model.remove(&node(*n), &tags);
        }
        Act::Forget(n) => {
            registry.forget(&node(*n));
            model.forget(&node(*n));
        }
        Act::Renew(n) => registry.renew(&node(*n), std::time::Duration::from_secs(60)),
        Act::Reopen | Act::Kill => {}
    }
}

/// Both say the same about every node, and about its files.
fn check_all(registry: &impl Registry, model: &Model) {
    check(registry, model);
    for node in (0..4).map(node) {
        let tags: Vec<u64> = (0..=255).flat_map(|bucket| registry.tags(&node, bucket)).collect();
        assert_eq!(tags, model.all_tags(&node));
    }
}

/// Both say the same about every node.
fn check(registry: &impl Registry, model: &Model) {
    assert_eq!(registry.totals(), model.totals());
    for n in 0..4 {
        let node = node(n);
        assert_eq!(registry.get(&node), model.get(&node));
        assert_eq!(registry.summary(&node), model.summary(&node));
    }
}

/// All pages of a search together find what the language means, each match once.
fn check_search(registry: &impl Registry, model: &Model, query: &Query, except: &NodeId, limit: usize) {
    let mut found = BTreeSet::new();
    let mut after = Some(0);
    while let Some(position) = after {
        let (nodes, next) = registry.find(query, except, position, limit);
        let files: usize = nodes.iter().map(|at| at.files.len()).sum();
        assert!(files <= limit && (files == limit || next.is_none()), "{files} of {limit}, then {next:?}");
        let distinct: BTreeSet<_> = nodes.iter().map(|at| at.node).collect();
        assert_eq!(distinct.len(), nodes.len(), "each node once a page");
        for at in nodes {
            assert_eq!(Some(Registration { name: at.name, addr: at.addr }), model.get(&at.node));
            for file in at.files {
                assert!(found.insert((at.node, model::tag(&file))), "twice: {file:?}");
            }
        }
        after = next;
    }
    assert_eq!(found, model.find(query, except), "{:?}", query.text());
}

proptest! {
    #[test]
    fn in_memory_it_is_the_plain_one(
        acts in prop::collection::vec(act(), 0..40),
        queries in prop::collection::vec((any_query(), 0u8..5, 1usize..6), 1..8),
        tight: bool,
    ) {
        let bounds = if tight { TIGHT } else { Bounds::default() };
        let (mut registry, mut model) = (Catalogue::bounded(1, bounds), Model::new(bounds));
        for act in &acts {
            act_on(&mut registry, &mut model, act);
            check(&registry, &model);
        }
        check_all(&registry, &model);
        for (query, except, limit) in &queries {
            check_search(&registry, &model, query, &node(*except), *limit);
        }
    }

    #[test]
    fn any_position_is_answered(
        files in files(), query in any_query(), after: u64, small in 0u64..1 << 30, source in 0u64..4,
    ) {
        let mut registry = Catalogue::new(1);
        registry.put(node(1), Registration::default()).unwrap();
        registry.add(&node(1), &files);
        for after in [after, source << 56 | small] {
            let (nodes, _) = registry.find(&query, &STRANGER, after, 5);
            for file in nodes.iter().flat_map(|at| &at.files) {
                prop_assert!(query.matches(file.name.raw(), file.size, &file.id));
            }
        }
    }
}

#[test]
fn a_forgotten_node_is_gone_at_once_and_cleared_away_later() {
    let mut registry = Catalogue::new(1);
    let files: Vec<FoundFile> = (0..1_000).map(|i| file(&format!("bach {i}.mp3"), i, 1)).collect();
    let query = Query::parse("bach").unwrap();
    registry.put(node(1), Registration::default()).unwrap();
    assert_eq!(registry.add(&node(1), &files), 0);
    let full = registry.heap_bytes();
    for _ in 0..50 {
        registry.forget(&node(1));
        assert_eq!((registry.totals(), registry.summary(&node(1))), ((0, 0), (0, 0)));
        assert_eq!(registry.find(&query, &STRANGER, 0, 10), (vec![], None));
        registry.put(node(1), Registration::default()).unwrap();
        assert_eq!(registry.summary(&node(1)), (0, 0));
        registry.add(&node(1), &files);
        assert_eq!(registry.totals(), (1, 1_000));
    }
    let now = registry.heap_bytes();
    assert!(now.1 < full.1 * 5 / 2, "{now:?} after {full:?}");
    registry.forget(&node(1));
    (0..1_000).for_each(|_| registry.renew(&node(1), std::time::Duration::ZERO));
    registry.put(node(2), Registration::default()).unwrap();
    assert_eq!(registry.add(&node(2), &files), 0);
    assert!(registry.heap_bytes().0 <= now.0, "the room of names is used again");
}

#[test]
fn the_closest_names_of_a_page_come_first_and_a_node_once() {
    let mut registry = Catalogue::new(1);
    for n in 1..3 {
        registry.put(node(n), Registration::default()).unwrap();
        let names = ["wu tang clan forever live in concert.mp3", "wu tang.mp3", "best of wu tang.mp3"];
        registry.add(&node(n), &names.map(|name| file(name, u64::from(n), 1)));
    }
    let (nodes, next) = registry.find(&Query::parse("wu tang").unwrap(), &node(1), 0, 10);
    let names: Vec<&str> = nodes[0].files.iter().map(|file| file.name.raw()).collect();
    assert_eq!((nodes.len(), nodes[0].node, next), (1, node(2), None));
    assert_eq!(registry.find(&Query::parse("wu").unwrap(), &node(1), 7, 0), (vec![], Some(7)), "nothing was asked for");
    assert_eq!(names, ["wu tang.mp3", "best of wu tang.mp3", "wu tang clan forever live in concert.mp3"]);
}

#[test]
fn names_that_are_too_long_are_refused() {
    let mut registry = Catalogue::new(1);
    registry.put(node(1), Registration::default()).unwrap();
    let files = [file(&"x".repeat(256), 1, 1), file(&"x".repeat(255), 1, 1), file("", 1, 1)];
    assert_eq!((registry.add(&node(1), &files), registry.totals().1), (1, 2));
    assert_eq!(registry.add(&node(2), &files), 3, "nobody registered");
}

#[test]
fn a_search_without_end_goes_on_page_by_page() {
    let mut registry = Catalogue::new(1);
    registry.put(node(1), Registration::default()).unwrap();
    let files: Vec<FoundFile> = (0..9_000).map(|i| file(&format!("common w{i:05}.mp3"), i, 1)).collect();
    registry.add(&node(1), &files);
    registry.add(&node(1), &[file("common rare.txt", 1, 1)]);
    // No list tells what `-ext:mp3` leaves, so that names must be read, and all words begin with `w`.
    for (text, expected) in [("common -ext:mp3", 1), ("w*", 9_000), ("w00* -w0000*", 990), ("w0*", 9_000)] {
        let query = Query::parse(text).unwrap();
        let (mut after, mut pages, mut found) = (Some(0), 0, BTreeSet::new());
        while let Some(position) = after {
            let (nodes, next) = registry.find(&query, &STRANGER, position, 500);
            for file in nodes.iter().flat_map(|at| &at.files) {
                assert!(found.insert(file.size), "{text}: {file:?} twice");
            }
            assert!(next.is_none_or(|next| next > position), "it goes on");
            (after, pages) = (next, pages + 1);
        }
        assert_eq!(found.len(), expected, "{text}");
        assert!(pages > 1 || expected < 991, "{text}: {pages}");
    }
}
