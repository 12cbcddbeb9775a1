//! Cancellations.

use sqlx::query_file;

use super::read::newest;
use crate::domain::id::{ApplicationId, VerificationId};
use crate::domain::message::{Channel, FailureCode, MessageStatus, Provider};
use crate::domain::time::Timestamp;
use crate::domain::verification::Purpose;
use crate::store::postgres::StoreError;
use crate::store::postgres::connection::PooledConnection;
use crate::store::postgres::row::{left_alone, summary_row, verification_row};
use crate::store::verification::Cancel;

pub(super) async fn cancel(
    connection: &mut PooledConnection,
    application: ApplicationId,
    id: VerificationId,
    now: Timestamp,
) -> Result<Cancel, StoreError> {
    let found = connection
        .fetch_optional(query_file!(
            "src/store/postgres/sql/cancel.sql",
            id.0,
            application.0,
            now.to_offset_date_time(),
            Purpose::NAMES as &[&str],
            Channel::NAMES as &[&str],
            MessageStatus::NAMES as &[&str],
            Provider::NAMES as &[&str],
            FailureCode::NAMES as &[&str],
        ))
        .await?;
    let Some(mut found) = found else {
        return Ok(Cancel::NotFound);
    };
    let message = newest(connection, summary_row!(found, found.message_id)).await?;
    let unreadable = found.unreadable;
    let verification = verification_row!(found).stored(message)?.verification;
    if unreadable {
        return Err(left_alone(&verification));
    }
    Ok(Cancel::of(verification, now))
}
