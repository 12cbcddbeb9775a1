//! API keys of applications and of administrators: made and shown once, listed without the key, revoked for good.

use serde_json::{Value, json};

use super::{Actor, Administration, ChangeError, NewKey};
use crate::domain::api_key::{ApiKey, KeyKind};
use crate::domain::environment::{KeyRecord, ListedKey};
use crate::domain::id::{ApplicationId, EnvironmentId, KeyId};
use crate::store::directory::Removal;

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

impl Administration {
    /// Makes a key.
    pub async fn create_key(
        &self,
        actor: &Actor,
        owner: KeyOwner,
        new: &NewKey,
    ) -> Result<MadeKey, ChangeError> {
        self.check_owner(owner)?;
        let name = new.read().map_err(ChangeError::Invalid)?;
        let now = self.clock.now()?;
        let id = KeyId::time_ordered(&*self.random, now);
        let key = ApiKey::generate(&*self.random, owner.kind());
        let record = KeyRecord::of(&key, id, name, owner.application(), now);
        let changes = json!({ "after": fields(&record) });
        let audit = self.audit(
            actor,
            owner.environment(),
            "key.create",
            &id.to_string(),
            &changes,
        )?;
        let change = self.store.create_key(record.clone(), audit).await?;
        self.finish(change).await?;
        Ok(MadeKey { record, key })
    }

    /// Revokes a key. From now on it opens nothing here, and within two seconds nothing on any other replica. The last
    /// key of the administrators stays.
    pub async fn revoke_key(&self, actor: &Actor, owner: KeyOwner, id: KeyId) -> Result<(), ChangeError> {
        let listed = self.list_keys(owner).await?;
        let key = listed.iter().find(|listed| listed.record.id == id);
        let changes = json!({ "before": fields(&key.ok_or(ChangeError::NotFound)?.record) });
        let audit = self.audit(
            actor,
            owner.environment(),
            "key.revoke",
            &id.to_string(),
            &changes,
        )?;
        let removal: Removal = self.store.revoke_key(owner.application(), id, audit).await?;
        self.finish_removal(removal).await
    }

    /// The keys that are not revoked, oldest first.
    pub async fn list_keys(&self, owner: KeyOwner) -> Result<Vec<ListedKey>, ChangeError> {
        self.check_owner(owner)?;
        Ok(self.store.list_keys(owner.application()).await?)
    }

    /// An application's keys are found in its own environment alone.
    fn check_owner(&self, owner: KeyOwner) -> Result<(), ChangeError> {
        match owner {
            KeyOwner::Administrators => Ok(()),
            KeyOwner::Application(environment, id) => {
                let held = self.environment(environment)?;
                held.application(id).map(|_| ()).ok_or(ChangeError::NotFound)
            }
        }
    }
}

/// A key's fields as the audit log shows them.
fn fields(key: &KeyRecord) -> Value {
    json!({
        "application_id": key.application_id,
        "name": key.name,
        "prefix": key.prefix,
        "last_four": key.last_four,
    })
}
