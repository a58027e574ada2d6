//! Ultra-peers and leaves among their like.

mod bad_input;
mod election;
mod failure;
mod scarce;
mod searching;

use super::*;

const NOBODY: [usize; 0] = [];

/// The settings of a node among ultra-peers and leaves.
fn ultra() -> Config {
    Config { topology: TopologyKind::Ultrapeer, ..Config::default() }
}

/// The same with a role that the user chose.
fn pinned(role: RoleChoice) -> Config {
    Config { role, ..ultra() }
}

/// Nodes that start together; each knows `knows` others at the most.
fn crowd(count: usize, knows: impl Fn(usize, &mut Rng) -> Vec<usize>, config: Config) -> World {
    let mut world = World::new(count, config);
    let mut rng = Rng::new(count as u64);
    for (n, share) in world.shares.iter_mut().enumerate() {
        share.0.push(format!("song {n}.mp3"));
    }
    for n in 0..count {
        let addrs: Vec<PeerAddr> = knows(n, &mut rng).into_iter().filter(|m| *m != n).map(addr).collect();
        world.input(n, Input::Hosts { addrs, source: HostSource::Configured });
    }
    world
}

/// Everybody knows three others.
fn some(count: usize) -> impl Fn(usize, &mut Rng) -> Vec<usize> {
    move |_, rng| (0..3).map(|_| rng.below(count)).collect()
}

impl World {
    fn alive(&self) -> impl Iterator<Item = (usize, &Node)> {
        self.nodes.iter().enumerate().filter(|(n, _)| !self.dead.contains(n))
    }

    fn in_role(&self, role: Role) -> Vec<usize> {
        self.alive().filter(|(_, node)| node.role() == role).map(|(n, _)| n).collect()
    }

    /// The leaves without an ultra-peer.
    fn orphans(&self) -> Vec<usize> {
        let leaves = self.alive().filter(|(_, node)| node.role() == Role::Leaf);
        leaves.filter(|(_, node)| node.count(Class::Ultrapeer) == 0).map(|(n, _)| n).collect()
    }

    fn role_changes(&self) -> usize {
        self.events.iter().filter(|(_, event)| matches!(event, Event::Topology { .. })).count()
    }

    /// What holds in every moment in which nothing is on its way: who is what to whom, and how many of them.
    fn check(&self) {
        for (n, node) in self.alive() {
            let config = self.own_configs.get(&n).unwrap_or(&self.config);
            assert!(node.count(Class::Leaf) <= config.max_leaves, "node {n} has too many leaves");
            assert!(node.count(Class::Neighbor) <= config.max_neighbors, "node {n} has too many neighbors");
            if node.role() == Role::Leaf {
                assert!(node.links.iter().all(|link| link.class == Class::Ultrapeer), "leaf {n} has other links");
                assert!(node.links.len() <= limits::MAX_ULTRAPEERS);
            }
            for link in &node.links {
                let (m, theirs) = self.ends[&(n, link.id)];
                let other = &self.nodes[m];
                let theirs = &other.links[other.link_index(theirs).expect("both ends have the link")];
                let fits = matches!(
                    (link.class, theirs.class),
                    (Class::Leaf, Class::Ultrapeer)
                        | (Class::Ultrapeer, Class::Leaf)
                        | (Class::Neighbor, Class::Neighbor)
                );
                assert!(fits, "{n} and {m} see each other as {:?} and {:?}", theirs.class, link.class);
                assert_eq!(link.peer.role, other.role());
            }
        }
    }
}
