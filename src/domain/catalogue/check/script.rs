//! Which letters a language is written in: a letter of another script is a word that was left in English, or one that
//! only looks right.

use crate::domain::locale::Locale;

/// Whether the language is written with this letter. What is no letter, such as punctuation, belongs to all.
pub(super) fn writes(locale: Locale, letter: char) -> bool {
    if !letter.is_alphabetic() {
        return true;
    }
    match locale {
        Locale::Ar | Locale::Fa => matches!(letter, '\u{600}'..='\u{6ff}' | '\u{750}'..='\u{77f}'),
        Locale::He => matches!(letter, '\u{590}'..='\u{5ff}'),
        Locale::El => matches!(letter, '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}'),
        Locale::Mn | Locale::Ru | Locale::Sr | Locale::Uk => matches!(letter, '\u{400}'..='\u{52f}'),
        Locale::Th => matches!(letter, '\u{e00}'..='\u{e7f}'),
        Locale::Ko => matches!(letter, '\u{1100}'..='\u{11ff}' | '\u{ac00}'..='\u{d7af}'),
        Locale::Ja => matches!(letter, '\u{3005}'..='\u{3007}' | '\u{3040}'..='\u{30ff}') || is_han(letter),
        Locale::ZhHans | Locale::ZhHant => is_han(letter),
        _ => {
            matches!(letter, 'a'..='z' | 'A'..='Z' | '\u{aa}' | '\u{ba}' | '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}')
        }
    }
}

fn is_han(letter: char) -> bool {
    matches!(letter, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}')
}

/// Whether words stand next to each other without spaces.
pub(super) fn is_unspaced(locale: Locale) -> bool {
    matches!(locale, Locale::Ja | Locale::Th | Locale::ZhHans | Locale::ZhHant)
}

/// A mark that belongs to the letter before it, in the scripts of the catalogue.
pub(super) fn is_mark(character: char) -> bool {
    matches!(
        character,
        '\u{300}'..='\u{36f}'
            | '\u{591}'..='\u{5c7}'
            | '\u{64b}'..='\u{65f}'
            | '\u{670}'
            | '\u{e31}'
            | '\u{e34}'..='\u{e3a}'
            | '\u{e47}'..='\u{e4e}'
    )
}
