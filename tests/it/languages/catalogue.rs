//! Every kind of fault in a file of a language, each put into a copy of the files in the program, which have none.

use std::borrow::Cow;

use otpost::domain::catalogue::check::check;
use otpost::domain::catalogue::{Catalogue, EMBEDDED};
use otpost::domain::locale::Locale;

mod sms;
mod wording;

/// The files in the program, that of one language changed.
fn with(tag: &str, change: impl FnOnce(&str) -> String) -> Catalogue<'static> {
    let locale = Locale::parse(tag).unwrap();
    let mut files: Vec<(Locale, Cow<'static, str>)> = EMBEDDED
        .iter()
        .map(|(locale, file)| (*locale, Cow::Borrowed(*file)))
        .collect();
    let file = &mut files.iter_mut().find(|(of, _)| *of == locale).unwrap().1;
    *file = Cow::Owned(change(file));
    Catalogue::new(files)
}

fn catalogue_file(tag: &str) -> &'static str {
    let mut files = EMBEDDED.iter();
    files.find(|(locale, _)| locale.tag() == tag).unwrap().1
}

fn faults(catalogue: &Catalogue<'_>) -> Vec<String> {
    check(catalogue).iter().map(ToString::to_string).collect()
}

/// The file with `string` reading `text`, whatever it read before; `None` takes it out.
fn replaced(file: &str, string: &str, text: Option<&str>) -> String {
    let mut lines = Vec::new();
    let (mut found, mut inside) = (false, false);
    for line in file.lines() {
        if line.starts_with(&format!("{string} =")) {
            (found, inside) = (true, true);
            lines.extend(text.map(|text| format!("{string} = {text}")));
        } else {
            inside = inside && (line.starts_with(' ') || line == "}");
            if !inside {
                lines.push(line.to_owned());
            }
        }
    }
    assert!(found, "no {string}");
    lines.join("\n") + "\n"
}

/// What is found when `string` reads `text` in this language: each fault without file, line and name, which are checked.
fn faults_of(tag: &str, string: &str, text: &str) -> Vec<String> {
    let catalogue = with(tag, |file| replaced(file, string, Some(text)));
    let found = faults(&catalogue);
    let file = catalogue.file(Locale::parse(tag).unwrap()).unwrap();
    let line = file
        .lines()
        .position(|line| line.starts_with(&format!("{string} =")))
        .unwrap();
    let place = format!("{tag}.ftl:{}: {string}: ", line + 1);
    let what = |fault: &String| fault.strip_prefix(&place).expect(fault).to_owned();
    found.iter().map(what).collect()
}

/// That the one fault found says so.
fn assert_fault(tag: &str, string: &str, text: &str, says: &str) {
    let found = faults_of(tag, string, text);
    assert!(
        found.len() == 1 && found[0].contains(says),
        "{tag} {string} = {text}: {found:?}, not {says}"
    );
}

#[test]
fn the_files_in_the_program_have_no_fault() {
    assert_eq!(faults(&with("en", ToOwned::to_owned)), [""; 0]);
}

#[test]
fn a_missing_string_is_a_fault_except_where_a_parent_has_it() {
    let without = |tag| faults(&with(tag, |file| replaced(file, "email-sign-in-subject", None)));
    assert_eq!(
        without("pl"),
        ["pl.ftl: email-sign-in-subject: missing: translate it"]
    );
    assert_eq!(without("nl-BE"), [""; 0]);
    assert_eq!(
        faults(&with("pt-PT", |_| String::new())).len(),
        faults(&with("pl", |_| String::new())).len()
    );
    assert_eq!(faults(&with("en-AU", |_| String::new())), [""; 0]);
}

#[test]
fn a_language_without_a_file_is_a_fault() {
    let files = EMBEDDED.iter().filter(|(locale, _)| *locale != Locale::Sk);
    let catalogue = Catalogue::new(files.map(|(locale, file)| (*locale, Cow::Borrowed(*file))));
    assert_eq!(faults(&catalogue), ["sk.ftl: there is no file for this language"]);
}

#[test]
fn an_unknown_a_repeated_and_a_malformed_string_are_faults_told_at_once() {
    let catalogue = with("pl", |file| {
        format!(
            "greeting = Cze\u{15b}\u{107}\nsms-verification-code = Kod: {{ $code }}\n{file}broken {{\n-brand = X\n"
        )
    });
    let last = catalogue.file(Locale::Pl).unwrap().lines().count();
    let second = catalogue
        .file(Locale::Pl)
        .unwrap()
        .lines()
        .skip(2)
        .position(|line| line.starts_with("sms-verification-code"))
        .unwrap()
        + 3;
    let expected = [
        "pl.ftl:1: greeting: unknown: English has no such string".to_owned(),
        format!("pl.ftl:{second}: sms-verification-code: the file has this string twice"),
        format!("pl.ftl:{}: not Fluent: ", last - 1),
        format!("pl.ftl:{last}: a term is of no use here: write its words out"),
    ];
    let found = faults(&catalogue);
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for (found, expected) in found.iter().zip(&expected) {
        assert!(found.starts_with(expected), "{found}, not {expected}");
    }
}

#[test]
fn placeholders_are_those_of_english() {
    for (string, text, says) in [
        (
            "email-sign-in-body",
            "Wpisz kod:",
            "missing placeholder $business_name",
        ),
        ("email-expiry", "Wpisz go.", "missing placeholder $expires_in"),
        ("sms-verification-code", "Kod:", "missing placeholder $code"),
        ("sms-sign-in", "{ $code } to kod.", "missing placeholder $host"),
    ] {
        assert_fault("pl", string, text, says);
    }
    assert_eq!(
        faults_of("pl", "email-sign-in-preview", "Wpisz w { $expires_inn }."),
        [
            "unknown placeholder $expires_inn: English does not have it",
            "missing placeholder $expires_in"
        ]
    );
}

#[test]
fn no_email_has_the_code_among_its_words() {
    for part in ["subject", "preview", "body", "disclaimer"] {
        let string = format!("email-mfa-{part}");
        let file = catalogue_file("pl");
        let text = file
            .lines()
            .find_map(|line| line.strip_prefix(&string)?.strip_prefix(" = "))
            .unwrap();
        let with_code = format!("{text} {{ $code }}");
        assert_fault("pl", &string, &with_code, "unknown placeholder $code");
    }
}

#[test]
fn a_placeholder_must_be_in_every_form_of_more_than_one_number() {
    let minutes = "{ $minutes ->\n    [one] ONE\n    [few] { $minutes } minuty\n    [many] { $minutes } minut\n   *[other] { $minutes } minuty\n}";
    let written = |one: &str| minutes.replace("ONE", one);
    assert_eq!(
        faults_of("pl", "email-life-minutes", &written("minut\u{119}")),
        [""; 0]
    );
    assert_fault(
        "pl",
        "email-life-minutes",
        &minutes
            .replace("ONE", "{ $minutes } minut\u{119}")
            .replace("[many] { $minutes } minut", "[many] minut"),
        "missing placeholder $minutes in [many]",
    );
    // In Russian 21, 31 and so on have the form of one.
    let russian = "{ $minutes ->\n    [one] минуту\n    [few] { $minutes } минуты\n    [many] { $minutes } минут\n   *[other] { $minutes } минуты\n}";
    assert_fault(
        "ru",
        "email-life-minutes",
        russian,
        "missing placeholder $minutes in [one]",
    );
}

#[test]
fn a_number_has_the_forms_of_its_language() {
    let select = |forms: &[&str]| {
        let forms = forms.iter().fold(String::new(), |all, form| {
            all + "    [" + form + "] { $hours } x\n"
        });
        format!("{{ $hours ->\n{forms}   *[other] {{ $hours }} x\n}}")
    };
    let cyrillic = |text: String| text.replace(" x\n", " ч\n");
    for (tag, forms, says) in [
        ("pl", &["one", "few"][..], "the form [many] is missing"),
        ("pl", &["few", "many"], "the form [one] is missing"),
        ("sk", &["one", "few", "many"], "the form [many] in this language"),
        ("nl", &["one", "two"], "the form [two] in this language"),
        ("nl", &["one", "one"], "the form [one] is there twice"),
        ("nl", &["one", "1"], "the form [1] in this language"),
        (
            "nl",
            &["one", "sometimes"],
            "the form [sometimes] in this language",
        ),
        ("lv", &["one"], "the form [zero] is missing"),
    ] {
        assert_fault(tag, "email-life-hours", &select(forms), says);
    }
    assert_fault(
        "uk",
        "email-life-hours",
        &cyrillic(select(&["one", "many"])),
        "the form [few] is missing",
    );
    assert_fault(
        "nl",
        "email-life-hours",
        "{ $hours } uur",
        "the forms of the number are missing",
    );
    assert_eq!(faults_of("tr", "email-life-hours", "{ $hours } saat"), [""; 0]);
    assert_fault(
        "nl",
        "email-verify-subject",
        "{ $business_name ->\n    [one] { $business_name }\n   *[other] bij { $business_name }\n}",
        "nothing can be selected by $business_name",
    );
}

#[test]
fn fluent_that_would_hide_words_from_the_check_is_a_fault() {
    for (text, says) in [
        ("Sluit je { \"http\" } aan.", "only placeholders"),
        ("Sluit je { sms-sign-in } aan.", "only placeholders"),
        ("Sluit je { NUMBER($n) } aan.", "only placeholders"),
        (
            "Sluit je { $n ->\n   *[other] nu\n } aan.",
            "a selector must hold the whole string",
        ),
        ("Sluit je aan.\n    .title = Nu", "attributes are never read"),
    ] {
        assert_fault("nl", "email-invitation-preview", text, says);
    }
}
