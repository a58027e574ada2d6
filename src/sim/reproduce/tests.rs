//! Every figure holds, with a few sources and small graphs; names, seeds and listeners do what they promise.

use super::*;

/// The rows of a study with as little work as shows the law.
fn rows(study: &Study, seed: u64) -> Vec<Row> {
    let mut rows = Vec::new();
    let ended = study.run(seed, Effort::Little, &mut |told| {
        if let Told::Row(row) = told {
            rows.push(row.clone());
        }
        true
    });
    assert_eq!(ended, Ok(()), "{}", study.name);
    rows
}

fn holds(name: &str) {
    let study = study(name).unwrap();
    let rows = rows(study, 1);
    assert!(rows.len() >= 3, "{name}");
    for row in rows {
        assert_ne!(row.verdict(), Verdict::Broken, "{name}: {row:#?}");
        assert!(row.verdict() != Verdict::Differs || row.why.is_some(), "{name}: no reason for {row:#?}");
    }
}

#[test]
fn trees_are_as_ritter_has_them() {
    holds("ritter");
}

#[test]
fn closed_forms_hold() {
    holds("exact");
}

#[test]
fn random_regular_graphs_are_as_measured_and_as_the_mean_field() {
    holds("regular");
    holds("million");
}

#[test]
fn floods_on_the_graphs_of_lv_are_as_measured() {
    holds("lv");
}

#[test]
fn walkers_cost_what_was_measured() {
    holds("walkers");
}

#[test]
fn uneven_delays_short_circuit_a_flood() {
    holds("short-circuit");
}

#[test]
fn square_root_replication_gains_what_cohen_and_shenker_say() {
    holds("replication");
}

#[test]
fn super_peers_bear_what_yang_and_garcia_molina_say() {
    holds("super-peers");
}

#[test]
fn one_walker_goes_as_far_as_in_gia() {
    holds("gia");
}

#[test]
fn other_ways_than_flooding_cost_what_they_should() {
    holds("alternatives");
}

#[test]
fn the_same_seed_gives_the_same_figures_and_another_seed_others() {
    let study = study("gia").unwrap();
    assert_eq!(rows(study, 7), rows(study, 7));
    assert_ne!(rows(study, 7), rows(study, 8));
}

#[test]
fn a_listener_that_had_enough_ends_the_study() {
    let mut heard = 0;
    let ended = study("exact").unwrap().run(1, Effort::Little, &mut |_| {
        heard += 1;
        heard < 3
    });
    assert_eq!((ended, heard), (Err(Stop::Enough), 3));
}

#[test]
fn a_row_is_judged_by_its_tolerance() {
    let verdict = |row: Row| row.verdict();
    assert_eq!(verdict(Row::core("", 5.0, 5.0)), Verdict::Holds);
    assert_eq!(verdict(Row::core("", 5.0, 5.1)), Verdict::Broken);
    assert_eq!(verdict(Row::core("", 100.0, 102.0).percent(2.0)), Verdict::Holds);
    assert_eq!(verdict(Row::core("", 100.0, 102.1).percent(2.0)), Verdict::Broken);
    assert_eq!(verdict(Row::core("", 100.0, 102.1).percent(2.0).sampled(0.1)), Verdict::Holds);
    assert_eq!(verdict(Row::core("", 13.0, 13.3).points(0.2)), Verdict::Broken);
    assert_eq!(verdict(Row::core("", 7.0, 8.0).at_least()), Verdict::Holds);
    assert_eq!(verdict(Row::core("", 7.0, 6.0).at_least()), Verdict::Broken);
    assert_eq!(verdict(Row::core("", 7.0, f64::NAN).percent(50.0)), Verdict::Broken);
    assert_eq!(verdict(Row::core("", 7.0, 1.0).open("a reason")), Verdict::Differs);
}

#[test]
fn there_is_one_study_a_name() {
    for (at, one) in STUDIES.iter().enumerate() {
        assert_eq!(STUDIES.iter().position(|other| other.name == one.name), Some(at));
        assert!(study(one.name).is_some() && one.name != "all");
    }
    assert!(study("nothing").is_none());
}
