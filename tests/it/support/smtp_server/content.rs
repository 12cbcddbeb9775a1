//! The rules for the bytes of a message on the wire.

/// What a message does against RFC 5321 (2.3.8, 4.5.3.1.6) and RFC 6152.
pub fn violations(content: &[u8]) -> Vec<String> {
    let mut violations = Vec::new();
    let mut before = b'\n';
    for (index, &byte) in content.iter().enumerate() {
        if byte == b'\n' && before != b'\r' {
            violations.push("a bare LF in a message".to_owned());
        }
        if byte == b'\r' && content.get(index + 1) != Some(&b'\n') {
            violations.push("a bare CR in a message".to_owned());
        }
        before = byte;
    }
    if !content.is_ascii() {
        violations.push("8-bit content without 8BITMIME".to_owned());
    }
    if content.split(|&byte| byte == b'\n').any(|line| line.len() > 999) {
        violations.push("a line of more than 998 characters".to_owned());
    }
    violations
}

/// Takes away the dot that a sender puts before a line that begins with one (RFC 5321, 4.5.2).
pub fn unstuff(content: &[u8]) -> Vec<u8> {
    let mut unstuffed = Vec::with_capacity(content.len());
    for line in content.split_inclusive(|&byte| byte == b'\n') {
        unstuffed.extend_from_slice(line.strip_prefix(b".").unwrap_or(line));
    }
    unstuffed
}
