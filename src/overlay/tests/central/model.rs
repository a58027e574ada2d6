//! Whatever happens to nodes and directories: what a directory holds is what its clients share.

use proptest::strategy::Strategy;

use super::*;

#[derive(Clone, Debug)]
enum Op {
    Add(usize, u8),
    Remove(usize, u8),
    Kill(usize),
    Start(usize),
    Break(usize),
    StopDirectory,
    StartDirectory,
    Wait(u16),
}

const CLIENTS: usize = 4;

fn op() -> impl Strategy<Value = Op> {
    let node = 1..=CLIENTS;
    prop_oneof![
        4 => (node.clone(), 0u8..30).prop_map(|(n, file)| Op::Add(n, file)),
        3 => (node.clone(), 0u8..30).prop_map(|(n, file)| Op::Remove(n, file)),
        1 => node.clone().prop_map(Op::Kill),
        1 => node.clone().prop_map(Op::Start),
        1 => node.prop_map(Op::Break),
        1 => Just(Op::StopDirectory),
        1 => Just(Op::StartDirectory),
        4 => (1u16..20_000).prop_map(Op::Wait),
    ]
}

fn apply(world: &mut World, op: Op) {
    match op {
        Op::Add(n, file) => {
            let name = format!("song {file}");
            if !world.shares[n].0.contains(&name) {
                world.shares[n].0.push(name);
            }
            changed(world, n);
        }
        Op::Remove(n, file) => {
            world.shares[n].0.retain(|name| *name != format!("song {file}"));
            changed(world, n);
        }
        Op::Kill(n) => world.kill(n),
        Op::Start(n) if world.dead.contains(&n) => {
            world.start(n, client());
            world.input(n, Input::Directories(vec![addr(0)]));
        }
        Op::Break(n) => break_link(world, n),
        Op::StopDirectory => world.kill(0),
        Op::StartDirectory if world.dead.contains(&0) => world.start(0, directory()),
        Op::Start(_) | Op::StartDirectory => {}
        Op::Wait(ms) => world.run(Duration::from_millis(ms.into())),
    }
}

fn changed(world: &mut World, n: usize) {
    if !world.dead.contains(&n) {
        world.input(n, Input::LibraryChanged);
    }
}

fn break_link(world: &mut World, n: usize) {
    let Some((ours, theirs)) = world.ends.iter().find(|((m, _), _)| *m == n).map(|(ours, theirs)| (*ours, *theirs))
    else {
        return;
    };
    for (n, link) in [ours, theirs] {
        world.ends.remove(&(n, link));
        world.post(n, Duration::from_millis(3), Input::LinkDown { link, why: "the connection broke".into() });
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn a_directory_ends_up_with_what_its_clients_share_and_nothing_else(ops in prop::collection::vec(op(), 1..40)) {
        let mut world = central(CLIENTS + 1, 1);
        // The same file twice is one file.
        world.share(1, &["song 1", "song 1"]);
        ops.into_iter().for_each(|op| apply(&mut world, op));
        apply(&mut world, Op::StartDirectory);
        // A wait grows up to 30 s, and a lease lasts a minute.
        world.run(Duration::from_secs(100));
        for n in 1..=CLIENTS {
            let alive = !world.dead.contains(&n);
            let mut wanted: Vec<u64> = world.shares[n].0.iter().filter(|_| alive).map(|name| tag(name)).collect();
            wanted.sort_unstable();
            wanted.dedup();
            if alive {
                let status = world.nodes[n].client_status().unwrap();
                prop_assert_eq!((status.state, status.files_registered), (DirectoryState::Registered, wanted.len() as u64));
            }
            prop_assert_eq!(world.registered(0, n), wanted, "node {}", n);
        }
        let alive = world.living().count() - 1;
        prop_assert_eq!(world.nodes[0].directory_status().unwrap().clients, alive);
        for node in &world.nodes {
            prop_assert_eq!(node.counters().misplaced + node.counters().inconsistent, 0);
        }
    }
}
