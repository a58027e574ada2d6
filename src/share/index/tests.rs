use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{Index, Loader, Place, Stamp};
use crate::proto::{FileId, Query, any_query};

/// What the index must agree with: path -> size and content.
type Model = BTreeMap<String, (u64, u8)>;

fn id(content: u8) -> FileId {
    FileId([content; 32])
}

fn stamp(size: u64) -> Stamp {
    Stamp { size, modified: 5, inode: 6 }
}

fn paths(index: &Index, numbers: impl IntoIterator<Item = u32>) -> Vec<String> {
    let mut paths: Vec<String> = numbers.into_iter().map(|number| index.place(number).path()).collect();
    paths.sort();
    paths
}

fn naive(model: &Model, query: &Query) -> Vec<String> {
    let name = |path: &str| Place::of(0, path).name.to_owned();
    let matching = model.iter().filter(|(path, (size, content))| query.matches(&name(path), *size, &id(*content)));
    matching.map(|(path, _)| path.clone()).collect()
}

fn path() -> impl Strategy<Value = String> {
    (
        "(a|b|a-b)?",
        "(b|c)?",
        "(wu|tang|tan|Täng|日本|a|b1){1}([-_ .](wu|tang|tan|live|日|b2)){0,4}(\\.(mp3|FLAC|tar\\.gz|txt))?",
    )
        .prop_map(|(a, b, name)| [a, b, name].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/"))
}

proptest! {
    #[test]
    fn the_index_finds_what_the_language_means(
        loaded in prop::collection::btree_map(path(), (0u64..10, 0u8..3), 0..40),
        changes in prop::collection::vec((any::<bool>(), path(), 0u64..10, 0u8..3), 0..60),
        queries in prop::collection::vec(any_query(), 1..12),
    ) {
        let mut model: Model = loaded;
        let files = model.iter().map(|(path, (size, content))| (Place::of(0, path), stamp(*size), id(*content)));
        let mut index = Index::of(files, 1);
        for (add, path, size, content) in &changes {
            let place = Place::of(0, path);
            if *add {
                index.put(place, stamp(*size), id(*content)).unwrap();
                model.insert(path.clone(), (*size, *content));
            } else {
                let number = index.at(place);
                prop_assert_eq!(number.is_some(), model.remove(path).is_some());
                number.into_iter().for_each(|number| index.remove(number));
            }
        }
        for query in &queries {
            prop_assert_eq!(paths(&index, index.search(query, 1_000)), naive(&model, query), "{:?}", query.text());
            let some = index.search(query, 2);
            prop_assert_eq!(some.len(), naive(&model, query).len().min(2));
        }
        let bytes = model.values().map(|(size, _)| size).sum::<u64>();
        prop_assert_eq!(index.totals(), (model.len() as u64, bytes));
        check_places(&index, &model)?;
    }
}

/// Folders, contents and places tell the same as the model.
fn check_places(index: &Index, model: &Model) -> Result<(), TestCaseError> {
    prop_assert!(paths(index, index.numbers()).iter().eq(model.keys()));
    for content in 0..3 {
        let expected: Vec<_> =
            model.iter().filter(|(_, file)| file.1 == content).map(|(path, _)| path.clone()).collect();
        prop_assert_eq!(paths(index, index.with_content(id(content))), expected);
    }
    for folder in ["", "a", "b", "a-b", "a/b", "nowhere"] {
        let below =
            |path: &str| folder.is_empty() || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
        let all: Vec<_> = model.keys().filter(|path| below(path)).cloned().collect();
        let folders: Vec<String> = index.folders_below(0, folder).map(|(folder, _)| folder.to_owned()).collect();
        prop_assert_eq!(paths(index, folders.iter().flat_map(|folder| index.in_folder(0, folder))), all.clone());
        let count: u32 = index.folders_below(0, folder).map(|(_, files)| files).sum();
        prop_assert_eq!(count as usize, all.len());
        let skip = if folder.is_empty() { 0 } else { folder.len() + 1 };
        let mut children: Vec<_> =
            all.iter().filter_map(|path| path[skip..].split_once('/')).map(|(child, _)| child).collect();
        children.sort_unstable();
        children.dedup();
        prop_assert_eq!(index.child_folders(0, folder), children);
    }
    Ok(())
}

#[test]
fn the_closest_names_come_first() {
    let names = ["wu tang clan forever live in concert.mp3", "wu tang.mp3", "best of wu tang.mp3"];
    let index = Index::of(names.iter().map(|name| (Place::of(0, name), stamp(1), id(1))), 1);
    let found = index.search(&Query::parse("wu tang").unwrap(), 2);
    let found: Vec<&str> = found.into_iter().map(|number| index.place(number).name).collect();
    assert_eq!(found, ["wu tang.mp3", "best of wu tang.mp3"]);
    assert!(index.search(&Query::parse("wu").unwrap(), 0).is_empty());
}

#[test]
fn a_place_that_is_loaded_twice_is_kept_once() {
    let mut loader = Loader::new(1);
    (0..3).for_each(|content| loader.add(Place::of(0, "a/b c"), stamp(1), id(content)));
    let index = loader.finish();
    assert_eq!((index.totals().0, index.with_content(id(0)).count()), (1, 1));
    assert_eq!(index.search(&Query::parse("c").unwrap(), 9).len(), 1);
}

#[test]
fn a_library_that_changes_for_long_does_not_grow() {
    let mut index = Index::default();
    let name = |round: usize, i: usize| format!("folder {}/name {round:04} {i:04}.mp3", i % 10);
    let mut largest = 0;
    for round in 0..40 {
        for i in 0..300 {
            let old = name(round.max(1) - 1, i);
            index.at(Place::of(0, &old)).into_iter().for_each(|number| index.remove(number));
            index.put(Place::of(0, &name(round, i)), stamp(1), id(i as u8)).unwrap();
        }
        if round == 1 {
            largest = index.footprint().rest;
        }
    }
    assert_eq!(index.totals().0, 300);
    assert!(index.footprint().rest <= largest * 5 / 4, "{:?} against {largest}", index.footprint());
}
