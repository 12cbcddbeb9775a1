//! The languages that texts are written in, and how a request's language finds one of them.

use serde::{Serialize, Serializer};

use super::named::named;
use super::parsed::parsed;

/// Declares the languages, each with its file in the program, which is called as its tag.
macro_rules! languages {
    ($($(#[doc = $doc:literal])* $language:ident = $tag:literal,)*) => {
        named! {
            /// A language of the catalogue, by its BCP 47 tag.
            Locale { $($(#[doc = $doc])* $language = $tag,)* }
        }

        /// Every language with its file, in the order of [`Locale::ALL`].
        pub const EMBEDDED: &[(Locale, &str)] = &[
            $((Locale::$language, include_str!(concat!("../../config/locales/", $tag, ".ftl"))),)*
        ];
    };
}

languages! {
    /// Arabic.
    Ar = "ar",
    /// Czech.
    Cs = "cs",
    /// Danish.
    Da = "da",
    /// German.
    De = "de",
    /// Greek.
    El = "el",
    /// English, where no other English is asked for.
    En = "en",
    /// Australian English.
    EnAu = "en-AU",
    /// British English.
    EnGb = "en-GB",
    /// American English.
    EnUs = "en-US",
    /// Spanish.
    Es = "es",
    /// Estonian.
    Et = "et",
    /// Persian.
    Fa = "fa",
    /// Filipino.
    Fil = "fil",
    /// French.
    Fr = "fr",
    /// Hebrew.
    He = "he",
    /// Croatian.
    Hr = "hr",
    /// Haitian Creole.
    Ht = "ht",
    /// Hungarian.
    Hu = "hu",
    /// Indonesian.
    Id = "id",
    /// Italian.
    It = "it",
    /// Japanese.
    Ja = "ja",
    /// Korean.
    Ko = "ko",
    /// Lithuanian.
    Lt = "lt",
    /// Latvian.
    Lv = "lv",
    /// Mongolian.
    Mn = "mn",
    /// Malay.
    Ms = "ms",
    /// Dutch.
    Nl = "nl",
    /// Dutch of Belgium.
    NlBe = "nl-BE",
    /// Norwegian, for both of its written forms.
    No = "no",
    /// Polish.
    Pl = "pl",
    /// Portuguese of Brazil.
    PtBr = "pt-BR",
    /// Portuguese of Portugal.
    PtPt = "pt-PT",
    /// Romanian.
    Ro = "ro",
    /// Russian.
    Ru = "ru",
    /// Slovak.
    Sk = "sk",
    /// Serbian.
    Sr = "sr",
    /// Swedish.
    Sv = "sv",
    /// Thai.
    Th = "th",
    /// Turkish.
    Tr = "tr",
    /// Ukrainian.
    Uk = "uk",
    /// Vietnamese.
    Vi = "vi",
    /// Chinese in simplified characters.
    ZhHans = "zh-Hans",
    /// Chinese in traditional characters.
    ZhHant = "zh-Hant",
}

impl Locale {
    /// The language to write in: what is requested, else the environment's, else English.
    #[must_use]
    pub fn resolve(requested: Option<&LanguageTag>, environment_default: &LanguageTag) -> Self {
        requested
            .and_then(Self::nearest)
            .or_else(|| Self::nearest(environment_default))
            .unwrap_or(Self::En)
    }

    /// The language itself, else the one it is a variety of, as RFC 4647 (3.4) looks up; `None` when neither is there.
    #[must_use]
    pub fn nearest(tag: &LanguageTag) -> Option<Self> {
        // The second names are what BCP 47's registry and CLDR prefer to the first.
        let language = match tag.language() {
            "nb" | "nn" => "no",
            "iw" => "he",
            "in" => "id",
            "tl" => "fil",
            "cmn" => "zh",
            language => language,
        };
        if let Some(region) = tag.0.region()
            && let Some(regional) = Self::parse(&format!("{language}-{region}"))
        {
            return Some(regional);
        }
        match (language, tag.0.script(), tag.0.region()) {
            ("zh", Some("Hans"), _) => Some(Self::ZhHans),
            ("zh", Some("Hant"), _) | ("zh", _, Some("TW" | "HK" | "MO")) => Some(Self::ZhHant),
            ("zh", ..) => Some(Self::ZhHans),
            ("pt", ..) => Some(Self::PtBr),
            _ => Self::parse(language),
        }
    }

    /// The BCP 47 tag, as in `lang` attributes and catalogue file names.
    #[must_use]
    pub fn tag(self) -> &'static str {
        self.as_str()
    }

    /// The language that this one is a variant of, and whose words are used where this one has none of its own.
    #[must_use]
    pub fn parent(self) -> Option<Self> {
        match self {
            Self::EnAu | Self::EnGb | Self::EnUs => Some(Self::En),
            Self::NlBe => Some(Self::Nl),
            _ => None,
        }
    }

    /// The direction it is written in, as in `dir` attributes: `ltr` or `rtl`.
    #[must_use]
    pub fn direction(self) -> &'static str {
        if self.is_right_to_left() { "rtl" } else { "ltr" }
    }

    /// Whether it is written from right to left.
    #[must_use]
    pub fn is_right_to_left(self) -> bool {
        matches!(self, Self::Ar | Self::Fa | Self::He)
    }
}

/// The most characters of a tag. The longest that RFC 5646 (4.4.1) asks software to take has 35.
pub const MAX_TAG: usize = 64;

/// A well-formed BCP 47 tag in its canonical case, whether or not there are texts in its language.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LanguageTag(oxilangtag::LanguageTag<String>);

/// Not a BCP 47 tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write the language as a BCP 47 tag of at most 64 characters, such as en, pt-BR or zh-Hans")]
pub struct InvalidLanguageTag;

impl LanguageTag {
    /// Reads a tag in any case; well-formed is what RFC 5646 (2.2.9) calls so.
    pub fn parse(text: &str) -> Result<Self, InvalidLanguageTag> {
        if text.len() > MAX_TAG {
            return Err(InvalidLanguageTag);
        }
        oxilangtag::LanguageTag::parse_and_normalize(text)
            .map(Self)
            .map_err(|_| InvalidLanguageTag)
    }

    /// English.
    ///
    /// # Panics
    /// Never: the tags of all locales are well-formed.
    #[must_use]
    pub fn english() -> Self {
        Self::parse(Locale::En.tag()).expect("the tags of all locales are well-formed")
    }

    /// The tag in its canonical case, such as `zh-Hans-CN`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The first subtag. Also of a grandfathered tag, which has no other parts.
    fn language(&self) -> &str {
        self.as_str().split('-').next().unwrap_or_default()
    }
}

impl Serialize for LanguageTag {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

parsed!(LanguageTag = "en");

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    fn tag(text: &str) -> LanguageTag {
        LanguageTag::parse(text).expect(text)
    }

    #[test]
    fn there_are_43_languages_and_each_finds_itself_in_any_case() {
        let tags: HashSet<&str> = Locale::ALL.iter().map(|locale| locale.tag()).collect();
        assert_eq!(tags.len(), 43);
        for locale in Locale::ALL {
            assert_eq!(tag(locale.tag()).as_str(), locale.tag());
            assert_eq!(Locale::nearest(&tag(locale.tag())), Some(*locale));
            assert_eq!(Locale::nearest(&tag(&locale.tag().to_uppercase())), Some(*locale));
            assert_eq!(Locale::nearest(&tag(&locale.tag().to_lowercase())), Some(*locale));
        }
    }

    #[test]
    fn a_variety_finds_the_language_it_belongs_to() {
        for (requested, found) in [
            ("zh", "zh-Hans"),
            ("zh-CN", "zh-Hans"),
            ("zh-sg", "zh-Hans"),
            ("zh-TW", "zh-Hant"),
            ("zh-hk", "zh-Hant"),
            ("zh-MO", "zh-Hant"),
            ("zh-Hant-CN", "zh-Hant"),
            ("zh-Hans-TW", "zh-Hans"),
            ("zh-cmn-Hant", "zh-Hant"),
            ("cmn-TW", "zh-Hant"),
            ("pt", "pt-BR"),
            ("pt-AO", "pt-BR"),
            ("PT-pt", "pt-PT"),
            ("de-CH", "de"),
            ("de-Latn-CH-1996", "de"),
            ("nb", "no"),
            ("nn-NO", "no"),
            ("no-bok", "no"),
            ("en-GB", "en-GB"),
            ("EN-gb", "en-GB"),
            ("en-Latn-AU", "en-AU"),
            ("en-NZ", "en"),
            ("en-GB-oed", "en"),
            ("es-MX", "es"),
            ("es-419", "es"),
            ("nl-BE", "nl-BE"),
            ("nl-NL", "nl"),
            ("iw-IL", "he"),
            ("tl", "fil"),
            ("en-US-u-hc-h12", "en-US"),
            ("en-US-x-private", "en-US"),
        ] {
            let found = Locale::parse(found).expect(found);
            assert_eq!(
                Locale::resolve(Some(&tag(requested)), &tag("ja")),
                found,
                "{requested}"
            );
        }
    }

    #[test]
    fn a_language_that_is_not_there_falls_to_the_environments_and_then_to_english() {
        for requested in ["cy", "sw-KE", "x-klingon", "i-klingon", "zxx", "yue"] {
            assert_eq!(
                Locale::resolve(Some(&tag(requested)), &tag("de-AT")),
                Locale::De,
                "{requested}"
            );
            assert_eq!(
                Locale::resolve(Some(&tag(requested)), &tag("cy")),
                Locale::En,
                "{requested}"
            );
        }
        assert_eq!(Locale::resolve(None, &tag("pt")), Locale::PtBr);
        assert_eq!(Locale::resolve(None, &tag("cy")), Locale::En);
    }

    #[test]
    fn a_malformed_tag_is_refused() {
        let too_long = format!("en-{}", "x-abcdefgh-".repeat(6));
        for text in [
            "",
            "-",
            "e",
            "en_US",
            "en-",
            "-en",
            "en--US",
            "en US",
            "en\n",
            "dé",
            "englishlanguage",
            "en-a",
            &too_long,
        ] {
            assert_eq!(LanguageTag::parse(text), Err(InvalidLanguageTag), "{text:?}");
        }
    }

    #[test]
    fn three_languages_are_written_from_right_to_left() {
        let right_to_left: Vec<&str> = Locale::ALL
            .iter()
            .filter(|locale| locale.is_right_to_left())
            .map(|locale| locale.tag())
            .collect();
        assert_eq!(right_to_left, ["ar", "fa", "he"]);
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_parser(text in any::<String>(), like_a_tag in "[a-zA-Z0-9]{1,9}(-[a-zA-Z0-9]{1,9}){0,6}") {
            for text in [text, like_a_tag] {
                if let Ok(tag) = LanguageTag::parse(&text) {
                    let _ = Locale::resolve(Some(&tag), &tag);
                    prop_assert_eq!(LanguageTag::parse(tag.as_str()), Ok(tag));
                }
            }
        }
    }
}
