//! Phone numbers in E.164, the only form that is stored, limited and sent to.
//! A gate of our own stands before libphonenumber, which would also take letters, extensions and digits of other scripts.

use std::fmt;
use std::hash::{Hash, Hasher};

use rlibphonenumber::{PHONE_NUMBER_UTIL, ParseError, PhoneNumberFormat, PhoneNumberType};

pub use super::country::Country;
use super::country::InvalidCountry;
use super::named::named;

/// The most digits of a number, its country calling code among them (ITU-T E.164).
const MAX_DIGITS: usize = 15;

/// The fewest digits. Below them libphonenumber's metadata know 56 numbers in all: fixed lines of Austria, pagers of
/// Germany and company numbers of Iran, none of which receives a text.
const MIN_DIGITS: usize = 7;

/// The longest text that is looked at, in bytes: every digit between two separators, and room to spare.
const MAX_TEXT: usize = 64;

/// Calling codes of no country (ITU-T E.164, annex D): freephone, shared cost, satellite, international networks, telecommunications
/// for disaster relief and premium rate.
const CODES_OF_NO_COUNTRY: [&str; 9] = ["800", "808", "870", "878", "881", "882", "883", "888", "979"];

named! {
    /// What is wrong with a phone number.
    PhoneNumberFault {
        /// Not written like a number, or not a number of its numbering plan.
        InvalidFormat = "invalid_format",
        /// National digits whose country is missing, unknown, or without a numbering plan.
        InvalidRegion = "invalid_region",
        /// International, with a calling code that nobody has.
        InvalidCountryCode = "invalid_country_code",
    }
}

impl PhoneNumberFault {
    fn advice(self) -> &'static str {
        match self {
            Self::InvalidFormat => {
                "write a number that is in use, best in E.164 such as +61466043123: at most 15 digits, no letters, no extension"
            }
            Self::InvalidRegion => {
                "give the country of the number as two letters of ISO 3166, or write the number in E.164 with its country calling code"
            }
            Self::InvalidCountryCode => {
                "begin the number with + and the calling code of a country, such as +61"
            }
        }
    }
}

/// Not a phone number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}", reason.advice())]
pub struct InvalidPhoneNumber {
    /// What is wrong with it.
    pub reason: PhoneNumberFault,
}

impl From<PhoneNumberFault> for InvalidPhoneNumber {
    fn from(reason: PhoneNumberFault) -> Self {
        Self { reason }
    }
}

impl From<InvalidCountry> for InvalidPhoneNumber {
    fn from(_: InvalidCountry) -> Self {
        PhoneNumberFault::InvalidRegion.into()
    }
}

/// A valid phone number. Two are equal when their E.164 forms are.
#[derive(Clone)]
pub struct PhoneNumber {
    e164: String,
    /// What follows from the digits; `None` where they were not looked up.
    entry: Option<PlanEntry>,
}

/// What the numbering plans say of a valid number.
#[derive(Clone, Copy)]
struct PlanEntry {
    country: Option<Country>,
    kind: PhoneNumberType,
}

impl PlanEntry {
    /// The type of a number costs up to a dozen regular expressions, for each country that shares the calling code, so it is asked for
    /// once: a number is valid if it has one.
    fn of(number: &rlibphonenumber::PhoneNumber) -> Self {
        Self {
            country: PHONE_NUMBER_UTIL
                .get_region_for_number(number)
                .and_then(Country::of_region),
            kind: PHONE_NUMBER_UTIL.get_number_type(number),
        }
    }

    fn is_valid(self) -> bool {
        self.kind != PhoneNumberType::Unknown
    }
}

impl PhoneNumber {
    /// Reads E.164, or national digits of `default_country`; with E.164 that country counts for nothing.
    /// Space, `-`, `.`, `(` and `)` are passed over; however a number is written, one and the same E.164 comes out.
    pub fn parse(input: &str, default_country: Option<Country>) -> Result<Self, InvalidPhoneNumber> {
        let written = pass_gate(input)?;
        let number = read(&written, default_country)?;
        // A national prefix or an international one may have been cut off. What is left must stand for itself.
        if number.e164 == written || read(&number.e164, None)?.e164 == number.e164 {
            Ok(number)
        } else {
            Err(PhoneNumberFault::InvalidFormat.into())
        }
    }

    /// Reads a number as a request names one: with the country it gives, or else `default`. A given country is looked at only
    /// where the number needs one.
    pub fn parse_in(
        input: &str,
        country: Option<&str>,
        default: Option<Country>,
    ) -> Result<Self, InvalidPhoneNumber> {
        let international = input
            .trim_start_matches([' ', '-', '.', '(', ')'])
            .starts_with('+');
        let country = match country {
            Some(code) if !international => Some(Country::parse(code)?),
            _ => default,
        };
        Self::parse(input, country)
    }

    /// Takes back a number that `parse` has made before; `None` for anything but `+` and 7 to 15 digits. Whether the
    /// number is valid is not asked again, so that an update of the numbering plans does not orphan what is stored.
    #[must_use]
    pub fn from_stored(e164: &str) -> Option<Self> {
        is_e164(e164).then(|| Self {
            e164: e164.to_owned(),
            entry: None,
        })
    }

    /// `+` and at most 15 digits (ITU-T E.164).
    #[must_use]
    pub fn e164(&self) -> &str {
        &self.e164
    }

    /// The country the number belongs to; `None` for numbers of no country, such as +800.
    #[must_use]
    pub fn country(&self) -> Option<Country> {
        self.plan_entry().and_then(|entry| entry.country)
    }

    fn plan_entry(&self) -> Option<PlanEntry> {
        self.entry.or_else(|| {
            let number = PHONE_NUMBER_UTIL.parse(&self.e164, None).ok()?;
            Some(PlanEntry::of(&number))
        })
    }

    /// Whether the number is of a type that nobody signs in with and that somebody pays for dearly: a text to it is a
    /// mistake, or a fraud on whoever pays for it. A type that the numbering plan does not tell is none of them.
    #[must_use]
    pub fn has_blocked_type(&self) -> bool {
        use PhoneNumberType::{
            FixedLine, FixedLineOrMobile, Mobile, Pager, PersonalNumber, PremiumRate, SharedCost, TollFree,
            UAN, Unknown, VoIP, VoiceMail,
        };
        let digits = &self.e164[1..];
        if CODES_OF_NO_COUNTRY.contains(&&digits[..calling_code_length(digits)]) {
            return true;
        }
        match self.plan_entry().map_or(Unknown, |entry| entry.kind) {
            PremiumRate | SharedCost | TollFree | Pager | UAN | VoiceMail | PersonalNumber => true,
            FixedLine | Mobile | FixedLineOrMobile | VoIP | Unknown => false,
        }
    }

    /// For logs and answers: the country calling code and the last three digits, `+61•••123`.
    #[must_use]
    pub fn masked(&self) -> String {
        let digits = &self.e164[1..];
        let calling_code = &digits[..calling_code_length(digits)];
        let last = &digits[digits.len() - 3..];
        format!("+{calling_code}•••{last}")
    }
}

/// The input without its separators, when nothing but an optional leading `+` and ASCII digits is left.
fn pass_gate(input: &str) -> Result<String, PhoneNumberFault> {
    if input.len() > MAX_TEXT {
        return Err(PhoneNumberFault::InvalidFormat);
    }
    let written: String = input
        .chars()
        .filter(|character| !matches!(character, ' ' | '-' | '.' | '(' | ')'))
        .collect();
    let digits = written.strip_prefix('+').unwrap_or(&written);
    let only_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
    if only_digits && (1..=MAX_DIGITS).contains(&digits.len()) {
        Ok(written)
    } else {
        Err(PhoneNumberFault::InvalidFormat)
    }
}

/// Reads what has passed the gate by the numbering plans.
fn read(written: &str, default_country: Option<Country>) -> Result<PhoneNumber, PhoneNumberFault> {
    match as_it_stands(written) {
        Some(number) => Ok(number),
        None => read_by_the_library(written, default_country),
    }
}

/// What is valid E.164 already. libphonenumber's reader looks for extensions and prefixes first, by regular expressions that took
/// more time than the rest of a number's validation, and then comes to the same.
fn as_it_stands(written: &str) -> Option<PhoneNumber> {
    let digits = written
        .strip_prefix('+')
        .filter(|digits| is_e164(written) && !digits.starts_with('0'))?;
    let (calling_code, national) = digits.split_at(calling_code_length(digits));
    let zeros = national.bytes().take_while(|digit| *digit == b'0').count();
    let number = rlibphonenumber::PhoneNumber {
        country_code: calling_code.parse().ok()?,
        national_number: national.parse().ok()?,
        italian_leading_zero: (zeros > 0).then_some(true),
        number_of_leading_zeros: i32::try_from(zeros).ok().filter(|zeros| *zeros > 1),
        ..rlibphonenumber::PhoneNumber::default()
    };
    let entry = PlanEntry::of(&number);
    entry.is_valid().then(|| PhoneNumber {
        e164: written.to_owned(),
        entry: Some(entry),
    })
}

fn read_by_the_library(
    written: &str,
    default_country: Option<Country>,
) -> Result<PhoneNumber, PhoneNumberFault> {
    let international = written.starts_with('+');
    let region = if international {
        None
    } else {
        let region = default_country.and_then(Country::region);
        Some(region.ok_or(PhoneNumberFault::InvalidRegion)?)
    };
    let number = PHONE_NUMBER_UTIL
        .parse(written, region)
        .map_err(|error| match error {
            ParseError::InvalidCountryCode => PhoneNumberFault::InvalidCountryCode,
            _ => PhoneNumberFault::InvalidFormat,
        })?;
    let e164 = PHONE_NUMBER_UTIL.format(&number, PhoneNumberFormat::E164);
    let entry = is_e164(&e164).then(|| PlanEntry::of(&number));
    Ok(PhoneNumber {
        entry: Some(
            entry
                .filter(|entry| entry.is_valid())
                .ok_or(PhoneNumberFault::InvalidFormat)?,
        ),
        e164: e164.into_owned(),
    })
}

fn is_e164(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|digits| {
        (MIN_DIGITS..=MAX_DIGITS).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// How many of the digits are the country calling code: no code begins with another one, and the list of those with
/// one and two digits is complete (ITU-T E.164, annex D), so all others have three.
fn calling_code_length(digits: &str) -> usize {
    match digits.as_bytes() {
        [b'1' | b'7', ..] => 1,
        [b'2', b'0' | b'7', ..]
        | [b'3', b'0'..=b'4' | b'6' | b'9', ..]
        | [b'4', b'0' | b'1' | b'3'..=b'9', ..]
        | [b'5', b'1'..=b'8', ..]
        | [b'6', b'0'..=b'6', ..]
        | [b'8', b'1' | b'2' | b'4' | b'6', ..]
        | [b'9', b'0'..=b'5' | b'8', ..] => 2,
        _ => 3,
    }
}

impl PartialEq for PhoneNumber {
    fn eq(&self, other: &Self) -> bool {
        self.e164 == other.e164
    }
}

impl Eq for PhoneNumber {}

impl Hash for PhoneNumber {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.e164.hash(state);
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PhoneNumber({})", self.masked())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn country(text: &str) -> Option<Country> {
        Country::parse(text).ok()
    }

    fn fault(input: &str, country: Option<Country>) -> &'static str {
        PhoneNumber::parse(input, country)
            .expect_err(input)
            .reason
            .as_str()
    }

    /// Mobile numbers as people of 34 countries write them at home, and their E.164.
    const AT_HOME: [(&str, &str, &str); 34] = [
        ("au", "0466 043 123", "+61466043123"),
        ("gb", "07400 123456", "+447400123456"),
        ("us", "(201) 555-0123", "+12015550123"),
        ("ca", "506-234-5678", "+15062345678"),
        ("de", "01512 3456789", "+4915123456789"),
        ("fr", "06 12 34 56 78", "+33612345678"),
        ("it", "312 345 6789", "+393123456789"),
        ("es", "612 34 56 78", "+34612345678"),
        ("nl", "06-12345678", "+31612345678"),
        ("be", "0470 12 34 56", "+32470123456"),
        ("ch", "078 123 45 67", "+41781234567"),
        ("at", "0664 123456", "+43664123456"),
        ("se", "070-123 45 67", "+46701234567"),
        ("no", "406 12 345", "+4740612345"),
        ("dk", "32 12 34 56", "+4532123456"),
        ("fi", "041 2345678", "+358412345678"),
        ("pl", "512 345 678", "+48512345678"),
        ("cz", "601 123 456", "+420601123456"),
        ("hu", "06 20 123 4567", "+36201234567"),
        ("ro", "0712 034 567", "+40712034567"),
        ("gr", "691 234 5678", "+306912345678"),
        ("tr", "0501 234 56 78", "+905012345678"),
        ("ru", "8 (912) 345-67-89", "+79123456789"),
        ("ua", "050 123 4567", "+380501234567"),
        ("in", "081234 56789", "+918123456789"),
        ("cn", "131 2345 6789", "+8613123456789"),
        ("jp", "090-1234-5678", "+819012345678"),
        ("kr", "010-2000-0000", "+821020000000"),
        ("id", "0812-345-678", "+62812345678"),
        ("sg", "8123 4567", "+6581234567"),
        ("nz", "021 123 4567", "+64211234567"),
        ("br", "(11) 96123-4567", "+5511961234567"),
        ("za", "071 123 4567", "+27711234567"),
        ("il", "050-234-5678", "+972502345678"),
    ];

    #[test]
    fn a_number_written_at_home_and_abroad_is_one_number() {
        for (home, national, e164) in AT_HOME {
            let number = PhoneNumber::parse(national, country(home)).expect(home);
            assert_eq!(number.e164(), e164);
            assert_eq!(number.country(), country(home));
            assert_eq!(PhoneNumber::parse(e164, None).expect(home), number);
            assert_eq!(PhoneNumber::from_stored(e164).unwrap().country(), country(home));
        }
    }

    #[test]
    fn every_numbering_plan_is_known_and_its_example_is_its_own_canonical_form() {
        let mut seen = 0;
        for region in PHONE_NUMBER_UTIL.get_supported_regions() {
            let example =
                PHONE_NUMBER_UTIL.get_example_number_for_type_and_region(region, PhoneNumberType::Mobile);
            let Ok(example) = example else { continue };
            let national = PHONE_NUMBER_UTIL.format(&example, PhoneNumberFormat::National);
            let international = PHONE_NUMBER_UTIL.format(&example, PhoneNumberFormat::International);
            let home = Country::of_region(region);
            let number = PhoneNumber::parse(&international, None).expect(&international);
            assert_eq!(
                PhoneNumber::parse(&national, home).expect(&national),
                number,
                "{region}"
            );
            // Some share their mobile numbers with a neighbour: Christmas Island with Australia.
            let plan = number.country().and_then(Country::region).unwrap();
            let calling_code = PHONE_NUMBER_UTIL.get_country_code_for_region(plan);
            assert_eq!(calling_code, Some(example.country_code), "{region}");
            seen += 1;
        }
        assert!(seen > 230, "{seen}");
    }

    #[test]
    fn separators_and_a_trunk_zero_do_not_make_another_key() {
        for written in [
            "+447400123456",
            "+44 7400 123456",
            "+44 0 7400 123456",
            "+44 (0)7400 123456",
            "+44.7400.123456",
            "(+44) 7400-123-456",
            " +447400123456 ",
        ] {
            let number = PhoneNumber::parse(written, country("us")).expect(written);
            assert_eq!(number.e164(), "+447400123456", "{written}");
        }
        for written in ["07400123456", "7400123456", "447400123456", "0044 7400 123456"] {
            let number = PhoneNumber::parse(written, country("gb")).expect(written);
            assert_eq!(number.e164(), "+447400123456", "{written}");
        }
    }

    #[test]
    fn what_is_not_written_like_a_number_is_an_invalid_format() {
        for input in [
            "",
            "+",
            " ",
            "-",
            "0",
            "abc",
            "1800FLOWERS",
            "0466043123 ext 5",
            "0466043123x5",
            "0466043123;ext=5",
            "tel:+61466043123",
            "+61466043123,+61466043124",
            "+61466043123\r\n",
            "+614660\t43123",
            "++61466043123",
            "61+466043123",
            "\u{ff0b}61466043123",
            "+\u{ff16}1466043123",
            "+٦١٤٦٦٠٤٣١٢٣",
            "+61\u{a0}466043123",
            "+61466043123\0",
            "+1234567890123456",
            "0466",
            "+61466",
        ] {
            assert_eq!(fault(input, country("au")), "invalid_format", "{input:?}");
        }
        assert_eq!(fault(&"1".repeat(300), country("au")), "invalid_format");
        assert_eq!(fault(&" ".repeat(300), country("au")), "invalid_format");
        assert_eq!(fault("+15555555555555", None), "invalid_format");
    }

    #[test]
    fn national_digits_without_a_numbering_plan_are_an_invalid_region() {
        assert_eq!(fault("0466043123", None), "invalid_region");
        assert_eq!(fault("0466043123", country("aq")), "invalid_region");
        assert_eq!(fault("letters", None), "invalid_format");
    }

    #[test]
    fn a_calling_code_of_nobody_is_an_invalid_country_code() {
        for input in ["+999466043123", "+0466043123", "+0061466043123", "+2101234567"] {
            assert_eq!(fault(input, country("gb")), "invalid_country_code", "{input}");
        }
    }

    #[test]
    fn a_number_of_no_country_has_none() {
        let number = PhoneNumber::parse("+800 1234 5678", country("au")).unwrap();
        assert_eq!((number.e164(), number.country()), ("+80012345678", None));
    }

    /// Numbers that nobody signs in with, as the numbering plans of 38 countries give them, and one of each code of no country.
    const BLOCKED: [(&str, &[&str]); 8] = [
        (
            "premium rate",
            &[
                "+971900234567",
                "+611900123456",
                "+43900123456",
                "+3290012345",
                "+41900123456",
                "+499001234567",
                "+4590123456",
                "+34803123456",
                "+358600123456",
                "+33891123456",
                "+449012345678",
                "+19002123456",
                "+85290012345678",
                "+3690123456",
            ],
        ),
        (
            "shared cost",
            &[
                "+611300123456",
                "+43810123456",
                "+3278791234",
                "+5540041234",
                "+41840123456",
                "+4918012345",
                "+34901123456",
                "+33884012345",
                "+628041234567",
                "+3531850123456",
                "+9721700123456",
                "+9118603451234",
                "+39848123456",
                "+48801234567",
                "+351808123456",
                "+27860123456",
            ],
        ),
        (
            "toll-free",
            &[
                "+611800123456",
                "+18002123456",
                "+868001234567",
                "+420800123456",
                "+498001234567890",
                "+4580123456",
                "+3558001234",
                "+56800123456",
            ],
        ),
        (
            "pager",
            &[
                "+611631234",
                "+4916412345",
                "+447640123456",
                "+31662345678",
                "+48641234567",
                "+46740123456",
                "+905123456789",
                "+821523456789",
            ],
        ),
        (
            "company access",
            &[
                "+420972123456",
                "+4918500123456",
                "+445512345678",
                "+305005000123",
                "+353818123456",
                "+81570123456",
                "+2347001234567",
                "+6570001234567",
                "+904441444",
            ],
        ),
        (
            "voicemail",
            &[
                "+41860123456789",
                "+49177991234567",
                "+4781212345",
                "+351600110000",
                "+46254123456789",
            ],
        ),
        (
            "personal",
            &[
                "+447012345678",
                "+15002345678",
                "+4970012345678",
                "+391781234567",
                "+64701234567",
                "+886990123456",
            ],
        ),
        (
            "no country",
            &[
                "+80012345678",
                "+80812345678",
                "+870301234567",
                "+878101234567890",
                "+881612345678",
                "+8823421234",
                "+883510012345",
                "+88812345678901",
                "+979123456789",
            ],
        ),
    ];

    #[test]
    fn numbers_that_nobody_signs_in_with_are_of_a_blocked_type() {
        for (kind, numbers) in BLOCKED {
            for e164 in numbers {
                let number = PhoneNumber::parse(e164, None).expect(e164);
                assert_eq!(number.e164(), *e164);
                assert!(number.has_blocked_type(), "{kind} {e164}");
                assert!(PhoneNumber::from_stored(e164).unwrap().has_blocked_type());
            }
        }
    }

    #[test]
    fn numbers_of_people_are_of_no_blocked_type() {
        for (home, _, e164) in AT_HOME {
            assert!(
                !PhoneNumber::parse(e164, None).unwrap().has_blocked_type(),
                "{home}"
            );
        }
        // Over the internet, and on a desk.
        for e164 in [
            "+61147101234",
            "+445612345678",
            "+33912345678",
            "+815012345678",
            "+61212345678",
            "+442071838750",
        ] {
            assert!(
                !PhoneNumber::parse(e164, None).unwrap().has_blocked_type(),
                "{e164}"
            );
        }
        // Of a plan that has changed since it was stored.
        assert!(
            !PhoneNumber::from_stored("+61000000000")
                .unwrap()
                .has_blocked_type()
        );
    }

    #[test]
    fn every_numbering_plan_says_which_of_its_numbers_are_of_a_blocked_type() {
        use PhoneNumberType::{
            FixedLine, Mobile, Pager, PersonalNumber, PremiumRate, SharedCost, TollFree, UAN, VoIP, VoiceMail,
        };
        let mut seen = 0;
        for region in PHONE_NUMBER_UTIL.get_supported_regions() {
            for (kinds, blocked) in [
                (
                    &[
                        PremiumRate,
                        SharedCost,
                        TollFree,
                        Pager,
                        UAN,
                        VoiceMail,
                        PersonalNumber,
                    ][..],
                    true,
                ),
                (&[FixedLine, Mobile, VoIP], false),
            ] {
                for &kind in kinds {
                    let example = PHONE_NUMBER_UTIL.get_example_number_for_type_and_region(region, kind);
                    let Ok(example) = example else { continue };
                    let e164 = PHONE_NUMBER_UTIL.format(&example, PhoneNumberFormat::E164);
                    // Some are too short to be written internationally, and refused before.
                    let Ok(number) = PhoneNumber::parse(&e164, None) else {
                        continue;
                    };
                    assert_eq!(number.has_blocked_type(), blocked, "{region} {kind:?} {e164}");
                    seen += 1;
                }
            }
        }
        assert!(seen > 1_000, "{seen}");
    }

    #[test]
    fn only_the_calling_code_and_three_digits_are_shown() {
        let shown = |e164| PhoneNumber::from_stored(e164).unwrap().masked();
        assert_eq!(shown("+61466043123"), "+61•••123");
        assert_eq!(shown("+12015550199"), "+1•••199");
        assert_eq!(shown("+972502345678"), "+972•••678");
        let number = PhoneNumber::parse("+61466043123", None).unwrap();
        assert_eq!(format!("{number:?}"), "PhoneNumber(+61•••123)");
    }

    #[test]
    fn every_calling_code_has_the_length_its_first_digits_say() {
        for code in PHONE_NUMBER_UTIL.get_supported_calling_codes() {
            let digits = code.to_string();
            assert_eq!(
                calling_code_length(&format!("{digits}0000")),
                digits.len(),
                "{code}"
            );
        }
    }

    #[test]
    fn only_a_stored_form_is_taken_back() {
        for text in [
            "",
            "+",
            "61466043123",
            "+123456",
            "+1234567890123456",
            "+61 466043123",
            "+6146604312x",
        ] {
            assert_eq!(PhoneNumber::from_stored(text), None, "{text:?}");
        }
    }

    #[test]
    fn an_error_says_what_to_do_and_does_not_repeat_the_input() {
        for (input, home) in [("12345x", None), ("0466043123", None), ("+999466043123", None)] {
            let sentence = PhoneNumber::parse(input, home).unwrap_err().to_string();
            assert!(!sentence.is_empty() && !sentence.contains(input), "{sentence}");
        }
    }

    fn a_home() -> impl Strategy<Value = Option<Country>> {
        proptest::option::of(
            prop::sample::select(AT_HOME.as_slice()).prop_map(|(home, ..)| Country::parse(home).unwrap()),
        )
    }

    proptest! {
        #[test]
        fn a_number_that_people_may_have_is_read_the_same_with_and_without_the_library(
            e164 in "\\+[1-9][0-9]{6,14}",
        ) {
            let as_it_stands = as_it_stands(&e164).filter(|number| !number.has_blocked_type());
            if let Some(number) = as_it_stands {
                let read = read_by_the_library(&e164, None).unwrap();
                prop_assert_eq!(read.e164(), number.e164());
                prop_assert_eq!(read.country(), number.country());
                prop_assert!(!read.has_blocked_type());
            }
        }

        #[test]
        fn no_text_breaks_the_parser(input in any::<String>(), home in a_home()) {
            let _ = PhoneNumber::parse(&input, home);
            let _ = PhoneNumber::from_stored(&input);
            let _ = Country::parse(&input);
        }

        #[test]
        fn what_was_parsed_parses_to_itself(input in "\\+?[0-9 ().-]{5,18}", home in a_home()) {
            if let Ok(number) = PhoneNumber::parse(&input, home) {
                prop_assert_eq!(PhoneNumber::parse(number.e164(), None), Ok(number.clone()));
                prop_assert_eq!(PhoneNumber::parse(number.e164(), home), Ok(number.clone()));
                let stored = PhoneNumber::from_stored(number.e164()).unwrap();
                prop_assert_eq!(stored.country(), number.country());
            }
        }
    }
}
