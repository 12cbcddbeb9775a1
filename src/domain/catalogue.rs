//! The words of messages in every language, as Fluent files that are part of the binary.
//! A string that a language lacks is its parent's, and at last English.

use std::borrow::Cow;
use std::sync::{LazyLock, OnceLock};

pub use fluent_bundle::FluentArgs;
use fluent_bundle::FluentResource;
use fluent_bundle::concurrent::FluentBundle;
use unic_langid::LanguageIdentifier;

use super::locale::Locale;

pub mod check;

pub use super::locale::EMBEDDED;

static CATALOGUE: LazyLock<Catalogue<'static>> = LazyLock::new(|| {
    Catalogue::new(
        EMBEDDED
            .iter()
            .map(|(locale, text)| (*locale, Cow::Borrowed(*text))),
    )
});

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

/// The files in the binary.
#[must_use]
pub fn embedded() -> &'static Catalogue<'static> {
    &CATALOGUE
}

/// A set of files. Each is parsed when its language is first asked for, and kept: few services write in more than a few.
pub struct Catalogue<'a> {
    languages: Vec<Language<'a>>,
}

struct Language<'a> {
    locale: Locale,
    file: Cow<'a, str>,
    bundle: OnceLock<FluentBundle<FluentResource>>,
}

impl<'a> Catalogue<'a> {
    /// Takes the files of languages, each at most once.
    pub fn new(files: impl IntoIterator<Item = (Locale, Cow<'a, str>)>) -> Self {
        let language = |(locale, file)| Language {
            locale,
            file,
            bundle: OnceLock::new(),
        };
        Self {
            languages: files.into_iter().map(language).collect(),
        }
    }

    /// The file of a language.
    #[must_use]
    pub fn file(&self, locale: Locale) -> Option<&str> {
        self.language(locale).map(|language| &*language.file)
    }

    /// As [`text`], out of these files.
    pub fn text(&self, locale: Locale, id: &str, args: &FluentArgs<'_>) -> Result<String, MissingText> {
        [Some(locale), locale.parent(), Some(Locale::En)]
            .into_iter()
            .flatten()
            .find_map(|locale| self.language(locale)?.text(id, args))
            .ok_or_else(|| MissingText { id: id.to_owned() })
    }

    fn language(&self, locale: Locale) -> Option<&Language<'a>> {
        self.languages.iter().find(|language| language.locale == locale)
    }
}

impl Language<'_> {
    fn text(&self, id: &str, args: &FluentArgs<'_>) -> Option<String> {
        let bundle = self.bundle.get_or_init(|| bundle(self.locale, &self.file));
        let pattern = bundle.get_message(id)?.value()?;
        let mut errors = Vec::new();
        let text = bundle.format_pattern(pattern, Some(args), &mut errors);
        errors.is_empty().then(|| text.into_owned())
    }
}

/// Reads a file as far as it can be read; what is wrong with it is for [`check`] to say.
fn bundle(locale: Locale, file: &str) -> FluentBundle<FluentResource> {
    let language: LanguageIdentifier = locale.tag().parse().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![language]);
    // The marks that set a placeholder apart for bidirectional text would stand inside codes and hosts.
    bundle.set_use_isolating(false);
    let resource = match FluentResource::try_new(file.to_owned()) {
        Ok(resource) | Err((resource, _)) => resource,
    };
    // Of a string that is there twice, the first one is kept.
    let _ = bundle.add_resource(resource);
    bundle
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENGLISH: &str = "greeting = Hello { $name }\nfarewell = Bye\nminutes = { $n ->\n    [one] { $n } minute\n   *[other] { $n } minutes\n}\n";

    fn named(name: &str) -> FluentArgs<'_> {
        FluentArgs::from_iter([("name", name)])
    }

    fn catalogue(files: &[(Locale, &'static str)]) -> Catalogue<'static> {
        Catalogue::new(files.iter().map(|(locale, file)| (*locale, Cow::Borrowed(*file))))
    }

    #[test]
    fn the_embedded_files_are_those_of_all_languages() {
        let languages: Vec<Locale> = EMBEDDED.iter().map(|(locale, _)| *locale).collect();
        assert_eq!(languages, Locale::ALL);
    }

    #[test]
    fn the_embedded_files_have_no_fault() {
        let faults: Vec<String> = check::check(embedded()).iter().map(ToString::to_string).collect();
        assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
    }

    #[test]
    fn a_variant_writes_what_it_lacks_as_its_parent_does() {
        let catalogue = catalogue(&[
            (Locale::En, ENGLISH),
            (Locale::Nl, "greeting = Hallo { $name }\nfarewell = Tot ziens"),
            (Locale::NlBe, "farewell = Tot straks"),
            (Locale::EnAu, "farewell = Hooroo"),
        ]);
        let text = |locale, id| catalogue.text(locale, id, &named("Ada")).unwrap();
        assert_eq!(text(Locale::NlBe, "farewell"), "Tot straks");
        assert_eq!(text(Locale::NlBe, "greeting"), "Hallo Ada");
        assert_eq!(text(Locale::EnAu, "farewell"), "Hooroo");
        assert_eq!(text(Locale::EnAu, "greeting"), "Hello Ada");
        assert_eq!(text(Locale::EnGb, "farewell"), "Bye");
    }

    #[test]
    fn a_string_is_written_in_its_language_and_a_missing_one_in_english() {
        let catalogue = catalogue(&[(Locale::En, ENGLISH), (Locale::De, "greeting = Hallo { $name }")]);
        let text = |locale, id| catalogue.text(locale, id, &named("Ada")).unwrap();
        assert_eq!(text(Locale::De, "greeting"), "Hallo Ada");
        assert_eq!(text(Locale::De, "farewell"), "Bye");
        assert_eq!(text(Locale::Ja, "greeting"), "Hello Ada");
    }

    #[test]
    fn a_translation_with_an_unknown_placeholder_is_passed_over_for_english() {
        let catalogue = catalogue(&[(Locale::En, ENGLISH), (Locale::De, "greeting = Hallo { $nmae }")]);
        assert_eq!(
            catalogue.text(Locale::De, "greeting", &named("Ada")).unwrap(),
            "Hello Ada"
        );
    }

    #[test]
    fn a_string_that_english_lacks_too_is_an_error_with_its_name() {
        let catalogue = catalogue(&[(Locale::En, ENGLISH)]);
        let missing = |id, args: &FluentArgs<'_>| catalogue.text(Locale::En, id, args).unwrap_err().id;
        assert_eq!(missing("nothing", &FluentArgs::new()), "nothing");
        assert_eq!(missing("greeting", &FluentArgs::new()), "greeting");
    }

    #[test]
    fn numbers_choose_their_plural_and_placeholders_stand_as_they_are() {
        let catalogue = catalogue(&[(Locale::En, ENGLISH)]);
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
    fn a_malformed_or_repeated_string_leaves_the_rest() {
        let catalogue = catalogue(&[(Locale::Fr, "a = A\na = B\n??\nb = { $x\nc = C\n")]);
        let text = |id| catalogue.text(Locale::Fr, id, &FluentArgs::new()).unwrap();
        assert_eq!((text("a"), text("c")), ("A".to_owned(), "C".to_owned()));
    }
}
