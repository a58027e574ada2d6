//! Many nodes lost at once: what is still online is found again.

use std::time::Duration;

use crate::support::{Node, folder, within};

/// For those who are left to find each other again: a link that breaks is replaced at once, by an address that may be
/// dead too, and then by another.
const WHOLE_AGAIN: Duration = Duration::from_secs(20);

/// So many nodes that know only the first two, each with a file of its own.
fn crowd(folder: &std::path::Path, count: usize, settings: &[&str]) -> Vec<Node> {
    let mut nodes: Vec<Node> = Vec::new();
    for number in 0..count {
        let known = nodes.iter().take(2).flat_map(|node| ["--peer", &node.addr]);
        let settings: Vec<&str> = settings.iter().copied().chain(known).collect();
        let node = Node::free(&folder.join(format!("n{number}")), &settings);
        node.share(&format!("winter {number}.flac"), number.to_string().as_bytes());
        nodes.push(node);
    }
    nodes
}

/// Whether each of them finds the files of all others.
fn all_find_all(nodes: &[Node]) -> bool {
    let file = |node: &Node| {
        let name = node.home.file_name().expect("it has a name").to_string_lossy().into_owned();
        format!("winter {}.flac", name.trim_start_matches('n'))
    };
    nodes.iter().all(|node| {
        let mut others: Vec<String> = nodes.iter().filter(|other| other.home != node.home).map(file).collect();
        others.sort();
        node.found("winter") == others
    })
}

#[test]
fn a_flood_outlives_all_well_known_peers_and_then_half_of_the_rest() {
    outlives(&[]);
}

#[test]
fn ultrapeers_outlive_all_well_known_peers_and_then_half_of_the_rest() {
    outlives(&["--topology", "ultrapeer", "--capacity", "50000", "--max-leaves", "3"]);
}

fn outlives(settings: &[&str]) {
    let folder = folder();
    let mut nodes = crowd(folder.path(), 8, settings);
    within(WHOLE_AGAIN, "all find all", || all_find_all(&nodes));
    for mut well_known in nodes.drain(..2) {
        well_known.kill();
    }
    within(WHOLE_AGAIN, "those who are left find each other", || all_find_all(&nodes));
    for mut node in nodes.drain(..3) {
        node.kill();
    }
    within(WHOLE_AGAIN, "half of them find each other", || all_find_all(&nodes));
}
