//! What every removal begins with: it is noted down, so that what it leaves is cleared away, and its codes are wiped.

use sqlx::SqliteConnection;
use uuid::Uuid;

use crate::domain::time::Timestamp;
use crate::store::sqlite::{StoreError, fault};

/// Of an environment and its applications, or of one application.
pub(super) async fn begin(db: &mut SqliteConnection, owner: Uuid, now: Timestamp) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT OR IGNORE INTO removals (owner_id, removed_at, due_at)
         SELECT ?1, ?2, ?2 UNION SELECT id, ?2, ?2 FROM applications WHERE environment_id = ?1",
    )
    .bind(owner)
    .bind(now.unix_micros())
    .execute(&mut *db)
    .await
    .map_err(fault)?;
    // Only verifications that have their sealed code are in the index that is walked.
    sqlx::query(
        "UPDATE verifications
         SET sealed_code = NULL, canceled_at = CASE WHEN expires_at > ?2 THEN ?2 END
         WHERE sealed_code IS NOT NULL AND (environment_id = ?1 OR application_id = ?1)",
    )
    .bind(owner)
    .bind(now.unix_micros())
    .execute(db)
    .await
    .map_err(fault)?;
    Ok(())
}
