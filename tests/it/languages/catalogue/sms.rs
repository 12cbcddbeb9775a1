//! Faults in the two sentences of text messages, and what they cost.

use otpost::domain::catalogue::check::{Cost, cost};
use otpost::domain::locale::Locale;
use otpost::domain::segments::Encoding;
use otpost::domain::text::Wording;

use super::{assert_fault, faults_of, with};

#[test]
fn a_code_that_touches_a_letter_is_a_fault() {
    for (tag, text) in [
        ("zh-Hans", "您的验证码是{ $code }"),
        ("zh-Hant", "{ $code }是您的驗證碼"),
        ("th", "รหัสยืนยันของคุณคือ{ $code }"),
        ("th", "{ $code }ๆ คือรหัสยืนยัน"),
        ("pl", "Kod{ $code }"),
    ] {
        assert_fault(tag, "sms-verification-code", text, "$code touches a letter");
    }
    for text in ["您的验证码：{ $code }。", "{ $code }，您的验证码"] {
        assert_eq!(faults_of("zh-Hans", "sms-verification-code", text), [""; 0]);
    }
    assert_fault(
        "zh-Hans",
        "sms-sign-in",
        "{ $code } 用于登录{ $host }",
        "$host touches a letter",
    );
    assert_fault(
        "pl",
        "sms-sign-in",
        "{ $code }{ $host }",
        "touches a letter or a placeholder",
    );
    assert_fault(
        "pl",
        "sms-verification-code",
        "{ $code } to kod: { $code }",
        "must stand in it once",
    );
}

#[test]
fn a_last_line_that_browsers_do_not_accept_or_take_for_another_is_a_fault() {
    let found = faults_of("pl", "sms-sign-in", "Kod # { $code } do { $host }");
    assert_eq!(
        found,
        ["`#` belongs to the line for autofill and must not be in the sentence"]
    );
    // The sentence itself as the line: with its host and code it would bind to a host that nobody set.
    let found = faults_of("pl", "sms-sign-in", "@{ $host } #{ $code }");
    assert!(
        found
            .iter()
            .any(|fault| fault.contains("take its last line for one with an origin")),
        "{found:?}"
    );
    let found = faults_of("zh-Hans", "sms-verification-code", "验证码＠ { $code }");
    assert_eq!(
        found,
        ["`＠` belongs to the line for autofill and must not be in the sentence"]
    );
}

#[test]
fn a_mark_or_a_letter_that_makes_a_text_twice_as_dear_is_a_fault() {
    for text in [
        "Je code\u{2019}s: { $code }",
        "Je code \u{2013} { $code }",
        "Je code\u{a0}is { $code }",
    ] {
        assert_fault(
            "nl",
            "sms-verification-code",
            text,
            "alone keeps the text out of GSM-7",
        );
    }
    assert_fault(
        "nl",
        "sms-verification-code",
        "Geverifi\u{eb}erd: { $code }",
        "`ë` is not in GSM-7",
    );
    // Portuguese has to write its own letters, and may then write any mark.
    assert_eq!(
        faults_of("pt-BR", "sms-verification-code", "Seu código – { $code }"),
        [""; 0]
    );
}

#[test]
fn a_text_of_more_segments_than_its_script_needs_is_a_fault() {
    let long = |word: &str, count: usize| format!("{} {{ $code }}", word.repeat(count).trim_end());
    assert_eq!(
        faults_of("nl", "sms-verification-code", &long("code ", 32)),
        [
            "without a line for autofill its text takes 2 segments, in GSM-7 at most 1: shorten it",
            "with a line for autofill its text takes 2 segments, in GSM-7 at most 1: shorten it"
        ]
    );
    assert_fault(
        "nl",
        "sms-verification-code",
        &long("code ", 26),
        "with a line for autofill its text takes 2 segments",
    );
    assert_eq!(
        faults_of("nl", "sms-verification-code", &long("code ", 25)),
        [""; 0]
    );
    assert_fault(
        "ru",
        "sms-verification-code",
        &long("код ", 17),
        "without a line for autofill its text takes 2 segments",
    );
    assert_eq!(
        faults_of("ru", "sms-verification-code", &long("код ", 16)),
        [""; 0]
    );
}

#[test]
fn the_cost_of_a_text_is_counted_with_code_and_host() {
    let catalogue = with("en", ToOwned::to_owned);
    for (locale, wording, autofill, long, encoding, segments) in [
        (Locale::En, Wording::SignIn, true, true, Encoding::Gsm7, 1),
        (
            Locale::ZhHans,
            Wording::VerificationCode,
            false,
            false,
            Encoding::Ucs2,
            1,
        ),
        (Locale::ZhHans, Wording::SignIn, true, false, Encoding::Ucs2, 1),
        (Locale::ZhHans, Wording::SignIn, true, true, Encoding::Ucs2, 2),
    ] {
        let cost = cost(&catalogue, locale, wording, autofill, long).unwrap();
        assert_eq!(
            cost,
            Cost { encoding, segments },
            "{locale} {wording} {autofill} {long}"
        );
    }
}
