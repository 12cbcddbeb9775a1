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
    fn application(self) -> Option<ApplicationId> {
        match self {
            Self::Application(_, id) => Some(id),
            Self::Administrators => None,
        }
    }

    fn environment(self) -> Option<EnvironmentId> {
        match self {
            Self::Application(environment, _) => Some(environment),
            Self::Administrators => None,
        }
    }

    fn kind(self) -> KeyKind {
        match self {
            Self::Application(..) => KeyKind::Application,
            Self::Administrators => KeyKind::Administrator,
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
            let id = KeyId::time_ordered(&*self.parts.random, change.at());
            let key = ApiKey::generate(&*self.parts.random, owner.kind());
            let record = KeyRecord::of(&key, id, new.name.clone(), owner.application(), change.at());
            change.create_key(owner.environment(), &record)?;
            Ok(MadeKey { record, key })
        })
        .await
    }

    /// Revokes a key. From now on it opens nothing here, and within two seconds nothing on any other replica. The last
    /// key of the administrators stays.
    pub async fn revoke_key(&self, actor: &Actor, owner: KeyOwner, id: KeyId) -> Result<(), ChangeError> {
        self.change(actor, |held, change| {
            let keys = keys_of(held, owner)?;
            let key = keys
                .get(&id)
                .filter(|key| key.application_id == owner.application());
            let key = key.ok_or(ChangeError::NotFound)?;
            if owner == KeyOwner::Administrators && keys.size() < 2 {
                return Err(Conflict::Last.into());
            }
            change.revoke_key(owner.environment(), key);
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
        let records: Vec<_> = behind(keys_of(&held, owner)?, after)
            .map(|(_, key)| Arc::clone(key))
            .filter(|key| key.application_id == owner.application())
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
