//! "Why did I not find it?": at which node, and what came of it.

use super::*;
use crate::app::{Verdict, Why, WhyRequest};

fn answer(verdict: Verdict) -> Why {
    Why {
        verdict,
        sentence: "kestrel shares nothing that matches".into(),
        node: None,
        name: "kestrel".into(),
        addr: None,
        needs_ttl: None,
        evidence: Vec::new(),
    }
}

/// Names the node, and returns what is asked.
fn asked(model: &mut Model, keys: &str) -> WhyRequest {
    match &press(model, keys)[..] {
        [Effect::Why(request)] => request.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn it_asks_about_the_search_that_is_looked_at() {
    let mut model = model();
    press(&mut model, "2");
    let request = asked(&mut model, "w kestrel enter");
    let search = model.search().unwrap();
    assert_eq!((request.text.as_str(), request.at.as_str()), (search.row.text.raw(), "kestrel"));
    assert_eq!(request.ttl, Some(search.row.ttl));
    let is_over = search.ended.is_some() && search.row.age_ms < 240_000;
    assert_eq!(request.search.is_some(), is_over, "one that runs, or is forgotten, is sent once more");
    assert!(matches!(&model.overlay, Some(Overlay::Why { answer: None, .. })), "it is awaited in view");
    let result = Ok(answer(Verdict::NotShared));
    at(&mut model, 0, Message::Answer(Answer::Why(request, result)));
    let Some(Overlay::Why { answer: Some(why), .. }) = &model.overlay else { panic!("{:?}", model.overlay) };
    assert_eq!(why.verdict, Verdict::NotShared);
    press(&mut model, "down esc");
    assert!(model.overlay.is_none());
}

#[test]
fn nodes_are_offered_and_what_was_typed_comes_back() {
    let mut model = model();
    press(&mut model, "2 w x");
    let nodes = offered(&model);
    let shown = |model: &Model| match &model.overlay {
        Some(Overlay::Prompt(prompt)) => prompt.line.text().to_owned(),
        other => panic!("{other:?}"),
    };
    assert!(nodes.len() > 2, "{nodes:?}");
    press(&mut model, "down down");
    assert_eq!(shown(&model), nodes[1]);
    press(&mut model, "up up up");
    assert_eq!(shown(&model), "x");
    press(&mut model, "esc");
    // The node under the cursor is the one that is meant.
    press(&mut model, "1 g n w");
    let row = model.snapshot.neighbors.iter().find(|row| row.node.is_some()).unwrap();
    assert!(!shown(&model).is_empty(), "{:?}", row.name);
}

#[test]
fn who_closed_it_is_told_in_a_sentence_and_a_refusal_is_told() {
    let mut model = model();
    let request = asked(&mut model, "2 w kestrel enter esc");
    at(&mut model, 0, Message::Answer(Answer::Why(request.clone(), Ok(answer(Verdict::Gone)))));
    assert_eq!(model.toast.as_ref().unwrap().text, "kestrel shares nothing that matches");
    assert!(model.overlay.is_none());
    let request = asked(&mut model, "w kestrel enter");
    let refusal = Refusal::new("several_nodes", "2 nodes could be meant", "name one by its id");
    at(&mut model, 0, Message::Answer(Answer::Why(request, Err(refusal))));
    assert!(model.overlay.is_none() && model.toast.as_ref().unwrap().tone == Tone::Bad);
}

#[test]
fn without_a_search_or_a_node_there_is_nothing_to_ask() {
    let mut model = model_of(Fixture::new(Shape::EMPTY, 7).snapshot());
    assert!(press(&mut model, "w").is_empty());
    assert!(model.overlay.is_none() && model.toast.as_ref().unwrap().text.contains("No search of yours"));
    let mut model = super::recorded::recording(None);
    press(&mut model, "2 w");
    assert!(model.overlay.is_none() && model.toast.as_ref().unwrap().text.contains("recording"));
}
