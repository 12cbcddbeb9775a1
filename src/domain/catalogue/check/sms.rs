//! That the two sentences of text messages stay what phones, browsers and carriers make of them: a code that autofill
//! finds, a last line that browsers accept, and no more segments than the script must have.

use super::entry::{Entry, Piece, Reading};
use super::script::is_mark;
use super::{Findings, by_name};
use crate::domain::catalogue::{Catalogue, MissingText};
use crate::domain::code::Code;
use crate::domain::locale::Locale;
use crate::domain::segments::{Encoding, encoding, is_gsm_7, segments};
use crate::domain::text::Wording;

/// The host that segments are counted with: that of the texts in the documentation.
pub const HOST: &str = "acme.example.com";

/// Codes of six digits, the usual number, and of ten, the most.
const CODES: [&str; 2] = ["123456", "1234567890"];

/// Languages whose two sentences need no letter outside of GSM-7. A text that leaves it would cost twice as much.
const GSM_7: &[Locale] = &[
    Locale::Da,
    Locale::De,
    Locale::En,
    Locale::EnAu,
    Locale::EnGb,
    Locale::EnUs,
    Locale::Et,
    Locale::Fil,
    Locale::Fr,
    Locale::Hr,
    Locale::Ht,
    Locale::Id,
    Locale::It,
    Locale::Lt,
    Locale::Ms,
    Locale::Nl,
    Locale::NlBe,
    Locale::No,
    Locale::Pl,
    Locale::Ro,
    Locale::Sv,
];

/// How a text travels, and what it costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// How it is encoded.
    pub encoding: Encoding,
    /// How many segments it takes.
    pub segments: u32,
}

/// What one of the sentences costs in a language, with or without the line for autofill, with a code of six digits or, if
/// `long`, of ten.
pub fn cost(
    catalogue: &Catalogue<'_>,
    locale: Locale,
    wording: Wording,
    autofill: bool,
    long: bool,
) -> Result<Cost, MissingText> {
    let text = written(catalogue, locale, wording, autofill, long)?;
    Ok(Cost {
        encoding: encoding(&text),
        segments: segments(&text),
    })
}

fn written(
    catalogue: &Catalogue<'_>,
    locale: Locale,
    wording: Wording,
    autofill: bool,
    long: bool,
) -> Result<String, MissingText> {
    let missing = || MissingText {
        id: wording.as_str().to_owned(),
    };
    let code = Code::parse_guess(CODES[usize::from(long)]).ok_or_else(missing)?;
    wording.text(catalogue, locale, &code, HOST, autofill.then_some(HOST))
}

pub(super) fn check(findings: &mut Findings, entries: &[Entry<'_>], catalogue: &Catalogue<'_>) {
    let here = by_name(entries);
    for &wording in Wording::ALL {
        let Some(entry) = here.get(wording.as_str()) else {
            continue;
        };
        for reading in &entry.readings {
            let faults = [
                code(reading),
                signs(reading),
                direction(findings.locale, reading),
                dear_characters(findings.locale, reading),
            ];
            for fault in faults.into_iter().flatten() {
                findings.entry(entry, fault);
            }
        }
        for autofill in [false, true] {
            let Ok(text) = written(catalogue, findings.locale, wording, autofill, false) else {
                continue;
            };
            if let Some(fault) = last_line(&text, autofill).or_else(|| length(&text, autofill)) {
                findings.entry(entry, fault);
            }
        }
    }
}

/// The code stands once, and apart: autofill takes digits between spaces or marks, and passes over those that touch a
/// letter. The host stands apart too, or the letters beside it would belong to its name.
fn code(reading: &Reading<'_>) -> Option<String> {
    if reading.placeholders().filter(|name| *name == "code").count() > 1 {
        return Some("the code must stand in it once: autofill would see two".to_owned());
    }
    let places = reading.pieces.iter().enumerate();
    for (place, piece) in places {
        let Piece::Placeholder(name @ ("code" | "host")) = *piece else {
            continue;
        };
        let before = place.checked_sub(1).and_then(|before| reading.pieces.get(before));
        let before = before.is_none_or(
            |piece| matches!(piece, Piece::Text(text) if text.chars().next_back().is_none_or(is_apart)),
        );
        let after = reading.pieces.get(place + 1);
        let after = after.is_none_or(
            |piece| matches!(piece, Piece::Text(text) if text.chars().next().is_none_or(is_apart)),
        );
        if !(before && after) {
            return Some(format!(
                "${name} touches a letter or a placeholder: put a space between"
            ));
        }
    }
    None
}

fn is_apart(character: char) -> bool {
    !character.is_alphanumeric() && !is_mark(character)
}

/// `@` and `#` belong to the last line.
fn signs(reading: &Reading<'_>) -> Option<String> {
    let words = reading.words();
    let sign = words
        .chars()
        .find(|character| matches!(character, '@' | '#' | '＠' | '＃'))?;
    Some(format!(
        "`{sign}` belongs to the line for autofill and must not be in the sentence"
    ))
}

/// A line is laid out in the direction of its first letter; a host has Latin ones.
fn direction(locale: Locale, reading: &Reading<'_>) -> Option<String> {
    if !locale.is_right_to_left() {
        return None;
    }
    let host_is_first = reading.pieces.iter().find_map(|piece| match piece {
        Piece::Placeholder("host") => Some(true),
        Piece::Text(text) if text.contains(char::is_alphabetic) => Some(false),
        _ => None,
    })?;
    host_is_first.then(|| {
        "$host stands before the first word, so the line would be laid out from left to right".to_owned()
    })
}

/// What makes a text twice as dear without need.
fn dear_characters(locale: Locale, reading: &Reading<'_>) -> Option<String> {
    let words = reading.words();
    let (letters, marks): (Vec<char>, Vec<char>) = words
        .chars()
        .filter(|character| !is_gsm_7(*character))
        .partition(|character| character.is_alphabetic());
    if let Some(letter) = letters.first() {
        let fault =
            format!("`{letter}` is not in GSM-7, which this language can be written in: find other words");
        return GSM_7.contains(&locale).then_some(fault);
    }
    let mark = marks.first()?;
    Some(format!(
        "`{mark}` (U+{:04X}) alone keeps the text out of GSM-7: write a plain mark",
        u32::from(*mark)
    ))
}

/// The last line as the WICG's "origin-bound one-time codes delivered via SMS" is parsed: of the message with a line for
/// autofill the host and the code, of any other nothing.
fn last_line(text: &str, autofill: bool) -> Option<String> {
    let expected = autofill.then_some((HOST, CODES[0]));
    if origin_bound(text) == expected {
        None
    } else if autofill {
        Some("browsers do not accept the last line of its text".to_owned())
    } else {
        Some("browsers take its last line for one with an origin".to_owned())
    }
}

/// Host and code of the last line: `@`, the host, one space, `#`, the code; what may follow behind a space is not read.
fn origin_bound(text: &str) -> Option<(&str, &str)> {
    let (host, rest) = text.rsplit('\n').next()?.strip_prefix('@')?.split_once(' ')?;
    let code = rest.strip_prefix('#')?.split_ascii_whitespace().next()?;
    let begins_at_once = rest.get(1..)?.starts_with(code);
    (!host.is_empty() && begins_at_once).then_some((host, code))
}

/// In GSM-7 a sentence and the line for autofill have ample room in one segment. In UCS-2 the sentence has 70 characters,
/// of which host and code need 22 to 30; the line for autofill needs 27 more, so the two may take another.
fn length(text: &str, autofill: bool) -> Option<String> {
    let most = match (encoding(text), autofill) {
        (Encoding::Gsm7, _) | (Encoding::Ucs2, false) => 1,
        (Encoding::Ucs2, true) => 2,
    };
    let taken = segments(text);
    let with = if autofill { "with" } else { "without" };
    (taken > most).then(|| {
        format!(
            "{with} a line for autofill its text takes {taken} segments, in {} at most {most}: shorten it",
            encoding(text)
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_alone_is_read_as_browsers_read_it() {
        for (text, read) in [
            ("Hi\n\n@a.example #123456", Some(("a.example", "123456"))),
            ("@a.example #123456", Some(("a.example", "123456"))),
            ("@a.example #123456 @frame.example", Some(("a.example", "123456"))),
            ("Hi @a.example #123456", None),
            ("@a.example #123456\nBye", None),
            ("@a.example  #123456", None),
            ("@a.example 123456", None),
            ("@a.example # 123456", None),
            ("@a.example #", None),
            ("@ #123456", None),
            (" @a.example #123456", None),
        ] {
            assert_eq!(origin_bound(text), read, "{text:?}");
        }
    }
}
