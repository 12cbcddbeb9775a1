//! Emails with a code in every language, for every purpose and every length of life.

use std::time::Duration;

use otpost::domain::business::{BusinessName, BusinessUrl};
use otpost::domain::code::Code;
use otpost::domain::email::EmailAddress;
use otpost::domain::id::MessageId;
use otpost::domain::locale::Locale;
use otpost::domain::message::Email;
use otpost::domain::settings::Sentence;
use otpost::domain::time::Timestamp;
use otpost::domain::verification::Purpose;
use otpost::service::render::{CodeContent, email};

const CODE: &str = "012345";

/// 1, 2, 5, 10 and 21 minutes; 1, 2 and 24 hours.
const LIVES: [u64; 8] = [1, 2, 5, 10, 21, 60, 120, 24 * 60];

fn letter(locale: Locale, purpose: Purpose, minutes: u64) -> Email {
    let code = Code::parse_guess(CODE).unwrap();
    let business_name = BusinessName::parse("Acme").unwrap();
    let business_url = BusinessUrl::parse("https://acme.example.com").unwrap();
    let made_at = Timestamp::new(time::macros::datetime!(2026-11-22 09:00 UTC));
    let life = Duration::from_mins(minutes);
    let content = CodeContent {
        message_id: MessageId::parse("msg_0123456789abcdef0123456789abcdef").unwrap(),
        purpose,
        code: &code,
        business_name: &business_name,
        business_url: &business_url,
        sender_name: None,
        locale,
        texts: None,
        made_at,
        expires_at: made_at + life,
        life,
        sentence: Sentence::Auto,
        autofill_domain: None,
    };
    email(&content, EmailAddress::parse("ada@example.com").unwrap()).unwrap()
}

/// Subject and text, as a person sees them one below the other.
fn written(locale: Locale, purpose: Purpose, minutes: u64) -> String {
    let email = letter(locale, purpose, minutes);
    format!("{}\n\n{}", email.subject, email.text)
}

/// Each sentence of a text, on one line.
fn paragraphs(text: &str) -> Vec<String> {
    text.split("\n\n")
        .map(|paragraph| paragraph.replace('\n', " ").trim().to_owned())
        .collect()
}

#[test]
fn there_is_an_email_in_every_language_for_every_purpose_and_life() {
    for &locale in Locale::ALL {
        let is_english = locale == Locale::En || locale.parent() == Some(Locale::En);
        for &purpose in Purpose::ALL {
            for minutes in LIVES {
                let text = written(locale, purpose, minutes);
                let html = letter(locale, purpose, minutes).html;
                let of = format!("{locale} {purpose} {minutes}:\n{text}");
                let body = html.split_once("<body").unwrap().1;
                for mark in ["{", "}", "$", "email-", "sms-", "http", "undefined"] {
                    assert!(!text.contains(mark) && !body.contains(mark), "{mark} in {of}");
                }
                assert_eq!(text.lines().filter(|line| *line == CODE).count(), 1, "{of}");
                let english = paragraphs(&written(Locale::En, purpose, minutes));
                let shared = paragraphs(&text)
                    .into_iter()
                    .find(|paragraph| paragraph != CODE && english.contains(paragraph));
                assert_eq!(shared.is_none(), !is_english, "{of}");
                let direction = if locale.is_right_to_left() { "rtl" } else { "ltr" };
                assert!(
                    html.contains(&format!("<html lang=\"{locale}\" dir=\"{direction}\">")),
                    "{of}"
                );
            }
        }
    }
}

/// What spam filters count against an email: `STY_INVIS_DIRECT`, `MANY_INVISIBLE_PARTS`, `YOUR_DELIVERY_ADDRESS`.
#[test]
fn no_email_hides_a_part_of_itself_or_asks_to_confirm_an_address() {
    for &locale in Locale::ALL {
        for &purpose in Purpose::ALL {
            let email = letter(locale, purpose, 10);
            for hidden in [
                "display: none",
                "display:none",
                "visibility",
                "font-size: 0",
                "opacity",
            ] {
                assert!(!email.html.contains(hidden), "{locale} {purpose}: {hidden}");
            }
            let said = format!("{} {} {}", email.subject, email.text, email.html).to_lowercase();
            assert!(!said.contains("confirm your"), "{locale} {purpose}");
        }
    }
}

#[test]
fn two_lives_are_never_told_in_the_same_words() {
    for &locale in Locale::ALL {
        let mut told: Vec<String> = LIVES
            .iter()
            .map(|&minutes| paragraphs(&letter(locale, Purpose::Verify, minutes).text).remove(2))
            .collect();
        told.sort();
        told.dedup();
        assert_eq!(told.len(), LIVES.len(), "{locale}: {told:?}");
    }
}

/// The sentence about the life, for each of these numbers of minutes.
fn lives(locale: Locale, minutes: &[u64]) -> Vec<String> {
    let sentence = |minutes: &u64| paragraphs(&letter(locale, Purpose::Verify, *minutes).text).remove(2);
    minutes.iter().map(sentence).collect()
}

#[test]
fn lives_are_told_with_the_plurals_of_the_language() {
    let arabic = [1, 2, 5, 11, 60, 120, 180, 24 * 60];
    for (locale, minutes) in [
        (Locale::Ru, LIVES),
        (Locale::Pl, LIVES),
        (Locale::Lv, LIVES),
        (Locale::He, LIVES),
        (Locale::Ar, arabic),
    ] {
        insta::assert_snapshot!(format!("lives_{locale}"), lives(locale, &minutes).join("\n"));
    }
}

#[test]
fn emails_read_so_in_some_languages() {
    for (locale, purpose, minutes) in [
        (Locale::De, Purpose::SignIn, 10),
        (Locale::Ar, Purpose::SignUp, 2),
        (Locale::He, Purpose::Mfa, 10),
        (Locale::Ru, Purpose::PasswordReset, 21),
        (Locale::Pl, Purpose::Verify, 24 * 60),
        (Locale::Ja, Purpose::SignIn, 5),
        (Locale::ZhHant, Purpose::Verify, 60),
    ] {
        insta::assert_snapshot!(format!("{locale}_{purpose}"), written(locale, purpose, minutes));
    }
}
