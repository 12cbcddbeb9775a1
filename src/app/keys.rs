//! The key ring at start: made with an embedded database, demanded with Postgres, and held against the database either way.

use crate::app::StartError;
use crate::config::keys_file::{self, KeysFile};
use crate::config::{Config, DatabaseUrl};
use crate::domain::keyring::{KeyRing, KeysFit};
use crate::domain::random::Random;
use crate::domain::time::Clock;
use crate::store::SharedStore;

/// Reads the key ring, or makes one beside an empty embedded database, and makes sure that it fits.
///
/// # Errors
/// When there is no keys file and may be none made, when it cannot be read, and when the database was written under other
/// keys.
pub async fn open(
    config: &Config,
    store: &SharedStore,
    random: &dyn Random,
    clock: &dyn Clock,
) -> Result<KeyRing, StartError> {
    let path = &config.keys.file;
    let embedded = matches!(config.database.url, DatabaseUrl::Sqlite { .. });
    let KeysFile {
        ring,
        readable_by_others,
    } = if embedded && !path.exists() {
        if !store.load_directory().await?.environments.is_empty() {
            return Err(StartError::KeysMissing { path: path.clone() });
        }
        keys_file::init(path, random, clock)?.into_file()
    } else {
        keys_file::read(path)?
    };
    if readable_by_others {
        tracing::warn!(path = %path.display(), "the keys file can be read by others; set its mode to 0600");
    }
    match store.fit_keys(ring.fingerprints(), clock.now()).await? {
        KeysFit::Fits => Ok(ring),
        KeysFit::Differs => Err(StartError::KeysDoNotFit { path: path.clone() }),
    }
}
