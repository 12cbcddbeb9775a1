//! API keys as administrators see them: made, listed and revoked. What a key opens is read with the directory.

use async_trait::async_trait;

use super::StoreError;
use super::directory::{AuditEntry, Change, Removal};
use crate::domain::environment::{KeyRecord, ListedKey};
use crate::domain::id::{ApplicationId, KeyId};

/// Operations on API keys. Where an application is asked for, `None` stands for the administrators.
#[async_trait]
pub trait Keys: Send + Sync {
    /// Keeps a new key. [`Change::NotFound`] when its application is not there.
    async fn create_key(&self, key: KeyRecord, audit: AuditEntry) -> Result<Change, StoreError>;

    /// Revokes a key when it is audited; its row stays. [`Removal::Last`] for the last key of the administrators.
    async fn revoke_key(
        &self,
        application: Option<ApplicationId>,
        id: KeyId,
        audit: AuditEntry,
    ) -> Result<Removal, StoreError>;

    /// The keys that are not revoked, oldest first.
    async fn list_keys(&self, application: Option<ApplicationId>) -> Result<Vec<ListedKey>, StoreError>;
}
