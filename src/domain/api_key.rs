//! API keys: `otpost_sk_` of an application, `otpost_ak_` of an administrator, then 30 random base62 characters and
//! 6 of checksum. A mistyped key is found by the checksum alone; what is stored is only the SHA-256 of the whole text.

use std::fmt;

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::random::{Random, below};

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// 30 × log₂ 62 = 178 random bits.
const RANDOM_CHARACTERS: usize = 30;

/// 62⁶ is more than 2³², so that a CRC-32 always fits.
const CHECKSUM_CHARACTERS: usize = 6;

/// How much of the random part [`ApiKey::prefix`] shows, so that keys can be told apart in a list.
const SHOWN_CHARACTERS: usize = 4;

/// Whose key it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// An application's: send, verify, notify, read its own.
    Application,
    /// An administrator's: everything under `/admin`.
    Administrator,
}

impl KeyKind {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::Application, Self::Administrator];

    /// What a key of this kind begins with.
    #[must_use]
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Application => "otpost_sk_",
            Self::Administrator => "otpost_ak_",
        }
    }
}

/// Why a text is no API key. Says nothing of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MalformedKey {
    /// Another prefix, length or alphabet.
    #[error("is not an API key: `otpost_sk_` or `otpost_ak_` and 36 letters and digits")]
    Form,
    /// The right form, but the last six characters do not fit the thirty before them.
    #[error("is not an API key: its checksum does not fit, so it was mistyped or cut")]
    Checksum,
}

/// A well-formed API key. Whether it is a known one only the store can tell.
#[derive(Clone)]
pub struct ApiKey {
    kind: KeyKind,
    text: Zeroizing<String>,
}

impl ApiKey {
    /// A new key.
    pub fn generate(random: &dyn Random, kind: KeyKind) -> Self {
        let mut body = Zeroizing::new(String::with_capacity(RANDOM_CHARACTERS));
        while body.len() < RANDOM_CHARACTERS {
            body.push(digit(below(random, 62)));
        }
        let sum = checksum(&body);
        let length = kind.prefix().len() + RANDOM_CHARACTERS + CHECKSUM_CHARACTERS;
        let mut text = Zeroizing::new(String::with_capacity(length));
        text.push_str(kind.prefix());
        text.push_str(&body);
        text.push_str(&sum);
        Self { kind, text }
    }

    /// Reads a key and checks its checksum.
    pub fn parse(text: &str) -> Result<Self, MalformedKey> {
        let (kind, rest) = KeyKind::ALL
            .into_iter()
            .find_map(|kind| Some((kind, text.strip_prefix(kind.prefix())?)))
            .ok_or(MalformedKey::Form)?;
        let base62 = rest.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if rest.len() != RANDOM_CHARACTERS + CHECKSUM_CHARACTERS || !base62 {
            return Err(MalformedKey::Form);
        }
        let (body, sum) = rest.split_at(RANDOM_CHARACTERS);
        if checksum(body) != sum {
            return Err(MalformedKey::Checksum);
        }
        let text = Zeroizing::new(text.to_owned());
        Ok(Self { kind, text })
    }

    /// Whose key it is.
    #[must_use]
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// SHA-256 of the whole text. With 178 random bits behind it no salt or slow hash is needed.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.text.as_bytes()).into()
    }

    /// The beginning that may be shown: the kind's prefix and four characters.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.text[..self.kind.prefix().len() + SHOWN_CHARACTERS]
    }

    /// The last four characters, which may be shown.
    #[must_use]
    pub fn last_four(&self) -> &str {
        &self.text[self.text.len() - 4..]
    }

    /// The key itself. Only the answer that made it may hold it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiKey({}•••)", self.kind.prefix())
    }
}

/// CRC-32 (IEEE) in base62, most significant first, padded with `0`.
fn checksum(body: &str) -> String {
    let mut rest = u64::from(crc32fast::hash(body.as_bytes()));
    let mut digits = ['0'; CHECKSUM_CHARACTERS];
    for place in digits.iter_mut().rev() {
        *place = digit(rest % 62);
        rest /= 62;
    }
    digits.iter().collect()
}

fn digit(value: u64) -> char {
    usize::try_from(value)
        .ok()
        .and_then(|index| ALPHABET.get(index))
        .map_or('0', |&byte| char::from(byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::random::OsRandom;
    use proptest::prelude::*;

    /// Computed with Python's `zlib.crc32`. The last one has a sum so small that it is padded.
    const VECTORS: [&str; 6] = [
        "0000000000000000000000000000002C8GjS",
        "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzz4IlJEz",
        "0123456789ABCDEFGHIJKLMNOPQRST4PMbyp",
        "abcdefghijklmnopqrstuvwxyz01232LolCm",
        "Zx81mQ0c7RtYpL2sVb9NkWd4HgJfA63hfI8g",
        "00000000000000000000000000040500azb7",
    ];

    #[test]
    fn keys_whose_checksum_was_computed_elsewhere_are_read() {
        for body in VECTORS {
            let key = ApiKey::parse(&format!("otpost_sk_{body}")).expect(body);
            assert_eq!(key.kind(), KeyKind::Application);
            assert_eq!(key.last_four(), &body[32..]);
        }
    }

    #[test]
    fn a_new_key_is_read_back_with_its_kind() {
        for kind in KeyKind::ALL {
            let key = ApiKey::generate(&OsRandom, kind);
            let read = ApiKey::parse(key.expose()).unwrap();
            assert_eq!(read.kind(), kind);
            assert_eq!(read.hash(), key.hash());
            assert_eq!(key.expose().len(), 46);
        }
    }

    #[test]
    fn the_hash_is_sha_256_of_the_whole_text() {
        let key = ApiKey::parse(&format!("otpost_ak_{}", VECTORS[0])).unwrap();
        let expected = "9cb4b73edff6bdbc943274e2190cbd198598e421166d169bc95b9ecff390cd49";
        assert_eq!(hex::encode(key.hash()), expected);
    }

    #[test]
    fn a_key_with_one_character_changed_is_refused_by_its_checksum() {
        let key = format!("otpost_sk_{}", VECTORS[4]);
        for place in 10..key.len() {
            let mut bytes = key.clone().into_bytes();
            bytes[place] = if bytes[place] == b'x' { b'y' } else { b'x' };
            let changed = String::from_utf8(bytes).unwrap();
            assert_eq!(
                ApiKey::parse(&changed).unwrap_err(),
                MalformedKey::Checksum,
                "{place}"
            );
        }
    }

    #[test]
    fn any_other_form_is_no_key() {
        let body = VECTORS[4];
        for text in [
            String::new(),
            body.to_owned(),
            format!("otpost_xk_{body}"),
            format!("OTPOST_sk_{body}"),
            format!("otpost_sk_{body}0"),
            format!("otpost_sk_{}", &body[1..]),
            format!(" otpost_sk_{body}"),
            format!("otpost_sk_{}é", &body[2..]),
            format!("otpost_sk_-{}", &body[1..]),
        ] {
            assert_eq!(ApiKey::parse(&text).unwrap_err(), MalformedKey::Form, "{text:?}");
        }
    }

    #[test]
    fn what_is_shown_of_a_key_is_not_the_key() {
        let key = ApiKey::parse(&format!("otpost_sk_{}", VECTORS[4])).unwrap();
        assert_eq!(key.prefix(), "otpost_sk_Zx81");
        assert_eq!(key.last_four(), "fI8g");
        assert_eq!(format!("{key:?}"), "ApiKey(otpost_sk_•••)");
    }

    proptest! {
        #[test]
        fn no_text_makes_reading_panic(text in "(otpost_(sk|ak)_)?.{0,40}") {
            let _ = ApiKey::parse(&text);
        }
    }
}
