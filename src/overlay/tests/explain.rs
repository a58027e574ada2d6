//! Questions to a node about a search: what it tells, to whom, and what of an answer counts.

use super::*;

/// A world whose nodes 0 to 2 lie in a line, and node 3 apart; a search of node 0 with that TTL is over.
fn asked_after(ttl: u8) -> (World, Guid) {
    let mut world = world(4, &[(0, 1), (1, 2)], only_peers());
    let query = world.search(0, "song 2", ttl, Delivery::Direct);
    world.run(Duration::from_secs(2));
    (world, query)
}

fn ask(world: &mut World, whom: usize, query: Guid, text: &str, addr: Option<PeerAddr>) -> Guid {
    ask_for(world, Some(whom), query, text, addr, "")
}

fn ask_for(
    world: &mut World,
    whom: Option<usize>,
    query: Guid,
    text: &str,
    addr: Option<PeerAddr>,
    whois: &str,
) -> Guid {
    world.searches += 1;
    let guid = Guid(std::array::from_fn(|i| world.searches.to_be_bytes()[i % 8] ^ 0xa5));
    let timeout = Duration::from_secs(5);
    let ask = Ask { guid, node: whom.map(node_id), addr, query, text: text.into(), whois: whois.into(), timeout };
    world.input(0, Input::Command(Command::Ask(ask)));
    guid
}

fn outcome(world: &World, guid: Guid) -> Option<&Explained> {
    let mut outcomes = world.events.iter().filter_map(|(_, event)| match event {
        Event::Explained { guid: g, outcome } if *g == guid => Some(&**outcome),
        _ => None,
    });
    let first = outcomes.next();
    assert!(outcomes.next().is_none(), "a question is answered once");
    first
}

fn told(world: &World, guid: Guid) -> &Told {
    match outcome(world, guid) {
        Some(Explained::Account(Account { told: Ok(told), .. })) => told,
        other => panic!("{other:?}"),
    }
}

const SOON: Duration = Duration::from_secs(1);

#[test]
fn a_neighbor_and_a_stranger_tell_what_they_share_and_what_they_remember() {
    let (mut world, query) = asked_after(2);
    let neighbor = ask(&mut world, 1, query, "song 2", None);
    let farther = ask(&mut world, 2, query, "song 2", Some(addr(2)));
    let apart = ask(&mut world, 3, query, "song 3", Some(addr(3)));
    world.run(SOON);
    let one = told(&world, neighbor);
    assert_eq!((one.matches, one.neighbors, one.files, one.name.raw()), (0, 2, 1, "n1"));
    assert_eq!(one.passed, Some(PassedBy { hop: 1, ttl: 1, hits: 0, reported: true }));
    let two = told(&world, farther);
    assert_eq!((two.matches, two.passed), (1, Some(PassedBy { hop: 2, ttl: 0, hits: 1, reported: true })));
    let three = told(&world, apart);
    assert_eq!((three.matches, three.passed, three.neighbors), (1, None, 0));
}

#[test]
fn what_a_search_leaves_out_is_told_apart_from_what_is_not_there() {
    let (mut world, query) = asked_after(1);
    let near = ask(&mut world, 2, query, "song -2", Some(addr(2)));
    let none = ask(&mut world, 2, query, "opera", Some(addr(2)));
    world.run(SOON);
    assert_eq!((told(&world, near).matches, told(&world, near).near), (0, 1));
    assert_eq!((told(&world, none).matches, told(&world, none).near), (0, 0));
}

#[test]
fn a_leaf_tells_whether_its_filter_lets_the_search_through() {
    let role = |role| Config { topology: TopologyKind::Ultrapeer, role, ..only_peers() };
    let mut world = World::new(3, role(RoleChoice::Leaf));
    world.start(1, role(RoleChoice::Ultrapeer));
    world.shares[2].0.push("song 2".to_owned());
    for leaf in [0, 2] {
        world.link(leaf, 1);
    }
    world.run(Duration::from_secs(30));
    let (query, at) = (Guid([9; 16]), Some(addr(2)));
    let blocked = ask(&mut world, 2, query, "opera", at);
    let through = ask(&mut world, 2, query, "song", at);
    // Who the asker never heard of, its ultra-peer knows.
    let introduced = ask_for(&mut world, Some(1), query, "opera", None, "N2");
    world.run(SOON);
    assert_eq!((told(&world, blocked).role, told(&world, blocked).let_through), (Role::Leaf, Some(false)));
    assert_eq!(told(&world, through).let_through, Some(true));
    let known = Acquaintance { node: node_id(2), name: "n2".into(), addr: Some(addr(2)) };
    assert_eq!(told(&world, introduced).knows, Some(known));
}

#[test]
fn every_question_ends() {
    let (mut world, query) = asked_after(1);
    let nowhere = ask(&mut world, 3, query, "song", None);
    assert!(matches!(outcome(&world, nowhere), Some(Explained::NotAsked(_))), "no address of it is known");
    world.dead.insert(3);
    let silent = ask(&mut world, 3, query, "song", Some(addr(3)));
    world.run(Duration::from_secs(10));
    assert_eq!(outcome(&world, silent), Some(&Explained::Silent));
    world.direct_works = false;
    let unreachable = ask(&mut world, 3, query, "song", Some(addr(3)));
    world.run(SOON);
    assert!(matches!(outcome(&world, unreachable), Some(Explained::Unreachable(why)) if why.contains("nobody")));
    let many: Vec<Guid> = (0..100).map(|_| ask(&mut world, 3, query, "song", Some(addr(3)))).collect();
    world.input(0, Input::Command(Command::Leave));
    assert!(many.iter().all(|guid| outcome(&world, *guid).is_some()), "also when there are too many, and at the end");
}

#[test]
fn strangers_from_outside_are_told_nothing_and_nobody_may_ask_for_ever() {
    let (mut world, query) = asked_after(1);
    let public = PeerAddr(SocketAddr::from(([198, 51, 100, 7], 1)));
    let question = |n: u8, reply_to| {
        let guid = Guid([n; 16]);
        let question = Question { guid, reply_to, query, text: "song".into(), whois: Box::default() };
        Message::Explain(Box::new(ExplainMessage::Question(question)))
    };
    let sent_to = |world: &mut World, message| {
        let mut out = Vec::new();
        let (config, library) = (&world.config, &world.shares[2]);
        let mut cx = Context { now: world.now, config, library, registry: None, out: &mut out };
        world.nodes[2].handle(Input::Direct { from: node_id(9), message }, &mut cx);
        out
    };
    let refusal = sent_to(&mut world, question(1, Some(public)));
    let [Output::Direct { to, message: Message::Explain(account) }] = &refusal[..] else { panic!("{refusal:?}") };
    assert_eq!(*to, public);
    assert!(matches!(&**account, ExplainMessage::Account(Account { told: Err(Unwilling::Outsider), .. })));
    let answers = (0..200).filter(|n| {
        let out = sent_to(&mut world, question(*n, Some(addr(5))));
        matches!(&out[..], [Output::Direct { message: Message::Explain(account), .. }]
            if matches!(&**account, ExplainMessage::Account(Account { told: Ok(_), .. })))
    });
    assert_eq!(answers.count(), 20, "at once");
    assert!(sent_to(&mut world, question(1, None)).is_empty(), "there is no way back");
    assert!(world.nodes[2].counters().limited >= 180);
}

#[test]
fn an_account_counts_only_from_whom_was_asked_and_if_it_can_be_true() {
    let (mut world, query) = asked_after(1);
    world.dead.insert(3);
    let asked = ask(&mut world, 3, query, "song", Some(addr(3)));
    let honest = Told { files: 5, matches: 1, ..Told::default() };
    let account = |guid, from: usize, node: usize, told: &Told| Input::Direct {
        from: node_id(from),
        message: Message::Explain(Box::new(ExplainMessage::Account(Account {
            guid,
            node: node_id(node),
            told: Ok(told.clone()),
        }))),
    };
    let lies = [
        Told { matches: 65, files: 100, ..Told::default() },
        Told { matches: 6, ..honest.clone() },
        Told { near: 1, ..honest.clone() },
        Told { neighbors: u16::MAX, ..honest.clone() },
        Told { passed: Some(PassedBy { hop: 0, ttl: 1, hits: 0, reported: true }), ..honest.clone() },
        Told { passed: Some(PassedBy { hop: 200, ttl: 100, hits: 0, reported: true }), ..honest.clone() },
        Told { passed: Some(PassedBy { hop: 1, ttl: 1, hits: 200, reported: true }), ..honest.clone() },
    ];
    let before = world.nodes[0].counters();
    lies.iter().for_each(|lie| world.input(0, account(asked, 3, 3, lie)));
    world.input(0, account(asked, 2, 2, &honest));
    world.input(0, account(asked, 2, 3, &honest));
    world.input(0, account(Guid([77; 16]), 3, 3, &honest));
    assert_eq!(outcome(&world, asked), None);
    let after = world.nodes[0].counters();
    let (strange, unknown) = (after.inconsistent - before.inconsistent, after.unroutable - before.unroutable);
    assert_eq!((strange, unknown), (lies.len() as u64 + 2, 1));
    world.input(0, account(asked, 3, 3, &honest));
    assert_eq!(told(&world, asked), &honest);
    // Whoever answers at an address tells who it is.
    let stranger = ask_for(&mut world, None, query, "song", Some(addr(3)), "");
    world.input(0, account(stranger, 8, 8, &honest));
    assert!(matches!(outcome(&world, stranger), Some(Explained::Account(known)) if known.node == node_id(8)));
}
