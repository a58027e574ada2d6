//! One body for both: the same links, the same shares, the same searches and the same goodbye, once in the simulator and once
//! with real nodes on the loopback interface. Both must find the same.

use std::path::Path;
use std::time::Duration;

use hopscope::overlay::{Dedup, TopologyKind};
use hopscope::sim::Kind;
use hopscope::sim::live::{
    Answer, Fraction, Layout, Real, Scenario, Searches, Settings, Shares, Span, Whole, World, name, words,
};
use rustix::process::Signal;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::{Node, code, daemon, errors, eventually, folder, json};

/// Nodes of each body.
const NODES: u32 = 7;
/// Different files that they share.
const FILES: u32 = 5;
/// Until nodes that look for each other have done so, in virtual time.
const TOGETHER: Duration = Duration::from_secs(60);

/// What happens, one after the other.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// A node searches for a file with a TTL.
    Ask(u32, u32, u8),
    /// A node says goodbye.
    Leave(u32),
}

/// Two nodes search for each file, one of the others leaves, and they search again.
fn body(ttls: &[u8]) -> Vec<Step> {
    let ask = |node: u32| (0..FILES).flat_map(move |file| ttls.iter().map(move |&ttl| Step::Ask(node, file, ttl)));
    let asks: Vec<Step> = ask(1).chain(ask(NODES - 1)).collect();
    [asks.clone(), vec![Step::Leave(2)], asks].concat()
}

fn scenario(graph: Option<Layout>, dedup: Dedup) -> Scenario {
    let scenario = Scenario {
        nodes: Whole(NODES as usize),
        graph,
        library: Shares {
            files: Whole(FILES as usize),
            mean: Real(2.0),
            free_riders: Fraction::new(0.2),
            ..Shares::default()
        },
        // None but those of the body; and each is reported on, as those of real nodes are.
        searches: Searches { from: Span::secs(100_000), traced: true, ..Searches::default() },
        ..Scenario::default()
    };
    Scenario { settings: Settings { dedup, ..scenario.settings }, ..scenario }
}

/// A world in which the nodes have found each other.
fn simulated(scenario: &Scenario, topology: TopologyKind) -> World {
    let mut world = World::new(scenario, topology, 5).expect("there is such a graph");
    let together = world.now() + TOGETHER;
    assert_eq!(world.run(together, u64::MAX), Ok(true));
    world
}

/// Real nodes.
struct Stage {
    nodes: Vec<Option<Node>>,
    _folder: TempDir,
}

impl Stage {
    /// Starts a node for each of the world, and shares there what it shares here.
    fn of(world: &World, start: impl Fn(&Path, &[Node], u32) -> Node) -> Self {
        let folder = folder();
        let mut nodes: Vec<Node> = Vec::new();
        for number in 0..NODES {
            let next = start(&folder.path().join(number.to_string()), &nodes, number);
            nodes.push(next);
        }
        for (number, node) in (0..).zip(&nodes) {
            let linked = world.links().iter().filter(|(a, b)| [a, b].contains(&&number)).count();
            node.wait_for_neighbors(linked);
        }
        for (number, node) in (0..).zip(&nodes) {
            for &file in world.shares(number) {
                node.share(&name(file), name(file).as_bytes());
            }
            match world.shares(number).len() {
                0 => {}
                files => node.wait_for_files(files as u64),
            }
        }
        Self { nodes: nodes.into_iter().map(Some).collect(), _folder: folder }
    }

    fn node(&self, number: u32) -> &Node {
        self.nodes[number as usize].as_ref().expect("it runs")
    }

    fn number(&self, addr: &Value) -> u32 {
        let at = |node: &Option<Node>| node.as_ref().is_some_and(|node| *addr == node.addr);
        self.nodes.iter().position(at).expect("a node of this stage") as u32
    }

    fn ask(&self, node: u32, file: u32, ttl: u8) -> Answer {
        let (words, ttl) = (words(file), ttl.to_string());
        let output = self.node(node).command(&["search", &words, "--ttl", &ttl, "--timeout", "20s", "--json"]);
        assert!([0, 3].contains(&code(&output)), "{}", errors(&output));
        let lines = json(&output);
        let hit = |line: &Value| {
            let hops = line["hops"].as_u64().expect("a number") as u8;
            (self.number(&line["addr"]), line["name"].as_str().expect("a name").to_owned(), hops)
        };
        let mut hits: Vec<_> = lines.iter().filter(|line| line["type"] == "hit").map(hit).collect();
        hits.sort();
        let done = lines.last().expect("lines");
        let number = |key: &str| done[key].as_u64().expect("a number") as u32;
        let (reached, messages, duplicates) = (number("reached"), number("messages"), number("duplicates"));
        Answer { hits, reached, messages, duplicates }
    }

    /// A node says goodbye and ends.
    fn leave(&mut self, number: u32) {
        let mut gone = self.nodes[number as usize].take().expect("it runs");
        gone.process.signal(Signal::TERM);
        assert!(gone.process.ended().success());
    }

    /// Waits until these nodes know that a neighbor is gone.
    fn wait_for_loss(&self, numbers: impl Iterator<Item = u32>) {
        for number in numbers {
            let is_down = |line: &Value| line["type"] == "neighbor" && line["event"] == "down";
            self.node(number).process.wait_for("the goodbye", is_down);
        }
    }
}

/// Nodes that keep to the links of the world; each step comes to exactly the same.
fn agree_where_links_are_laid_out(kind: Kind, degree: usize, dedup: Dedup, ttls: &[u8]) {
    let scenario = scenario(Some(Layout { kind, degree: Whole(degree) }), dedup);
    let mut world = simulated(&scenario, TopologyKind::Flood);
    let links = world.links();
    let rule = if dedup == Dedup::First { "first" } else { "highest-ttl" };
    let mut stage = Stage::of(&world, |home, nodes, number| {
        std::fs::create_dir_all(home.join("share")).expect("the folder can be made");
        let mut command = daemon(home);
        command.args(["--dedup", rule, "--share"]).arg(home.join("share"));
        for (other, _) in links.iter().filter(|(_, to)| *to == number) {
            command.args(["--peer", &nodes[*other as usize].addr]);
        }
        Node::run(home, &mut command)
    });
    let mut found = 0;
    for step in body(ttls) {
        match step {
            Step::Ask(node, file, ttl) => {
                let expected = world.ask(node, file, ttl).expect("no rule is broken");
                assert_eq!(expected.messages, expected.reached + expected.duplicates, "{step:?}");
                assert_eq!(stage.ask(node, file, ttl), expected, "{step:?} over {links:?}");
                found += expected.hits.len();
            }
            Step::Leave(node) => {
                world.leave(node);
                stage.leave(node);
                let ends = links.iter().filter(|(a, b)| [a, b].contains(&&node));
                stage.wait_for_loss(ends.map(|(a, b)| if *a == node { *b } else { *a }));
            }
        }
    }
    assert!(found > 0, "there was something to find");
}

#[test]
fn in_a_tree_both_find_the_same_at_the_same_hops_for_the_same_messages() {
    agree_where_links_are_laid_out(Kind::Tree, 3, Dedup::HighestTtl, &[1, 2, 7]);
}

#[test]
fn among_cycles_both_reach_the_same_for_the_same_messages() {
    agree_where_links_are_laid_out(Kind::Regular, 4, Dedup::First, &[1]);
}

/// Nodes that find each other: who has what is the same, once the real ones are done with it.
fn agree_where_nodes_find_each_other(topology: TopologyKind, settings: impl Fn(&[Node], u32) -> Vec<String>) {
    let mut world = simulated(&scenario(None, Dedup::HighestTtl), topology);
    let mut stage = Stage::of(&world, |home, nodes, number| {
        let settings = [vec!["--topology".to_owned(), topology.name().to_owned()], settings(nodes, number)].concat();
        Node::free(home, &settings.iter().map(String::as_str).collect::<Vec<_>>())
    });
    let mut found = 0;
    for step in body(&[7]) {
        match step {
            Step::Ask(node, file, ttl) => {
                let expected = owners(&world.ask(node, file, ttl).expect("no rule is broken"));
                let what = format!("{step:?} finds {expected:?}");
                eventually(&what, || owners(&stage.ask(node, file, ttl)) == expected);
                found += expected.len();
            }
            Step::Leave(node) => {
                world.leave(node);
                stage.leave(node);
            }
        }
    }
    assert!(found > 0, "there was something to find");
}

/// Who has what.
fn owners(answer: &Answer) -> Vec<(u32, String)> {
    answer.hits.iter().map(|(node, name, _)| (*node, name.clone())).collect()
}

#[test]
fn among_ultra_peers_and_leaves_both_find_the_same() {
    agree_where_nodes_find_each_other(TopologyKind::Ultrapeer, |nodes, number| {
        let role = if [0, 3].contains(&number) { "ultrapeer" } else { "leaf" };
        let peers = nodes.iter().take(4).flat_map(|node| ["--peer".to_owned(), node.addr.clone()]);
        ["--role".to_owned(), role.to_owned()].into_iter().chain(peers).collect()
    });
}

#[test]
fn with_a_directory_both_find_the_same() {
    agree_where_nodes_find_each_other(TopologyKind::Central, |nodes, _| match nodes.first() {
        None => vec!["--serve-directory".to_owned()],
        Some(first) => vec!["--directory".to_owned(), first.addr.clone()],
    });
}
