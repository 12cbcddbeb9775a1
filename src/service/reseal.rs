//! After a rotation of the keys: stored secrets are sealed anew under the generation in use, so that nothing needs those before
//! it any more.

use std::sync::{Arc, Mutex, PoisonError};

use serde::de::DeserializeOwned;

use super::actor::Actor;
use super::directory::change::Change;
use super::settings::{SealedSecret, open, secrets};
use crate::domain::id::EnvironmentId;
use crate::domain::keyring::{GenerationId, KeyRing};
use crate::domain::random::Random;
use crate::domain::secret::Secret;
use crate::domain::settings::{EmailSettings, Secrets, SmsSettings};
use crate::domain::time::Timestamp;
use crate::store::directory::{Commit, Kind, StoredRecord};
use crate::store::{SharedStore, StoreError};

/// How often the documents are looked at anew that another process changes meanwhile.
const ATTEMPTS: usize = 3;

/// Seals anew once for each generation that comes into use while the process runs, and for the one that is in use at its start.
pub struct Resealing {
    keys: Arc<KeyRing>,
    random: Arc<dyn Random>,
    /// The generation in use when it was last done.
    done: Mutex<Option<GenerationId>>,
}

impl Resealing {
    /// Nothing is done yet.
    pub fn new(keys: Arc<KeyRing>, random: Arc<dyn Random>) -> Self {
        Self {
            keys,
            random,
            done: Mutex::default(),
        }
    }

    /// Does it, unless it was done for the generation that is in use. Answers how many documents that were.
    pub(super) async fn round(&self, store: &SharedStore, now: Timestamp) -> Result<u32, StoreError> {
        let in_use = Some(self.keys.in_use(now).id);
        if *self.done.lock().unwrap_or_else(PoisonError::into_inner) == in_use {
            return Ok(0);
        }
        // Where others were quicker each time, the next round does it.
        let Some(resealed) = reseal(store, &self.keys, &*self.random, now).await? else {
            return Ok(0);
        };
        *self.done.lock().unwrap_or_else(PoisonError::into_inner) = in_use;
        if resealed > 0 {
            tracing::info!(
                documents = resealed,
                "stored secrets are sealed under the keys in use now"
            );
        }
        Ok(resealed)
    }
}

/// Seals anew what is not sealed under the keys in use. Answers how many documents that were; `None`, and nothing is done, where others
/// were changing settings each time.
pub async fn reseal(
    store: &SharedStore,
    keys: &KeyRing,
    random: &dyn Random,
    now: Timestamp,
) -> Result<Option<u32>, StoreError> {
    let actor = Actor::default();
    for _ in 0..ATTEMPTS {
        let loaded = store.load(0).await?;
        let mut change = Change::by(&actor, keys, random, now);
        let mut resealed = 0;
        for record in &loaded.records {
            resealed += u32::from(seal_anew(&mut change, record, keys, now)?);
        }
        if change.commit(store, loaded.revision).await? == Commit::Committed {
            return Ok(Some(resealed));
        }
    }
    Ok(None)
}

/// Whether the record is sealed anew. It is not where it is sealed under the keys in use, holds no secret, or cannot be read, which
/// whoever loads it will say.
fn seal_anew(
    change: &mut Change<'_>,
    record: &StoredRecord,
    keys: &KeyRing,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let (Some(environment), Some(document)) = (record.environment_id, &record.document) else {
        return Ok(false);
    };
    let in_use = keys.in_use(now).id;
    match Kind::parse(&record.kind) {
        Some(kind @ Kind::Sms) => match outdated::<SmsSettings<_>>(document, keys, environment, in_use) {
            Some(settings) => change.reseal(environment, kind, &settings).map(|()| true),
            None => Ok(false),
        },
        Some(kind @ Kind::Email) => match outdated::<EmailSettings<_>>(document, keys, environment, in_use) {
            Some(settings) => change.reseal(environment, kind, &settings).map(|()| true),
            None => Ok(false),
        },
        _ => Ok(false),
    }
}

/// The settings, where one of their secrets is sealed under other keys than those in use.
fn outdated<D>(
    document: &str,
    keys: &KeyRing,
    environment: EnvironmentId,
    in_use: GenerationId,
) -> Option<D::With<Option<Secret>>>
where
    D: Secrets<Option<SealedSecret>> + DeserializeOwned + Clone,
{
    let stored: D = serde_json::from_str(document).ok()?;
    let is_current = |secret: &SealedSecret| secret.generation() == Ok(in_use);
    if secrets(stored.clone()).values().all(is_current) {
        return None;
    }
    open(stored, keys, environment)
}
