//! The texts of SMS. The sentences come from the catalogue; what browsers and phones look for behind them does not.

use fluent_bundle::FluentValue;

use super::catalogue::{self, Catalogue, FluentArgs, MissingText};
use super::code::Code;
use super::locale::Locale;
use super::named::named;
use super::settings::Sentence;
use super::verification::Purpose;

named! {
    /// One of the two sentences, by its name in the catalogue.
    Wording {
        /// "… is your one-time code to sign in to …".
        SignIn = "sms-sign-in",
        /// "Your verification code is …".
        VerificationCode = "sms-verification-code",
    }
}

impl Wording {
    /// What an environment that chose `sentence` writes for `purpose`.
    #[must_use]
    pub fn choose(purpose: Purpose, sentence: Sentence) -> Self {
        match (sentence, purpose) {
            (Sentence::SignIn, _) | (Sentence::Auto, Purpose::SignIn | Purpose::SignUp) => Self::SignIn,
            (Sentence::VerificationCode | Sentence::Auto, _) => Self::VerificationCode,
        }
    }

    /// The whole text in a language of `catalogue`.
    ///
    /// With an autofill domain the last line is an origin-bound one-time code (WICG): `@`, host, one space, `#`, code, and
    /// browsers fill it in on that host alone. Without one, the sentence to sign in ends in `#` and the code.
    ///
    /// No marks of direction are put around code and host: they would make a text of one segment two, and stand where
    /// autofill looks. They read right without, because a sentence in a right-to-left language begins with a letter of its
    /// own (`catalogue::check` makes sure of it) and the host, its `#` and the code behind it are one run from left to right.
    pub fn text(
        self,
        catalogue: &Catalogue<'_>,
        locale: Locale,
        code: &Code,
        business_host: &str,
        autofill_domain: Option<&str>,
    ) -> Result<String, MissingText> {
        let code = code.expose();
        let args = FluentArgs::from_iter([
            ("code", FluentValue::from(code)),
            ("host", FluentValue::from(business_host)),
        ]);
        let words = catalogue.text(locale, self.as_str(), &args)?;
        Ok(match (autofill_domain, self) {
            (Some(domain), _) => format!("{words}\n\n@{domain} #{code}"),
            (None, Self::SignIn) => format!("{words} #{code}"),
            (None, Self::VerificationCode) => words,
        })
    }
}

/// The whole text of an SMS, as [`Wording::text`] writes it. Holds the code, so nothing of it may be logged.
///
/// # Panics
/// When the English catalogue, a part of the binary, lacks one of the two sentences; a test makes sure that it has them.
#[must_use]
pub fn sms(
    purpose: Purpose,
    sentence: Sentence,
    code: &Code,
    business_host: &str,
    autofill_domain: Option<&str>,
    locale: Locale,
) -> String {
    Wording::choose(purpose, sentence)
        .text(
            catalogue::embedded(),
            locale,
            code,
            business_host,
            autofill_domain,
        )
        .expect("English has both sentences")
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: &str = "acme.example.com";

    fn text(purpose: Purpose, sentence: Sentence, autofill_domain: Option<&str>) -> String {
        let code = Code::parse_guess("012345").unwrap();
        sms(purpose, sentence, &code, HOST, autofill_domain, Locale::En)
    }

    #[test]
    fn signing_in_and_up_name_the_host_and_end_in_the_code() {
        for purpose in [Purpose::SignIn, Purpose::SignUp] {
            assert_eq!(
                text(purpose, Sentence::Auto, None),
                "012345 is your one-time code to sign in to acme.example.com #012345"
            );
        }
    }

    #[test]
    fn with_an_autofill_domain_the_last_line_is_an_origin_bound_code() {
        for purpose in [Purpose::SignIn, Purpose::SignUp] {
            assert_eq!(
                text(purpose, Sentence::Auto, Some(HOST)),
                "012345 is your one-time code to sign in to acme.example.com\n\n@acme.example.com #012345"
            );
        }
        assert_eq!(
            text(Purpose::Mfa, Sentence::Auto, Some("login.example.org")),
            "Your verification code is 012345\n\n@login.example.org #012345"
        );
    }

    #[test]
    fn the_other_purposes_have_the_second_sentence() {
        for purpose in [Purpose::Mfa, Purpose::PasswordReset, Purpose::Verify] {
            assert_eq!(
                text(purpose, Sentence::Auto, None),
                "Your verification code is 012345"
            );
        }
    }

    #[test]
    fn an_environment_can_choose_one_sentence_for_all_purposes() {
        for &purpose in Purpose::ALL {
            assert_eq!(
                text(purpose, Sentence::SignIn, None),
                "012345 is your one-time code to sign in to acme.example.com #012345"
            );
            assert_eq!(
                text(purpose, Sentence::VerificationCode, None),
                "Your verification code is 012345"
            );
        }
    }

    #[test]
    fn there_is_a_text_in_every_language_and_it_fits_the_autofill_line() {
        let code = Code::parse_guess("0000000001").unwrap();
        for &locale in Locale::ALL {
            for &purpose in Purpose::ALL {
                let text = sms(purpose, Sentence::Auto, &code, HOST, Some(HOST), locale);
                assert_eq!(
                    text.lines().last(),
                    Some("@acme.example.com #0000000001"),
                    "{locale}"
                );
                assert_eq!(text.lines().count(), 3, "{locale}");
            }
        }
    }
}
