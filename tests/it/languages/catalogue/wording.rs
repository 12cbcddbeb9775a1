//! Faults in the words themselves: figures, what is not seen, links, English left over.

use super::{assert_fault, catalogue_file, faults, with};

#[test]
fn a_hard_coded_figure_or_length_of_time_is_a_fault_in_any_script() {
    for (tag, text, says) in [
        (
            "nl",
            "Binnen { $expires_in }, of 10 tellen.",
            "`1` is a hard-coded figure",
        ),
        (
            "zh-Hans",
            "请在 { $expires_in }内输入，共５次。",
            "`５` is a hard-coded figure",
        ),
        (
            "th",
            "ป้อนรหัสภายใน { $expires_in } หรือ ๑๐",
            "`๑` is a hard-coded figure",
        ),
        (
            "nl",
            "Binnen { $expires_in }, dus tien minuten.",
            "`minuten` is a hard-coded length of time",
        ),
        (
            "ru",
            "За { $expires_in }: десять минут.",
            "`минут` is a hard-coded length of time",
        ),
        (
            "zh-Hans",
            "请在 { $expires_in }（十分钟）内输入。",
            "`分钟` is a hard-coded length of time",
        ),
        (
            "th",
            "ป้อนรหัสภายใน { $expires_in } สิบนาที",
            "`นาที` is a hard-coded length of time",
        ),
    ] {
        assert_fault(tag, "email-sign-in-preview", text, says);
    }
}

#[test]
fn what_is_not_seen_and_stray_spaces_are_faults() {
    for (text, says) in [
        ("Sluit je\u{202e} aan.", "U+202E is not seen"),
        ("Sluit je\u{200f} aan.", "U+200F is not seen"),
        ("Sluit je\u{2068} aan.", "U+2068 is not seen"),
        ("Sluit je\u{200b}aan.", "U+200B is not seen"),
        ("Sluit je\u{7}aan.", "U+0007 is not seen"),
        ("Sluit je\n    aan.", "U+000A is not seen"),
        ("Sluit je aan.\u{a0}", "it begins or ends with a space"),
        ("\u{3000}Sluit je aan.", "it begins or ends with a space"),
        ("Sluit  je aan.", "two spaces in a row"),
    ] {
        assert_fault("nl", "email-invitation-preview", text, says);
    }
}

#[test]
fn a_link_or_an_address_is_a_fault() {
    for (text, says) in [
        ("Ga naar HTTPS aan.", "`http`"),
        ("Ga naar www.acme aan.", "`www.`"),
        ("Ga naar acme.com aan.", "`.com`"),
        ("Schrijf naar help@acme aan.", "`@`"),
    ] {
        assert_fault("nl", "email-invitation-preview", text, says);
    }
}

#[test]
fn english_left_over_and_letters_of_another_script_are_faults() {
    let line = catalogue_file("en")
        .lines()
        .find_map(|line| line.strip_prefix("email-invitation-action = "))
        .unwrap();
    assert_fault("nl", "email-invitation-action", line, "the same as in English");
    let variant = |file: &str| format!("{file}email-invitation-action = {line}\n");
    assert_eq!(faults(&with("en-AU", variant)), [""; 0]);
    // The Latin letter for the Cyrillic one, and the other way round.
    assert_fault(
        "ru",
        "email-invitation-action",
        "Принять приглaшение",
        "has letters",
    );
    assert_fault(
        "nl",
        "email-invitation-action",
        "Uitnodiging аccepteren",
        "has letters",
    );
    assert_fault(
        "zh-Hant",
        "email-invitation-action",
        "接受 invitation",
        "`invitation` has letters",
    );
}
