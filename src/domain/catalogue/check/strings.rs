//! That a file has the strings it must have, each with its placeholders and the forms of its language.

use std::collections::BTreeSet;

use super::entry::{Entry, Reading};
use super::plural::Plurals;
use super::{Findings, by_name};

pub(super) fn check(findings: &mut Findings, entries: &[Entry<'_>], english: &[Entry<'_>]) {
    let (here, required) = (by_name(entries), by_name(english));
    for name in required.keys().filter(|name| !here.contains_key(*name)) {
        // A variant takes what it does not say itself from its parent.
        if findings.locale.parent().is_none() {
            findings.missing(name, "missing: translate it");
        }
    }
    let plurals = Plurals::of(findings.locale);
    let mut seen = BTreeSet::new();
    for entry in entries {
        if !seen.insert(entry.id) {
            findings.entry(entry, "the file has this string twice");
        }
        for strange in &entry.strange {
            findings.entry(entry, *strange);
        }
        let Some(original) = required.get(entry.id) else {
            findings.entry(entry, "unknown: English has no such string");
            continue;
        };
        forms(findings, entry, original, &plurals);
        placeholders(findings, entry, original, &plurals);
    }
}

fn forms(findings: &mut Findings, entry: &Entry<'_>, original: &Entry<'_>, plurals: &Plurals) {
    match (entry.selector, original.selector) {
        (None, None) => {}
        (None, Some(number)) => {
            if plurals.must_select() {
                findings.entry(
                    entry,
                    format!("the forms of the number are missing: select them by ${number}"),
                );
            }
        }
        (Some(on), number) if number != Some(on) => {
            findings.entry(
                entry,
                format!("nothing can be selected by ${on}: it is no number"),
            );
        }
        (Some(_), _) => {
            let mut written = BTreeSet::new();
            for form in entry.readings.iter().filter_map(|reading| reading.form) {
                if !plurals.can_use(form) {
                    findings.entry(
                        entry,
                        format!("no whole number has the form [{form}] in this language: leave it out"),
                    );
                }
                if !written.insert(form) {
                    findings.entry(entry, format!("the form [{form}] is there twice"));
                }
            }
            for form in plurals.needed().filter(|form| !written.contains(form)) {
                findings.entry(
                    entry,
                    format!("the form [{form}] is missing, which this language has for some whole numbers"),
                );
            }
        }
    }
}

fn placeholders(findings: &mut Findings, entry: &Entry<'_>, original: &Entry<'_>, plurals: &Plurals) {
    let all = |entry: &Entry<'_>| -> BTreeSet<String> {
        let readings = entry.readings.iter();
        readings
            .flat_map(Reading::placeholders)
            .map(ToOwned::to_owned)
            .collect()
    };
    let required = all(original);
    for unknown in all(entry).difference(&required) {
        findings.entry(
            entry,
            format!("unknown placeholder ${unknown}: English does not have it"),
        );
    }
    for reading in &entry.readings {
        let here: BTreeSet<&str> = reading.placeholders().collect();
        for name in required.iter().filter(|name| !here.contains(name.as_str())) {
            let says_it =
                |form: &str| original.selector == Some(name.as_str()) && plurals.is_one_number(form);
            if reading.form.is_some_and(says_it) {
                continue;
            }
            findings.entry(entry, format!("missing placeholder ${name}{}", reading.place()));
        }
    }
}
