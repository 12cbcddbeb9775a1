//! What an administrator writes in place of the texts of emails with a code: words, and a closed list of placeholders.
//! Nothing else in them is read, so there is nothing to escape from: no tags, no expressions, no filters.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::locale::Locale;
use super::named::named;
use super::verification::Purpose;

/// The longest of each text, in characters.
const LONGEST_SUBJECT: usize = 200;
const LONGEST_BODY: usize = 4_000;
const LONGEST_DISCLAIMER: usize = 1_000;

const EMPTY: &str = "must not be empty; leave it out to have the text that otpost writes";
const UNKNOWN_PLACEHOLDER: &str = "may hold the placeholders {{ code }}, {{ business_name }}, {{ expires_in }} and {{ email }}, and no other";
const TAG: &str =
    "may hold placeholders such as {{ business_name }}, but no {% tags %} and no {# comments #}";
const NOT_CLOSED: &str = "has a {{ without its }}";
const CODE_IN_SUBJECT: &str = "must not hold {{ code }}: subjects are shown on locked screens";
const CODE_TWICE: &str = "may have {{ code }} alone on one line only";
const NOT_ONE_LINE: &str = "must be one line, without control characters";
const CONTROL: &str = "must not hold control characters other than line breaks";

named! {
    /// What stands for a value, written `{{ name }}`.
    Placeholder {
        /// The digits.
        Code = "code",
        /// The business.
        BusinessName = "business_name",
        /// How long the code works, such as "10 minutes".
        ExpiresIn = "expires_in",
        /// Whom the email goes to.
        Email = "email",
    }
}

/// What placeholders are filled with.
#[derive(Clone, Copy)]
pub struct Values<'a> {
    /// For `code`.
    pub code: &'a str,
    /// For `business_name`.
    pub business_name: &'a str,
    /// For `expires_in`.
    pub expires_in: &'a str,
    /// For `email`.
    pub email: &'a str,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Words(String),
    Value(Placeholder),
}

/// Words with placeholders.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Wording(Vec<Piece>);

impl Wording {
    /// Reads `{{ name }}` as a placeholder and all else as words. What is wrong is added to `errors`.
    fn read(source: &str, errors: &mut Vec<&'static str>) -> Self {
        let mut pieces = Vec::new();
        let mut rest = source;
        while let Some(at) = ["{{", "{%", "{#"].iter().filter_map(|mark| rest.find(mark)).min() {
            let (words, marked) = rest.split_at(at);
            pieces.push(Piece::Words(words.to_owned()));
            rest = &marked[2..];
            if !marked.starts_with("{{") {
                errors.push(TAG);
                continue;
            }
            let Some((name, behind)) = rest.split_once("}}") else {
                errors.push(NOT_CLOSED);
                break;
            };
            match Placeholder::parse(name.trim()) {
                Some(placeholder) => pieces.push(Piece::Value(placeholder)),
                None => errors.push(UNKNOWN_PLACEHOLDER),
            }
            rest = behind;
        }
        pieces.push(Piece::Words(rest.to_owned()));
        Self(pieces)
    }

    fn holds(&self, placeholder: Placeholder) -> bool {
        self.0.contains(&Piece::Value(placeholder))
    }

    /// Whether there is nothing beside `{{ code }}`.
    fn is_the_code_alone(&self) -> bool {
        let is_blank = |piece: &&Piece| matches!(piece, Piece::Words(words) if words.trim().is_empty());
        let mut said = self.0.iter().filter(|piece| !is_blank(piece));
        said.next() == Some(&Piece::Value(Placeholder::Code)) && said.next().is_none()
    }

    fn write(&self, values: &Values<'_>) -> String {
        let pieces = self.0.iter().map(|piece| match piece {
            Piece::Words(words) => words.as_str(),
            Piece::Value(Placeholder::Code) => values.code,
            Piece::Value(Placeholder::BusinessName) => values.business_name,
            Piece::Value(Placeholder::ExpiresIn) => values.expires_in,
            Piece::Value(Placeholder::Email) => values.email,
        });
        pieces.collect()
    }
}

/// The subject: one line without the code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    source: String,
    wording: Wording,
}

impl Subject {
    /// Reads it.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse(text: &str) -> Result<Self, Vec<&'static str>> {
        let (source, mut errors) = measured(text, LONGEST_SUBJECT, "must be at most 200 characters");
        if source.contains(|c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')) {
            errors.push(NOT_ONE_LINE);
        }
        let wording = Wording::read(&source, &mut errors);
        if wording.holds(Placeholder::Code) {
            errors.push(CODE_IN_SUBJECT);
        }
        without_errors(errors, || Self { source, wording })
    }

    /// Filled in, escaped for nothing.
    #[must_use]
    pub fn write(&self, values: &Values<'_>) -> String {
        self.wording.write(values)
    }
}

/// The text around the code, of any number of paragraphs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    source: String,
    above: Wording,
    below: Wording,
}

impl Body {
    /// Reads it.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse(text: &str) -> Result<Self, Vec<&'static str>> {
        let (source, mut errors) = measured(text, LONGEST_BODY, "must be at most 4000 characters");
        check_lines(&source, &mut errors);
        Wording::read(&source, &mut errors);
        let lines: Vec<&str> = source.lines().collect();
        // The errors of a line were told with the whole.
        let is_the_code = |line: &&str| Wording::read(line, &mut Vec::new()).is_the_code_alone();
        if lines.iter().filter(|line| is_the_code(line)).count() > 1 {
            errors.push(CODE_TWICE);
        }
        let place = lines.iter().position(is_the_code);
        let (above, below) = match place {
            Some(place) => (lines[..place].join("\n"), lines[place + 1..].join("\n")),
            None => (source.clone(), String::new()),
        };
        let above = Wording::read(&above, &mut Vec::new());
        let below = Wording::read(&below, &mut Vec::new());
        without_errors(errors, || Self { source, above, below })
    }

    /// What stands above and below the line of the code, filled in, escaped for nothing. The code has its line where
    /// `{{ code }}` is alone on one, and otherwise below the whole.
    #[must_use]
    pub fn write(&self, values: &Values<'_>) -> (String, String) {
        (tidy(&self.above.write(values)), tidy(&self.below.write(values)))
    }
}

/// The small print.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disclaimer {
    source: String,
    wording: Wording,
}

impl Disclaimer {
    /// Reads it.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse(text: &str) -> Result<Self, Vec<&'static str>> {
        let (source, mut errors) = measured(text, LONGEST_DISCLAIMER, "must be at most 1000 characters");
        check_lines(&source, &mut errors);
        let wording = Wording::read(&source, &mut errors);
        without_errors(errors, || Self { source, wording })
    }

    /// Filled in, escaped for nothing.
    #[must_use]
    pub fn write(&self, values: &Values<'_>) -> String {
        tidy(&self.wording.write(values))
    }
}

/// Texts are read and shown as they were written.
macro_rules! as_written {
    ($($type:ty),*) => {$(
        impl $type {
            /// As it was written.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.source
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let rule = |text: String| Self::parse(&text).map_err(|details| details.join("; "));
                super::parsed::read(deserializer, "Hello", rule)
            }
        }

        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.source)
            }
        }
    )*};
}

as_written!(Subject, Body, Disclaimer);

/// The texts of one purpose in one language. One that is left out stays as otpost writes it. Placeholders are `{{ code }}`,
/// `{{ business_name }}`, `{{ expires_in }}` and `{{ email }}`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EmailTexts {
    /// One line of at most 200 characters, without `{{ code }}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub subject: Option<Subject>,
    /// At most 4,000 characters in any number of lines. The code has its line where `{{ code }}` stands alone on one, and otherwise
    /// below the whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub body: Option<Body>,
    /// The small print, at most 1,000 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub disclaimer: Option<Disclaimer>,
}

type ByPurpose = BTreeMap<Purpose, EmailTexts>;

/// The texts of an environment's emails with codes, by language, one of the 43 in its exact tag, and purpose. A body holds at most
/// 64 KiB, so all of them too.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(from = "BTreeMap<Locale, ByPurpose>")]
#[schema(value_type = BTreeMap<String, BTreeMap<String, EmailTexts>>, example = json!({"de": {"sign_in": {"subject": "Ihr Code für {{ business_name }}", "body": "Hallo,\n\nIhr Code:\n\n{{ code }}\n\nEr gilt {{ expires_in }}.", "disclaimer": "Diese Nachricht ging an {{ email }}."}}}))]
pub struct EmailContent(BTreeMap<Locale, ByPurpose>);

impl From<BTreeMap<Locale, ByPurpose>> for EmailContent {
    fn from(mut texts: BTreeMap<Locale, ByPurpose>) -> Self {
        for purposes in texts.values_mut() {
            purposes.retain(|_, texts| *texts != EmailTexts::default());
        }
        texts.retain(|_, purposes| !purposes.is_empty());
        Self(texts)
    }
}

impl EmailContent {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The texts for an email: of its language, or else of the one that it is a variety of (`en` for `en-AU`).
    #[must_use]
    pub fn texts(&self, locale: Locale, purpose: Purpose) -> Option<&EmailTexts> {
        let of = |locale| self.0.get(&locale)?.get(&purpose);
        of(locale).or_else(|| {
            let (language, _) = locale.tag().split_once('-')?;
            of(Locale::parse(language)?)
        })
    }
}

/// The text without space around it and with one kind of line break.
fn measured(text: &str, longest: usize, too_long: &'static str) -> (String, Vec<&'static str>) {
    let source = text.replace("\r\n", "\n").trim().to_owned();
    let mut errors = Vec::new();
    if source.is_empty() {
        errors.push(EMPTY);
    }
    if source.chars().count() > longest {
        errors.push(too_long);
    }
    (source, errors)
}

fn check_lines(source: &str, errors: &mut Vec<&'static str>) {
    if source.contains(|c: char| c.is_control() && c != '\n') {
        errors.push(CONTROL);
    }
}

/// Each error once, or else what was read.
fn without_errors<T>(errors: Vec<&'static str>, read: impl FnOnce() -> T) -> Result<T, Vec<&'static str>> {
    let mut told: Vec<&'static str> = Vec::new();
    for error in errors {
        if !told.contains(&error) {
            told.push(error);
        }
    }
    if told.is_empty() { Ok(read()) } else { Err(told) }
}

/// Paragraphs apart by one empty line each, without space at the ends of lines.
fn tidy(text: &str) -> String {
    let mut tidied = String::with_capacity(text.len());
    for line in text.trim().lines().map(str::trim) {
        if !line.is_empty() || !tidied.ends_with("\n\n") {
            tidied.push_str(line);
            tidied.push('\n');
        }
    }
    tidied.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const VALUES: Values<'_> = Values {
        code: "012345",
        business_name: "Acme",
        expires_in: "10 minutes",
        email: "ada@example.com",
    };

    fn body(text: &str) -> (String, String) {
        Body::parse(text).unwrap().write(&VALUES)
    }

    fn pair(above: &str, below: &str) -> (String, String) {
        (above.to_owned(), below.to_owned())
    }

    #[test]
    fn each_placeholder_is_filled_in_however_it_is_spaced() {
        let text = "{{ business_name }}, {{email}}: {{  expires_in}} {{ code}}!";
        let disclaimer = Disclaimer::parse(text).unwrap();
        assert_eq!(
            disclaimer.write(&VALUES),
            "Acme, ada@example.com: 10 minutes 012345!"
        );
        assert_eq!(disclaimer.as_str(), text);
        let subject = Subject::parse(" Hello from {{ business_name }} ").unwrap();
        assert_eq!(subject.write(&VALUES), "Hello from Acme");
    }

    #[test]
    fn what_is_no_placeholder_is_refused_and_all_mistakes_are_told() {
        for (text, errors) in [
            ("{{ password }}", vec![UNKNOWN_PLACEHOLDER]),
            ("{{ Code }}", vec![UNKNOWN_PLACEHOLDER]),
            ("{{ code | upper }}", vec![UNKNOWN_PLACEHOLDER]),
            ("{{ code.x }}", vec![UNKNOWN_PLACEHOLDER]),
            ("{{ 7 * 7 }}", vec![UNKNOWN_PLACEHOLDER]),
            ("{{- code -}}", vec![UNKNOWN_PLACEHOLDER]),
            ("{{{ code }}}", vec![UNKNOWN_PLACEHOLDER]),
            ("{{ {{ code }} }}", vec![UNKNOWN_PLACEHOLDER]),
            ("{{}}", vec![UNKNOWN_PLACEHOLDER]),
            ("{{ code", vec![NOT_CLOSED]),
            ("{% for x in y %}{% endfor %}", vec![TAG]),
            ("{# a comment #}", vec![TAG]),
            (
                "{% include 'x' %} {{ x }} {{ y }} {{",
                vec![TAG, UNKNOWN_PLACEHOLDER, NOT_CLOSED],
            ),
            ("", vec![EMPTY]),
            (" \n ", vec![EMPTY]),
            ("a\u{0}b", vec![CONTROL]),
            ("{{ code }}\n{{ code }}", vec![CODE_TWICE]),
        ] {
            assert_eq!(Body::parse(text).unwrap_err(), errors, "{text}");
        }
        for text in ["a { code } b", "}} a", "$code {$code}", "100 % {", "{a}"] {
            assert_eq!(body(text), pair(text, ""), "words");
        }
    }

    #[test]
    fn a_subject_is_one_line_and_has_no_code() {
        for (text, error) in [
            ("a\nb", NOT_ONE_LINE),
            ("a\rb", NOT_ONE_LINE),
            ("a\u{2028}b", NOT_ONE_LINE),
            ("Your code: {{ code }}", CODE_IN_SUBJECT),
            ("", EMPTY),
        ] {
            assert_eq!(Subject::parse(text).unwrap_err(), [error], "{text:?}");
        }
    }

    #[test]
    fn each_text_has_its_greatest_length() {
        assert!(Subject::parse(&"é".repeat(200)).is_ok());
        assert!(Subject::parse(&"é".repeat(201)).is_err());
        assert!(Body::parse(&"é".repeat(4_000)).is_ok());
        assert!(Body::parse(&"é".repeat(4_001)).is_err());
        assert!(Disclaimer::parse(&"é".repeat(1_000)).is_ok());
        assert!(Disclaimer::parse(&"é".repeat(1_001)).is_err());
    }

    #[test]
    fn the_code_has_its_line_where_it_stands_alone_and_otherwise_below_the_whole() {
        for (text, expected) in [
            ("Hello\n\n{{ code }}\n\nBye", pair("Hello", "Bye")),
            ("{{code}}\nBye", pair("", "Bye")),
            ("Hello\r\n  {{ code }}  ", pair("Hello", "")),
            ("{{ code }}", pair("", "")),
            ("It is {{ code }}.", pair("It is 012345.", "")),
            ("It is {{ code }}:\n{{ code }}\nBye", pair("It is 012345:", "Bye")),
            ("a \n\n\n\n b\nc", pair("a\n\nb\nc", "")),
        ] {
            assert_eq!(body(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_variety_without_texts_of_its_own_has_those_of_its_language() {
        let texts = |text| EmailTexts {
            subject: Some(Subject::parse(text).unwrap()),
            ..EmailTexts::default()
        };
        let of_sign_in = |text| {
            BTreeMap::from([
                (Purpose::SignIn, texts(text)),
                (Purpose::Mfa, EmailTexts::default()),
            ])
        };
        let content = EmailContent::from(BTreeMap::from([
            (Locale::En, of_sign_in("en")),
            (Locale::EnGb, of_sign_in("en-GB")),
        ]));
        let subject = |locale, purpose| {
            let texts = content.texts(locale, purpose)?;
            Some(texts.subject.as_ref()?.as_str())
        };
        assert_eq!(subject(Locale::EnAu, Purpose::SignIn), Some("en"));
        assert_eq!(subject(Locale::EnGb, Purpose::SignIn), Some("en-GB"));
        assert_eq!(subject(Locale::EnAu, Purpose::Mfa), None);
        assert_eq!(subject(Locale::PtBr, Purpose::SignIn), None);
    }

    proptest! {
        #[test]
        fn whatever_is_taken_holds_no_mark_of_a_template_and_never_panics(text in "[{}%# a-z_\n]{0,40}") {
            if let Ok(body) = Body::parse(&text) {
                let blank = Values { code: "1", business_name: "2", expires_in: "3", email: "4" };
                let (above, below) = body.write(&blank);
                for part in [above, below] {
                    let marked = ["{{", "{%", "{#"].iter().any(|mark| part.contains(mark));
                    prop_assert!(!marked);
                }
            }
        }
    }
}
