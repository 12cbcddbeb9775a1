//! The key ring at start: made with an embedded database, demanded with Postgres, and held against the database either way. And
//! what of it may go.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::database::{confirmed_time, guarded_clock, is_empty};
use crate::app::StartError;
use crate::config::keys_file::{self, KeysFile};
use crate::config::{Config, DatabaseUrl};
use crate::domain::keyring::{KeyRing, KeysFit};
use crate::domain::random::{OsRandom, Random};
use crate::domain::time::Clock;
use crate::service::clock::GuardedClock;
use crate::service::key_pruning::{self, Plan};
use crate::service::reseal;
use crate::store::{self, SharedStore};

/// Reads the key ring, or makes one beside an empty embedded database, and makes sure that it fits.
///
/// # Errors
/// When there is no keys file and may be none made, when it cannot be read, and when the database was written under other
/// keys.
pub async fn open(
    config: &Config,
    store: &SharedStore,
    random: &dyn Random,
    clock: &GuardedClock,
) -> Result<KeyRing, StartError> {
    let path = &config.keys.file;
    let embedded = matches!(config.database.url, DatabaseUrl::Sqlite { .. });
    let KeysFile {
        ring,
        readable_by_others,
    } = if embedded && !path.exists() && is_empty(store).await? {
        keys_file::init(path, random, confirmed_time(clock)?)?.into_file()
    } else if embedded && !path.exists() {
        // Looked for again: another start may have made it, and then content, since the first look.
        return Err(StartError::KeysMissing { path: path.clone() });
    } else {
        keys_file::read(path)?
    };
    if readable_by_others {
        tracing::warn!(path = %path.display(), "the keys file can be read by others; set its mode to 0600");
    }
    // Also by a process whose clock is off, or it would go on with a file that was rotated apart from the others: a check value is
    // kept with the database's time, and nothing is judged by it.
    let seen_at = clock.estimate();
    match store.fit_keys(ring.fingerprints(), seen_at).await? {
        KeysFit::Fits { lacking } => {
            if !lacking.is_empty() {
                let lacking: Vec<_> = lacking.iter().map(ToString::to_string).collect();
                tracing::warn!(path = %path.display(), generations = lacking.join(", "),
                    "the keys file lacks generations that the database knows; what was written under them is answered with 503 here");
            }
            Ok(ring)
        }
        KeysFit::Differs => Err(StartError::KeysDoNotFit { path: path.clone() }),
    }
}

/// Drops the generations that nothing stored needs any more, after what is sealed under old ones was sealed anew.
///
/// # Errors
/// When the keys file or the database cannot be used, or was not written under these keys, and when `clock` is off: what was
/// replaced lately, and what has expired, is judged by it.
pub async fn prune(config: &Config, clock: Arc<dyn Clock>) -> Result<Pruned, StartError> {
    let (path, database) = (&config.keys.file, &config.database);
    let ring = keys_file::read(path)?.ring;
    let store = store::open(database.url.expose(), database.max_connections).await?;
    let store = store.ok_or(StartError::NoDatabase)?;
    let pruned = prune_on(&store, path, &ring, clock).await;
    store.close().await;
    pruned
}

async fn prune_on(
    store: &SharedStore,
    path: &Path,
    ring: &KeyRing,
    clock: Arc<dyn Clock>,
) -> Result<Pruned, StartError> {
    let (random, clock) = (&OsRandom, guarded_clock(store, clock).await?);
    // Of another database, even an empty one, nothing can be learned about these keys.
    let (known, ours) = (store.known_keys().await?, ring.fingerprints());
    let fits = matches!(known.fit(&ours), KeysFit::Fits { .. });
    let met = known
        .generations
        .iter()
        .any(|known| ours.generations.contains(known));
    if !(fits && met && known.index == Some(ours.index)) {
        return Err(StartError::KeysDoNotFit {
            path: path.to_owned(),
        });
    }
    // The time is asked for anew before each step, so that a clock that is set ends it.
    reseal::reseal(store, ring, random, confirmed_time(&clock)?).await?;
    let plan = key_pruning::plan(store, ring, confirmed_time(&clock)?)
        .await
        .map_err(StartError::Pruning)?;
    if plan.dropped.is_empty() {
        return Ok(Pruned { plan, backup: None });
    }
    let changed = keys_file::prune(path, random, confirmed_time(&clock)?, &plan.dropped)?;
    store.forget_keys(plan.dropped.iter().copied().collect()).await?;
    let backup = Some(changed.backup);
    Ok(Pruned { plan, backup })
}

/// What came of [`prune`].
pub struct Pruned {
    /// What went and what stays.
    pub plan: Plan,
    /// Where the file is kept as it was before, if it was changed.
    pub backup: Option<PathBuf>,
}
