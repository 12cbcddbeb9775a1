//! Reading the audit log. Entries are written with the changes they are of ([`super::directory`]), and neither changed nor
//! removed: the database itself refuses both.

use async_trait::async_trait;

use super::StoreError;
use crate::domain::id::{AuditId, EnvironmentId, KeyId};
use crate::domain::time::Timestamp;

/// Reading the audit log. A page has at most 101 entries: 100, and one that tells that there are more.
#[async_trait]
pub trait Audit: Send + Sync {
    /// At most `limit` entries, newest first, older than `before`, each page at the same cost.
    async fn list_audit_entries(
        &self,
        scope: AuditScope,
        before: Option<AuditId>,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, StoreError>;
}

/// Whose entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditScope {
    /// Those of one environment.
    Environment(EnvironmentId),
    /// All of them: of every environment, of those that are gone, and of none.
    Installation,
}

/// Who changed what, when, from where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its id.
    pub id: AuditId,
    /// Where; `None` for what concerns no environment.
    pub environment_id: Option<EnvironmentId>,
    /// The key it was done with; `None` for the service itself.
    pub key_id: Option<KeyId>,
    /// The key's name at that time.
    pub key_name: Option<String>,
    /// What was done, such as `settings.sms.update`.
    pub action: String,
    /// The id of what was changed.
    pub target: String,
    /// Before and after as JSON, secrets only as "changed".
    pub changes: String,
    /// The address it came from.
    pub remote_address: Option<String>,
    /// When.
    pub at: Timestamp,
}
