//! What a database remembers of the keys that it was written with, without being able to use them, and whether a key ring
//! fits that.

use super::GenerationId;

/// A one-way value that tells a generation's keys from any others. The database keeps it, so that a keys file
/// that does not fit is found at start and not by the first code that fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint {
    /// Whose it is.
    pub generation: GenerationId,
    /// HMAC-SHA-256 of a constant under both keys.
    pub value: [u8; 32],
}

/// Check values of all keys of a ring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprints {
    /// HMAC-SHA-256 of a constant under the index key.
    pub index: [u8; 32],
    /// The generations', newest first.
    pub generations: Vec<Fingerprint>,
}

/// What a database tells of the keys that it was written with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownKeys {
    /// The check value of the index key; `None` before any keys were recorded.
    pub index: Option<[u8; 32]>,
    /// The check values of the generations.
    pub generations: Vec<Fingerprint>,
    /// Whether anything was made with them: where nothing was, they may be lost.
    pub content: bool,
}

/// Whether keys are those that a database was written with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeysFit {
    /// They are, or it holds nothing yet.
    Fits {
        /// Generations that it knows and the keys lack: what was written under them is for other processes to read.
        lacking: Vec<GenerationId>,
    },
    /// The index key is another, a generation has the number of one that it knows and another key, or there is none
    /// that it knows.
    Differs,
}

impl KnownKeys {
    /// Whether keys fit.
    #[must_use]
    pub fn fit(&self, keys: &Fingerprints) -> KeysFit {
        let other_index = self.index.is_some_and(|index| index != keys.index);
        let altered = self.generations.iter().any(|known| {
            keys.generations
                .iter()
                .any(|one| one.generation == known.generation && one.value != known.value)
        });
        let stranger = !self.generations.is_empty()
            && !self
                .generations
                .iter()
                .any(|known| keys.generations.contains(known));
        if self.content && (other_index || altered || stranger) {
            return KeysFit::Differs;
        }
        let known = self.generations.iter().map(|known| known.generation);
        let lacking =
            known.filter(|id| self.content && !keys.generations.iter().any(|one| one.generation == *id));
        let mut lacking: Vec<_> = lacking.collect();
        lacking.sort_unstable();
        KeysFit::Fits { lacking }
    }
}
