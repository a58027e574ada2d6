//! Changing topologies, proposing them, and what is said of both.

use super::*;
use crate::app::{DirectoryState, Event, NodeId, TopologyKind};
use crate::tui::action::Action;
use crate::tui::fixture::Scene;
use crate::tui::model::Toast;

fn changed(model: &mut Model, topology: TopologyKind, before: TopologyKind, proposed: bool) -> Toast {
    at(model, 0, Message::Answer(Answer::Topology { topology, before, proposed, result: Ok(()) }));
    model.toast.clone().unwrap()
}

#[test]
fn a_key_changes_the_topology_at_once_and_tells_the_way_back() {
    use TopologyKind::{Central, Flood, Ultrapeer};
    let mut model = model();
    let wanted = |topology, before| [Effect::Topology { topology, before, propose: false }];
    assert_eq!(press(&mut model, "t"), wanted(Ultrapeer, Flood));
    assert_eq!(press(&mut model, "t"), wanted(Central, Ultrapeer), "the answer need not be waited for");
    let toast = changed(&mut model, Central, Ultrapeer, false);
    assert_eq!(toast.text, "Now in central: one directory answers all searches");
    assert_eq!(toast.hint, "press t twice to go back to ultrapeer");
    assert_eq!(changed(&mut model, Central, Flood, false).hint, "press t to go back to flood");
    assert_eq!(carry_out(&mut model, Action::Topology(Central)), wanted(Central, Flood), "by its name");
    model.changing = None;
    assert!(carry_out(&mut model, Action::Topology(Flood)).is_empty());
    assert_eq!(model.toast.as_ref().unwrap().text, "This node is in flood already");
}

#[test]
fn a_proposal_is_asked_about_because_others_follow_it() {
    use TopologyKind::{Central, Flood, Ultrapeer};
    let mut model = model();
    assert!(press(&mut model, "T esc").is_empty());
    assert!(model.overlay.is_none() && model.changing.is_none());
    let proposed = |topology| [Effect::Topology { topology, before: Flood, propose: true }];
    assert_eq!(press(&mut model, "T enter"), proposed(Ultrapeer), "by itself the next one");
    model.changing = None;
    assert_eq!(press(&mut model, "T up y"), proposed(Flood), "or the one that it is in");
    model.changing = None;
    assert!(carry_out(&mut model, Action::Propose(Central)).is_empty(), "by its name too only after a question");
    assert_eq!(press(&mut model, "enter"), proposed(Central));
    assert!(changed(&mut model, Central, Flood, true).text.starts_with("Proposed central to the overlay"));
    let refusal = Refusal::new("proposal", "too many proposals", "wait half a minute");
    let answer = Answer::Topology { topology: Central, before: Flood, proposed: true, result: Err(refusal) };
    at(&mut model, 0, Message::Answer(answer));
    let toast = model.toast.as_ref().unwrap();
    assert_eq!((toast.tone, toast.hint.as_str()), (Tone::Bad, "wait half a minute"));
}

#[test]
fn what_the_node_tells_of_topologies_is_said() {
    let mut model = model();
    let mut said = |event: Event| {
        assert!(is_said(&event));
        model.toast = None;
        at(&mut model, 0, Message::Told(Box::new(event)));
        model.toast.clone().map(|toast| (toast.tone, toast.text, toast.hint)).unwrap_or((
            Tone::Plain,
            "".into(),
            "".into(),
        ))
    };
    let (topology, why) = (TopologyKind::Ultrapeer, "its score\x1b[2J is enough".to_owned());
    let (_, text, hint) = said(Event::Topology { topology, role: crate::app::Role::Ultrapeer, why });
    assert_eq!((text.as_str(), hint.as_str()), ("Now an ultra-peer in ultrapeer", "its score␛[2J is enough"));
    let event = Event::Proposal { node: NodeId([3; 32]), topology, followed: false, why: "no".into() };
    assert!(said(event).1.ends_with("proposes ultrapeer: this node stays in flood"));
    let lost = |state| Event::Directory { state, addr: None, why: "connection refused: trying again".into() };
    let (tone, text, hint) = said(lost(DirectoryState::Unreachable));
    assert_eq!((tone, text.as_str()), (Tone::Bad, "No directory answers: searches find nothing"));
    assert_eq!(hint, "connection refused: trying again");
    assert_eq!(said(lost(DirectoryState::None)).1, "", "who floods needs none");
}

#[test]
fn who_is_cut_off_says_so_on_every_screen_and_counts_down() {
    let mut model = model_of(Scene::Lost.snapshot());
    model.screen = 6;
    assert!(model.plan().warning.is_some());
    assert!(next_tick(&model).is_some_and(|tick| tick <= Duration::from_secs(1)));
    let model = model_of(Scene::Client.snapshot());
    assert!(model.plan().warning.is_none());
}
