//! The keys that are kept outside the database: one generation to work with, and during a rotation the one before it.
//! Under them a code is stored as a MAC that only proves a guess, and what must be read again is sealed to its row. What must
//! be found again by equality is hashed under the index key, which is not rotated.

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

/// The first byte of a sealed blob. Another layout takes another number.
const SEAL_VERSION: u8 = 1;
const HEADER_BYTES: usize = 5;
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
    /// The key of MACs over codes.
    pub mac: Key,
    /// The key of sealed values.
    pub seal: Key,
}

impl Generation {
    fn draw(id: GenerationId, random: &dyn Random, now: Timestamp) -> Self {
        Self {
            id,
            created_at: now,
            mac: draw_key(random),
            seal: draw_key(random),
        }
    }

    fn code_mac(&self, verification: VerificationId, code: &str) -> CodeMac {
        // The id has a fixed length, so id and code cannot run into each other.
        let parts = [CODE_LABEL, verification.0.as_bytes(), code.as_bytes()];
        CodeMac {
            generation: self.id,
            mac: hmac(&self.mac, &parts),
        }
    }

    fn fingerprint(&self) -> Fingerprint {
        let of_seal = hmac(&self.seal, &[SEAL_FINGERPRINT_LABEL]);
        Fingerprint {
            generation: self.id,
            value: hmac(&self.mac, &[FINGERPRINT_LABEL, &of_seal]),
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
    /// The older one does not have the lower number.
    #[error("the newest generation must come first and have the higher id")]
    Order,
    /// Two generations, or two purposes, share a key.
    #[error("no two keys may be the same")]
    RepeatedKey,
}

/// Why a sealed value cannot be read. Says nothing of what is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Not a blob that `seal` made, or of a version this program does not know.
    #[error("the sealed value is not of a form this version knows")]
    Form,
    /// Sealed under keys that are not in the ring (any more).
    #[error("the sealed value needs key generation {0}, which the keys file does not hold")]
    UnknownGeneration(i32),
    /// Altered, cut, or moved to another row.
    #[error("the sealed value was altered or belongs to another row")]
    NotAuthentic,
}

/// The index key, and one or two generations of keys, newest first.
#[derive(Clone)]
pub struct KeyRing {
    index: Key,
    newest: Generation,
    previous: Option<Generation>,
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.generations()).finish()
    }
}

impl KeyRing {
    /// Puts keys together.
    pub fn new(index: Key, newest: Generation, previous: Option<Generation>) -> Result<Self, InvalidKeyRing> {
        if let Some(older) = &previous {
            if older.id >= newest.id {
                return Err(InvalidKeyRing::Order);
            }
            if *older.mac == *newest.mac || *older.seal == *newest.seal {
                return Err(InvalidKeyRing::RepeatedKey);
            }
        }
        let ring = Self {
            index,
            newest,
            previous,
        };
        let repeated =
            |one: &Generation| *one.mac == *one.seal || [&one.mac, &one.seal].contains(&&ring.index);
        if ring.generations().any(repeated) {
            return Err(InvalidKeyRing::RepeatedKey);
        }
        Ok(ring)
    }

    /// A ring of new keys, its generation the first.
    pub fn generate(random: &dyn Random, now: Timestamp) -> Self {
        Self {
            index: draw_key(random),
            newest: Generation::draw(GenerationId::FIRST, random, now),
            previous: None,
        }
    }

    /// A ring with a new generation to work with; of the old ones the newest stays.
    #[must_use]
    pub fn rotated(&self, random: &dyn Random, now: Timestamp) -> Self {
        let next = GenerationId(self.newest.id.0.saturating_add(1));
        Self {
            index: self.index.clone(),
            newest: Generation::draw(next, random, now),
            previous: Some(self.newest.clone()),
        }
    }

    /// The index key.
    #[must_use]
    pub fn index(&self) -> &Key {
        &self.index
    }

    /// The generations, newest first.
    pub fn generations(&self) -> impl Iterator<Item = &Generation> {
        std::iter::once(&self.newest).chain(&self.previous)
    }

    /// The generation that new MACs and sealed values are made under.
    #[must_use]
    pub fn newest(&self) -> GenerationId {
        self.newest.id
    }

    /// What to store of a new code.
    #[must_use]
    pub fn mac(&self, verification: VerificationId, code: &str) -> CodeMac {
        self.newest.code_mac(verification, code)
    }

    /// What a guess may be stored as, newest generation first: one for each key that may have made the stored one.
    #[must_use]
    pub fn candidate_macs(&self, verification: VerificationId, code: &str) -> Vec<CodeMac> {
        self.generations()
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
            generations: self.generations().map(Generation::fingerprint).collect(),
        }
    }

    /// Seals `plain` under the newest key with XChaCha20-Poly1305. `context` names the place it belongs to (table, column
    /// and row); the same is needed to open it. The blob is 45 bytes longer than what is in it: version, generation
    /// (4 bytes, big-endian), nonce (24), ciphertext, tag (16).
    ///
    /// # Panics
    /// When `plain` is longer than the cipher can seal, 256 GiB.
    pub fn seal(&self, random: &dyn Random, context: &[u8], plain: &[u8]) -> Vec<u8> {
        let mut nonce = [0; NONCE_BYTES];
        random.fill(&mut nonce);
        let mut blob = Vec::with_capacity(HEADER_BYTES + NONCE_BYTES + plain.len() + TAG_BYTES);
        blob.push(SEAL_VERSION);
        blob.extend(self.newest.id.0.to_be_bytes());
        let aad = [&blob, context].concat();
        let sealed = cipher(&self.newest)
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

    /// The generation that something was sealed under; `None` for what is not of our form.
    #[must_use]
    pub fn sealed_under(&self, sealed: &[u8]) -> Option<GenerationId> {
        let [version, id @ ..] = sealed.first_chunk::<HEADER_BYTES>()?;
        (*version == SEAL_VERSION).then_some(())?;
        GenerationId::new(i32::from_be_bytes(*id))
    }

    /// Opens what `seal` made with the same `context`, under whichever generation it was made.
    pub fn open(&self, context: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let (header, rest) = sealed
            .split_first_chunk::<HEADER_BYTES>()
            .ok_or(OpenError::Form)?;
        let (nonce, ciphertext) = rest.split_first_chunk::<NONCE_BYTES>().ok_or(OpenError::Form)?;
        let [version, id @ ..] = *header;
        if version != SEAL_VERSION {
            return Err(OpenError::Form);
        }
        let id = i32::from_be_bytes(id);
        let generation = self
            .generations()
            .find(|one| one.id.0 == id)
            .ok_or(OpenError::UnknownGeneration(id))?;
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

fn cipher(generation: &Generation) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(generation.seal.as_slice().into())
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
    use super::*;
    use crate::domain::random::OsRandom;
    use proptest::prelude::*;

    fn now() -> Timestamp {
        Timestamp::from_unix_micros(1_795_338_000_000_000).unwrap()
    }

    fn ring() -> KeyRing {
        KeyRing::generate(&OsRandom, now())
    }

    /// Keys 0, 1, 2 … so that values computed elsewhere can be compared.
    fn known_ring() -> KeyRing {
        let generation = Generation {
            id: GenerationId::FIRST,
            created_at: now(),
            mac: Zeroizing::new(std::array::from_fn(|n| u8::try_from(n).unwrap())),
            seal: Zeroizing::new(std::array::from_fn(|n| u8::try_from(n + 32).unwrap())),
        };
        let index = Zeroizing::new(std::array::from_fn(|n| u8::try_from(n + 64).unwrap()));
        KeyRing::new(index, generation, None).unwrap()
    }

    #[test]
    fn the_mac_is_hmac_sha_256_over_label_id_and_code() {
        let verification = VerificationId(uuid::Uuid::from_u128(0x0001_0203_0405_0607_0809_0a0b_0c0d_0e0f));
        // Computed with Python's `hmac` and `hashlib`.
        let expected = "ee49ff41f91766da9babb0772b55223beb761129ab3a733516fae5c85e85d13c";
        assert_eq!(
            hex::encode(known_ring().mac(verification, "012345").mac),
            expected
        );
    }

    #[test]
    fn the_fingerprint_covers_both_keys() {
        // Computed with Python's `hmac` and `hashlib`.
        let expected = "8ef7ef3e7a6ac3b99af5b8a237fa94f04502c7a72865f4882f3b580d33a4e6ef";
        let ring = known_ring();
        assert_eq!(hex::encode(ring.fingerprints().generations[0].value), expected);

        let mut other_seal = ring.newest.clone();
        other_seal.seal[0] ^= 1;
        let mut other_mac = ring.newest.clone();
        other_mac.mac[0] ^= 1;
        for other in [other_seal, other_mac] {
            assert_ne!(other.fingerprint(), ring.newest.fingerprint());
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
        assert_eq!(
            ring.rotated(&OsRandom, now()).index_hash(b"a", &[b"bc", b"d"]),
            hash
        );
    }

    #[test]
    fn one_code_has_another_mac_in_every_verification() {
        let ring = ring();
        let first = VerificationId::unguessable(&OsRandom);
        let second = VerificationId::unguessable(&OsRandom);
        assert_eq!(ring.mac(first, "123456"), ring.mac(first, "123456"));
        assert_ne!(ring.mac(first, "123456"), ring.mac(second, "123456"));
        assert_ne!(ring.mac(first, "123456"), ring.mac(first, "123457"));
    }

    #[test]
    fn during_a_rotation_a_code_of_the_old_keys_is_still_found() {
        let old = ring();
        let verification = VerificationId::unguessable(&OsRandom);
        let stored = old.mac(verification, "123456");

        let rotated = old.rotated(&OsRandom, now());
        assert_eq!(rotated.newest(), GenerationId(2));
        let candidates = rotated.candidate_macs(verification, "123456");
        assert_eq!(candidates.len(), 2);
        assert_eq!(candidates[0], rotated.mac(verification, "123456"));
        assert_eq!(candidates[1], stored);
        assert_eq!(
            rotated.fingerprints().generations[1],
            old.fingerprints().generations[0]
        );

        let twice = rotated.rotated(&OsRandom, now());
        assert!(!twice.candidate_macs(verification, "123456").contains(&stored));
    }

    #[test]
    fn a_sealed_value_outlives_one_rotation_and_not_two() {
        let old = ring();
        let sealed = old.seal(&OsRandom, b"row 1", b"hunter2");
        assert_eq!(sealed.len(), 45 + 7);
        let rotated = old.rotated(&OsRandom, now());
        assert_eq!(**rotated.open(b"row 1", &sealed).unwrap(), *b"hunter2");
        let twice = rotated.rotated(&OsRandom, now());
        assert_eq!(
            twice.open(b"row 1", &sealed),
            Err(OpenError::UnknownGeneration(1))
        );
    }

    #[test]
    fn a_sealed_value_moved_to_another_row_does_not_open() {
        let ring = ring();
        let sealed = ring.seal(&OsRandom, b"row 1", b"hunter2");
        assert_eq!(ring.open(b"row 2", &sealed), Err(OpenError::NotAuthentic));
    }

    #[test]
    fn a_sealed_value_with_any_byte_altered_does_not_open() {
        let ring = ring();
        let sealed = ring.seal(&OsRandom, b"row", b"hunter2");
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
        assert_ne!(
            ring.seal(&OsRandom, b"", b"same"),
            ring.seal(&OsRandom, b"", b"same")
        );
    }

    #[test]
    fn generations_out_of_order_or_with_a_repeated_key_make_no_ring() {
        let (first, second) = (ring(), ring().rotated(&OsRandom, now()));
        let index = first.index;
        let make = |newest: &Generation, previous: Option<&Generation>| {
            KeyRing::new(index.clone(), newest.clone(), previous.cloned()).map(|_| ())
        };
        let (first, second) = (first.newest, second.newest);
        assert_eq!(make(&second, Some(&first)), Ok(()));
        assert_eq!(make(&first, Some(&second)), Err(InvalidKeyRing::Order));
        assert_eq!(make(&first, Some(&first)), Err(InvalidKeyRing::Order));

        let mut copied = second;
        copied.mac = first.mac.clone();
        assert_eq!(make(&copied, Some(&first)), Err(InvalidKeyRing::RepeatedKey));
        for twice in [first.mac.clone(), index.clone()] {
            let mut one_key = first.clone();
            one_key.seal = twice;
            assert_eq!(make(&one_key, None), Err(InvalidKeyRing::RepeatedKey));
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
            let sealed = ring.seal(&OsRandom, &context, &plain);
            prop_assert_eq!(&**ring.open(&context, &sealed).unwrap(), &*plain);
            prop_assert!(ring.open(&context, &noise).is_err());
        }
    }
}
