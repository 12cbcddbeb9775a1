//! The words of an email with a code, by purpose and language.

use std::time::Duration;

use fluent_bundle::FluentValue;

use super::name::inert;
use crate::domain::business::BusinessName;
use crate::domain::catalogue::{self, FluentArgs, MissingText};
use crate::domain::locale::Locale;
use crate::domain::verification::Purpose;

/// The sentences of an email, escaped for nothing yet. None of ours holds the code.
pub(super) struct Words {
    /// Names the business as it calls itself: a subject is shown as it is, and nothing in it becomes a link.
    pub subject: String,
    /// What mail programs show beside the subject.
    pub preview: String,
    /// The sentence above the code.
    pub body: String,
    /// How long the code works.
    pub expiry: String,
    /// The small print.
    pub disclaimer: String,
    /// The business's name as it stands in the sentences.
    pub business_name: String,
}

/// Writes the sentences for one purpose.
pub(super) fn write(
    purpose: Purpose,
    locale: Locale,
    business_name: &BusinessName,
    life: Duration,
) -> Result<Words, MissingText> {
    let expires_in = expires_in(locale, life)?;
    let inert_name = inert(business_name.as_str(), locale);
    let in_subject = args(business_name.as_str(), &expires_in);
    let in_text = args(&inert_name, &expires_in);
    let purpose = purpose.as_str().replace('_', "-");
    let text =
        |part: &str, args: &FluentArgs<'_>| catalogue::text(locale, &format!("email-{purpose}-{part}"), args);
    Ok(Words {
        subject: text("subject", &in_subject)?,
        preview: text("preview", &in_text)?,
        body: text("body", &in_text)?,
        expiry: catalogue::text(locale, "email-expiry", &in_text)?,
        disclaimer: text("disclaimer", &in_text)?,
        business_name: inert_name,
    })
}

fn args<'a>(business_name: &'a str, expires_in: &'a str) -> FluentArgs<'a> {
    FluentArgs::from_iter([
        ("business_name", FluentValue::from(business_name)),
        ("expires_in", FluentValue::from(expires_in)),
    ])
}

/// A length of time as people say it: whole hours in hours, anything else in minutes. What is left over below a minute
/// is not promised, but no code is said to work for no time at all.
pub(super) fn expires_in(locale: Locale, life: Duration) -> Result<String, MissingText> {
    let minutes = (life.as_secs() / 60).max(1);
    let (id, unit, number) = if minutes.is_multiple_of(60) {
        ("email-life-hours", "hours", minutes / 60)
    } else {
        ("email-life-minutes", "minutes", minutes)
    };
    catalogue::text(
        locale,
        id,
        &FluentArgs::from_iter([(unit, FluentValue::from(number))]),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_life_is_written_with_the_right_plural() {
        for (seconds, written) in [
            (60, "1 minute"),
            (120, "2 minutes"),
            (600, "10 minutes"),
            (3_600, "1 hour"),
            (5_400, "90 minutes"),
            (7_200, "2 hours"),
            (86_340, "1439 minutes"),
            (86_400, "24 hours"),
        ] {
            assert_eq!(
                expires_in(Locale::En, Duration::from_secs(seconds)).unwrap(),
                written
            );
        }
    }

    #[test]
    fn a_begun_minute_is_not_promised_except_the_first() {
        for (seconds, written) in [
            (0, "1 minute"),
            (59, "1 minute"),
            (119, "1 minute"),
            (599, "9 minutes"),
        ] {
            assert_eq!(
                expires_in(Locale::En, Duration::from_secs(seconds)).unwrap(),
                written
            );
        }
    }

    #[test]
    fn there_are_words_for_every_purpose_in_every_language_each_on_one_line() {
        let name = BusinessName::parse("Acme").unwrap();
        for &locale in Locale::ALL {
            for &purpose in Purpose::ALL {
                let words = write(purpose, locale, &name, Duration::from_mins(10)).unwrap();
                assert!(words.subject.contains("Acme"), "{locale} {purpose}");
                for text in [
                    &words.subject,
                    &words.preview,
                    &words.body,
                    &words.expiry,
                    &words.disclaimer,
                ] {
                    assert!(
                        !text.is_empty() && !text.contains(char::is_control),
                        "{locale} {purpose}: {text:?}"
                    );
                }
            }
        }
    }
}
