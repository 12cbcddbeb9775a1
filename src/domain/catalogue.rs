//! The words of messages in every language, as Fluent files that are part of the binary.
//! A string that a language lacks is written in English.

use std::sync::LazyLock;

pub use fluent_bundle::FluentArgs;
use fluent_bundle::FluentResource;
use fluent_bundle::concurrent::FluentBundle;
use unic_langid::LanguageIdentifier;

use super::locale::Locale;

/// The file of each language. One that is not here yet is English throughout.
const FILES: &[(Locale, &str)] = &[(Locale::En, include_str!("../../config/locales/en.ftl"))];

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::load(FILES));

/// There is no such string, or one of its placeholders was not given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the English catalogue cannot write `{id}`: add the string, or give all of its placeholders")]
pub struct MissingText {
    /// The string's name in the catalogue.
    pub id: String,
}

/// The string `id` in the language, with its placeholders filled in. Placeholders are put in as they are, without
/// escaping and without marks around them.
pub fn text(locale: Locale, id: &str, args: &FluentArgs<'_>) -> Result<String, MissingText> {
    CATALOGUE.text(locale, id, args)
}

/// What is wrong with the files, each with its language; empty when all of them are well-formed.
#[must_use]
pub fn faults() -> &'static [String] {
    &CATALOGUE.faults
}

struct Catalogue {
    bundles: Vec<(Locale, FluentBundle<FluentResource>)>,
    faults: Vec<String>,
}

impl Catalogue {
    /// Reads every file as far as it can be read.
    fn load(files: &[(Locale, &str)]) -> Self {
        let mut catalogue = Self {
            bundles: Vec::with_capacity(files.len()),
            faults: Vec::new(),
        };
        for &(locale, file) in files {
            let language: LanguageIdentifier = locale.tag().parse().unwrap_or_default();
            let mut bundle = FluentBundle::new_concurrent(vec![language]);
            // The marks that set a placeholder apart for bidirectional text would stand inside codes and hosts.
            bundle.set_use_isolating(false);
            let (resource, malformed) = match FluentResource::try_new(file.to_owned()) {
                Ok(resource) => (resource, Vec::new()),
                Err((resource, malformed)) => (resource, malformed),
            };
            let repeated = bundle.add_resource(resource).err().unwrap_or_default();
            let malformed = malformed.iter().map(ToString::to_string);
            let found = malformed.chain(repeated.iter().map(ToString::to_string));
            catalogue
                .faults
                .extend(found.map(|fault| format!("{locale}: {fault}")));
            catalogue.bundles.push((locale, bundle));
        }
        catalogue
    }

    fn text(&self, locale: Locale, id: &str, args: &FluentArgs<'_>) -> Result<String, MissingText> {
        [locale, Locale::En]
            .into_iter()
            .find_map(|locale| self.text_in(locale, id, args))
            .ok_or_else(|| MissingText { id: id.to_owned() })
    }

    fn text_in(&self, locale: Locale, id: &str, args: &FluentArgs<'_>) -> Option<String> {
        let (_, bundle) = self.bundles.iter().find(|(of, _)| *of == locale)?;
        let message = bundle.get_message(id)?;
        let mut errors = Vec::new();
        let text = bundle.format_pattern(message.value()?, Some(args), &mut errors);
        errors.is_empty().then(|| text.into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENGLISH: &str = "greeting = Hello { $name }\nfarewell = Bye\nminutes = { $n ->\n    [one] { $n } minute\n   *[other] { $n } minutes\n}\n";

    fn named(name: &str) -> FluentArgs<'_> {
        FluentArgs::from_iter([("name", name)])
    }

    #[test]
    fn every_embedded_file_is_well_formed() {
        assert_eq!(faults(), [""; 0]);
    }

    #[test]
    fn a_string_is_written_in_its_language_and_a_missing_one_in_english() {
        let catalogue = Catalogue::load(&[(Locale::En, ENGLISH), (Locale::De, "greeting = Hallo { $name }")]);
        let text = |locale, id| catalogue.text(locale, id, &named("Ada")).unwrap();
        assert_eq!(text(Locale::De, "greeting"), "Hallo Ada");
        assert_eq!(text(Locale::De, "farewell"), "Bye");
        assert_eq!(text(Locale::Ja, "greeting"), "Hello Ada");
    }

    #[test]
    fn a_translation_with_an_unknown_placeholder_is_passed_over_for_english() {
        let catalogue = Catalogue::load(&[(Locale::En, ENGLISH), (Locale::De, "greeting = Hallo { $nmae }")]);
        assert_eq!(
            catalogue.text(Locale::De, "greeting", &named("Ada")).unwrap(),
            "Hello Ada"
        );
    }

    #[test]
    fn a_string_that_english_lacks_too_is_an_error_with_its_name() {
        let catalogue = Catalogue::load(&[(Locale::En, ENGLISH)]);
        let missing = |id, args: &FluentArgs<'_>| catalogue.text(Locale::En, id, args).unwrap_err().id;
        assert_eq!(missing("nothing", &FluentArgs::new()), "nothing");
        assert_eq!(missing("greeting", &FluentArgs::new()), "greeting");
    }

    #[test]
    fn numbers_choose_their_plural_and_placeholders_stand_as_they_are() {
        let catalogue = Catalogue::load(&[(Locale::En, ENGLISH)]);
        let minutes = |n: u32| {
            let args = FluentArgs::from_iter([("n", n)]);
            catalogue.text(Locale::En, "minutes", &args).unwrap()
        };
        assert_eq!(
            (minutes(1), minutes(10)),
            ("1 minute".to_owned(), "10 minutes".to_owned())
        );
        let text = catalogue
            .text(Locale::En, "greeting", &named("{ $x } \"<b>\" 007"))
            .unwrap();
        assert_eq!(text, "Hello { $x } \"<b>\" 007");
    }

    #[test]
    fn a_malformed_or_repeated_string_is_a_fault_and_the_rest_is_read() {
        let catalogue = Catalogue::load(&[(Locale::Fr, "a = A\na = B\n??\nb = { $x\nc = C\n")]);
        assert!(catalogue.faults.len() >= 2, "{:?}", catalogue.faults);
        assert!(catalogue.faults.iter().all(|fault| fault.starts_with("fr: ")));
        assert_eq!(catalogue.text(Locale::Fr, "c", &FluentArgs::new()).unwrap(), "C");
    }
}
