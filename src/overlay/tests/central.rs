//! Central lookup: directories, their clients, and what becomes of both when things break.

use super::*;
use crate::proto::limits::{
    LEASE, MAX_FILES_A_CHANGE, MAX_FILES_A_NODE, MAX_HITS_A_MESSAGE, MAX_TAGS_A_MESSAGE, REGISTER_BUCKETS,
};

mod garbage;
mod hostile;
mod model;

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

#[test]
fn what_is_shared_is_found_with_one_request_and_one_answer() {
    let mut world = central(10, 1);
    world.run(Duration::from_secs(2));
    for n in 1..10 {
        assert_eq!(world.state(n), DirectoryState::Registered, "{:?}", world.nodes[n].client_status());
        assert_eq!(world.nodes[n].client_status().unwrap().reachable, Some(true));
        assert_eq!(world.nodes[n].links().len(), 1, "it is linked to its directory only");
    }
    let before = world.sent;
    let guid = world.search(3, "song", 7, Delivery::Direct);
    world.run(Duration::from_millis(100));
    let (cost, why) = world.done(guid);
    assert_eq!((cost.reached, cost.messages, cost.duplicates, cost.hits), (1, 1, 0, 8));
    assert_eq!((why, world.sent - before), (DoneWhy::Complete, 2));
    assert!(cost.bytes > 0);
    assert!(world.found(guid).iter().all(|(_, hops, via)| (*hops, *via) == (1, Delivery::Directory)));
    assert_eq!(world.nodes[0].directory_status().unwrap().clients, 9);
    assert_eq!(world.nodes[0].counters().dropped(), 0);
    assert!(world.nodes.iter().all(|node| node.counters().dropped() == 0));
}

/// What was told of the hops of a search.
fn hops(world: &World, guid: Guid) -> Vec<(NodeId, Option<Role>, Hop)> {
    let told = world.events.iter().filter_map(|(_, event)| match event {
        Event::Hop { guid: g, node, role, hop, .. } if *g == guid => Some((*node, *role, *hop)),
        _ => None,
    });
    told.collect()
}

#[test]
fn a_look_up_has_one_hop_to_the_directory_as_its_answer_tells() {
    let mut world = central(4, 1);
    world.run(Duration::from_secs(2));
    let sent = |world: &World| world.sent_by.values().sum::<u64>();
    let before = sent(&world);
    let (found, missed) =
        (world.search(1, "song 2", 7, Delivery::Direct), world.search(1, "none", 7, Delivery::Direct));
    world.run(Duration::from_secs(1));
    assert_eq!(sent(&world) - before, 4, "two requests and two answers: no report travels");
    let hop =
        Hop { from: node_id(1), hop: 1, ttl: 0, action: Action::Answered, hits: 1, sent: 0, leaves: 0, filtered: 0 };
    assert_eq!(hops(&world, found), [(node_id(0), Some(Role::Directory), hop)]);
    let hop = Hop { action: Action::Expired, hits: 0, ..hop };
    assert_eq!(hops(&world, missed), [(node_id(0), Some(Role::Directory), hop)]);
    // Its own directory is no hop away, and one that says nothing told nothing.
    let own = world.search(0, "song", 7, Delivery::Direct);
    world.kill(0);
    let dead = world.search(1, "song", 7, Delivery::Direct);
    world.run(Duration::from_secs(10));
    assert_eq!([hops(&world, own), hops(&world, dead)], [[], []]);
}

#[test]
fn a_directory_looks_up_in_itself_and_answers_with_its_own_files() {
    let mut world = central(4, 1);
    world.shares[0].0 = (0..70).map(|n| format!("own song {n}")).collect();
    world.run(Duration::from_secs(2));
    assert_eq!(world.nodes[0].role(), Role::Directory);
    let guid = world.search(0, "song", 7, Delivery::Direct);
    assert_eq!(world.done(guid), (world.done(guid).0, DoneWhy::Complete));
    assert_eq!((world.found(guid).len(), world.done(guid).0.messages), (3, 0));
    let guid = world.search(1, "song", 7, Delivery::Direct);
    world.run(Duration::from_secs(1));
    let found = world.found(guid);
    let own = found.iter().filter(|(node, ..)| *node == node_id(0)).count();
    assert_eq!((own, found.len()), (64, 66), "as many as one node names, and the songs of the other two");
    assert_eq!(world.done(guid).1, DoneWhy::Complete);
}

#[test]
fn a_directory_that_searches_takes_one_page_of_its_own_at_a_time() {
    let mut world = central(3, 1);
    world.shares[1].0 = (0..500).map(|i| format!("song {i}")).collect();
    world.run(Duration::from_secs(2));
    let guids = [world.search(0, "song", 7, Delivery::Direct), world.search(0, "song", 7, Delivery::Direct)];
    let found = |world: &World| guids.map(|guid| world.found_names(guid).len());
    assert_eq!(found(&world), [MAX_HITS_A_MESSAGE; 2]);
    for _ in 0..10 {
        let before: usize = found(&world).iter().sum();
        world.now = world.now + Duration::from_millis(5);
        world.input(0, Input::Wake);
        assert!(found(&world).iter().sum::<usize>() <= before + MAX_HITS_A_MESSAGE);
        let [one, two] = found(&world);
        assert!(one.abs_diff(two) <= MAX_HITS_A_MESSAGE, "they take turns");
    }
    world.run(Duration::from_secs(1));
    assert_eq!(found(&world), [501; 2]);
    assert!(guids.iter().all(|guid| world.done(*guid).1 == DoneWhy::Complete));
}

#[test]
fn pages_have_everything_once() {
    let mut world = central(4, 1);
    for n in 1..3 {
        world.shares[n].0 = (0..250).map(|i| format!("song {n} {i}")).collect();
    }
    world.run(Duration::from_secs(2));
    let guid = world.search(3, "song", 7, Delivery::Direct);
    world.run(Duration::from_secs(1));
    let mut names = world.found_names(guid);
    assert_eq!(names.len(), 500);
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 500, "nothing twice");
    let (cost, why) = world.done(guid);
    assert_eq!((cost.messages, why), (500_u64.div_ceil(MAX_HITS_A_MESSAGE as u64), DoneWhy::Complete));
}

#[test]
fn enough_ends_a_look_up_and_cancelling_does_too() {
    let mut world = central(3, 1);
    world.shares[1].0 = (0..250).map(|i| format!("song {i}")).collect();
    world.run(Duration::from_secs(2));
    let body = Arc::new(QueryBody::new("song", None, Delivery::Direct, false));
    let spec = |guid| SearchSpec {
        guid,
        body: body.clone(),
        ttl: 7,
        strategy: Strategy::Flood,
        timeout: Duration::from_secs(5),
        enough: 40,
    };
    world.input(2, Input::Command(Command::Search(spec(Guid([1; 16])))));
    world.input(2, Input::Command(Command::Search(spec(Guid([2; 16])))));
    world.input(2, Input::Command(Command::Cancel(Guid([2; 16]))));
    world.run(Duration::from_secs(1));
    assert_eq!(world.done(Guid([1; 16])).1, DoneWhy::Enough);
    assert_eq!(world.done(Guid([1; 16])).0.messages, 2);
    assert_eq!(world.done(Guid([2; 16])).1, DoneWhy::Cancelled);
    assert_eq!(world.nodes[2].counters().unroutable, 1, "the answer that nobody waits for");
}

#[test]
fn one_more_file_among_many_costs_one_file() {
    let mut world = central(2, 1);
    world.shares[1].0 = (0..10_000).map(|n| format!("song {n}")).collect();
    world.run(Duration::from_secs(60));
    assert_eq!(world.state(1), DirectoryState::Registered);
    let changes = watch_changes(&mut world, |world| {
        world.shares[1].0.push("one more".into());
        world.input(1, Input::LibraryChanged);
        world.input(1, Input::LibraryChanged);
        world.run(Duration::from_secs(2));
    });
    assert_eq!(changes, [(1, 0)]);
    assert_eq!(world.registered(0, 1).len(), 10_001);
    let changes = watch_changes(&mut world, |world| {
        world.shares[1].0.retain(|name| name != "song 77");
        world.input(1, Input::LibraryChanged);
        world.run(Duration::from_secs(60));
    });
    assert_eq!(changes, [(0, 1)]);
    // The same after the client starts again: it compares, and tells nothing but what differs.
    let changes = watch_changes(&mut world, |world| {
        world.kill(1);
        world.run(Duration::from_secs(1));
        world.start(1, client());
        world.shares[1].0.push("and another".into());
        world.input(1, Input::Directories(vec![addr(0)]));
        world.run(Duration::from_secs(5));
    });
    assert_eq!(changes, [(1, 0)]);
    assert_eq!(world.state(1), DirectoryState::Registered);
    assert_eq!(world.registered(0, 1).len(), 10_001);
}

/// The sizes of the changes that node 0 is told: files added, files removed.
fn watch_changes(world: &mut World, act: impl FnOnce(&mut World)) -> Vec<(usize, usize)> {
    world.changes.clear();
    act(world);
    std::mem::take(&mut world.changes)
}

#[test]
fn many_files_are_told_at_the_pace_of_the_directory_and_all_arrive() {
    let mut world = central(2, 1);
    world.shares[1].0 = (0..60_000).map(|n| format!("song {n}")).collect();
    world.run(Duration::from_secs(2));
    assert_eq!(world.state(1), DirectoryState::Registering, "the burst is used up");
    world.run(Duration::from_secs(30));
    assert_eq!(world.state(1), DirectoryState::Registered);
    assert_eq!(world.registered(0, 1).len(), 60_000);
    assert_eq!((world.nodes[0].counters().dropped(), world.nodes[1].counters().dropped()), (0, 0));
}

#[test]
fn a_long_comparison_goes_on_page_by_page() {
    let mut world = central(2, 1);
    world.shares[1].0 = (0..45_000).map(|n| format!("song {n}")).collect();
    world.run(Duration::from_secs(5));
    assert_eq!(world.state(1), DirectoryState::Registered);
    world.kill(1);
    // Some in almost every part.
    world.shares[1].0.retain(|name| !name.ends_with("77"));
    world.run(Duration::from_secs(1));
    world.start(1, client());
    world.input(1, Input::Directories(vec![addr(0)]));
    let mut told = Vec::new();
    let changes = watch_changes(&mut world, |world| {
        for _ in 0..100 {
            let on_the_way = world.on_the_way.values().filter(|(to, input)| {
                let known = |message: &CentralMessage| matches!(message, CentralMessage::Known(_));
                let is_known = |message: &Message| matches!(message, Message::Central(message) if known(message));
                *to == 1 && matches!(input, Input::Message { message, .. } if is_known(message))
            });
            told.push(on_the_way.count());
            world.run(Duration::from_millis(50));
        }
    });
    assert!(told.iter().all(|count| *count <= 1), "a slow line would be overrun");
    assert_eq!(changes, [(0, 450)]);
    assert_eq!((world.state(1), world.registered(0, 1).len()), (DirectoryState::Registered, 44_550));
}

#[test]
fn the_operator_of_a_directory_can_send_a_client_away() {
    let mut world = central(3, 1);
    world.run(Duration::from_secs(2));
    world.input(0, Input::Command(Command::Disconnect(node_id(1))));
    assert!(world.registered(0, 1).is_empty());
    assert_eq!(world.nodes[0].clients().count(), 1);
}

#[test]
fn the_directory_killed_is_noticed_at_once_and_searches_fail_at_once() {
    let mut world = central(3, 1);
    world.run(Duration::from_secs(2));
    world.kill(0);
    world.run(Duration::from_millis(4));
    assert_eq!(world.state(1), DirectoryState::Unreachable);
    let status = world.nodes[1].client_status().unwrap();
    assert!(status.why.contains("--directory") && status.next_try.is_some(), "{status:?}");
    let guid = world.search(1, "song", 7, Delivery::Direct);
    let (cost, why) = world.done(guid);
    assert_eq!((why, cost), (DoneWhy::NoDirectory, SearchCost::default()));
    world.run(Duration::from_secs(300));
    assert_eq!(world.state(1), DirectoryState::Unreachable);
    let tries = world.states(1).len();
    assert!(tries < 8, "trying again is no news: {:?}", world.states(1));
    world.start(0, directory());
    world.run(Duration::from_secs(35));
    assert_eq!((world.state(1), world.state(2)), (DirectoryState::Registered, DirectoryState::Registered));
}

#[test]
fn a_look_up_under_way_ends_when_the_directory_is_lost() {
    let mut world = central(3, 1);
    world.run(Duration::from_secs(2));
    let guid = world.search(1, "song", 7, Delivery::Direct);
    world.kill(0);
    world.run(Duration::from_millis(10));
    assert_eq!(world.done(guid).1, DoneWhy::NoDirectory);
}

#[test]
fn the_next_directory_takes_over_at_once() {
    let mut world = central(12, 3);
    world.run(Duration::from_secs(2));
    let mut homes: Vec<_> = (3..12).filter_map(|n| world.directory_of(n)).collect();
    homes.sort_unstable();
    homes.dedup();
    assert!(homes.len() > 1, "clients spread over the directories");
    let gone = world.directory_of(5).unwrap();
    world.kill(gone);
    world.run(Duration::from_millis(500));
    for n in 3..12 {
        assert_eq!(world.state(n), DirectoryState::Registered);
        assert_ne!(world.directory_of(n), Some(gone));
    }
    assert!(!world.states(5).contains(&DirectoryState::Unreachable));
}

#[test]
fn who_says_goodbye_is_forgotten_at_once_and_who_does_not_after_a_moment() {
    let mut world = central(4, 1);
    world.run(Duration::from_secs(2));
    world.input(1, Input::Command(Command::Leave));
    world.input(2, Input::Command(Command::Change(TopologyKind::Flood)));
    world.run(Duration::from_millis(20));
    assert!(world.registered(0, 1).is_empty() && world.registered(0, 2).is_empty());
    world.kill(3);
    world.run(Duration::from_secs(5));
    assert_eq!(world.registered(0, 3), [tag("song 3")], "it may be back");
    world.run(Duration::from_secs(6));
    assert!(world.registered(0, 3).is_empty());
}

#[test]
fn a_silent_node_is_gone_with_its_lease() {
    let mut world = central(3, 1);
    world.run(Duration::from_secs(2));
    // The link dies, and nobody is told.
    world.ends.clear();
    world.dead.insert(2);
    world.run(LEASE - Duration::from_secs(5));
    assert_eq!(world.registered(0, 2), [tag("song 2")]);
    world.run(Duration::from_secs(6));
    assert!(world.registered(0, 2).is_empty());
    assert_eq!(world.registered(0, 1), [tag("song 1")], "and the other found its way back");
}

#[test]
fn a_directory_that_starts_again_knows_what_it_knew_minus_what_ran_out() {
    let mut world = central(6, 1);
    world.run(Duration::from_secs(2));
    world.kill(0);
    world.kill(5);
    world.run(Duration::from_secs(1));
    world.start(0, directory());
    let changes = watch_changes(&mut world, |world| world.run(Duration::from_secs(20)));
    assert!(changes.is_empty(), "nothing had to be told again");
    for n in 1..5 {
        assert_eq!(world.state(n), DirectoryState::Registered);
        assert_eq!(world.registered(0, n), [tag(&format!("song {n}"))]);
    }
    assert_eq!(world.registered(0, 5).len(), 1);
    world.run(LEASE);
    assert!(world.registered(0, 5).is_empty(), "who did not come back");
    // Without what it kept, it is complete again as soon.
    world.kill(0);
    world.registries.clear();
    world.run(Duration::from_secs(1));
    world.start(0, directory());
    world.run(Duration::from_secs(10));
    assert!((1..5).all(|n| world.registered(0, n).len() == 1));
}

#[test]
fn an_address_counts_once_the_node_was_reached_there() {
    let mut world = central(4, 1);
    world.hidden.insert(2);
    world.run(Duration::from_secs(2));
    let status = world.nodes[2].client_status().unwrap();
    assert_eq!((status.state, status.reachable), (DirectoryState::Registered, Some(false)));
    assert!(status.why.contains("reach"), "{}", status.why);
    let addr_of = |world: &World, n: usize| {
        world.registries[&0].each().find(|(node, ..)| *node == node_id(n)).and_then(|(_, addr, _)| addr)
    };
    assert_eq!((addr_of(&world, 1), addr_of(&world, 2)), (Some(addr(1)), None));
    let guid = world.search(3, "song 2", 7, Delivery::Direct);
    world.run(Duration::from_secs(1));
    assert_eq!(world.found(guid).len(), 1, "it is found, and marked");
    world.hidden.remove(&2);
    world.run(Duration::from_secs(301));
    assert_eq!(addr_of(&world, 2), Some(addr(2)));
    assert_eq!(world.nodes[2].client_status().unwrap().reachable, Some(true));
}

#[test]
fn a_node_that_knows_no_directory_says_so_and_hears_of_one() {
    let mut world = central(3, 1);
    world.start(2, client());
    world.run(Duration::from_secs(1));
    let status = world.nodes[2].client_status().unwrap();
    assert_eq!(status.state, DirectoryState::None);
    assert!(status.why.contains("--directory"), "{}", status.why);
    let guid = world.search(2, "song", 7, Delivery::Direct);
    assert_eq!(world.done(guid).1, DoneWhy::NoDirectory);
    world.input(2, Input::Directories(vec![addr(0)]));
    world.run(Duration::from_secs(1));
    assert_eq!(world.state(2), DirectoryState::Registered);
}

#[test]
fn a_directory_is_remembered_from_an_overlay_where_it_is_a_neighbor() {
    let mut world = World::new(3, Config::default());
    world.start(0, Config { serve_directory: true, ..Config::default() });
    world.shares[1].0.push("song 1".into());
    world.link(1, 0);
    world.link(2, 0);
    world.run(Duration::from_secs(1));
    world.input(1, Input::Command(Command::Change(TopologyKind::Central)));
    world.run(Duration::from_secs(3));
    assert_eq!((world.nodes[1].role(), world.state(1)), (Role::Client, DirectoryState::Registered));
    assert_eq!(world.nodes[0].role(), Role::Peer, "it plays its role among the others besides");
    assert_eq!(world.registered(0, 1), [tag("song 1")]);
    world.input(1, Input::Command(Command::Change(TopologyKind::Flood)));
    world.run(Duration::from_secs(3));
    assert!(world.registered(0, 1).is_empty() && world.nodes[1].client_status().is_none());
    assert!(!world.nodes[1].links().is_empty(), "it is back where it was");
}

#[test]
fn a_directory_that_is_full_says_so_and_takes_what_it_can() {
    let mut world = central(3, 1);
    world.registries.insert(0, MemoryRegistry::with_limits(10, 10));
    world.shares[1].0 = (0..30).map(|n| format!("song {n}")).collect();
    world.shares[2].0.clear();
    world.run(Duration::from_secs(5));
    let status = world.nodes[1].client_status().unwrap();
    assert_eq!((status.state, status.files_registered), (DirectoryState::Registered, 10));
    assert!(status.why.contains("10 of 30"), "{}", status.why);
    let before = world.sent;
    world.run(Duration::from_secs(120));
    assert!(world.sent - before < 200, "it does not offer them again and again");
    world.registries.insert(0, MemoryRegistry::with_limits(1, 10));
    world.kill(0);
    world.run(Duration::from_secs(1));
    world.start(0, directory());
    world.run(Duration::from_secs(60));
    let refused = (1..3).filter(|n| world.state(*n) == DirectoryState::Unreachable).collect::<Vec<_>>();
    assert_eq!(refused.len(), 1);
    assert!(world.nodes[refused[0]].client_status().unwrap().why.contains("no room"));
}

#[test]
fn a_flood_finds_exactly_what_a_directory_finds() {
    let texts = ["song", "song -1", "\"song 3\"", "so*", "ext:mp3", "nothing"];
    let names = |n: usize| vec![format!("song {n}"), format!("song {}.mp3", n % 3), "jazz".to_owned()];
    let search_all = |world: &mut World, n: usize| -> Vec<Vec<(NodeId, u64)>> {
        let mut all = Vec::new();
        for text in texts {
            let guid = world.search(n, text, 7, Delivery::Direct);
            world.run(Duration::from_secs(8));
            let mut found: Vec<_> = world
                .events
                .iter()
                .flat_map(|(_, event)| match event {
                    Event::Hit { guid: g, node, files, .. } if *g == guid => {
                        files.iter().map(|file| (*node, tag(file.name.raw()))).collect()
                    }
                    _ => Vec::new(),
                })
                .collect();
            found.sort_unstable();
            all.push(found);
        }
        all
    };
    let count = 12;
    let mut flood = world(count, &random_edges(count, 8, &mut Rng::new(3)), only_peers());
    (0..count).for_each(|n| flood.shares[n].0 = names(n));
    let mut world = central(count, 1);
    (0..count).for_each(|n| world.shares[n].0 = names(n));
    world.run(Duration::from_secs(2));
    assert_eq!(search_all(&mut world, 4), search_all(&mut flood, 4));
}
