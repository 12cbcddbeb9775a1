//! How many segments an SMS takes, which is what carriers count and bill: short messages carry 140 octets each.

use super::named::named;

/// Septets of GSM-7 in a message of one segment, and in each of several (the rest is their header).
const GSM_7: Capacity = Capacity {
    alone: 160,
    joined: 153,
};

/// UTF-16 units of UCS-2 in a message of one segment, and in each of several.
const UCS_2: Capacity = Capacity {
    alone: 70,
    joined: 67,
};

/// The default alphabet of GSM 03.38 (3GPP TS 23.038, 6.2.1) beside ASCII letters, digits and space.
const GSM_7_OTHERS: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ!\"#¤%&'()*+,-./:;<=>?¡ÄÖÑÜ§¿äöñüà";

/// Its extension table (6.2.1.1): an escape and a septet each.
const GSM_7_EXTENDED: &str = "^{}\\[]~|€\u{c}";

struct Capacity {
    alone: u32,
    joined: u32,
}

named! {
    /// How a text travels.
    Encoding {
        /// Seven bits a character, two such units for a few.
        Gsm7 = "GSM-7",
        /// Sixteen bits a character. A single character outside of GSM-7 puts the whole text into it.
        Ucs2 = "UCS-2",
    }
}

/// The encoding of a text.
#[must_use]
pub fn encoding(text: &str) -> Encoding {
    if text.chars().all(is_gsm_7) {
        Encoding::Gsm7
    } else {
        Encoding::Ucs2
    }
}

/// Whether GSM-7 has the character.
#[must_use]
pub fn is_gsm_7(character: char) -> bool {
    septets(character).is_some()
}

/// The segments of a text, at least one. A character of two units is never cut in half: when only one is left in a
/// segment, it begins the next.
#[must_use]
pub fn segments(text: &str) -> u32 {
    match text.chars().map(septets).collect::<Option<Vec<u32>>>() {
        Some(units) => fill(&units, &GSM_7),
        None => fill(&text.chars().map(utf16_units).collect::<Vec<u32>>(), &UCS_2),
    }
}

/// The septets of a character; `None` where GSM-7 does not have it.
fn septets(character: char) -> Option<u32> {
    if character.is_ascii_alphanumeric() || character == ' ' || GSM_7_OTHERS.contains(character) {
        Some(1)
    } else {
        GSM_7_EXTENDED.contains(character).then_some(2)
    }
}

fn utf16_units(character: char) -> u32 {
    if u32::from(character) > 0xffff { 2 } else { 1 }
}

fn fill(units: &[u32], capacity: &Capacity) -> u32 {
    if units.iter().sum::<u32>() <= capacity.alone {
        return 1;
    }
    let (mut segments, mut used) = (1, 0);
    for unit in units {
        if used + unit > capacity.joined {
            segments += 1;
            used = 0;
        }
        used += unit;
    }
    segments
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gsm_7_takes_160_alone_and_153_each_of_several() {
        for (length, expected) in [
            (0, 1),
            (1, 1),
            (160, 1),
            (161, 2),
            (306, 2),
            (307, 3),
            (459, 3),
            (460, 4),
        ] {
            assert_eq!(segments(&"a".repeat(length)), expected, "{length}");
        }
    }

    #[test]
    fn one_character_outside_of_gsm_7_makes_it_70_and_67() {
        for (length, expected) in [(1, 1), (70, 1), (71, 2), (134, 2), (135, 3), (201, 3), (202, 4)] {
            assert_eq!(segments(&"я".repeat(length)), expected, "{length}");
        }
        assert_eq!(segments(&format!("{}ç", "a".repeat(69))), 1);
        assert_eq!(segments(&format!("{}ç", "a".repeat(70))), 2);
    }

    #[test]
    fn the_default_alphabet_has_127_characters_beside_the_escape() {
        let ascii = (0..=0x7f_u8)
            .map(char::from)
            .filter(|character| septets(*character) == Some(1));
        let beyond = GSM_7_OTHERS.chars().filter(|character| !character.is_ascii());
        assert_eq!(ascii.chain(beyond).count(), 127);
        assert!(
            GSM_7_OTHERS
                .chars()
                .all(|character| !GSM_7_EXTENDED.contains(character))
        );
    }

    #[test]
    fn extended_characters_count_two() {
        for character in "^{}\\[]~|€".chars() {
            assert_eq!(segments(&character.to_string().repeat(80)), 1, "{character}");
            assert_eq!(segments(&character.to_string().repeat(81)), 2, "{character}");
        }
    }

    #[test]
    fn a_character_of_two_units_is_not_cut_in_half() {
        // 306 septets would fit two segments, were the euro sign not to straddle them.
        let straddling = format!("{}€{}", "a".repeat(152), "a".repeat(152));
        assert_eq!(segments(&straddling), 3);
        assert_eq!(segments(&straddling[1..]), 2);
        let straddling = format!("{}😀{}", "я".repeat(66), "я".repeat(66));
        assert_eq!(segments(&straddling), 3);
        assert_eq!(segments(&"😀".repeat(35)), 1);
        assert_eq!(segments(&"😀".repeat(36)), 2);
    }

    #[test]
    fn the_english_texts_take_one_segment() {
        for text in [
            "123456 is your one-time code to sign in to acme.example.com\n\n@acme.example.com #123456",
            "Your verification code is 123456",
        ] {
            assert_eq!(segments(text), 1, "{text}");
        }
    }
}
