//! Text messages from right to left, laid out as Unicode's bidirectional algorithm (UAX #9) does: they carry no marks of
//! direction, so code and host must come out whole without.

use otpost::domain::code::Code;
use otpost::domain::locale::Locale;
use otpost::domain::settings::Sentence;
use otpost::domain::text::sms;
use otpost::domain::verification::Purpose;
use unicode_bidi::BidiInfo;

const HOST: &str = "acme.example.com";

/// Each line as the eye sees it from the left, and whether it begins at the right.
fn seen(text: &str) -> Vec<(String, bool)> {
    let laid_out = BidiInfo::new(text, None);
    let paragraphs = laid_out.paragraphs.iter();
    paragraphs
        .map(|paragraph| {
            let line = laid_out.reorder_line(paragraph, paragraph.range.clone());
            (line.trim().to_owned(), paragraph.level.is_rtl())
        })
        .collect()
}

#[test]
fn code_and_host_are_read_from_left_to_right_in_a_sentence_from_right_to_left() {
    let code = Code::parse_guess("012345").unwrap();
    for &locale in Locale::ALL.iter().filter(|locale| locale.is_right_to_left()) {
        for sentence in [Sentence::SignIn, Sentence::VerificationCode] {
            for domain in [None, Some("login.example.org")] {
                let text = sms(Purpose::SignIn, sentence, &code, HOST, domain, locale);
                let lines = seen(&text);
                let (line, from_the_right) = &lines[0];
                assert!(from_the_right, "{locale}: {text}");
                assert!(line.contains("012345"), "{locale}: {line}");
                if sentence == Sentence::SignIn {
                    assert!(line.contains(HOST), "{locale}: {line}");
                }
                match domain {
                    None if sentence == Sentence::SignIn => {
                        assert!(line.contains("#012345"), "{locale}: {line}");
                    }
                    None => assert_eq!(lines.len(), 1),
                    Some(domain) => {
                        let last = (format!("@{domain} #012345"), false);
                        assert_eq!(lines.last(), Some(&last), "{locale}");
                    }
                }
            }
        }
    }
}

#[test]
fn no_text_message_holds_a_mark_of_direction() {
    let code = Code::parse_guess("012345").unwrap();
    for &locale in Locale::ALL {
        for sentence in [Sentence::SignIn, Sentence::VerificationCode] {
            let text = sms(Purpose::Mfa, sentence, &code, HOST, Some(HOST), locale);
            let mark = text.chars().find(|character| {
                matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
            });
            assert_eq!(mark, None, "{locale}");
        }
    }
}
