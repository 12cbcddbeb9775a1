//! The keys that are kept outside the database, in generations, of which one is in use and all others are accepted. Under them
//! a code is stored as a MAC that only proves a guess, and what must be read again is sealed to its row. What must be found
//! again by equality is hashed under the index key, which is not rotated.

use std::collections::BTreeSet;
use std::fmt;

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::id::VerificationId;
use super::random::Random;
use super::time::Timestamp;

mod fingerprint;

pub use fingerprint::{Fingerprint, Fingerprints, KeysFit, KnownKeys};

/// The length of every key: 256 bits.
pub const KEY_BYTES: usize = 32;

/// The most generations of a ring: a process hashes each guess under all of them.
pub const MOST_GENERATIONS: usize = 16;

/// The first byte of a sealed blob. Another layout takes another number.
const SEAL_VERSION: u8 = 1;

/// How many bytes at the beginning of a sealed blob tell how to open it: version and generation.
pub const HEADER_BYTES: usize = 5;
const NONCE_BYTES: usize = 24;
const TAG_BYTES: usize = 16;

// What a MAC is for is part of what it covers, so that one can never stand for another.
const CODE_LABEL: &[u8] = b"otpost code v1\0";
const SEAL_FINGERPRINT_LABEL: &[u8] = b"otpost seal fingerprint v1\0";
const FINGERPRINT_LABEL: &[u8] = b"otpost fingerprint v1\0";
const INDEX_LABEL: &[u8] = b"otpost index v1\0";
const INDEX_FINGERPRINT_LABEL: &[u8] = b"otpost index fingerprint v1\0";

/// The number of a generation of keys: 1, 2, 3 …, one more with each rotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GenerationId(i32);

impl GenerationId {
    /// The first of all generations.
    pub const FIRST: Self = Self(1);

    /// `None` for anything below 1.
    #[must_use]
    pub fn new(number: i32) -> Option<Self> {
        (number >= 1).then_some(Self(number))
    }

    /// The number, as the database keeps it beside each MAC.
    #[must_use]
    pub fn get(self) -> i32 {
        self.0
    }
}

impl fmt::Display for GenerationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A key, wiped from memory when it is dropped.
pub type Key = Zeroizing<[u8; KEY_BYTES]>;

fn draw_key(random: &dyn Random) -> Key {
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    random.fill(key.as_mut());
    key
}

/// One generation of keys.
#[derive(Clone)]
pub struct Generation {
    /// Its number.
    pub id: GenerationId,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it is written under. Before that it is only accepted, so that every process can have it by then.
    pub use_from: Timestamp,
    /// The key of MACs over codes.
    pub mac_key: Key,
    /// The key of sealed values.
    pub seal_key: Key,
}

impl Generation {
    fn draw(id: GenerationId, random: &dyn Random, now: Timestamp, use_from: Timestamp) -> Self {
        Self {
            id,
            created_at: now,
            use_from,
            mac_key: draw_key(random),
            seal_key: draw_key(random),
        }
    }

    /// What to store of a code.
    #[must_use]
    pub fn code_mac(&self, verification: VerificationId, code: &str) -> CodeMac {
        // The id has a fixed length, so id and code cannot run into each other.
        let parts = [CODE_LABEL, verification.0.as_bytes(), code.as_bytes()];
        CodeMac {
            generation: self.id,
            mac: hmac(&self.mac_key, &parts),
        }
    }

    /// Seals `plain` with XChaCha20-Poly1305. `context` names the place it belongs to (table, column and row); the same is
    /// needed to open it. The blob is 45 bytes longer than what is in it: version, generation (4 bytes, big-endian), nonce (24),
    /// ciphertext, tag (16).
    ///
    /// # Panics
    /// When `plain` is longer than the cipher can seal, 256 GiB.
    pub fn seal(&self, random: &dyn Random, context: &[u8], plain: &[u8]) -> Vec<u8> {
        let mut nonce = [0; NONCE_BYTES];
        random.fill(&mut nonce);
        let mut blob = Vec::with_capacity(HEADER_BYTES + NONCE_BYTES + plain.len() + TAG_BYTES);
        blob.push(SEAL_VERSION);
        blob.extend(self.id.0.to_be_bytes());
        let aad = [&blob, context].concat();
        let sealed = cipher(self)
            .encrypt(
                XNonce::from_slice(&nonce),
                Payload {
                    msg: plain,
                    aad: &aad,
                },
            )
            .expect("nothing as long as 256 GiB is sealed");
        blob.extend(nonce);
        blob.extend(sealed);
        blob
    }

    fn fingerprint(&self) -> Fingerprint {
        let of_seal = hmac(&self.seal_key, &[SEAL_FINGERPRINT_LABEL]);
        Fingerprint {
            generation: self.id,
            value: hmac(&self.mac_key, &[FINGERPRINT_LABEL, &of_seal]),
        }
    }
}

impl fmt::Debug for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Generation({}, •••)", self.id)
    }
}

/// What is stored instead of a code: HMAC-SHA-256 over the verification's id and the code.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct CodeMac {
    /// Whose key made it.
    pub generation: GenerationId,
    /// The MAC.
    pub mac: [u8; 32],
}

impl fmt::Debug for CodeMac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CodeMac({}, •••)", self.generation)
    }
}

/// Why keys make no key ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKeyRing {
    /// No generation, or too many.
    #[error("it must hold 1 to {MOST_GENERATIONS} generations")]
    Generations,
    /// An older one does not have the lower number.
    #[error("the newest generation must come first, and each have a higher id than the next")]
    Order,
    /// Two generations, or two purposes, share a key.
    #[error("no two keys may be the same")]
    RepeatedKey,
}

/// Why a sealed value cannot be read. Says nothing of what is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Not a blob that `seal` made.
    #[error("the sealed value is not of our form")]
    Form,
    /// Of a version that this program does not know.
    #[error("the sealed value is of version {0}, which this release does not know")]
    UnknownVersion(u8),
    /// Made under keys that are not in the ring: not yet, or not any more.
    #[error("key generation {0} is needed, which the keys file of this process does not hold")]
    UnknownGeneration(i32),
    /// Altered, cut, or moved to another row.
    #[error("the sealed value was altered or belongs to another row")]
    NotAuthentic,
}

impl OpenError {
    /// Whether a process with other keys, or of another release, may well open it. Such a value is left to it.
    #[must_use]
    pub fn is_for_others(self) -> bool {
        matches!(self, Self::UnknownVersion(_) | Self::UnknownGeneration(_))
    }
}

/// The index key, and generations of keys.
#[derive(Clone)]
pub struct KeyRing {
    index: Key,
    /// Newest first, at least one.
    generations: Vec<Generation>,
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.generations).finish()
    }
}

impl KeyRing {
    /// Puts keys together, the newest generation first.
    pub fn new(index: Key, generations: Vec<Generation>) -> Result<Self, InvalidKeyRing> {
        if !(1..=MOST_GENERATIONS).contains(&generations.len()) {
            return Err(InvalidKeyRing::Generations);
        }
        if !generations.is_sorted_by(|newer, older| newer.id > older.id) {
            return Err(InvalidKeyRing::Order);
        }
        let keys = generations.iter().flat_map(|one| [&one.mac_key, &one.seal_key]);
        let keys: Vec<_> = keys.chain([&index]).collect();
        let repeated = |(place, key)| keys.iter().skip(place + 1).any(|other| other == key);
        if keys.iter().enumerate().any(repeated) {
            return Err(InvalidKeyRing::RepeatedKey);
        }
        Ok(Self { index, generations })
    }

    /// A ring of new keys, its generation the first.
    pub fn generate(random: &dyn Random, now: Timestamp) -> Self {
        Self {
            index: draw_key(random),
            generations: vec![Generation::draw(GenerationId::FIRST, random, now, now)],
        }
    }

    /// A ring with a new generation, to be used from a moment on; `None` where there is no room for one more.
    #[must_use]
    pub fn rotated(&self, random: &dyn Random, now: Timestamp, use_from: Timestamp) -> Option<Self> {
        if self.generations.len() >= MOST_GENERATIONS {
            return None;
        }
        let next = GenerationId(self.generations[0].id.0.checked_add(1)?);
        let mut generations = vec![Generation::draw(next, random, now, use_from)];
        generations.extend_from_slice(&self.generations);
        Some(Self {
            index: self.index.clone(),
            generations,
        })
    }

    /// The ring without some of its generations.
    pub fn without(&self, dropped: &BTreeSet<GenerationId>) -> Result<Self, InvalidKeyRing> {
        let kept = self.generations.iter().filter(|one| !dropped.contains(&one.id));
        Self::new(self.index.clone(), kept.cloned().collect())
    }

    /// The index key.
    #[must_use]
    pub fn index(&self) -> &Key {
        &self.index
    }

    /// The generations, newest first.
    #[must_use]
    pub fn generations(&self) -> &[Generation] {
        &self.generations
    }

    /// The generation that new MACs and sealed values are made under: the newest whose time has come.
    #[must_use]
    pub fn in_use(&self, now: Timestamp) -> &Generation {
        let due = self.generations.iter().find(|one| one.use_from <= now);
        // A clock before the first one's time has to write under something all the same.
        due.unwrap_or(&self.generations[self.generations.len() - 1])
    }

    /// What a guess may be stored as: one for each generation that may have made the stored one.
    #[must_use]
    pub fn candidate_macs(&self, verification: VerificationId, code: &str) -> Vec<CodeMac> {
        self.generations
            .iter()
            .map(|one| one.code_mac(verification, code))
            .collect()
    }

    /// A keyed hash by which something is found again that is not to be read in the database: the first 128 bits of
    /// HMAC-SHA-256 under the index key. `label` says what is hashed; it and each part go in behind their length, so that
    /// neither can run into the next. The same for every generation of keys.
    #[must_use]
    pub fn index_hash(&self, label: &[u8], parts: &[&[u8]]) -> [u8; 16] {
        let mut input = INDEX_LABEL.to_vec();
        for part in std::iter::once(&label).chain(parts) {
            input.extend((part.len() as u64).to_be_bytes());
            input.extend(*part);
        }
        let input = Zeroizing::new(input);
        let [hash @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = hmac(&self.index, &[&input]);
        hash
    }

    /// One-way check values of the keys.
    #[must_use]
    pub fn fingerprints(&self) -> Fingerprints {
        Fingerprints {
            index: hmac(&self.index, &[INDEX_FINGERPRINT_LABEL]),
            generations: self.generations.iter().map(Generation::fingerprint).collect(),
        }
    }

    /// Opens what was sealed with the same `context`, under whichever generation it was.
    pub fn open(&self, context: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let id = sealed_under(sealed)?;
        let (header, rest) = sealed
            .split_first_chunk::<HEADER_BYTES>()
            .ok_or(OpenError::Form)?;
        let (nonce, ciphertext) = rest.split_first_chunk::<NONCE_BYTES>().ok_or(OpenError::Form)?;
        let generation = self
            .generations
            .iter()
            .find(|one| one.id == id)
            .ok_or(OpenError::UnknownGeneration(id.0))?;
        let aad = [header.as_slice(), context].concat();
        let payload = Payload {
            msg: ciphertext,
            aad: &aad,
        };
        cipher(generation)
            .decrypt(XNonce::from_slice(nonce), payload)
            .map(Zeroizing::new)
            .map_err(|_| OpenError::NotAuthentic)
    }
}

/// The generation that something was sealed under, told by its first [`HEADER_BYTES`].
pub fn sealed_under(sealed: &[u8]) -> Result<GenerationId, OpenError> {
    match *sealed.first_chunk::<HEADER_BYTES>().ok_or(OpenError::Form)? {
        [SEAL_VERSION, id @ ..] => GenerationId::new(i32::from_be_bytes(id)).ok_or(OpenError::Form),
        [version, ..] => Err(OpenError::UnknownVersion(version)),
    }
}

fn cipher(generation: &Generation) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(generation.seal_key.as_slice().into())
}

fn hmac(key: &[u8; KEY_BYTES], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::random::OsRandom;
    use proptest::prelude::*;

    fn now() -> Timestamp {
        Timestamp::from_unix_micros(1_795_338_000_000_000).unwrap()
    }

    const HOUR: Duration = Duration::from_hours(1);

    /// With a new generation that is used at once.
    fn rotated(ring: &KeyRing) -> KeyRing {
        ring.rotated(&OsRandom, now(), now()).unwrap()
    }

    fn seal(ring: &KeyRing, context: &[u8], plain: &[u8]) -> Vec<u8> {
        ring.in_use(now()).seal(&OsRandom, context, plain)
    }

    fn mac(ring: &KeyRing, verification: VerificationId, code: &str) -> CodeMac {
        ring.in_use(now()).code_mac(verification, code)
    }

    fn ring() -> KeyRing {
        KeyRing::generate(&OsRandom, now())
    }

    /// Keys 0, 1, 2 … so that values computed elsewhere can be compared.
    fn known_ring() -> KeyRing {
        let generation = Generation {
            id: GenerationId::FIRST,
            created_at: now(),
            use_from: now(),
            mac_key: Zeroizing::new(std::array::from_fn(|n| u8::try_from(n).unwrap())),
            seal_key: Zeroizing::new(std::array::from_fn(|n| u8::try_from(n + 32).unwrap())),
        };
        let index = Zeroizing::new(std::array::from_fn(|n| u8::try_from(n + 64).unwrap()));
        KeyRing::new(index, vec![generation]).unwrap()
    }

    #[test]
    fn the_mac_is_hmac_sha_256_over_label_id_and_code() {
        let verification = VerificationId(uuid::Uuid::from_u128(0x0001_0203_0405_0607_0809_0a0b_0c0d_0e0f));
        // Computed with Python's `hmac` and `hashlib`.
        let expected = "ee49ff41f91766da9babb0772b55223beb761129ab3a733516fae5c85e85d13c";
        assert_eq!(
            hex::encode(mac(&known_ring(), verification, "012345").mac),
            expected
        );
    }

    #[test]
    fn the_fingerprint_covers_both_keys() {
        // Computed with Python's `hmac` and `hashlib`.
        let expected = "8ef7ef3e7a6ac3b99af5b8a237fa94f04502c7a72865f4882f3b580d33a4e6ef";
        let ring = known_ring();
        assert_eq!(hex::encode(ring.fingerprints().generations[0].value), expected);

        let mut other_seal = ring.generations[0].clone();
        other_seal.seal_key[0] ^= 1;
        let mut other_mac = ring.generations[0].clone();
        other_mac.mac_key[0] ^= 1;
        for other in [other_seal, other_mac] {
            assert_ne!(other.fingerprint(), ring.generations[0].fingerprint());
        }
    }

    #[test]
    fn the_index_hash_is_half_an_hmac_over_label_and_parts_each_behind_its_length() {
        // Computed with Python's `hmac`, `hashlib` and `struct`.
        let hash = known_ring().index_hash(b"recipient", &[b"env", b"+61466043123"]);
        assert_eq!(hex::encode(hash), "8630616d2c2c012a325463b7b781d87c");
        let fingerprint = known_ring().fingerprints().index;
        assert_eq!(
            hex::encode(fingerprint),
            "2c1f6fb2ff2f26c7c11108bb7303e098aa0be6f27b4f4360c7686171546392e3"
        );
    }

    #[test]
    fn an_index_hash_tells_labels_and_parts_apart_and_outlives_rotations() {
        let ring = ring();
        let hash = ring.index_hash(b"a", &[b"bc", b"d"]);
        for (label, parts) in [
            (&b"ab"[..], &[&b"c"[..], b"d"][..]),
            (b"a", &[b"b", b"cd"]),
            (b"a", &[b"bcd"]),
            (b"a", &[b"bc", b"d", b""]),
            (b"", &[b"a", b"bc", b"d"]),
        ] {
            assert_ne!(ring.index_hash(label, parts), hash, "{label:?} {parts:?}");
        }
        assert_ne!(
            KeyRing::generate(&OsRandom, now()).index_hash(b"a", &[b"bc", b"d"]),
            hash
        );
        assert_eq!(rotated(&ring).index_hash(b"a", &[b"bc", b"d"]), hash);
    }

    #[test]
    fn one_code_has_another_mac_in_every_verification() {
        let ring = ring();
        let first = VerificationId::unguessable(&OsRandom);
        let second = VerificationId::unguessable(&OsRandom);
        assert_eq!(mac(&ring, first, "123456"), mac(&ring, first, "123456"));
        assert_ne!(mac(&ring, first, "123456"), mac(&ring, second, "123456"));
        assert_ne!(mac(&ring, first, "123456"), mac(&ring, first, "123457"));
    }

    #[test]
    fn a_code_is_found_under_whichever_generation_it_was_made() {
        let verification = VerificationId::unguessable(&OsRandom);
        let mut rings = vec![ring()];
        for _ in 1..MOST_GENERATIONS {
            rings.push(rotated(&rings[rings.len() - 1]));
        }
        let last = &rings[MOST_GENERATIONS - 1];
        let candidates = last.candidate_macs(verification, "123456");
        let found: Vec<_> = rings
            .iter()
            .rev()
            .map(|ring| mac(ring, verification, "123456"))
            .collect();
        assert_eq!(candidates, found);
        assert!(last.rotated(&OsRandom, now(), now()).is_none());
        let sealed = seal(&rings[0], b"row 1", b"hunter2");
        assert_eq!(sealed.len(), 45 + 7);
        assert_eq!(**last.open(b"row 1", &sealed).unwrap(), *b"hunter2");
    }

    #[test]
    fn a_new_generation_is_accepted_at_once_and_used_when_its_time_has_come() {
        let old = ring();
        let rotated = old.rotated(&OsRandom, now(), now() + HOUR).unwrap();
        let in_use = |after: Duration| rotated.in_use(now() + after).id.get();
        assert_eq!(in_use(Duration::from_mins(59)), 1);
        assert_eq!(in_use(HOUR), 2);
        let early = rotated.in_use(now() + HOUR).seal(&OsRandom, b"", b"x");
        assert!(rotated.open(b"", &early).is_ok());
        assert_eq!(old.open(b"", &early), Err(OpenError::UnknownGeneration(2)));
        // A third one may come sooner than the second; it is the newest then.
        let overtaken = rotated.rotated(&OsRandom, now(), now()).unwrap();
        assert_eq!(overtaken.in_use(now()).id.get(), 3);
        assert_eq!(overtaken.in_use(now() + 2 * HOUR).id.get(), 3);
        // Before all of them, there is still one.
        assert_eq!(overtaken.in_use(now() - HOUR).id.get(), 1);
    }

    #[test]
    fn what_others_may_open_is_told_from_what_is_broken() {
        let ring = ring();
        let mut sealed = seal(&ring, b"row", b"hunter2");
        for byte in [0, 2, 255] {
            sealed[0] = byte;
            let error = ring.open(b"row", &sealed).unwrap_err();
            assert_eq!(error, OpenError::UnknownVersion(byte));
            assert!(error.is_for_others());
        }
        assert!(OpenError::UnknownGeneration(2).is_for_others());
        assert!(!OpenError::NotAuthentic.is_for_others());
        assert!(!OpenError::Form.is_for_others());
        assert_eq!(sealed_under(&[1, 0, 0, 0, 0]), Err(OpenError::Form));
        assert_eq!(sealed_under(&[1, 0, 0, 1]), Err(OpenError::Form));
        assert_eq!(sealed_under(&[1, 0, 0, 1, 2]).map(GenerationId::get), Ok(258));
    }

    #[test]
    fn a_sealed_value_moved_to_another_row_does_not_open() {
        let ring = ring();
        let sealed = seal(&ring, b"row 1", b"hunter2");
        assert_eq!(ring.open(b"row 2", &sealed), Err(OpenError::NotAuthentic));
    }

    #[test]
    fn a_sealed_value_with_any_byte_altered_does_not_open() {
        let ring = ring();
        let sealed = seal(&ring, b"row", b"hunter2");
        for place in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[place] ^= 1;
            assert!(ring.open(b"row", &altered).is_err(), "byte {place}");
        }
        for length in 0..sealed.len() {
            assert!(ring.open(b"row", &sealed[..length]).is_err(), "{length} bytes");
        }
    }

    #[test]
    fn two_seals_of_one_value_differ() {
        let ring = ring();
        assert_ne!(seal(&ring, b"", b"same"), seal(&ring, b"", b"same"));
    }

    #[test]
    fn generations_out_of_order_or_with_a_repeated_key_make_no_ring() {
        let ring = rotated(&ring());
        let (second, first) = (ring.generations[0].clone(), ring.generations[1].clone());
        let make = |generations: &[&Generation]| {
            let generations = generations.iter().copied().cloned().collect();
            KeyRing::new(ring.index.clone(), generations).map(|_| ())
        };
        assert_eq!(make(&[&second, &first]), Ok(()));
        assert_eq!(make(&[&first, &second]), Err(InvalidKeyRing::Order));
        assert_eq!(make(&[&first, &first]), Err(InvalidKeyRing::Order));
        assert_eq!(make(&[]), Err(InvalidKeyRing::Generations));
        assert_eq!(make(&[&first; 17]), Err(InvalidKeyRing::Generations));

        let mut copied = second;
        copied.mac_key = first.mac_key.clone();
        assert_eq!(make(&[&copied, &first]), Err(InvalidKeyRing::RepeatedKey));
        for twice in [first.mac_key.clone(), ring.index.clone()] {
            let mut one_key = first.clone();
            one_key.seal_key = twice;
            assert_eq!(make(&[&one_key]), Err(InvalidKeyRing::RepeatedKey));
        }
    }

    #[test]
    fn no_key_is_shown_by_debug() {
        assert_eq!(format!("{:?}", known_ring()), "[Generation(1, •••)]");
    }

    proptest! {
        #[test]
        fn what_was_sealed_opens_and_nothing_else_does(plain: Vec<u8>, context: Vec<u8>, noise: Vec<u8>) {
            let ring = known_ring();
            let sealed = seal(&ring, &context, &plain);
            prop_assert_eq!(&**ring.open(&context, &sealed).unwrap(), &*plain);
            prop_assert!(ring.open(&context, &noise).is_err());
        }
    }
}
