//! Reading the audit log. Entries are written with the changes they are of ([`super::directory`]), and neither changed nor
//! removed: the database itself refuses both.

use async_trait::async_trait;

use super::StoreError;
use super::directory::AuditEntry;
use crate::domain::id::{AuditId, EnvironmentId};

/// Reading the audit log. A page has at most 101 entries: 100, and one that tells that there are more.
#[async_trait]
pub trait Audit: Send + Sync {
    /// At most `limit` entries, newest first, older than `before`, each page at the same cost.
    async fn list_audit_entries(
        &self,
        scope: AuditScope,
        before: Option<AuditId>,
        limit: u32,
    ) -> Result<Vec<StoredAuditEntry>, StoreError>;
}

/// Whose entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditScope {
    /// Those of one environment.
    Environment(EnvironmentId),
    /// All of them: of every environment, of those that are gone, and of none.
    Installation,
}

/// An entry as it is read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAuditEntry {
    /// The entry.
    pub entry: AuditEntry,
    /// The name of the key it was done with, as long as there is a record of the key.
    pub key_name: Option<String>,
}
