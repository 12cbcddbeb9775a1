//! Text as quoted-printable (RFC 2045, 6.7): in ASCII, in lines of at most 76 characters, ended by CRLF. No line of it can
//! be taken for the end of a message, a boundary or an mbox separator, whatever stands in the text.

/// The longest line, its soft line break included (RFC 2045, 6.7, rule 5).
const LINE_LIMIT: usize = 76;

/// Encodes `text`, whose lines end by LF, CRLF or CR alike.
pub(super) fn encode(text: &str) -> Vec<u8> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut encoded = Vec::with_capacity(text.len() + text.len() / 8);
    for (number, line) in text.split('\n').enumerate() {
        if number > 0 {
            encoded.extend_from_slice(b"\r\n");
        }
        encode_line(line.as_bytes(), &mut encoded);
    }
    encoded
}

fn encode_line(line: &[u8], encoded: &mut Vec<u8>) {
    let mut width = 0;
    for (at, &byte) in line.iter().enumerate() {
        let is_last = at + 1 == line.len();
        let literal = is_literal(byte, is_last);
        let room = LINE_LIMIT - usize::from(!is_last);
        if width + if literal { 1 } else { 3 } > room {
            encoded.extend_from_slice(b"=\r\n");
            width = 0;
        }
        if literal && !(width == 0 && looks_special(&line[at..])) {
            encoded.push(byte);
            width += 1;
        } else {
            encoded.extend_from_slice(format!("={byte:02X}").as_bytes());
            width += 3;
        }
    }
}

/// Whether the byte may stand for itself: what is printable, but the sign that begins an encoded one, and blanks that are not
/// the last of their line, where servers strip them.
fn is_literal(byte: u8, is_last: bool) -> bool {
    match byte {
        b'=' => false,
        b' ' | b'\t' => !is_last,
        b'!'..=b'~' => true,
        _ => false,
    }
}

/// Whether the start of a line may mean something to whoever carries the message: the dot that ends it (not every client
/// doubles every one that a server may see: RUSTSEC-2026-0561), or the separator of an mbox. A boundary has an equals sign.
fn looks_special(line: &[u8]) -> bool {
    line.starts_with(b".") || line.starts_with(b"From ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn encoded(text: &str) -> String {
        String::from_utf8(encode(text)).unwrap()
    }

    /// Reads it as RFC 2045 says, line ends as LF.
    fn decoded(encoded: &[u8]) -> Vec<u8> {
        let text = String::from_utf8(encoded.to_vec()).unwrap().replace("=\r\n", "");
        let mut decoded = Vec::new();
        let mut rest = text.as_bytes();
        while let Some((&byte, behind)) = rest.split_first() {
            rest = behind;
            if byte == b'=' {
                let (digits, behind) = rest.split_at(2);
                let mut one = [0];
                hex::decode_to_slice(digits, &mut one).unwrap();
                decoded.push(one[0]);
                rest = behind;
            } else if byte != b'\r' {
                decoded.push(byte);
            }
        }
        decoded
    }

    #[test]
    fn ascii_stays_readable() {
        assert_eq!(encoded("Your code:\n\n481516\n"), "Your code:\r\n\r\n481516\r\n");
        assert_eq!(encoded("a = b"), "a =3D b");
        assert_eq!(encoded("Größe"), "Gr=C3=B6=C3=9Fe");
        assert_eq!(encoded(""), "");
    }

    #[test]
    fn a_blank_at_the_end_of_a_line_is_not_lost() {
        assert_eq!(encoded("a \nb\t\n \n"), "a=20\r\nb=09\r\n=20\r\n");
    }

    #[test]
    fn every_line_end_is_the_same() {
        assert_eq!(encoded("a\rb\nc\r\nd\n\re"), "a\r\nb\r\nc\r\nd\r\n\r\ne");
    }

    #[test]
    fn what_looks_special_at_the_start_of_a_line_is_encoded_there() {
        assert_eq!(encoded(".\n..\n.a"), "=2E\r\n=2E.\r\n=2Ea");
        assert_eq!(encoded("--=_x\nFrom a\nFor a"), "--=3D_x\r\n=46rom a\r\nFor a");
        let at_the_break = format!("{}.b", "a".repeat(75));
        assert_eq!(encoded(&at_the_break), format!("{}=\r\n=2Eb", "a".repeat(75)));
    }

    #[test]
    fn a_long_line_is_broken_softly_at_76_and_no_sooner() {
        let line = |length| "a".repeat(length);
        assert_eq!(encoded(&line(76)), line(76));
        assert_eq!(encoded(&line(77)), format!("{}=\r\naa", line(75)));
        // An encoded byte is not torn apart.
        assert_eq!(
            encoded(&format!("{}é", line(72))),
            format!("{}=C3=\r\n=A9", line(72))
        );
    }

    proptest! {
        #[test]
        fn any_text_is_decoded_to_itself_and_no_line_of_it_means_anything_else(
            text in proptest::collection::vec(
                prop_oneof![
                    Just("\r".to_owned()), Just("\n".to_owned()), Just(".".to_owned()), Just("=".to_owned()),
                    Just(" ".to_owned()), Just("-".to_owned()), Just("From ".to_owned()), ".{0,90}", any::<String>(),
                ],
                0..40,
            )
        ) {
            let text = text.concat();
            let encoded = encode(&text);
            let expected = text.replace("\r\n", "\n").replace('\r', "\n");
            prop_assert_eq!(decoded(&encoded), expected.as_bytes());
            let lines = String::from_utf8(encoded).unwrap();
            for line in lines.split("\r\n") {
                prop_assert!(line.len() <= LINE_LIMIT);
                prop_assert!(line.bytes().all(|byte| byte == b'\t' || (b' '..=b'~').contains(&byte)), "{:?}", line);
                prop_assert!(!line.starts_with('.') && !line.starts_with("From ") && !line.contains("=_"), "{:?}", line);
                prop_assert!(!line.ends_with([' ', '\t']), "{:?}", line);
            }
        }
    }
}
