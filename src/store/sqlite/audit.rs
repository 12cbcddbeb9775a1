//! Reading the audit log.

use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use super::row::{Fields, id_of};
use super::{SqliteStore, StoreError};
use crate::domain::id::{AuditId, EnvironmentId, KeyId};
use crate::store::audit::{Audit, AuditEntry, AuditScope};

const OF_ENVIRONMENT: &str =
    "SELECT * FROM audit_entries WHERE id < ?1 AND environment_id = ?3 ORDER BY id DESC LIMIT ?2";

const OF_INSTALLATION: &str = "SELECT * FROM audit_entries WHERE id < ?1 ORDER BY id DESC LIMIT ?2";

#[async_trait]
impl Audit for SqliteStore {
    async fn list_audit_entries(
        &self,
        scope: AuditScope,
        before: Option<AuditId>,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        let end = before.map_or(Uuid::max(), |id| id.0);
        let query = match scope {
            AuditScope::Environment(environment) => sqlx::query(OF_ENVIRONMENT)
                .bind(end)
                .bind(limit)
                .bind(environment.0),
            AuditScope::Installation => sqlx::query(OF_INSTALLATION).bind(end).bind(limit),
        };
        let rows = query.fetch_all(&self.readers).await?;
        rows.iter().map(read_entry).collect()
    }
}

fn read_entry(row: &SqliteRow) -> Result<AuditEntry, StoreError> {
    let id = AuditId(id_of(row, "audit_entries", "id")?);
    let fields = Fields::of(row, "audit_entries", id);
    let environment_id: Option<Uuid> = fields.value("environment_id")?;
    let key_id: Option<Uuid> = fields.value("key_id")?;
    Ok(AuditEntry {
        id,
        environment_id: environment_id.map(EnvironmentId),
        key_id: key_id.map(KeyId),
        key_name: fields.value("key_name")?,
        action: fields.value("action")?,
        target: fields.value("target")?,
        changes: fields.value("changes")?,
        remote_address: fields.value("remote_address")?,
        at: fields.time("at")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sqlite::plan::plan_of;

    #[tokio::test]
    async fn every_page_is_a_walk_along_an_index() {
        let walk = plan_of(OF_ENVIRONMENT).await;
        let along = "USING INDEX audit_entries_by_environment (environment_id=? AND id<?)";
        assert!(walk.contains(along), "{walk}");
        let walk = plan_of(OF_INSTALLATION).await;
        assert!(
            walk.contains("USING INDEX sqlite_autoindex_audit_entries_1 (id<?)"),
            "{walk}"
        );
    }
}
