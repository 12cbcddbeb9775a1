//! That the words of a string can be shown as they are: no figure that a setting decides, no link, no invisible mark, and
//! the language's own letters.

use std::collections::BTreeSet;

use super::entry::{Entry, Piece, Reading};
use super::script::{is_unspaced, writes};
use super::{Findings, by_name};
use crate::domain::locale::Locale;

/// The strings that write a length of time; no other may.
const LIVES: [&str; 2] = ["email-life-minutes", "email-life-hours"];

/// Writes a time of day: in some languages with the word for an hour.
const TIME_OF_DAY: &str = "email-export-time";

/// What mail programs and phones make a link or an address of.
const LINKS: [&str; 6] = ["http", "www.", ".com", "://", "mailto:", "@"];

/// Words that a language of another script writes with Latin letters.
const BORROWED: [(Locale, &str); 2] = [(Locale::El, "email"), (Locale::Th, "OTP")];

pub(super) fn check(findings: &mut Findings, entries: &[Entry<'_>], english: &[Entry<'_>]) {
    let units = units(findings.locale, entries);
    let english = by_name(english);
    for entry in entries {
        for reading in &entry.readings {
            let faults = [
                digits(&reading.words()),
                invisible(&reading.words()),
                edges(&reading.pieces),
                link(&reading.words()),
                foreign(findings.locale, &reading.words()),
                length_of_time(findings.locale, entry.id, &reading.words(), &units),
            ];
            for fault in faults.into_iter().flatten() {
                findings.entry(entry, format!("{fault}{}", reading.place()));
            }
        }
        if english
            .get(entry.id)
            .is_some_and(|original| is_left_in_english(findings.locale, entry, original))
        {
            findings.entry(entry, "the same as in English: translate it");
        }
    }
}

fn digits(words: &str) -> Option<String> {
    let digit = words.chars().find(|character| character.is_numeric())?;
    Some(format!(
        "`{digit}` is a hard-coded figure: what depends on settings comes by a placeholder"
    ))
}

/// Control characters, line breaks, marks of direction and whatever else is not seen. Persian joins and separates its
/// letters by two of them.
fn invisible(words: &str) -> Option<String> {
    let found = words.chars().find(|character| {
        character.is_control()
            || matches!(character, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200d}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff9}'..='\u{fffd}')
    })?;
    Some(format!(
        "U+{:04X} is not seen: leave it out, and write on one line",
        u32::from(found)
    ))
}

fn edges(pieces: &[Piece<'_>]) -> Option<String> {
    let text = |piece: Option<&Piece<'_>>| match piece {
        Some(Piece::Text(text)) => (*text).to_owned(),
        _ => "x".to_owned(),
    };
    let (first, last) = (text(pieces.first()), text(pieces.last()));
    let is_empty = pieces
        .iter()
        .all(|piece| matches!(piece, Piece::Text(text) if text.trim().is_empty()));
    if is_empty {
        Some("it is empty".to_owned())
    } else if first.starts_with(char::is_whitespace) || last.ends_with(char::is_whitespace) {
        Some("it begins or ends with a space".to_owned())
    } else {
        let mut texts = pieces.iter().map(|piece| text(Some(piece)));
        texts
            .any(|text| text.contains("  "))
            .then(|| "two spaces in a row".to_owned())
    }
}

fn link(words: &str) -> Option<String> {
    let words = words.to_lowercase();
    let link = LINKS.iter().find(|link| words.contains(**link))?;
    Some(format!("`{link}` makes a link or an address: leave it out"))
}

fn foreign(locale: Locale, words: &str) -> Option<String> {
    let own = |word: &&str| {
        BORROWED.contains(&(locale, *word)) || word.chars().all(|character| writes(locale, character))
    };
    let word = words
        .split(|character: char| !character.is_alphanumeric())
        .find(|word| !own(word))?;
    Some(format!(
        "`{word}` has letters that this language is not written in"
    ))
}

/// The words for minutes and hours, out of the forms that write a life with its number: others may hold words such as
/// "one", which are good anywhere.
fn units(locale: Locale, entries: &[Entry<'_>]) -> BTreeSet<String> {
    let lives = entries.iter().filter(|entry| LIVES.contains(&entry.id));
    let numbered = |reading: &&Reading<'_>| reading.placeholders().next().is_some();
    let texts = lives
        .flat_map(|entry| &entry.readings)
        .filter(numbered)
        .map(|reading| reading.words().to_lowercase());
    let words = texts.flat_map(|text| text.split_whitespace().map(ToOwned::to_owned).collect::<Vec<_>>());
    let shortest = if is_unspaced(locale) { 2 } else { 3 };
    words.filter(|word| word.chars().count() >= shortest).collect()
}

fn length_of_time(locale: Locale, id: &str, words: &str, units: &BTreeSet<String>) -> Option<String> {
    if LIVES.contains(&id) || id == TIME_OF_DAY {
        return None;
    }
    let words = words.to_lowercase();
    let unit = if is_unspaced(locale) {
        units.iter().find(|unit| words.contains(unit.as_str()))
    } else {
        let mut written = words.split(|character: char| !character.is_alphabetic());
        written.find_map(|word| units.get(word))
    }?;
    Some(format!(
        "`{unit}` is a hard-coded length of time: it comes by a placeholder"
    ))
}

/// Whether a translation is the English text. Words for units may be the same.
fn is_left_in_english(locale: Locale, entry: &Entry<'_>, original: &Entry<'_>) -> bool {
    let is_english = locale == Locale::En || locale.parent() == Some(Locale::En);
    let texts = |entry: &Entry<'_>| -> Vec<String> {
        entry
            .readings
            .iter()
            .map(|reading| reading.words().to_lowercase())
            .collect()
    };
    !is_english && !LIVES.contains(&entry.id) && texts(entry) == texts(original)
}
