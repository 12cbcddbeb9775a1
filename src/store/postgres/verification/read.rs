//! Reading verifications, the requests under a key that sent them, and how many are pending.

use sqlx::query_file;
use uuid::Uuid;

use crate::domain::id::{ApplicationId, EnvironmentId, VerificationId};
use crate::domain::idempotency::{KeyedHash, KeyedResend};
use crate::domain::message::MessageSummary;
use crate::domain::time::Timestamp;
use crate::store::postgres::connection::PooledConnection;
use crate::store::postgres::row::{SummaryRow, summary_row, verification_row};
use crate::store::postgres::{StoreError, fault};
use crate::store::verification::{KeyedRequests, StoredVerification};

pub(super) async fn find(
    connection: &mut PooledConnection,
    application: ApplicationId,
    id: VerificationId,
) -> Result<Option<StoredVerification>, StoreError> {
    let found = connection
        .fetch_optional(query_file!(
            "src/store/postgres/sql/find_verification.sql",
            id.0,
            application.0
        ))
        .await?;
    let Some(mut found) = found else { return Ok(None) };
    let message = summary_row!(found, found.message_id).summary()?;
    verification_row!(found).stored(message).map(Some)
}

pub(super) async fn find_keyed_requests(
    connection: &mut PooledConnection,
    application: ApplicationId,
    id: VerificationId,
) -> Result<Option<KeyedRequests>, StoreError> {
    let found = connection
        .fetch_optional(query_file!(
            "src/store/postgres/sql/find_keyed_requests.sql",
            id.0,
            application.0
        ))
        .await?;
    let Some(found) = found else { return Ok(None) };
    let of = |column| fault::corrupt("verifications", column, id);
    let body_hash = found.body_hash.map(KeyedHash::try_from).transpose();
    let resends = KeyedResend::read_all(&found.keyed_resends.unwrap_or_default());
    Ok(Some(KeyedRequests {
        body_hash: body_hash.map_err(|_| of("body_hash"))?,
        resends: resends.ok_or_else(|| of("keyed_resends"))?,
    }))
}

pub(super) async fn count_pending(
    connection: &mut PooledConnection,
    environment: EnvironmentId,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let counted = connection
        .fetch_one(query_file!(
            "src/store/postgres/sql/count_pending.sql",
            environment.0,
            now.to_offset_date_time()
        ))
        .await?;
    Ok(u64::try_from(counted.pending).unwrap_or(0))
}

/// The newest message of a verification. A resend that committed after the statement's snapshot and before it had the verification's
/// lock has made a message that the snapshot does not show; it is read by itself then.
pub(super) async fn newest(
    connection: &mut PooledConnection,
    message: SummaryRow,
) -> Result<MessageSummary, StoreError> {
    match message.status {
        Some(_) => message.summary(),
        None => find_summary(connection, message.id).await?.summary(),
    }
}

async fn find_summary(connection: &mut PooledConnection, id: Uuid) -> Result<SummaryRow, StoreError> {
    let mut found = connection
        .fetch_one(query_file!("src/store/postgres/sql/find_summary.sql", id))
        .await?;
    Ok(summary_row!(found, id))
}
