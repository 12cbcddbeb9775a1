//! After a rotation of the keys: stored secrets are sealed anew under the generation in use, so that nothing needs those before
//! it any more.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::json;

use super::settings::email::EmailDocument;
use super::settings::sms::SmsDocument;
use super::settings::{Opener, Sealer};
use crate::domain::environment::SettingsKind;
use crate::domain::id::AuditId;
use crate::domain::keyring::{GenerationId, KeyRing};
use crate::domain::random::Random;
use crate::domain::time::Timestamp;
use crate::store::directory::{AuditEntry, Change, Expected, SettingsRow, Versioned};
use crate::store::{SharedStore, StoreError};

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

    /// Does it, unless it was done for the generation that is in use. Answers as [`reseal`].
    pub(super) async fn round(&self, store: &SharedStore, now: Timestamp) -> Result<u32, StoreError> {
        let in_use = Some(self.keys.in_use(now).id);
        if *self.done.lock().unwrap_or_else(PoisonError::into_inner) == in_use {
            return Ok(0);
        }
        let resealed = reseal(store, &self.keys, &*self.random, now).await?;
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

/// Seals anew what is not sealed under the keys in use. Answers how many documents that were. What another process has
/// written meanwhile is left as it is: it was sealed then.
pub async fn reseal(
    store: &SharedStore,
    keys: &KeyRing,
    random: &dyn Random,
    now: Timestamp,
) -> Result<u32, StoreError> {
    let mut resealed = 0;
    for Versioned { version, row } in store.load_directory().await?.settings {
        let Some(document) = sealed_anew(&row, keys, random, now) else {
            continue;
        };
        let audit = AuditEntry {
            id: AuditId::time_ordered(random, now),
            environment_id: Some(row.environment_id),
            key_id: None,
            action: format!("settings.{}.reseal", row.kind),
            target: row.environment_id.to_string(),
            changes: json!({ "secrets": "sealed under the keys in use" }).to_string(),
            remote_address: None,
            at: now,
        };
        let row = SettingsRow {
            document,
            updated_at: now,
            ..row
        };
        match store.put_settings(row, Expected::Version(version), audit).await? {
            Change::Made { .. } => resealed += 1,
            Change::NotFound | Change::VersionMismatch | Change::Conflict => {}
        }
    }
    Ok(resealed)
}

/// The document sealed under the keys in use; `None` where it is, holds no secret, or cannot be read, which whoever loads
/// it will say.
fn sealed_anew(row: &SettingsRow, keys: &KeyRing, random: &dyn Random, now: Timestamp) -> Option<String> {
    let environment = row.environment_id;
    let opener = Opener { keys, environment };
    let sealer = Sealer {
        keys: keys.in_use(now),
        environment,
    };
    match row.kind {
        SettingsKind::Sms => {
            let stored: SmsDocument<_> = serde_json::from_str(&row.document).ok()?;
            if stored.secrets().all(|secret| sealer.is_current(secret)) {
                return None;
            }
            let settings = stored.open(opener)?;
            serde_json::to_string(&SmsDocument::of(&settings).seal(sealer, random)).ok()
        }
        SettingsKind::Email => {
            let stored: EmailDocument<_> = serde_json::from_str(&row.document).ok()?;
            if stored.secrets().all(|secret| sealer.is_current(secret)) {
                return None;
            }
            let settings = stored.open(opener)?;
            serde_json::to_string(&EmailDocument::of(&settings).seal(sealer, random)).ok()
        }
        SettingsKind::Content | SettingsKind::Mfa | SettingsKind::Otp => None,
    }
}
