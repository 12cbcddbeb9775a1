//! The forms of a number in a language, as the library that writes the texts chooses them.

use std::collections::BTreeMap;

use fluent_bundle::FluentArgs;

use super::super::bundle;
use crate::domain::locale::Locale;

/// All that Unicode's plural rules (CLDR) know.
const FORMS: &str =
    "f = { $n ->\n [zero] zero\n [one] one\n [two] two\n [few] few\n [many] many\n *[other] other\n}\n";

/// Whole numbers of every form: of those below a million the rules look at the last two digits, and no life is longer.
const NUMBERS: std::ops::RangeInclusive<u32> = 1..=200;

/// Languages in which a noun after a number looks the same after every number, though CLDR tells numbers apart.
const UNINFLECTED: &[Locale] = &[
    Locale::Fa,
    Locale::Fil,
    Locale::Ht,
    Locale::Hu,
    Locale::Mn,
    Locale::Tr,
];

/// The forms that whole numbers have in a language.
pub(super) struct Plurals {
    locale: Locale,
    /// Each form with how many of [`NUMBERS`] have it.
    numbers: BTreeMap<String, usize>,
    /// What zero has.
    of_zero: String,
}

impl Plurals {
    pub(super) fn of(locale: Locale) -> Self {
        let probe = bundle(locale, FORMS);
        let form = |number: u32| {
            let args = FluentArgs::from_iter([("n", number)]);
            let pattern = probe.get_message("f").and_then(|message| message.value());
            let written = pattern.map(|pattern| probe.format_pattern(pattern, Some(&args), &mut Vec::new()));
            written.unwrap_or_default().into_owned()
        };
        let mut numbers = BTreeMap::new();
        for number in NUMBERS {
            *numbers.entry(form(number)).or_default() += 1;
        }
        Self {
            locale,
            numbers,
            of_zero: form(0),
        }
    }

    /// The forms that a selector must tell apart.
    pub(super) fn needed(&self) -> impl Iterator<Item = &str> {
        // CLDR had a form for the Hebrew tens, and gave it up in version 42: it is that of `other`.
        let given_up = |form: &&str| self.locale == Locale::He && *form == "many";
        let forms = self.numbers.keys().map(String::as_str);
        forms.filter(move |form| !given_up(form) && !UNINFLECTED.contains(&self.locale))
    }

    /// Whether some whole number has the form.
    pub(super) fn can_use(&self, form: &str) -> bool {
        form == "other" || form == self.of_zero || self.numbers.contains_key(form)
    }

    /// Whether the form says by itself which number it is.
    pub(super) fn is_one_number(&self, form: &str) -> bool {
        self.numbers.get(form).copied() == Some(1) && form != self.of_zero
    }

    /// Whether a string about a number must have a selector.
    pub(super) fn must_select(&self) -> bool {
        self.needed().count() > 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_are_those_of_the_languages() {
        for (locale, forms) in [
            (Locale::Ja, "other"),
            (Locale::ZhHans, "other"),
            (Locale::En, "one other"),
            (Locale::PtPt, "one other"),
            (Locale::PtBr, "one other"),
            (Locale::No, "one other"),
            (Locale::Cs, "few one other"),
            (Locale::Lt, "few one other"),
            (Locale::Lv, "one other zero"),
            (Locale::Ro, "few one other"),
            (Locale::Sr, "few one other"),
            (Locale::Hr, "few one other"),
            (Locale::Pl, "few many one"),
            (Locale::Ru, "few many one"),
            (Locale::Uk, "few many one"),
            (Locale::He, "one other two"),
            (Locale::Ar, "few many one other two"),
        ] {
            let plurals = Plurals::of(locale);
            assert_eq!(plurals.needed().collect::<Vec<_>>().join(" "), forms, "{locale}");
        }
    }

    #[test]
    fn a_form_of_one_number_alone_need_not_write_it() {
        for (locale, form, alone) in [
            (Locale::En, "one", true),
            (Locale::Ar, "two", true),
            (Locale::Ar, "few", false),
            (Locale::Ru, "one", false),
            (Locale::Fr, "one", false),
            (Locale::He, "two", true),
        ] {
            assert_eq!(Plurals::of(locale).is_one_number(form), alone, "{locale} {form}");
        }
    }

    #[test]
    fn a_form_that_only_fractions_have_cannot_be_used() {
        assert!(!Plurals::of(Locale::Cs).can_use("many"));
        assert!(!Plurals::of(Locale::Ja).can_use("one"));
        assert!(Plurals::of(Locale::Ru).can_use("other"));
        assert!(Plurals::of(Locale::Ar).can_use("zero"));
        assert!(!Plurals::of(Locale::En).can_use("1"));
    }
}
