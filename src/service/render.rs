//! Turns a code into the message that carries it. The same content renders to the same message, however often and for
//! whichever sender it is asked.

use std::time::Duration;

use crate::domain::business::{AutofillDomain, BusinessName, BusinessUrl};
use crate::domain::catalogue::MissingText;
use crate::domain::code::Code;
use crate::domain::content::{EmailTexts, Values};
use crate::domain::email::EmailAddress;
use crate::domain::id::MessageId;
use crate::domain::locale::Locale;
use crate::domain::message::{Email, Sms};
use crate::domain::phone::PhoneNumber;
use crate::domain::settings::Sentence;
use crate::domain::text;
use crate::domain::time::Timestamp;
use crate::domain::verification::Purpose;
use crate::service::directory::EnvironmentSnapshot;

mod custom;
mod name;
mod notification;
mod template;
mod words;

pub use notification::{NotificationContent, notification};

/// What a message with a code is made of, on either channel.
#[derive(Clone, Copy)]
pub struct CodeContent<'a> {
    /// Our id of the message.
    pub message_id: MessageId,
    /// What the code is asked for.
    pub purpose: Purpose,
    /// The code.
    pub code: &'a Code,
    /// The business, as emails name it.
    pub business_name: &'a BusinessName,
    /// The business's website; its host stands in text messages.
    pub business_url: &'a BusinessUrl,
    /// The display name of the sender of emails; without one the business name stands there.
    pub sender_name: Option<&'a BusinessName>,
    /// The language to write in.
    pub locale: Locale,
    /// When the message was made.
    pub made_at: Timestamp,
    /// When the code dies.
    pub expires_at: Timestamp,
    /// How long an email says that the code works, in whole minutes rounded down.
    pub life: Duration,
    /// Which sentence text messages have.
    pub sentence: Sentence,
    /// The host that browsers fill a texted code in on.
    pub autofill_domain: Option<&'a AutofillDomain>,
    /// What an administrator wrote in place of the texts of emails.
    pub texts: Option<&'a EmailTexts>,
}

impl<'a> CodeContent<'a> {
    /// A message about `code` by the settings of `environment`, for no application.
    #[must_use]
    pub fn of(
        environment: &'a EnvironmentSnapshot,
        message_id: MessageId,
        purpose: Purpose,
        code: &'a Code,
        locale: Locale,
        made_at: Timestamp,
        expires_at: Timestamp,
    ) -> Self {
        let fields = &environment.environment.fields;
        Self {
            message_id,
            purpose,
            code,
            business_name: &fields.business_name,
            business_url: &fields.business_url,
            sender_name: environment.email.row.sender_name.as_ref(),
            locale,
            made_at,
            expires_at,
            life: made_at.until(expires_at),
            sentence: environment.sms.row.sentence,
            autofill_domain: None,
            texts: environment.texts(locale, purpose),
        }
    }
}

/// An email could not be written. Names the string or the line of the template, and nothing of the content.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// The catalogue lacks a string.
    #[error(transparent)]
    Words(#[from] MissingText),
    /// A template asks for what it is not given.
    #[error("an email template could not be filled in")]
    Template(#[from] minijinja::Error),
}

/// The text message with the code.
#[must_use]
pub fn sms(content: &CodeContent<'_>, to: PhoneNumber) -> Sms {
    let body = text::sms(
        content.purpose,
        content.sentence,
        content.code,
        content.business_url.host(),
        content.autofill_domain.map(AutofillDomain::as_str),
        content.locale,
    );
    Sms {
        id: content.message_id,
        to,
        body,
        expires_at: content.expires_at,
    }
}

/// The email with the code: as plain text and as HTML, without links, images or anything else to load.
pub fn email(content: &CodeContent<'_>, to: EmailAddress) -> Result<Email, RenderError> {
    let mut words = words::write(
        content.purpose,
        content.locale,
        content.business_name,
        content.life,
    )?;
    if let Some(texts) = content.texts {
        let values = Values {
            code: content.code.expose(),
            business_name: content.business_name.as_str(),
            expires_in: &words::expires_in(content.locale, content.life)?,
            email: to.as_str(),
        };
        custom::replace(&mut words, texts, values, &to, content.locale);
    }
    let page = template::Page {
        lang: content.locale.tag(),
        dir: content.locale.direction(),
        business_name: &words.business_name,
        preview: &words.preview,
        body: &words.body,
        code: Some(content.code.expose()),
        expiry: Some(&words.expiry),
        time: None,
        action: None,
        disclaimer: &words.disclaimer,
    };
    let (text, html) = template::fill(&page)?;
    Ok(Email {
        id: content.message_id,
        to,
        from_name: content
            .sender_name
            .unwrap_or(content.business_name)
            .as_str()
            .to_owned(),
        subject: words.subject,
        text,
        html,
        date: content.made_at,
        expires_at: Some(content.expires_at),
    })
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::*;

    const CODE: &str = "012345";

    /// Made at 09:00, for ten minutes, in English.
    fn render(purpose: Purpose, name: &str, change: impl FnOnce(&mut CodeContent<'_>)) -> Email {
        let code = Code::parse_guess(CODE).unwrap();
        let business_name = BusinessName::parse(name).unwrap();
        let business_url = BusinessUrl::parse("https://acme.example.com/login").unwrap();
        let mut content = content(purpose, &code, &business_name, &business_url);
        change(&mut content);
        email(&content, EmailAddress::parse("ada@example.com").unwrap()).unwrap()
    }

    fn content<'a>(
        purpose: Purpose,
        code: &'a Code,
        business_name: &'a BusinessName,
        business_url: &'a BusinessUrl,
    ) -> CodeContent<'a> {
        let made_at = Timestamp::new(time::macros::datetime!(2026-11-22 09:00 UTC));
        let life = Duration::from_mins(10);
        CodeContent {
            message_id: MessageId::parse("msg_0123456789abcdef0123456789abcdef").unwrap(),
            purpose,
            code,
            business_name,
            business_url,
            sender_name: None,
            locale: Locale::En,
            made_at,
            expires_at: made_at + life,
            life,
            sentence: Sentence::Auto,
            autofill_domain: None,
            texts: None,
        }
    }

    fn plain(purpose: Purpose) -> Email {
        render(purpose, "Acme", |_| {})
    }

    /// The text between the tags of the element that begins with `start`.
    fn element<'a>(html: &'a str, start: &str) -> &'a str {
        let (_, rest) = html.split_once(start).expect(start);
        let (_, rest) = rest.split_once('>').unwrap();
        rest.split('<').next().unwrap()
    }

    /// What a person sees of the HTML: no head, no tags, entities read.
    fn visible(html: &str) -> String {
        let body = html.split_once("<body").unwrap().1;
        let tags_opened = body.split('<').skip(1);
        let text: String = tags_opened
            .map(|piece| piece.split_once('>').unwrap().1)
            .collect();
        [
            ("&lt;", "<"),
            ("&gt;", ">"),
            ("&quot;", "\""),
            ("&#x27;", "'"),
            ("&#x2f;", "/"),
            ("&amp;", "&"),
        ]
        .iter()
        .fold(text, |text, (entity, character)| text.replace(entity, character))
    }

    #[test]
    fn an_email_to_sign_in_reads_so() {
        let email = plain(Purpose::SignIn);
        assert_eq!(email.subject, "Your code to sign in to Acme");
        assert_eq!(email.from_name, "Acme");
        insta::assert_snapshot!(email.text, @r"
        Enter this code to sign in to Acme:

        012345

        This code works once, for 10 minutes.

        Do not share this code with anyone. If you did not ask for it, you can
        ignore this email: nobody can sign in with your address without the
        code.
        ");
        let lines: Vec<String> = visible(&email.html)
            .lines()
            .filter(|line| !line.is_empty())
            .map(ToOwned::to_owned)
            .collect();
        assert_eq!(
            lines,
            [
                "Enter it within 10 minutes to sign in.",
                "Acme",
                "Enter this code to sign in to Acme:",
                "012345",
                "This code works once, for 10 minutes.",
                "Do not share this code with anyone. If you did not ask for it, you can ignore this email: nobody can \
                 sign in with your address without the code.",
            ]
        );
    }

    #[test]
    fn an_email_to_sign_up_says_that_an_address_may_be_mistyped() {
        let email = plain(Purpose::SignUp);
        assert_eq!(email.subject, "Your code to sign up to Acme");
        assert!(
            email
                .text
                .starts_with("Enter this code to finish signing up to Acme:\n\n012345\n\n")
        );
        assert!(visible(&email.html).contains("someone may have typed your address by mistake"));
    }

    #[test]
    fn an_email_for_a_second_factor_warns_of_a_known_password() {
        let email = plain(Purpose::Mfa);
        assert_eq!(email.subject, "Your verification code for Acme");
        assert!(
            email
                .text
                .starts_with("Enter this code to finish signing in to Acme:\n\n012345\n\n")
        );
        assert!(visible(&email.html).contains("someone else may know your password"));
    }

    #[test]
    fn an_email_to_reset_a_password_says_that_it_stays_without_the_code() {
        let email = plain(Purpose::PasswordReset);
        assert_eq!(email.subject, "Reset your password for Acme");
        assert!(
            email
                .text
                .starts_with("Enter this code to choose a new password for Acme:\n\n012345\n\n")
        );
        assert!(visible(&email.html).contains("your password stays as it is"));
    }

    #[test]
    fn an_email_to_verify_an_address_asks_to_confirm_it() {
        let email = plain(Purpose::Verify);
        assert_eq!(email.subject, "Verify your email address for Acme");
        assert!(
            email
                .text
                .starts_with("Enter this code to verify your email address for Acme:\n\n012345\n\n")
        );
        assert!(visible(&email.html).contains("someone may have typed your address by mistake"));
    }

    #[test]
    fn the_code_stands_alone_in_both_parts_once_and_not_in_the_subject() {
        for &purpose in Purpose::ALL {
            for &locale in Locale::ALL {
                let email = render(purpose, "Acme", |content| content.locale = locale);
                assert_eq!(
                    email.text.lines().filter(|line| *line == CODE).count(),
                    1,
                    "{purpose} {locale}"
                );
                assert_eq!(email.text.matches(CODE).count(), 1, "{purpose} {locale}");
                assert_eq!(
                    element(&email.html, "<p class=\"code\""),
                    CODE,
                    "{purpose} {locale}"
                );
                assert_eq!(email.html.matches(CODE).count(), 1, "{purpose} {locale}");
                assert!(!email.subject.contains(CODE), "{purpose} {locale}");
            }
        }
    }

    #[test]
    fn the_life_of_the_code_is_in_both_parts() {
        for (seconds, written) in [
            (60, "for 1 minute."),
            (3_600, "for 1 hour."),
            (86_400, "for 24 hours."),
        ] {
            let email = render(Purpose::Verify, "Acme", |content| {
                content.life = Duration::from_secs(seconds);
            });
            assert!(email.text.contains(written), "{}", email.text);
            assert!(email.html.contains(written), "{}", email.html);
        }
    }

    #[test]
    fn nothing_is_linked_loaded_or_tracked() {
        for &purpose in Purpose::ALL {
            let email = plain(purpose);
            for word in [
                "http", "//", "href", "src=", "url(", "@import", "<a", "<img", "<link", "<script",
            ] {
                assert!(!email.html.contains(word), "{word} in {}", email.html);
                assert!(!email.text.contains(word), "{word} in {}", email.text);
            }
        }
    }

    #[test]
    fn markup_in_a_name_is_text() {
        for name in [
            "<b>Acme</b>",
            "\"><script>alert(1)</script>",
            "</title></p><img src=x onerror=alert(1)>",
            "' onmouseover='x",
            "&lt;b&gt; & &amp;",
            "{{ code }} {% raw %} { $code }",
            "Söhne é 株式会社",
        ] {
            let email = render(Purpose::SignIn, name, |_| {});
            assert_eq!(email.subject, format!("Your code to sign in to {name}"));
            assert!(
                visible(&email.html).contains(&format!("Enter this code to sign in to {name}:\n")),
                "{name}"
            );
            let tags = |html: &str| html.matches('<').count();
            assert_eq!(tags(&email.html), tags(&plain(Purpose::SignIn).html), "{name}");
            assert_eq!(
                email.text.lines().filter(|line| *line == CODE).count(),
                1,
                "{name}"
            );
            assert!(email.text.replace('\n', " ").contains(name), "{name}");
        }
    }

    #[test]
    fn a_name_that_is_a_url_becomes_no_link() {
        let name = "Acme http://evil.example www.evil.example a@evil.example";
        let email = render(Purpose::SignIn, name, |_| {});
        assert_eq!(email.subject, format!("Your code to sign in to {name}"));
        for part in [&email.text, &visible(&email.html), &email.html] {
            for link in ["http:/", "evil.example", "www.evil", "a@evil"] {
                assert!(!part.contains(link), "{link} in {part}");
            }
        }
        let read = visible(&email.html).replace('\u{2060}', "");
        assert!(read.contains(name), "{read}");
    }

    #[test]
    fn a_name_of_300_characters_is_written_in_full_and_the_text_stays_plain() {
        for name in ["é".repeat(300), "Acme and ".repeat(33) + "Son"] {
            let email = render(Purpose::Verify, &name, |_| {});
            assert!(email.subject.ends_with(&name) && !email.subject.contains(char::is_control));
            assert!(email.html.contains(&name));
            assert!(email.text.replace('\n', " ").contains(&name));
            assert!(email.text.ends_with(".\n") && !email.text.ends_with("\n\n"));
            assert!(email.text.lines().all(|line| line == line.trim()));
        }
    }

    #[test]
    fn the_page_has_the_language_and_the_direction_of_its_words() {
        for (locale, attributes) in [
            (Locale::PtBr, "lang=\"pt-BR\" dir=\"ltr\""),
            (Locale::Ar, "lang=\"ar\" dir=\"rtl\""),
        ] {
            let email = render(Purpose::SignIn, "Acme", |content| content.locale = locale);
            assert!(
                email
                    .html
                    .starts_with(&format!("<!doctype html>\n<html {attributes}>\n")),
                "{}",
                email.html
            );
            assert!(email.html.contains("<p class=\"code\" dir=\"ltr\""));
        }
    }

    #[test]
    fn the_sender_name_stands_before_the_business_name() {
        static LOGIN: LazyLock<BusinessName> = LazyLock::new(|| BusinessName::parse("Acme Login").unwrap());
        let email = render(Purpose::SignIn, "Acme", |content| {
            content.sender_name = Some(&LOGIN);
        });
        assert_eq!(email.from_name, "Acme Login");
        assert_eq!(email.subject, "Your code to sign in to Acme");
    }

    #[test]
    fn a_message_rendered_again_is_the_same() {
        assert!(plain(Purpose::Mfa) == plain(Purpose::Mfa));
        let email = plain(Purpose::Mfa);
        assert_eq!(email.id.to_string(), "msg_0123456789abcdef0123456789abcdef");
        assert_eq!(email.date.to_string(), "2026-11-22T09:00:00Z");
        assert_eq!(
            email.expires_at.map(|at| at.to_string()).as_deref(),
            Some("2026-11-22T09:10:00Z")
        );
    }

    #[test]
    fn a_text_message_has_the_fixed_text_and_dies_with_its_code() {
        let code = Code::parse_guess(CODE).unwrap();
        let name = BusinessName::parse("Acme").unwrap();
        let url = BusinessUrl::parse("https://acme.example.com/login").unwrap();
        let domain = AutofillDomain::parse("login.example.com").unwrap();
        let to = || PhoneNumber::parse("+61491570156", None).unwrap();
        let mut content = content(Purpose::SignIn, &code, &name, &url);
        let texted = sms(&content, to());
        assert_eq!(
            texted.body,
            "012345 is your one-time code to sign in to acme.example.com #012345"
        );
        assert_eq!(texted.expires_at, content.expires_at);
        assert_eq!(texted.id, content.message_id);
        assert!(texted.to == to());
        content.autofill_domain = Some(&domain);
        content.sentence = Sentence::VerificationCode;
        let texted = sms(&content, to());
        assert_eq!(
            texted.body,
            "Your verification code is 012345\n\n@login.example.com #012345"
        );
    }
}
