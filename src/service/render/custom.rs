//! The texts that an administrator wrote, in place of ours.

use super::name::inert;
use super::words::Words;
use crate::domain::content::{EmailTexts, Values};
use crate::domain::email::EmailAddress;
use crate::domain::locale::Locale;

/// Puts `texts` in the place of the words that they replace. The preview and the sentence about the code's life stay:
/// nobody is left without knowing how long there is.
pub(super) fn replace(
    words: &mut Words,
    texts: &EmailTexts,
    in_subject: Values<'_>,
    to: &EmailAddress,
    locale: Locale,
) {
    let address = inert(to.as_str(), locale);
    let in_text = Values {
        business_name: &words.business_name,
        email: &address,
        ..in_subject
    };
    let body = texts.body.as_ref().map(|body| body.write(&in_text));
    let disclaimer = texts.disclaimer.as_ref().map(|text| text.write(&in_text));
    if let Some(subject) = &texts.subject {
        words.subject = subject.write(&in_subject);
    }
    if let Some((above, below)) = body {
        words.body = above;
        if !below.is_empty() {
            words.expiry = format!("{below}\n\n{}", words.expiry);
        }
    }
    if let Some(disclaimer) = disclaimer {
        words.disclaimer = disclaimer;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::business::BusinessName;
    use crate::domain::content::{Body, Disclaimer, Subject};
    use crate::domain::verification::Purpose;
    use crate::service::render::words;

    const VALUES: Values<'_> = Values {
        code: "012345",
        business_name: "acme.example",
        expires_in: "10 minutes",
        email: "www.evil.example@victim.example",
    };

    fn replaced(texts: &EmailTexts, locale: Locale) -> Words {
        let name = BusinessName::parse(VALUES.business_name).unwrap();
        let mut words = words::write(Purpose::SignIn, locale, &name, Duration::from_mins(10)).unwrap();
        let to = EmailAddress::parse(VALUES.email).unwrap();
        replace(&mut words, texts, VALUES, &to, locale);
        words
    }

    #[test]
    fn what_is_left_out_stays() {
        let (before, after) = (
            replaced(&EmailTexts::default(), Locale::En),
            |texts: EmailTexts| replaced(&texts, Locale::En),
        );
        let subject = after(EmailTexts {
            subject: Some(Subject::parse("Hello {{ email }}").unwrap()),
            ..EmailTexts::default()
        });
        assert_eq!(subject.subject, "Hello www.evil.example@victim.example");
        assert_eq!(
            (&subject.body, &subject.disclaimer),
            (&before.body, &before.disclaimer)
        );
        let disclaimer = after(EmailTexts {
            disclaimer: Some(Disclaimer::parse("Bye").unwrap()),
            ..EmailTexts::default()
        });
        assert_eq!(
            (disclaimer.disclaimer.as_str(), &disclaimer.body),
            ("Bye", &before.body)
        );
        assert_eq!(
            (&disclaimer.preview, &disclaimer.expiry),
            (&before.preview, &before.expiry)
        );
    }

    #[test]
    fn a_value_in_a_text_becomes_no_link_and_keeps_its_direction() {
        let texts = EmailTexts {
            body: Some(Body::parse("{{ business_name }} {{ email }}").unwrap()),
            ..EmailTexts::default()
        };
        let words = replaced(&texts, Locale::En);
        assert!(!words.body.contains("acme.example") && !words.body.contains("www.evil"));
        assert_eq!(
            words.body.replace('\u{2060}', ""),
            "acme.example www.evil.example@victim.example"
        );
        let words = replaced(&texts, Locale::He);
        assert_eq!(words.body.matches('\u{2068}').count(), 2, "{:?}", words.body);
    }
}
