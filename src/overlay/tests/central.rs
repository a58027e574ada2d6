//! Central lookup: directories, their clients, and what becomes of both when things break.

use super::*;
use crate::proto::limits::{
    LEASE, MAX_FILES_A_CHANGE, MAX_FILES_A_NODE, MAX_HITS_A_MESSAGE, MAX_TAGS_A_MESSAGE, REGISTER_BUCKETS,
};

mod garbage;
mod hostile;
mod lookups;
mod losses;
mod model;
mod registration;

fn client() -> Config {
    Config { topology: TopologyKind::Central, ..Config::default() }
}

fn directory() -> Config {
    Config { serve_directory: true, ..client() }
}

fn tag(name: &str) -> u64 {
    file_tag(name, 1, &file_id(name))
}

/// The first `directories` nodes serve one; the others know all of them by address, and share a song each.
fn central(count: usize, directories: usize) -> World {
    let mut world = World::new(count, client());
    (0..directories).for_each(|n| world.start(n, directory()));
    let addrs: Vec<PeerAddr> = (0..directories).map(addr).collect();
    for n in directories..count {
        world.shares[n].0.push(format!("song {n}"));
        world.input(n, Input::Directories(addrs.clone()));
    }
    world
}

/// A node that says only what a test says for it.
struct Puppet {
    n: usize,
    link: LinkId,
}

impl Puppet {
    /// Makes a puppet of node `n`, linked to node `to`.
    fn new(world: &mut World, n: usize, to: usize) -> Self {
        world.dead.insert(n);
        let link = LinkId(world.next_link);
        world.link(n, to);
        world.run(Duration::from_millis(2));
        Self { n, link }
    }

    /// Makes a puppet of node `n`, which node `from` dialled.
    fn dialled(world: &mut World, n: usize, from: usize) -> Self {
        world.dead.insert(n);
        let link = LinkId(world.next_link + 1);
        world.link(from, n);
        world.run(Duration::from_millis(2));
        Self { n, link }
    }

    fn say(&self, world: &mut World, message: CentralMessage) {
        self.say_plain(world, Message::Central(Box::new(message)));
    }

    fn say_plain(&self, world: &mut World, message: Message) {
        if let Some(&(to, link)) = world.ends.get(&(self.n, self.link)) {
            world.input(to, Input::Message { link, message });
        }
    }

    fn is_linked(&self, world: &World) -> bool {
        world.ends.contains_key(&(self.n, self.link))
    }

    /// Why its link was closed.
    fn goodbye(&self, world: &mut World) -> Option<(ByeReason, String)> {
        world.run(Duration::from_millis(20));
        world.unread.iter().rev().find_map(|(to, message)| match message {
            Message::Bye(bye) if *to == self.n => Some((bye.reason, bye.text.raw().to_owned())),
            _ => None,
        })
    }

    /// What it was told that is `wanted`.
    fn heard<T>(&self, world: &World, wanted: impl Fn(&CentralMessage) -> Option<T>) -> Vec<T> {
        let told = world.unread.iter().filter(|(to, _)| *to == self.n);
        told.filter_map(|(_, message)| match message {
            Message::Central(message) => wanted(message),
            _ => None,
        })
        .collect()
    }
}

impl World {
    fn state(&self, n: usize) -> DirectoryState {
        self.nodes[n].client_status().expect("it is in the central topology").state
    }

    /// The node that a client is linked to.
    fn directory_of(&self, n: usize) -> Option<usize> {
        let status = self.nodes[n].client_status()?;
        (0..self.nodes.len()).find(|m| Some(addr(*m)) == status.directory)
    }

    fn share(&mut self, n: usize, names: &[&str]) {
        self.shares[n].0 = names.iter().map(|name| (*name).to_owned()).collect();
        self.input(n, Input::LibraryChanged);
    }

    /// What a directory has of a node, by tag.
    fn registered(&self, directory: usize, n: usize) -> Vec<u64> {
        let id = self.nodes[n].id;
        self.registries[&directory].each().find(|(node, ..)| *node == id).map_or_else(Vec::new, |(.., tags)| tags)
    }

    fn found_names(&self, guid: Guid) -> Vec<String> {
        let mut names = Vec::new();
        for (_, event) in &self.events {
            if let Event::Hit { guid: g, files, .. } = event
                && *g == guid
            {
                names.extend(files.iter().map(|file| file.name.raw().to_owned()));
            }
        }
        names
    }

    fn states(&self, n: usize) -> Vec<DirectoryState> {
        self.events
            .iter()
            .filter_map(|(m, event)| match event {
                Event::Directory { state, .. } if *m == n => Some(*state),
                _ => None,
            })
            .collect()
    }
}

/// The sizes of the changes that node 0 is told: files added, files removed.
fn watch_changes(world: &mut World, act: impl FnOnce(&mut World)) -> Vec<(usize, usize)> {
    world.changes.clear();
    act(world);
    std::mem::take(&mut world.changes)
}
