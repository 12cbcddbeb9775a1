//! Circles between files: which there are, by the paths they name.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::source::Source;
use super::{report, sources};

/// Files that use one another in a circle, none of which can be read without the others. There is to be none.
const CIRCLES: &[&[&str]] = &[];

/// The files that each file names something of by a path from the crate's root or through `super`.
pub(super) fn used_files(sources: &[Source]) -> BTreeMap<&str, BTreeSet<&str>> {
    let files: BTreeMap<String, &str> = sources
        .iter()
        .map(|source| (source.module(), source.name.as_str()))
        .collect();
    let file_of = |mut path: &str| loop {
        if let Some(file) = files.get(path) {
            return Some(*file);
        }
        path = path.rsplit_once("::")?.0;
    };
    let used = |source: &Source| {
        let used = source.uses();
        let used = used.iter().filter_map(|path| file_of(path));
        used.filter(|used| *used != source.name).collect()
    };
    sources
        .iter()
        .map(|source| (source.name.as_str(), used(source)))
        .collect()
}

/// The largest sets of files in which each comes to each other one.
fn circles<'a>(used: &BTreeMap<&'a str, BTreeSet<&'a str>>) -> BTreeSet<Vec<&'a str>> {
    let reached = |file: &'a str| {
        let (mut reached, mut waiting) = (BTreeSet::new(), vec![file]);
        while let Some(next) = waiting.pop() {
            waiting.extend(used[next].iter().filter(|used| reached.insert(**used)));
        }
        reached
    };
    let reached: BTreeMap<&str, BTreeSet<&str>> = used.keys().map(|file| (*file, reached(file))).collect();
    let back = |file| {
        let there_and_back = reached[file]
            .iter()
            .filter(|other| reached[*other].contains(file));
        there_and_back.copied().collect::<Vec<_>>()
    };
    let circles = used.keys().map(|file| back(*file));
    circles.filter(|circle| !circle.is_empty()).collect()
}

#[test]
fn files_do_not_use_one_another_in_circles() {
    let sources = sources();
    let found = circles(&used_files(&sources));
    let known: BTreeSet<Vec<&str>> = CIRCLES.iter().map(|circle| circle.to_vec()).collect();
    let new = found
        .difference(&known)
        .map(|circle| format!("a new circle: {circle:?}"));
    let mended = known.difference(&found);
    let mended = mended.map(|circle| format!("{circle:?} is none any more: take it away"));
    report(&new.chain(mended).collect::<Vec<_>>());
}

#[test]
fn circles_are_found_however_long_they_are() {
    let parse = |(name, text): (&str, &str)| Source::parse(Path::new(name), text);
    let sources = [
        ("lib.rs", "pub mod a;"),
        ("a.rs", "use crate::b::{self, c::C};"),
        ("b.rs", "fn f() { crate::b::c::g() }"),
        ("b/c.rs", "use super::super::a::A; use super::d::D;"),
        ("b/d.rs", "use super::B; use crate::e;"),
        ("e.rs", "use crate::e::inside;"),
    ]
    .map(parse);
    let used = used_files(&sources);
    assert_eq!(used["b/c.rs"], BTreeSet::from(["a.rs", "b/d.rs"]));
    let circle = vec!["a.rs", "b.rs", "b/c.rs", "b/d.rs"];
    assert_eq!(circles(&used), BTreeSet::from([circle]));
}
