//! API keys of applications and of administrators: made and shown once, listed without the key, revoked for good.

use std::sync::Arc;

use rpds::RedBlackTreeMapSync;

use super::{Actor, Administration, ChangeError, Conflict, environment};
use crate::domain::api_key::{ApiKey, KeyKind};
use crate::domain::environment::{KeyFields, KeyRecord};
use crate::domain::id::{ApplicationId, EnvironmentId, KeyId};
use crate::domain::time::Timestamp;
use crate::service::directory::{Snapshot, behind};

/// Whose keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyOwner {
    /// An application's.
    Application(EnvironmentId, ApplicationId),
    /// The administrators' of the whole installation.
    Administrators,
}

impl KeyOwner {
    /// The kind of the keys, and the environment and application that they are of.
    fn parts(self) -> (KeyKind, Option<EnvironmentId>, Option<ApplicationId>) {
        match self {
            Self::Application(environment, id) => (KeyKind::Application, Some(environment), Some(id)),
            Self::Administrators => (KeyKind::Administrator, None, None),
        }
    }
}

/// A key that was just made.
pub struct MadeKey {
    /// What is kept of it.
    pub record: KeyRecord,
    /// The key itself, for the answer that made it alone.
    pub key: ApiKey,
}

/// A key as lists show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedKey {
    /// What is kept of it.
    pub record: Arc<KeyRecord>,
    /// When it was last used, to about a minute.
    pub last_used_at: Option<Timestamp>,
}

impl Administration {
    /// Makes a key.
    pub async fn create_key(
        &self,
        actor: &Actor,
        owner: KeyOwner,
        new: &KeyFields,
    ) -> Result<MadeKey, ChangeError> {
        self.change(actor, |held, change| {
            keys_of(held, owner)?;
            let (kind, environment, application) = owner.parts();
            let id = KeyId::time_ordered(&*self.parts.random, change.at());
            let key = ApiKey::generate(&*self.parts.random, kind);
            let record = KeyRecord::of(&key, id, new.name.clone(), application, change.at());
            change.create_key(environment, &record)?;
            Ok(MadeKey { record, key })
        })
        .await
    }

    /// Revokes a key. From now on it opens nothing here, and within two seconds nothing on any other replica. The last
    /// key of the administrators stays.
    pub async fn revoke_key(&self, actor: &Actor, owner: KeyOwner, id: KeyId) -> Result<(), ChangeError> {
        self.change(actor, |held, change| {
            let keys = keys_of(held, owner)?;
            let (_, environment, application) = owner.parts();
            let key = keys.get(&id).filter(|key| key.application_id == application);
            let key = key.ok_or(ChangeError::NotFound)?;
            if owner == KeyOwner::Administrators && keys.size() < 2 {
                return Err(Conflict::Last.into());
            }
            change.revoke_key(environment, key);
            Ok(())
        })
        .await
    }

    /// At most `limit` of the keys that are not revoked behind one, oldest first.
    pub async fn list_keys(
        &self,
        owner: KeyOwner,
        after: Option<KeyId>,
        limit: usize,
    ) -> Result<Vec<ListedKey>, ChangeError> {
        let held = self.parts.directory.current();
        let (_, _, application) = owner.parts();
        let records: Vec<_> = behind(keys_of(&held, owner)?, after)
            .map(|(_, key)| Arc::clone(key))
            .filter(|key| key.application_id == application)
            .take(limit)
            .collect();
        let ids = records.iter().map(|record| record.id).collect();
        let uses = self.parts.store.last_uses(ids).await?;
        let listed = records.into_iter().map(|record| ListedKey {
            last_used_at: uses.get(&record.id).copied(),
            record,
        });
        Ok(listed.collect())
    }
}

/// The keys among which the owner's are. An application's are found in its own environment alone.
fn keys_of(
    held: &Snapshot,
    owner: KeyOwner,
) -> Result<&RedBlackTreeMapSync<KeyId, Arc<KeyRecord>>, ChangeError> {
    match owner {
        KeyOwner::Administrators => Ok(held.administrators()),
        KeyOwner::Application(environment_id, id) => {
            let environment = environment(held, environment_id)?;
            environment.application(id).ok_or(ChangeError::NotFound)?;
            Ok(&environment.keys)
        }
    }
}
