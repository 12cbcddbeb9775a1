//! A business's name inside the sentences of an email. The name is any line of text, so it may read as a link, or run
//! against the direction of the sentence around it.

use crate::domain::locale::Locale;

/// Invisible, as wide as nothing, and no line may break at it (Unicode, UAX #14).
const WORD_JOINER: char = '\u{2060}';

/// Sets what follows apart from the direction around it, up to [`POP_ISOLATE`] (Unicode, UAX #9).
const FIRST_STRONG_ISOLATE: char = '\u{2068}';
const POP_ISOLATE: char = '\u{2069}';

/// Any text of a single line as it stands in a sentence, not escaped for anything.
///
/// Escaping keeps markup out, but mail programs make links of plain text that looks like a URL, a host, an address or a
/// network path. So a word joiner follows each mark that holds such a text together: it reads the same and is no link.
pub(super) fn inert(name: &str, locale: Locale) -> String {
    let mut text = String::with_capacity(name.len() + 16);
    let mut characters = name.chars().peekable();
    while let Some(character) = characters.next() {
        text.push(character);
        let goes_on = characters.peek().is_some_and(|next| !next.is_whitespace());
        if goes_on && joins_a_link(character) {
            text.push(WORD_JOINER);
        }
    }
    isolated(text, locale)
}

/// A text that keeps its own direction wherever it stands.
pub(super) fn isolated(mut text: String, locale: Locale) -> String {
    if locale.is_right_to_left() || text.chars().any(is_right_to_left) {
        text.insert(0, FIRST_STRONG_ISOLATE);
        text.push(POP_ISOLATE);
    }
    text
}

/// The colon of a scheme, the `@` of an address, the backslash of a network path, and what IDNA takes for the dot
/// between labels (UTS #46).
fn joins_a_link(character: char) -> bool {
    matches!(
        character,
        ':' | '@' | '\\' | '.' | '\u{3002}' | '\u{ff0e}' | '\u{ff61}'
    )
}

/// Whether the character lies in a block of a script written from right to left.
fn is_right_to_left(character: char) -> bool {
    matches!(character, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefe}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(name: &str, locale: Locale) -> String {
        inert(name, locale)
    }

    #[test]
    fn an_ordinary_name_stands_as_it_is() {
        for name in [
            "Acme",
            "Acme Inc.",
            "Söhne & Co. <b>\"é\"</b>",
            "a / b",
            "株式会社",
            "{ $x } {{ y }}",
        ] {
            assert_eq!(written(name, Locale::En), name);
        }
    }

    #[test]
    fn what_could_become_a_link_is_held_apart_and_reads_the_same() {
        for (name, apart) in [
            ("http://evil.example", "http:\u{2060}//evil.\u{2060}example"),
            ("www.evil.example/x", "www.\u{2060}evil.\u{2060}example/x"),
            ("mailto:a@localhost", "mailto:\u{2060}a@\u{2060}localhost"),
            ("\\\\evil\\share", "\\\u{2060}\\\u{2060}evil\\\u{2060}share"),
            ("evil\u{3002}example", "evil\u{3002}\u{2060}example"),
        ] {
            assert_eq!(written(name, Locale::En), apart);
            assert_eq!(apart.replace('\u{2060}', ""), name);
        }
    }

    #[test]
    fn a_name_keeps_its_own_direction() {
        assert_eq!(written("شركة", Locale::En), "\u{2068}شركة\u{2069}");
        assert_eq!(written("Acme Inc.", Locale::Ar), "\u{2068}Acme Inc.\u{2069}");
    }
}
