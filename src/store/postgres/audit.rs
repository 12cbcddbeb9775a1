//! Reading the audit log.

use async_trait::async_trait;
use sqlx::query_file_as;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{PostgresStore, StoreError};
use crate::domain::id::{AuditId, EnvironmentId, KeyId};
use crate::domain::time::Timestamp;
use crate::store::audit::{Audit, AuditEntry, AuditScope};

#[async_trait]
impl Audit for PostgresStore {
    async fn list_audit_entries(
        &self,
        scope: AuditScope,
        before: Option<AuditId>,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        let mut connection = self.acquire_for_reading().await?;
        let (end, limit) = (before.map_or(Uuid::max(), |id| id.0), i64::from(limit));
        let rows = match scope {
            AuditScope::Environment(environment) => {
                let page = query_file_as!(
                    EntryRow,
                    "src/store/postgres/sql/list_audit_entries.sql",
                    environment.0,
                    end,
                    limit
                );
                connection.fetch_page(page).await?
            }
            AuditScope::Installation => {
                let page = query_file_as!(
                    EntryRow,
                    "src/store/postgres/sql/list_all_audit_entries.sql",
                    end,
                    limit
                );
                connection.fetch_page(page).await?
            }
        };
        Ok(rows.into_iter().map(EntryRow::entry).collect())
    }
}

struct EntryRow {
    id: Uuid,
    environment_id: Option<Uuid>,
    key_id: Option<Uuid>,
    action: String,
    target: String,
    changes: String,
    remote_address: Option<String>,
    at: OffsetDateTime,
    key_name: Option<String>,
}

impl EntryRow {
    fn entry(self) -> AuditEntry {
        AuditEntry {
            id: AuditId(self.id),
            environment_id: self.environment_id.map(EnvironmentId),
            key_id: self.key_id.map(KeyId),
            key_name: self.key_name,
            action: self.action,
            target: self.target,
            changes: self.changes,
            remote_address: self.remote_address,
            at: Timestamp::new(self.at),
        }
    }
}
